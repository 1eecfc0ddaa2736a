"""Starting builds by hand, and whatever else edrone asks Drone to do: who may, what is sent, and who did (one place for REST and admin)."""
