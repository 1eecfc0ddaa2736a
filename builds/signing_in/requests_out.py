"""Requests to providers: each has a deadline and a largest answer, follows no redirect, and only some run at once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

import requests
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

from builds.access.throttle import BUSY
from builds.signing_in.errors import NOT_ACCEPTED, SignInError
from configs.database.postgresql.base import give_back
from drone_api.deadline import DeadlineAdapter

CONNECT, ANSWER = 3.0, 7.0  # seconds of one request
ALL_REQUESTS = 15.0  # seconds that a sign-in waits for a provider, however many requests it takes
LARGEST = 1024 * 1024  # bytes of an answer
MOST = 8  # sign-ins of a process that wait for providers at once
slots = threading.BoundedSemaphore(MOST)
deadline: ContextVar[float] = ContextVar("deadline")  # of the sign-in that this thread is at; allauth cannot hand it on


class ProviderSession(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, DeadlineAdapter())
        self.auth = lambda request: request  # or ~/.netrc would be read
        self.headers.update({"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "edrone"})

    def request(self, *args: Any, **options: Any) -> requests.Response:
        """Send a request and read the whole answer.

        Raises:
            requests.RequestException: no answer came in time, or it is a redirect or a fault of the server.
            SignInError: the answer is too large.
        """
        left = deadline.get() - time.monotonic()
        if left <= 0:
            raise requests.Timeout
        fixed = {"timeout": (min(CONNECT, left), min(ANSWER, left)), "allow_redirects": False, "stream": True}
        with super().request(*args, **options | fixed) as answer:
            body = answer.raw.read(LARGEST + 1, decode_content=False)
            if len(body) > LARGEST:
                raise SignInError(NOT_ACCEPTED, reason="its answer is too large")
            answer._content = body  # noqa: SLF001 - what `answer.content` would have read, without a limit
            answer.encoding = "utf-8"  # JSON has no other; requests would guess it from the whole answer
            if answer.status_code in range(300, 400) or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise requests.HTTPError(response=answer)
            return answer


class Adapter(DefaultSocialAccountAdapter):
    """Gives allauth this session. Nothing else of its adapter is used."""

    def get_requests_session(self) -> ProviderSession:
        return ProviderSession()


@contextmanager
def slot() -> Iterator[None]:
    """Hold one of the process's slots, so that a provider that hangs takes neither every thread nor every database connection.

    Raises:
        SignInError: all are taken.
    """
    if not slots.acquire(blocking=False):
        raise SignInError(BUSY, HTTPStatus.SERVICE_UNAVAILABLE)
    give_back()
    deadline.set(time.monotonic() + ALL_REQUESTS)
    try:
        yield
    finally:
        slots.release()
