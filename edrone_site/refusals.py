"""Responses to requests that are refused before Django sees them."""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.template.loader import render_to_string
from django.utils import translation

from edrone_site.middleware import HEADERS

PAGES = "/admin/"


def refuse(
    environ: dict[str, Any],
    start_response: Callable[..., Any],
    status: str,
    template: str,
    message: str,
    *headers: tuple[str, str],
) -> list[bytes]:
    """Return a page in the reader's language under /admin/, and the message as JSON everywhere else."""
    if environ["PATH_INFO"].startswith(PAGES):
        request = HttpRequest()
        request.META, request.COOKIES = environ, parse_cookie(environ.get("HTTP_COOKIE", ""))
        with translation.override(translation.get_language_from_request(request)):
            kind, body = "text/html; charset=utf-8", render_to_string(template).encode()
    else:
        kind, body = "application/json", json.dumps({"message": message}).encode() + b"\n"
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *headers, *HEADERS.items()])
    return [body]
