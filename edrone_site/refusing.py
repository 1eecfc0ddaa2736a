"""Answers to requests that Django never sees."""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.template.loader import render_to_string
from django.utils import translation

from edrone_site.middleware import HEADERS

PEOPLES = "/admin/"


def refuse(
    environ: dict[str, Any],
    start_response: Callable[..., Any],
    status: str,
    template: str,
    message: str,
    *headers: tuple[str, str],
) -> list[bytes]:
    """Answer with a page in the reader's language for people, with a message as JSON for everybody else."""
    if environ["PATH_INFO"].startswith(PEOPLES):
        request = HttpRequest()
        request.META, request.COOKIES = environ, parse_cookie(environ.get("HTTP_COOKIE", ""))
        with translation.override(translation.get_language_from_request(request)):
            kind, body = "text/html; charset=utf-8", render_to_string(template).encode()
    else:
        kind, body = "application/json", json.dumps({"message": message}).encode() + b"\n"
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *headers, *HEADERS.items()])
    return [body]
