"""How edrone connects to Drone's database: to read, quickly refused where it is gone, every failure as one error."""
