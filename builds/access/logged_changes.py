"""Changes on Django's own pages of users, groups, grants, tokens and connected accounts, in the log as well as in the history."""

import logging
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import translation

from configs.endpoint.request_log import Fields
from texts.characters import shortened

logger = logging.getLogger("edrone.people")


class LoggedChanges:
    """Mixin of an admin page: each change of who may do what leaves a line."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        log(request, "add", [obj])
        return super().log_addition(request, obj, message)  # type: ignore[misc]  # this is one half

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        changed = [name for part in message for name in part.get("changed", {}).get("fields", [])]  # their names, and no values
        log(request, "change", [obj], changed=", ".join(changed))
        return super().log_change(request, obj, message)  # type: ignore[misc]  # likewise

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        log(request, "delete", queryset)
        return super().log_deletions(request, queryset)  # type: ignore[misc]  # likewise


def log(request: HttpRequest, did: str, rows: Iterable[Any], **fields: str) -> None:
    """Log who did what to each row."""
    for row in rows:
        with translation.override(None):  # the log is in English, whoever reads the pages
            what = {"kind": row._meta.model_name, "id": row.pk, "what": shortened(str(row))}  # noqa: SLF001 - so Django documents it
        logger.info(Fields(did=did, by=request.user.get_username(), **what, **fields))
