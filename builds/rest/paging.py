"""Pages by a key: a signed cursor says where the next one begins, and a `Link` header holds its address (RFC 8288)."""

import re
from typing import Any

from django.core.signing import BadSignature, Signer
from django.http import QueryDict
from django.utils.encoding import escape_uri_path
from rest_framework.request import Request

from builds.rest.errors import BadRequest

HOST = re.compile(r"[\w.:\[\]-]+", re.ASCII)


def cursor(of: str, position: int | str) -> str:
    """Write where a page ends; `of` names the list, so that a cursor of one list is none of another."""
    return signer(of).sign_object(position)


def position_of(of: str, query: QueryDict) -> Any:
    """Read `cursor`, as `cursor` wrote it for this list; None where there is none.

    Raises:
        BadRequest: edrone has not written it for this list.
    """
    text = query.get("cursor", "")
    if not text:
        return None
    try:
        return signer(of).unsign_object(text)
    except (BadSignature, ValueError):
        raise BadRequest("This cursor is not one that edrone gave for this list; begin without one.") from None


def signer(of: str) -> Signer:
    return Signer(salt=f"cursor of {of}")


def next_link(request: Request, text: str) -> str:
    """Return the `Link` header of the next page: the same address with another cursor."""
    parameters = request.query_params.copy()
    parameters.pop("page", None)
    parameters.pop("access_token", None)
    parameters["cursor"] = text
    return f'<{origin(request)}{escape_uri_path(request.path)}?{parameters.urlencode()}>; rel="next"'


def origin(request: Request) -> str:
    """Say under which scheme and host the client knows edrone; empty (a relative link) where it does not say.

    Nothing but the client's own next request depends on it, so ALLOWED_HOSTS is not asked.
    """
    host = request.META.get("HTTP_HOST", "")
    return f"{request.scheme}://{host}" if HOST.fullmatch(host) else ""
