"""The system checks of the builds, by id."""

import pytest
from django.core.checks import run_checks


@pytest.mark.parametrize(
    ("server", "token", "words"),
    [
        ("", "", ""),
        ("https://d", "t", ""),
        ("https://d", "", "DRONE_TOKEN is not set"),
        ("", "planted", "DRONE_SERVER is not set"),
    ],
)
def test_half_a_connection_to_drones_api_is_named(settings, server, token, words):
    settings.DRONE_SERVER, settings.DRONE_TOKEN = server, token
    found = [str(each) for each in run_checks() if each.id == "builds.W002"]
    assert len(found) == bool(words)
    assert words in "".join(found)
    assert "planted" not in "".join(found)
