"""Reads the addresses of requests as UTF-8."""

from django.core.handlers.wsgi import WSGIRequest


class Utf8Request(WSGIRequest):
    """A request whose address is UTF-8, as URLs are, whatever charset its Content-Type names for the body.

    Django would read the address by that charset: `?branch=fünf` would become another branch. And a codec that is not for text,
    such as base64, would end any request, unsigned ones too, in an error with a traceback in the log.
    """

    @property
    def encoding(self) -> None:
        """None, for which Django takes UTF-8."""
        return

    @encoding.setter
    def encoding(self, _: str) -> None:
        pass
