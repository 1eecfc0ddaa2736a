"""Every error of the API is `{"message": …}` with a status, as Drone's are (docs/drone.md 4.1)."""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation, TooManyFieldsSent
from django.db import DatabaseError
from rest_framework import exceptions
from rest_framework.response import Response

from configs.records.own_database import trouble
from texts.characters import LONGEST_SENTENCE, encodable, one_line, shortened
from texts.errors import EdroneError

logger = logging.getLogger(__name__)
FAILED = "edrone failed at this request; its log says why."
NO_ADDRESS = "Not Found: the API has no such address; docs/api.md and /api/docs list what there is."


class NoRepository(exceptions.NotFound):
    """There is no such repository, or it is not for this user's eyes."""


class NoRepositoryHere(Response):
    """The answer to that; the address may yet be meant otherwise (builds/api_urls.py)."""


class BadRequest(exceptions.APIException):
    status_code = 400


def answer_error(error: Exception, _: Mapping[str, Any]) -> Response:
    """Turn whatever was raised into an answer; what nobody foresaw is logged and told as 500."""
    headers: dict[str, str] = {}
    match error:
        case exceptions.UnsupportedMediaType():
            status, message = error.status_code, "The body must be JSON: send it with the header Content-Type: application/json."
        case exceptions.APIException():
            status, message = error.status_code, str(error.detail)
            if header := getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = header
        case EdroneError():
            status, message = error.status, str(error)
            if error.replayed:
                headers["Idempotency-Replayed"] = "true"
        case TooManyFieldsSent():
            status, message = 400, f"The address has more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} parameters."
        case SuspiciousOperation():
            status, message = 400, "The request has too many parts, or a part that no client sends."
        case DatabaseError():
            logger.warning("edrone's own database: %s", one_line(error))
            status, message = 503, f"{trouble(error)} edrone's log says why."
        case _:
            logger.error("The API failed.", exc_info=error)
            status, message = 500, FAILED
    if seconds := getattr(error, "retry_after", None) or getattr(error, "wait", None):
        headers["Retry-After"] = str(int(seconds))
    kind = NoRepositoryHere if isinstance(error, NoRepository) else Response
    return kind({"message": shortened(encodable(message), LONGEST_SENTENCE)}, status, headers=headers)
