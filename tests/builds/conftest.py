"""What the tests of builds share: people with each level."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from builds.models.access import Grant, Level


def person(name: str, level: Level | None = None, pattern: str = "*", only: str = "", **fields: Any) -> User:
    """Make a user with a grant, or without."""
    user = User.objects.create_user(name, **fields)
    if level:
        Grant.objects.create(user=user, pattern=pattern, level=level, only=only)
    return user


@pytest.fixture
def people(db: None) -> dict[str, User]:
    """Everybody that every endpoint is called as."""
    return {
        "outsider": person("outsider", Level.DEPLOY, "elsewhere/*"),
        "viewer": person("viewer", Level.VIEW, "ismewen/edrone"),
        "runner": person("runner", Level.RUN, "ismewen/edrone"),
        "deployer": person("deployer", Level.DEPLOY, "ismewen/edrone"),
        "inactive": person("inactive", Level.DEPLOY, is_active=False),
        "superuser": person("superuser", is_superuser=True),
    }
