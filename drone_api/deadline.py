"""Connections on which a whole answer, headers included, must arrive within the read time-out.

A socket's time-out counts from byte to byte: an answer that trickles would hold a thread for hours. So http.client reads the
socket through a file that allows each read only the time that is left.
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
    """The file of trusted certificates cannot be read, so no connection was made."""


class DeadlineReader(io.RawIOBase):
    """Reads a socket until its time-out, counted from now, is over."""

    def __init__(self, source: socket.socket, raw: io.RawIOBase) -> None:
        self.socket, self.raw, self.seconds = source, raw, source.gettimeout() or 0.0
        self.deadline = time.monotonic() + self.seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)
        try:
            return self.raw.readinto(buffer)
        finally:
            self.socket.settimeout(self.seconds)  # the connection may be used again

    def close(self) -> None:
        self.raw.close()
        super().close()


class DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(DeadlineReader(sock, self.fp.detach()))


class DeadlineConnection(HTTPConnection):
    response_class = DeadlineResponse


class DeadlineTLSConnection(HTTPSConnection):
    response_class = DeadlineResponse

    def connect(self) -> None:
        """Connect. A failed handshake is an error of its own: urllib3 does not tell it from an answer that fails.

        Raises:
            NewConnectionError: there is no connection, and nothing was sent.
            ssl.SSLCertVerificationError: the server's certificate is not trusted.
        """
        try:
            super().connect()
        except ssl.SSLCertVerificationError:
            raise
        except SSLError:  # urllib3 raises it for the file of certificates, and for nothing else here
            raise Untrusting(self, "the certificates to trust cannot be read") from None
        except OSError:
            raise NewConnectionError(self, "the TLS handshake failed, or took too long") from None


class DeadlinePool(HTTPConnectionPool):
    ConnectionCls = DeadlineConnection


class DeadlineTLSPool(HTTPSConnectionPool):
    ConnectionCls = DeadlineTLSConnection


class DeadlineAdapter(HTTPAdapter):
    """Makes these connections for a session of requests. It retries nothing."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": DeadlinePool, "https": DeadlineTLSPool}

    def cert_verify(self, conn: Any, url: Any, *args: Any, **kwargs: Any) -> None:
        try:
            super().cert_verify(conn, url, *args, **kwargs)  # type: ignore[no-untyped-call]  # so it is in types-requests
        except OSError:  # a file of certificates that is gone is reported like one that cannot be read
            gone = Untrusting(conn, "the certificates to trust are not there")
            raise Broken(MaxRetryError(conn, url, gone)) from None
