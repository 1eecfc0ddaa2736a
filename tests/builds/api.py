"""Asking the API as one of its users."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from builds.access.token_models import make_token


class Api:
    """A client with a token, or without."""

    def __init__(self, user: User | None = None, token: str = "") -> None:
        text = make_token(user, "test").text if user else token
        self.client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {text}"} if text else None)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers or None)

    def post(self, path: str, content: Any = None, **headers: str) -> Any:
        """POST; `content` goes along as JSON."""
        more = {"data": json.dumps(content), "content_type": "application/json"} if content is not None else {}
        return self.client.generic("POST", path, more.get("data", ""), more.get("content_type", ""), headers=headers or None)

    def delete(self, path: str) -> Any:
        return self.client.delete(path)


def body(answer: Any) -> Any:
    return json.loads(answer.content)
