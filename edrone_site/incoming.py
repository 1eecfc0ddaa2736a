"""How a request is read, before anything of it is looked at."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest

from edrone_site.refusing import refuse
from pipelines.build_request import LARGEST_BODY

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
TOO_LARGE = f"The body is larger than {LARGEST_BODY} bytes, which is more than any address of edrone takes. It was not read."
NO_FILES = "edrone takes no files, and no multipart bodies: send forms as application/x-www-form-urlencoded, and JSON to the API."


class FormsOnly:
    """A WSGI application that refuses files, and bodies larger than a form, before it reads anything of them.

    A body in chunks, whose length nobody says, is never read: for Django it is empty.
    """

    def __init__(self, application: Application, but: Iterable[str]) -> None:
        """Wrap an application; `but` are the paths that refuse such bodies themselves."""
        self.application, self.but = application, frozenset(but)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Hand over, or refuse."""
        if environ["PATH_INFO"] not in self.but:
            if int(environ.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
                return refuse(environ, start_response, "413 Content Too Large", "413.html", TOO_LARGE)
            if environ.get("CONTENT_TYPE", "").lower().lstrip().startswith("multipart/"):
                return refuse(environ, start_response, "415 Unsupported Media Type", "413.html", NO_FILES)
        return self.application(environ, start_response)


class Utf8Request(WSGIRequest):
    """A request whose address is UTF-8, as URLs are, whatever charset its Content-Type names for a body.

    Django would read the address by that charset: `?branch=fünf` would become another branch. And a codec that is none of text,
    such as base64, would end any request, also one that nobody signed, in an error with a traceback in the log.
    """

    @property
    def encoding(self) -> None:
        """Name none: UTF-8 is what Django then takes."""
        return

    @encoding.setter
    def encoding(self, _: str) -> None:
        """Leave it so."""
