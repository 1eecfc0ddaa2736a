"""JSON bodies of requests that change something, read strictly: what could mean two things is refused, never guessed."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from builds.rest.errors import BadRequest
from texts.characters import shortened

BYTE_ORDER_MARK = "\ufeff"
A_BUILD = '{"branch": "master", "params": {"NAME": "value"}}'


class LengthRequired(APIException):
    status_code = 411


class BodyTooLarge(APIException):
    status_code = 413


class Number(str):
    """A number of JSON, as it is written."""

    __slots__ = ()


class StrictJson(BaseParser):
    """Reads JSON, as UTF-8 whatever the charset. A number keeps its digits, so that 1.10 does not become 1.1."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], _: str | None = None, __: Mapping[str, Any] | None = None) -> Any:
        """Parse the body.

        Raises:
            ParseError: it is not JSON, repeats a name, or nests lists and objects too deeply.
        """
        body = stream.read()
        try:
            text = body.decode()
            if text.startswith(BYTE_ORDER_MARK):
                raise ValueError("it begins with a byte order mark")  # noqa: TRY301 - what is wrong is said below
            return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=refuse, object_pairs_hook=unique)
        except RecursionError:
            problem = "its lists and objects are nested too deeply"
        except UnicodeDecodeError:
            problem = "it is not UTF-8"
        except ValueError as error:
            problem = str(error)
        raise ParseError(f"The body cannot be read as JSON: {problem}.")


def is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Number)


def refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse repeated names: readers differ in which of the values they take."""
    value: dict[str, Any] = {}
    for name, content in pairs:
        if name in value:
            raise ValueError(f"{shortened(name)!r} is there twice")
        value[name] = content
    return value


def body_of(request: Request, example: str = A_BUILD) -> dict[str, Any]:
    """Return the JSON object in a request's body; an empty one where there is no body. `example`: what the body may be.

    Raises:
        LengthRequired: the body has no Content-Length. It must never look like no body at all: that would start another build.
        BodyTooLarge: it has more than DATA_UPLOAD_MAX_MEMORY_SIZE bytes.
        BadRequest: it is not an object.
    """
    length = request.META.get("CONTENT_LENGTH")
    if not length and may_have_body(request):
        raise LengthRequired("Length Required: say how long the body is with Content-Length; chunked bodies are not read.")
    if length and length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise BodyTooLarge(f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
    body = request.data if length not in {None, "", "0"} else {}
    if not isinstance(body, dict):
        raise BadRequest(f"The body must be a JSON object, such as {example}.")
    return body


def refuse_other_members(body: Iterable[str], names: Collection[str]) -> None:
    """Refuse members of a body that mean nothing there.

    Raises:
        BadRequest: naming the first of them, and those that there are.
    """
    for name in body:
        if name not in names:
            there = f"there {'is' if len(names) == 1 else 'are'} {', '.join(names)}" if names else "it has none"
            raise BadRequest(f"“{shortened(name)}” has no place in the body; {there}.")


def may_have_body(request: Request) -> bool:
    """Return whether a request without Content-Length may have a body. HTTP/1.0 has no chunks, so nothing else would show it."""
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        return True
    return request.META.get("SERVER_PROTOCOL") in {"HTTP/1.0", "HTTP/1"} and bool(request.META.get("CONTENT_TYPE"))
