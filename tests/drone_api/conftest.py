"""A client, and servers that answer as a test says."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from demo.standin.http import Answers, LocalServer, serving
from drone_api.client import Client
from drone_api.transport import Transport

TOKEN = "planted-drone-token"
Serve = Callable[[Answers], LocalServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers, and end them with the test."""
    with ExitStack() as stack:
        yield lambda answers: stack.enter_context(serving(answers))


def client_of(server: LocalServer, writes: float = 1.0, reads: float = 1.0) -> Client:
    return Client(Transport(server.url, TOKEN, connect=1.0), writes, reads)
