"""What can go wrong between Drone's request and the answer; each message is a whole sentence for the person who reads it."""

from texts.errors import EdroneError


class ConfigError(EdroneError):
    """The base of all errors of pipelines. `status` is what Drone gets where errors are shown as HTTP."""

    status = 422
    outcome = "error"  # the word in the log
    always_http = False  # a stranger's request, or not a request of Drone at all: never answered with a pipeline


class Unsigned(ConfigError):
    """The request does not prove that it comes from Drone."""

    status = 401
    outcome = "unsigned"
    always_http = True


class Malformed(ConfigError):
    """The body is not what Drone sends."""

    status = 400
    outcome = "malformed"
    always_http = True


class OtherExtension(Malformed):
    """Signed correctly, but by Drone for another of its extensions, or by something else that knows the secret."""

    status = 406


class ClockOff(ConfigError):
    """Signed correctly, but too long ago or in the future."""

    status = 401
    outcome = "clock"


class NoFileServes(ConfigError):
    """No file of the tree serves the build."""

    status = 404


class Unusable(ConfigError):
    """A file that should serve the build is there, but cannot."""


class BuildRefused(ConfigError):
    """A build is started by somebody who may not, or with parameters that are not right."""

    outcome = "refused"


class TreeUnavailable(ConfigError):
    """The tree itself is not there, or may not be read."""

    status = 503


class Vanished(Exception):
    """A file went away or changed while it was read; looking again helps."""
