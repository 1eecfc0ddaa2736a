"""No thread waits for ever for PostgreSQL: not for one that is stopped and keeps its sockets open, nor for a host that vanished.

Limits of the server (statement_timeout) and of TCP (keepalives) do not help there: the one that would end the statement is the
one that is stopped, and its kernel acknowledges every packet.
"""

import select
import time

from psycopg2 import OperationalError, extensions

CONNECTED = 0  # libpq's CONNECTION_OK
SECONDS_TO_CONNECT = 2
SECONDS_OF_A_STATEMENT = 10  # for the server: it ends the statement, and says so
SECONDS_TO_ANSWER = SECONDS_OF_A_STATEMENT + 1.0  # for a server that says nothing


def begin() -> None:
    """Let all connections of this process wait with a deadline. A command may take longer, and people can end it."""
    extensions.set_wait_callback(wait)


def wait(connection: extensions.connection) -> None:
    """Wait until a connection is made, or a statement is answered.

    Raises:
        OperationalError: it takes too long. psycopg2 then closes the connection.
    """
    limit = SECONDS_TO_ANSWER
    if connection.info.status != CONNECTED:
        limit = float(connection.info.dsn_parameters.get("connect_timeout") or SECONDS_TO_CONNECT)
    end = time.monotonic() + limit
    while (state := connection.poll()) != extensions.POLL_OK:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
        if not poll.poll(max(end - time.monotonic(), 0) * 1000):
            raise OperationalError(f"the server did not answer within {limit:g} s")
