"""Finds the address on which the server listens."""

import socket

from django.core.management import CommandError


def bindable_address(host: str, port: int, setting: str = "HOST and PORT") -> str:
    """Return the numeric address of a host on which the port is free.

    Granian takes no host names, and if the port were taken, its workers would only fail one after another.

    Raises:
        CommandError: one line that names the setting.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return str(address[0])
    except (OSError, UnicodeError) as error:  # the latter of a name that no host can have
        reason = error.strerror if isinstance(error, OSError) else "this is no name of a host"
        raise CommandError(f"edrone cannot listen on {host} port {port}: {reason}. Set {setting}.") from None
