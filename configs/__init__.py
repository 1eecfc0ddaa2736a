"""What Drone asks for: the configuration endpoint, the records of what was served, and edrone's own database."""
