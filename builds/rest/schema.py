"""`/api/schema` and `/api/docs`: what the API is, for programs and for people. Nothing in them is secret."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

FILE = Path(__file__).with_name("openapi.yaml")


@cache
def description() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(FILE.read_bytes())
    return document


@require_safe
def schema(_: HttpRequest) -> HttpResponse:
    """Return the description as JSON, which programs that want YAML read as well."""
    return HttpResponse(msgspec.json.encode(description()), content_type="application/json")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Return the page on which the API can be tried."""
    return render(request, "rest/docs.html")
