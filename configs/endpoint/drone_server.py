"""What is known of the Drone server; builds/drone_server/version.py sets this."""


class DroneServer:
    """What this process has learnt; nothing until Drone has answered."""

    shows_stage_errors = False  # it shows the words with which a stage's configuration is refused: 2.28.1 and newer
    login = ""  # of the user whose token is DRONE_TOKEN


known = DroneServer()
