"""Why something is not done; each message is a whole sentence for the person who reads it."""

from builds.drone_db.errors import BuildsError


class Refused(BuildsError):
    """The wish is not one that can be passed on."""

    status = 400


class Forbidden(BuildsError):
    """The user may see the repository, and not do this."""

    status = 403


class NoSuchBuild(BuildsError):
    """The build is not there."""

    status = 404


class KeyInUse(BuildsError):
    """The Idempotency-Key stands for a request that is under way."""

    status = 409
    wait = 1


class KeyUsed(BuildsError):
    """The Idempotency-Key stands for another request."""

    status = 422


class Unknown(BuildsError):
    """How the first request with this Idempotency-Key ended is not known."""

    status = 504
