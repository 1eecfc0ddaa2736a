"""What Django tells of an exception, where somebody switches DEBUG on: where it happened, never with which values."""

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter


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
