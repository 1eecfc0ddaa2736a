"""Asks edrone whether a build may start, as Drone does (docs/drone.md 7.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import requests

from configs.client.drone_request import signed_headers
from configs.endpoint.signature import VALIDATION
from demo.standin.database import Row
from demo.standin.transport import said
from demo.standin.yaml_source import MINUTE, body

SKIP, BLOCK = 498, 499


class Skipped(Exception):
    """Drone creates no build and answers `null`."""


class NotValid(Exception):
    """Drone creates a build of status error, with this message."""


@dataclass(frozen=True)
class Validator:
    """Drone's client of its validation endpoint."""

    endpoint: str  # DRONE_VALIDATE_PLUGIN_ENDPOINT
    secret: str
    timeout: float = MINUTE

    def blocks(self, build: Mapping[str, Any], repo: Row, text: str) -> bool:
        """Return whether the build has to wait for approval.

        Raises:
            Skipped, NotValid: it does not start.
        """
        content = body(build, repo, text)
        headers = signed_headers(content, self.secret, datetime.now(UTC), accept=VALIDATION.accept)
        headers |= {"user-agent": "Go-http-client/1.1"}
        try:
            answer = requests.post(self.endpoint, data=content, headers=headers, timeout=self.timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise NotValid(said(self.endpoint, error)) from None
        if answer.status_code == SKIP:
            raise Skipped
        if answer.status_code == BLOCK:
            return True
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise NotValid(answer.text or words_of(answer.status_code))
        return False


def words_of(status: int) -> str:
    """Return what Drone shows for an empty answer: nothing for a status that nobody knows."""
    try:
        return "I'm a teapot" if status == HTTPStatus.IM_A_TEAPOT else HTTPStatus(status).phrase  # Go writes it so
    except ValueError:
        return ""
