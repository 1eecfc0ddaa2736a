"""Why a command is not carried out; each message is a whole sentence for the person who reads it."""

from texts.errors import EdroneError


class InvalidCommand(EdroneError):
    """Drone could not store the command, or the operation would refuse it."""

    status = 400


class Forbidden(EdroneError):
    """The user may see the repository, but lacks the grant for this command."""

    status = 403


class NotAsked(EdroneError):
    """edrone's own database failed before Drone was asked."""

    status = 503


class NoSuchBuild(EdroneError):
    status = 404


class KeyInUse(EdroneError):
    """The first request with this Idempotency-Key is still running."""

    status = 409
    retry_after = 1


class KeyUsed(EdroneError):
    """The Idempotency-Key was used for another request."""

    status = 422


class UnknownResult(EdroneError):
    """Nobody knows how the first request with this Idempotency-Key ended."""

    status = 504


class AlreadyLive(EdroneError):
    """A target would be rolled back to what is there."""

    status = 409


class Frozen(EdroneError):
    """A freeze covers what is to be started."""

    status = 409


class NothingToLeaveOut(EdroneError):
    """A restart of only what failed would be one of everything, or it is not known what failed."""

    status = 409


class AnotherRestart(EdroneError):
    """Another build of the commit is under way: Drone lets two of one second share an answer."""

    status = 409
    retry_after = 1


class MayStillStart(EdroneError):
    """Drone has not answered an equal restart of only what failed: this start would run what that one was to run."""

    status = 409

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.retry_after = seconds


class NotOnlyFailed(EdroneError):
    """A restart of only what failed would have run everything."""

    status = 502
