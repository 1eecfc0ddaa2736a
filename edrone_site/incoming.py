"""How a request is read, before anything of it is looked at."""

from django.core.handlers.wsgi import WSGIRequest


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
