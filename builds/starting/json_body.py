"""The JSON bodies of requests that change something, read strictly: what could mean two things is refused, never guessed."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from builds.rest.errors import BadRequest


class LengthRequired(APIException):
    """There is a body, and nothing says how long it is."""

    status_code = 411


class TooLarge(APIException):
    """The body is not read."""

    status_code = 413


class StrictJson(BaseParser):
    """Reads JSON, which is UTF-8 whatever else is said. A number is its own text, so that 1.10 does not become 1.1."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], _: str | None = None, __: Mapping[str, Any] | None = None) -> Any:
        """Read all of it.

        Raises:
            ParseError: it is no JSON, a name is there twice, or lists and objects are nested too deeply.
        """
        body = stream.read()
        try:
            return json.loads(body.decode(), parse_float=str, parse_int=str, parse_constant=refuse, object_pairs_hook=once)
        except RecursionError:
            problem = "its lists and objects are nested too deeply"
        except ValueError as error:
            problem = str(error)
        raise ParseError(f"The body cannot be read as JSON: {problem}.")


def refuse(word: str) -> Any:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(f"{word} is no number of JSON")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is there twice: readers differ in which of the two they take."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} is there twice")
        found[name] = value
    return found


def body_of(request: Request) -> dict[str, Any]:
    """Read the JSON object of a request; empty where there is no body.

    Raises:
        LengthRequired: the body's length is not said. It must never look like no body at all: that would start another build.
        TooLarge: it is larger than any that makes sense.
        BadRequest: it is no object.
    """
    length = request.META.get("CONTENT_LENGTH")
    if not length and has_unmeasured(request):
        raise LengthRequired("Length Required: say how long the body is with Content-Length; chunked bodies are not read.")
    if length and length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise TooLarge(f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
    body = request.data if length not in {None, "", "0"} else {}
    if not isinstance(body, dict):
        raise BadRequest('The body must be a JSON object, such as {"branch": "master", "params": {"NAME": "value"}}.')
    return body


def has_unmeasured(request: Request) -> bool:
    """May there be a body whose length nothing says? HTTP/1.0 has neither chunks nor another sign of one."""
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        return True
    return request.META.get("SERVER_PROTOCOL") in {"HTTP/1.0", "HTTP/1"} and bool(request.META.get("CONTENT_TYPE"))
