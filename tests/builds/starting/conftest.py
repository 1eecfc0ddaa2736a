"""A client for each of the people, on a stand-in Drone."""

from typing import Any

import pytest

from tests.builds.api import Api
from tests.builds.conftest import Standin


@pytest.fixture
def api(standin: Standin, people: dict[str, Any]) -> dict[str, Api]:
    """A client for each of the people, and one for a guest."""
    return {"guest": Api()} | {name: Api(user) for name, user in people.items()}
