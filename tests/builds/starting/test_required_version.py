"""What older servers cannot do is said before they are asked."""

import pytest

from tests.builds.api import body

BUILDS = "/api/repos/ismewen/edrone/builds"


@pytest.mark.parametrize("version", ["1.10.1", "2.17.0", "v2.4"])
def test_operations_need_a_drone_that_hands_over_actions(standin, api, version):
    standin.drone.version = version
    for _ in range(2):
        answer = api["runner"].post(f"{BUILDS}?action=check", **{"Idempotency-Key": "again"})
        assert (answer.status_code, "To start operations, you need Drone 2.19 or later" in body(answer)["message"]) == (501, True)
    assert not standin.writes
    standin.drone.version = "2.28.1"  # it is brought up to date while edrone runs
    assert api["runner"].post(f"{BUILDS}?action=check", **{"Idempotency-Key": "again"}).status_code == 200


def test_declining_all_of_a_build_needs_a_newer_one_and_a_stage_does_not(standin, api):
    standin.drone.version = "2.20.0"
    answer = api["deployer"].post(f"{BUILDS}/2/decline")
    assert (answer.status_code, "To decline a whole build, you need Drone 2.23 or later" in body(answer)["message"]) == (
        501,
        True,
    )
    assert body(answer)["message"].endswith("so nothing was done. Decline its stages one by one, or cancel it.")
    assert not standin.writes
    api["deployer"].post(f"{BUILDS}/2/decline/1")
    assert len(standin.writes) == 1


@pytest.mark.parametrize("version", ["2.18.0", "2.19.0", "2.28.1", "3.0.0", "latest", ""])
def test_a_server_that_may_be_new_enough_is_asked_and_its_version_once(standin, api, version):
    """2.26.0 says 2.25.0; others may likewise be one behind. One that does not say is asked as any."""
    standin.drone.version = version
    for _ in range(3):
        assert api["runner"].post(f"{BUILDS}?action=check").status_code == 200
    asked = [request for request in standin.server.requests if request.path == "/version"]
    assert len(asked) == (1 if version else 3)


def test_other_builds_do_not_ask_for_the_version(standin, api):
    standin.drone.version = "1.0.0"
    assert api["runner"].post(BUILDS).status_code == 200
    assert [request.path for request in standin.server.requests] == [BUILDS]
