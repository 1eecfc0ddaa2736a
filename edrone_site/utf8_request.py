"""Reads the addresses of requests as UTF-8."""

from typing import Any

from django.core.handlers.wsgi import WSGIRequest

LONGEST = 1_000  # characters of a header that names media types, in which Python takes quadratic time: 28,000 a second


class Utf8Request(WSGIRequest):
    """A request whose address is UTF-8, as URLs are, whatever charset its Content-Type names for the body.

    Headers of media types that are too long to be any are taken for none.

    Django would read the address by that charset: `?branch=fünf` would become another branch. And a codec that is not for text,
    such as base64, would end any request, unsigned ones too, in an error with a traceback in the log.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        for name in ("CONTENT_TYPE", "HTTP_ACCEPT"):
            if len(environ.get(name, "")) > LONGEST:
                del environ[name]
        super().__init__(environ)

    @property
    def encoding(self) -> None:
        """None, for which Django takes UTF-8."""
        return

    @encoding.setter
    def encoding(self, _: str) -> None:
        pass
