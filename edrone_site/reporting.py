"""What Django tells of an exception, where somebody switches DEBUG on: where it happened, never with which values."""

import logging
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

REFUSED = range(400, 500)


class RefusalsInOneLine(logging.Filter):
    """Takes the traceback from what Django logs of a refusal: somebody asked for what there is not, and nothing is broken.

    Belongs to handlers: Django has a logger for each kind of suspicious request, and filters of loggers do not reach those below.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through."""
        if record.name.startswith("django.") and getattr(record, "status_code", None) in REFUSED:
            record.exc_info = None
            if record.name.startswith("django.security."):  # these repeat what was sent as it is, line ends too
                record.msg, record.args = record.getMessage().encode("unicode_escape").decode(), ()
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
