"""Why something is not done; each message is a whole sentence for the person who reads it."""

from texts.errors import EdroneError


class Refused(EdroneError):
    """The wish is not one that can be passed on."""

    status = 400


class Forbidden(EdroneError):
    """The user may see the repository, and not do this."""

    status = 403


class NoSuchBuild(EdroneError):
    """The build is not there."""

    status = 404


class KeyInUse(EdroneError):
    """The Idempotency-Key stands for a request that is under way."""

    status = 409
    retry_after = 1


class KeyUsed(EdroneError):
    """The Idempotency-Key stands for another request."""

    status = 422


class Unknown(EdroneError):
    """How the first request with this Idempotency-Key ended is not known."""

    status = 504
