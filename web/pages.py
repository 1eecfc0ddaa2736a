"""The frame of every page: the menu, the user, the messages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse


def shown(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> TemplateResponse:
    """Return a template in the frame that every page of the administration has."""
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
