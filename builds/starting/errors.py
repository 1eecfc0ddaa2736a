"""Why a command is not carried out; each message is a whole sentence for the person who reads it."""

from texts.errors import EdroneError


class InvalidCommand(EdroneError):
    """Drone could not store the command, or the operation would refuse it."""

    status = 400


class Forbidden(EdroneError):
    """The user may see the repository, but lacks the grant for this command."""

    status = 403


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
