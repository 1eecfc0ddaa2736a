"""The system checks of the builds, by id."""

from ipaddress import ip_network

import pytest
from django.core.checks import run_checks

from edrone_site.sign_in import FORGES


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


def test_what_drone_says_needs_a_way_to_sign_in_with_its_forge(settings):
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE = True, "gitlab"
    settings.SIGN_IN = {"github": FORGES["github"]}
    (error,) = [each for each in run_checks() if each.id == "builds.E003"]
    assert "EDRONE_DRONE_FORGE is gitlab, but nobody can sign in with it" in error.msg
    assert "EDRONE_GITLAB_CLIENT_ID" in str(error.hint)
    settings.SIGN_IN |= {"gitlab": FORGES["gitlab"]}
    assert not [each for each in run_checks() if each.id == "builds.E003"]


def test_a_proxy_that_is_everywhere_is_warned_of(settings):
    settings.EDRONE_TRUSTED_PROXIES = (ip_network("10.0.0.7"), ip_network("0.0.0.0/0"))
    (warning,) = [each for each in run_checks() if each.id == "builds.W003"]
    assert "0.0.0.0/0: whoever reaches this server can sign in as anybody" in str(warning)
