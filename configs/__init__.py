"""The configuration endpoint: Drone asks for the YAML of a build, edrone answers it from the tree of files."""
