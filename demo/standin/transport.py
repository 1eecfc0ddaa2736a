"""What Drone's HTTP client says of a request that failed."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests


def said(endpoint: str, error: requests.RequestException) -> str:
    """Return the words that become a build's error, as Go writes them."""
    return f'Post "{endpoint}": {reason(endpoint, error)}'


def reason(endpoint: str, error: requests.RequestException) -> str:
    address = urlsplit(endpoint)
    host, port = address.hostname or "", address.port or (443 if address.scheme == "https" else 80)
    if isinstance(error, requests.Timeout):
        return "context deadline exceeded"
    for cause in causes(error):
        if isinstance(cause, socket.gaierror):
            return f"dial tcp: lookup {host}: no such host"
        if isinstance(cause, ConnectionRefusedError):
            return f"dial tcp {socket.gethostbyname(host)}:{port}: connect: connection refused"
    return "EOF"


def causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found:
        yield found
        found = found.__cause__ or found.__context__
