"""Connections on which a whole answer, its headers too, arrives within the read time-out.

A time-out of a socket counts from byte to byte: an answer that trickles would hold a thread for hours.
"""

import http.client
import io
import socket
import ssl
import time
from typing import Any

from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as Broken
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError


class Untrusting(NewConnectionError):
    """The certificates to trust cannot be read by now, so no connection was made."""


class DeadlineReader(io.RawIOBase):
    """Reads a socket until a moment."""

    def __init__(self, source: socket.socket) -> None:
        self.socket, self.raw, self.whole = source, source.makefile("rb", buffering=0), source.gettimeout() or 0.0
        self.until = time.monotonic() + self.whole

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait as long as is left."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)
        try:
            return self.raw.readinto(buffer)
        finally:
            self.socket.settimeout(self.whole)  # the connection may be used again

    def close(self) -> None:
        self.raw.close()
        super().close()


class DeadlineSocket:
    """What http.client takes for a socket: it only ever asks for its file."""

    def __init__(self, source: socket.socket) -> None:
        self.socket = source

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(DeadlineReader(self.socket))


class DeadlineResponse(http.client.HTTPResponse):
    """An answer that is read with the clock running."""

    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(DeadlineSocket(sock), *arguments, **named)  # type: ignore[arg-type]  # see DeadlineSocket


class Connection(HTTPConnection):
    response_class = DeadlineResponse


class TLSConnection(HTTPSConnection):
    response_class = DeadlineResponse

    def connect(self) -> None:
        """Shake hands; where that fails, nothing was sent, which urllib3 does not tell from an answer that fails.

        Raises:
            NewConnectionError: there is no connection. What is wrong with the server's certificate is raised as it is.
        """
        try:
            super().connect()
        except ssl.SSLCertVerificationError:
            raise
        except SSLError:  # urllib3 says so of the file of certificates, and of nothing else here
            raise Untrusting(self, "the certificates to trust cannot be read") from None
        except OSError:
            raise NewConnectionError(self, "the TLS handshake failed, or took too long") from None


class Pool(HTTPConnectionPool):
    ConnectionCls = Connection


class TLSPool(HTTPSConnectionPool):
    ConnectionCls = TLSConnection


class Adapter(HTTPAdapter):
    """Makes such connections for a session. It retries nothing."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TLSPool}

    def cert_verify(self, conn: Any, url: Any, *arguments: Any, **named: Any) -> None:
        """Let a file of certificates that is gone look like one that cannot be read."""
        try:
            super().cert_verify(conn, url, *arguments, **named)  # type: ignore[no-untyped-call]  # so it is in types-requests
        except OSError:
            gone = Untrusting(conn, "the certificates to trust are not there")
            raise Broken(MaxRetryError(conn, url, gone)) from None
