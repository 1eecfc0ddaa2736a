"""Drone's requests for configuration always find a thread, whatever else this process is asked.

Starting a build is synchronous: Drone asks for the configuration before it answers. So if requests of people and systems held
every thread of a process, each waiting for Drone, Drone would wait for one of these threads in turn, and nothing would move.
"""

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edrone_site.refusing import refuse

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
BUSY = "edrone is busy: every thread that it gives to pages and API calls is taken. Try again in a moment."


class Admission:
    """A WSGI application that lets in only so many requests at once, and the addresses that it is told to always let in."""

    def __init__(self, application: Application, most: int, always: Iterable[str]) -> None:
        """Wrap an application.

        Args:
            application: what answers.
            most: requests that may be under way at once, until their answers are sent; further ones get 503.
            always: paths that are neither counted nor refused.
        """
        self.application, self.always = application, frozenset(always)
        self.places = threading.BoundedSemaphore(most)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer, or refuse at once."""
        if environ["PATH_INFO"] in self.always:
            return self.application(environ, start_response)
        if not self.places.acquire(blocking=False):
            return refuse(environ, start_response, "503 Service Unavailable", "503.html", BUSY, ("Retry-After", "1"))
        try:
            return Answer(self.application(environ, start_response), self.places.release)
        except BaseException:
            self.places.release()
            raise


class Answer:
    """An answer that holds its place until it is sent, or dropped: a slow reader holds a thread."""

    def __init__(self, inner: Iterable[bytes], release: Callable[[], None]) -> None:
        """Take the answer, and what to call at its end."""
        self.inner = inner
        # Once, and also where the server forgets to close it, as after a connection that broke.
        self.release = weakref.finalize(self, release)

    def __iter__(self) -> Iterator[bytes]:
        """Give the parts of the body."""
        return iter(self.inner)

    def close(self) -> None:
        """End it."""
        try:
            if close := getattr(self.inner, "close", None):
                close()
        finally:
            self.release()
