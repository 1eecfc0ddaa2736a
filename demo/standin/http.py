"""A real HTTP server on 127.0.0.1 whose answers are given by a function."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

REMEMBERED = 10_000  # requests


@dataclass
class Request:
    method: str
    path: str  # as it was sent, without the query
    query: list[tuple[str, str]]
    headers: dict[str, str]  # names in lower case
    body: bytes = b""


@dataclass
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what the server's function returns, or lets that function have the connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer takes 40 ms more
    server: "LocalServer"

    def handle_one(self) -> None:
        address = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qsl(address.query, keep_blank_values=True)
        body = self.rfile.read(int(headers.get("content-length", 0)))
        request = Request(self.command, address.path, query, headers, body)
        self.server.requests.append(request)
        del self.server.requests[:-REMEMBERED]
        answer = self.server.answer(request)
        if isinstance(answer, Response):
            self.reply(answer)
        else:
            answer(self)

    do_GET = do_POST = do_DELETE = do_PATCH = handle_one  # noqa: N815 - names of the standard library

    def reply(self, answer: Response) -> None:
        self.send_response_only(answer.status)
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))} | answer.headers
        for name, value in headers.items():
            if answer.status != 204 or not name.startswith("Content-"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: Any) -> None:
        pass


Answers = Callable[[Request], Response | Callable[[Handler], None]]


class LocalServer(http.server.ThreadingHTTPServer):
    """Records the requests that it gets."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, answer: Answers, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.answer = answer
        self.requests: list[Request] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, *_: Any) -> None:
        """Log nothing: clients under test may disconnect at any time."""


@contextmanager
def serving(answer: Answers, port: int = 0) -> Iterator[LocalServer]:
    server = LocalServer(answer, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
