"""Services that notices are sent to: real servers on this machine, as bad as services can be."""

import json
import re
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_string
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> Answer:
    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return write


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Answer a byte a second, for ever."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.2)


def flood(handler: BaseHTTPRequestHandler) -> None:
    """Answer without an end, as fast as it goes."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def hang(_: BaseHTTPRequestHandler) -> None:
    time.sleep(60)


class Receiver:
    """An HTTP server that notes what it was sent."""

    def __init__(self) -> None:
        self.answer: Answer = answer()
        self.got = list[tuple[str, Any]]()
        self.lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    receiver.got.append((self.path, json.loads(body)))
                try:
                    receiver.answer(self)
                except OSError:  # the client has had enough
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def notices(self) -> list[Any]:
        return [body for _, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    with serving(receiver.server):
        yield receiver


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class MailServer:
    """An SMTP server that takes every mail, or refuses each with a code, or those to somebody."""

    def __init__(self) -> None:
        self.mails, self.refuses, self.refused = list[Any](), 0, ""
        self.takes = 1000  # mails; then it answers nobody
        self.recipients = list[str]()  # who got a mail, in order
        mail_server = self

        class Handler(socketserver.StreamRequestHandler):
            accepted: list[str]  # recipients of the mail that is under way

            def handle(self) -> None:
                self.say("220 here")
                self.accepted = []
                while line := self.rfile.readline().decode().strip():
                    match line.split(" ", 1)[0].upper():
                        case "DATA":
                            self.take()
                        case "QUIT":
                            self.say("221 bye")
                            return
                        case "RCPT":
                            self.say(mail_server.answer_to(line, self.accepted))
                        case _:
                            self.say("250 ok")

            def take(self) -> None:
                self.say("354 go on")
                lines = []
                while (line := self.rfile.readline().decode()) != ".\r\n":
                    lines.append(re.sub(r"^\.\.", ".", line))
                mail_server.mails.append(message_from_string("".join(lines)))
                mail_server.recipients += self.accepted
                self.accepted = []
                self.say("250 taken")

            def say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def answer_to(self, line: str, accepted: list[str]) -> str:
        """Answer to the name of a recipient."""
        while len(self.mails) >= self.takes:
            time.sleep(0.02)
        if self.refuses and self.refused in line:
            return f"{self.refuses} no"
        accepted.append(line.partition("<")[2].partition(">")[0])
        return "250 ok"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    started = MailServer()
    with serving(started.server):
        yield started


def header(mail: Any, name: str) -> str:
    return str(make_header(decode_header(mail[name])))
