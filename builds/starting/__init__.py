"""What edrone asks Drone to do for people: who may, what is sent, and who did. One place for REST and admin."""
