"""The errors that leave the client of Drone's API."""

from texts.errors import EdroneError


class DroneError(EdroneError):
    """Drone did not do what was asked.

    The message is a whole sentence for the person who asked. It never contains the token or the parameters of a build.
    """

    def __init__(self, message: str, status: int, *, permanent: bool = False, uncertain: bool = False) -> None:
        """Take what happened.

        Args:
            message: what, where, what to do.
            status: the HTTP status that whoever asked edrone gets.
            permanent: the same request fails again until somebody changes something.
            uncertain: Drone may have done it nevertheless.
        """
        super().__init__(message)
        self.status, self.permanent, self.uncertain = status, permanent, uncertain


class AnswerTooLarge(DroneError):
    """The answer was read up to the limit of the call."""


class InternalError(DroneError):
    """Drone answered with status 500 and said why: it works, and could not do what was asked."""


class NotMade(DroneError):
    """Drone was asked for a build, made none, and gave no reason."""
