"""What is known of the Drone server. This app asks it nothing: builds/drone_version.py does, and writes it down here."""


class DroneServer:
    """Nothing is known until it was asked."""

    shows_stage_errors = False  # it shows the words with which a stage's configuration is refused: 2.28.1 and newer
    login = ""  # of the user whose token is DRONE_TOKEN


known = DroneServer()
