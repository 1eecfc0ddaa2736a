"""What is known of the Drone server; builds/drone_server/version.py sets this."""


class DroneServer:
    """What this process has learnt; nothing until Drone has answered."""

    shows_stage_errors = False  # it shows the words with which a stage's configuration is refused: 2.28.1 and newer
    names_parent = False  # it names the parent of a restart in what it asks; 1.10.1 does not (docs/drone.md 2.3)
    login = ""  # of the user whose token is DRONE_TOKEN


known = DroneServer()
