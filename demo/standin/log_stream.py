"""The log of a running step, as Drone streams it (docs/drone.md 4.4)."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from demo.standin.database import written
from demo.standin.http import Handler

LONGEST = 60.0  # seconds: nobody who reads our streams waits as long
PAUSE = 0.1  # seconds between two looks


def stream_log(handler: Handler, live_logs: Mapping[int, Sequence[dict[str, Any]]], step: int) -> None:
    """Send the lines of a step as they come, until it ends or the client leaves."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: ping\n\n")
    sent, until = 0, time.monotonic() + LONGEST
    try:
        while (lines := live_logs.get(step)) is not None and time.monotonic() < until:
            for line in lines[sent:]:
                handler.wfile.write(b"data: " + written(line) + b"\n\n")
                sent += 1
            time.sleep(PAUSE)
        handler.wfile.write(b"event: error\ndata: eof\n\n")
    except OSError:  # the client has left
        return
