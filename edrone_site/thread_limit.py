"""Keeps a thread free for Drone's configuration requests, however busy this process is.

Starting a build is synchronous: Drone asks for the configuration before it answers. If requests of people and systems held every
thread of a process, each of them waiting for Drone, then Drone would wait for one of these threads: a deadlock.
"""

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edrone_site.refusals import refuse

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
BUSY = "edrone is busy: every thread that it gives to pages and API calls is taken. Try again in a moment."


class ThreadLimit:
    """WSGI middleware that answers 503 to more than `limit` requests at once.

    A request counts until its response is sent. Requests for the `exempt` paths are neither counted nor refused; one with a query
    stands for requests with exactly that.
    """

    def __init__(self, application: Application, limit: int, exempt: Iterable[str]) -> None:
        self.application, self.exempt = application, frozenset(exempt)
        self.slots = threading.BoundedSemaphore(limit)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in self.exempt or f"{path}?{environ.get('QUERY_STRING', '')}" in self.exempt:
            return self.application(environ, start_response)
        if not self.slots.acquire(blocking=False):
            return refuse(environ, start_response, "503 Service Unavailable", "503.html", BUSY, ("Retry-After", "1"))
        try:
            return CountedResponse(self.application(environ, start_response), self.slots.release)
        except BaseException:
            self.slots.release()
            raise


class CountedResponse:
    """A response that counts until it is sent or dropped, since a slow reader holds a thread for as long."""

    def __init__(self, inner: Iterable[bytes], release: Callable[[], None]) -> None:
        self.inner = inner
        # Runs once, and also if the server does not close the response, as after a broken connection.
        self.release = weakref.finalize(self, release)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.inner)

    def close(self) -> None:
        try:
            if close := getattr(self.inner, "close", None):
                close()
        finally:
            self.release()
