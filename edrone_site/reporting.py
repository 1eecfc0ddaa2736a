"""What Django tells of an exception, where somebody switches DEBUG on: where it happened, never with which values."""

import logging
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

FORBIDDEN = 403


class RefusalsInOneLine(logging.Filter):
    """Takes the traceback from what is logged of a 403: somebody was not allowed something, and nothing is broken."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through."""
        if getattr(record, "status_code", None) == FORBIDDEN:
            record.exc_info = None
        return True


class Reporter(ExceptionReporter):
    """Knows no request: its headers, cookies, query and body may hold tokens."""

    def __init__(self, _: HttpRequest | None, *arguments: Any, **options: Any) -> None:
        """Take the exception."""
        super().__init__(None, *arguments, **options)


class Filter(SafeExceptionReporterFilter):
    """Hides settings and local variables, all of them: no list of names is long enough."""

    def get_safe_settings(self) -> dict[str, Any]:
        """Give none."""
        return {}

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType | None) -> ItemsView[str, Any]:  # noqa: ARG002 - Django's
        """Give none."""
        return dict[str, Any]().items()
