"""Refuses bodies and cookies that no page and no address of the API takes, before anything of them is read."""

from collections.abc import Callable, Iterable
from typing import Any

from edrone_site.refusals import refuse
from pipelines.build_request import LARGEST_BODY

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
TOO_LARGE = f"The body is larger than {LARGEST_BODY} bytes, which is more than this address takes. It was not read."
NO_FILES = "edrone takes no files, and no multipart bodies: send JSON, with the header Content-Type: application/json."
# Older Pythons look through what is left of a quoted cookie at each of its backslashes (CVE-2024-7592): 28 KB of them take more
# than a second. The cookies of proxies, which may be as long, hold none.
MOST_BACKSLASHES = 256
NUL = "\\000"  # as a quoted cookie may hold it; no session has one in its key, and PostgreSQL lets nobody ask for it
COOKIES = (
    f"The Cookie header holds more than {MOST_BACKSLASHES} backslashes, or {NUL}. It was not read. Programs need no cookies here."
)


class RequestLimits:
    """WSGI middleware that refuses files, bodies larger than a form, and cookies full of backslashes or with a NUL.

    The `exempt` paths refuse such bodies themselves.

    A chunked body, which has no Content-Length, is never read: for Django it is empty.
    """

    def __init__(self, application: Application, exempt: Iterable[str]) -> None:
        self.application, self.exempt = application, frozenset(exempt)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        cookies = environ.get("HTTP_COOKIE", "")
        if cookies.count("\\") > MOST_BACKSLASHES or NUL in cookies:
            del environ["HTTP_COOKIE"]
            return refuse(environ, start_response, "400 Bad Request", "cookies.html", COOKIES)
        if environ["PATH_INFO"] not in self.exempt:
            if int(environ.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
                return refuse(environ, start_response, "413 Content Too Large", "413.html", TOO_LARGE)
            if environ.get("CONTENT_TYPE", "").lower().lstrip().startswith("multipart/"):
                return refuse(environ, start_response, "415 Unsupported Media Type", "413.html", NO_FILES)
        return self.application(environ, start_response)
