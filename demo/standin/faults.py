"""What servers and networks do wrong, on command."""

import contextlib
import socket
import struct
import time
from collections.abc import Callable

from demo.standin.http import Handler, Response

HUGE = 50 * 1024 * 1024  # bytes
PATIENCE = 20.0  # seconds after which a slow one gives up


def json_answer(status: int, body: str) -> Callable[[Handler], None]:
    return lambda handler: handler.reply(Response(status, f"{body}\n".encode()))


def text_answer(status: int, body: str) -> Callable[[Handler], None]:
    return lambda handler: handler.reply(Response(status, body.encode(), "text/html"))


def redirect(handler: Handler) -> None:
    location = "https://user:planted-password@drone.example.com/login?planted=query"
    handler.reply(Response(302, b"", "text/html", {"Location": location}))


def slow(handler: Handler) -> None:
    """Send nothing until the client disconnects."""
    handler.connection.settimeout(PATIENCE)
    with contextlib.suppress(OSError):
        handler.rfile.read(1)
    handler.close_connection = True


def drop(handler: Handler) -> None:
    """Reset the connection without an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def hang_up(handler: Handler) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True


def half(handler: Handler) -> None:
    """Close the connection in the middle of the answer."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"id":')
    handler.close_connection = True


def no_http(handler: Handler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    handler.close_connection = True


def huge(handler: Handler) -> None:
    """Send 50 MB, as far as the client reads."""
    handler.send_response_only(200)
    handler.send_header("Content-Length", str(HUGE))
    handler.end_headers()
    handler.close_connection = True
    for _ in range(HUGE // 65536):
        handler.wfile.write(b" " * 65536)


def trickle(handler: Handler) -> None:
    """Send an answer byte by byte that does not end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    drip(handler, b"1\r\n \r\n")


def trickle_head(handler: Handler) -> None:
    """Send headers byte by byte that do not end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Header: ")
    drip(handler, b"x")


def drip(handler: Handler, part: bytes) -> None:
    handler.close_connection = True
    until = time.monotonic() + PATIENCE
    with contextlib.suppress(OSError):
        while time.monotonic() < until:
            handler.wfile.write(part)
            time.sleep(0.05)


def bomb(handler: Handler) -> None:
    """Compress the answer, which was not asked for."""
    handler.reply(Response(200, b"\x1f\x8b\x08\x00" + b"\x00" * 100, headers={"Content-Encoding": "gzip"}))


FAULTS: dict[str, Callable[[Handler], None]] = {
    "null": json_answer(200, "null"),
    "400": json_answer(400, '{"message":"Cannot approve a Pipeline with Status \\"success\\""}'),
    "401": json_answer(401, '{"message":"Unauthorized"}'),
    "403": json_answer(403, '{"message":"Forbidden"}'),
    "404": json_answer(404, '{"message":"sql: no rows in result set"}'),
    "409": json_answer(409, '{"message":"Optimistic Lock Error"}'),
    "429": text_answer(429, "slow down"),
    "500": json_answer(500, '{"message":"no pipeline for octocat/hello"}'),
    "501": json_answer(501, '{"message":"Not Implemented"}'),
    "500-text": text_answer(500, "Internal Server Error"),
    "408-text": text_answer(408, "Request Timeout"),
    "501-text": text_answer(501, "Unsupported method"),
    "524-text": text_answer(524, "<html>A timeout occurred</html>"),
    "404-text": text_answer(404, "404 page not found"),
    "502": text_answer(502, "<html>Bad Gateway</html>"),
    "503": text_answer(503, "<html>Service Unavailable</html>"),
    "504": text_answer(504, "<html>Gateway Time-out</html>"),
    "201": json_answer(201, "{}"),
    "html": text_answer(200, "<html>Welcome</html>"),
    "empty": json_answer(200, ""),
    "list": json_answer(200, "[]"),
    "zero": json_answer(200, '{"id":0,"number":0,"status":"pending"}'),
    "no-number": json_answer(200, '{"id":1,"status":"pending"}'),
    "text-number": json_answer(200, '{"id":1,"number":"1","status":"pending"}'),
    "true-number": json_answer(200, '{"id":1,"number":true,"status":"pending"}'),
    "huge-number": json_answer(200, '{"id":1,"number":18446744073709551615,"status":"pending"}'),
    "number-params": json_answer(200, '{"id":1,"number":1,"status":"pending","params":{"A":1}}'),
    "null-stages": json_answer(200, '{"id":1,"number":1,"status":"pending","stages":null}'),
    "deep": json_answer(200, "[" * 100_000),
    "redirect": redirect,
    "redirect-here": lambda handler: handler.reply(Response(302, b"", "text/html", {"Location": "/login"})),
    "slow": slow,
    "drop": drop,
    "hang-up": hang_up,
    "half": half,
    "no-http": no_http,
    "huge": huge,
    "trickle": trickle,
    "trickle-head": trickle_head,
    "bomb": bomb,
}  # fmt: skip
