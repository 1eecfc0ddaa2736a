"""Restarts of only what failed where Drone has another text than edrone answered: Drone's caches, of conversions above all."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from builds.starting.models import AuditRecord, Outcome
from configs.endpoint.drone_server import known
from configs.records.models import Announcement
from demo.standin.http import serving
from demo.standin.validation import Validator
from demo.standin.yaml_source import YamlSource
from tests.builds.api import Api, body
from tests.builds.conftest import REPO, Standin
from tests.builds.restarts import PIPELINES, TREE, built, end, relayed, restart, stages
from tests.conftest import SECRET

STEP = "name: say\nimage: alpine\n"
OWN_FILE = TREE.replace("steps: []", "steps:\n- extends: _shared/say.yaml")


@pytest.fixture
def edrone() -> Iterator[str]:
    with serving(relayed) as server:
        yield f"{server.url}/edrone"


@pytest.fixture
def drone(records: None, standin: Standin, tree: Any, edrone: str, monkeypatch: pytest.MonkeyPatch) -> Standin:
    """A Drone that asks for conversions, with its default cache of them, and no validation."""
    tree({"default.yaml": "kind: repository\n", "_shared/say.yaml": STEP})
    monkeypatch.setattr(known, "login", "ismewen")
    monkeypatch.setattr(known, "names_parent", True)
    own_files = {"ismewen/edrone": OWN_FILE}
    standin.drone.source = YamlSource(edrone, SECRET, convert=f"{edrone}/convert", own_files=own_files)
    return standin


@pytest.fixture
def api(drone: Standin, people: dict[str, Any]) -> dict[str, Api]:
    return {name: Api(user) for name, user in people.items()}


def validate(drone: Standin, edrone: str) -> None:
    drone.drone.validator = Validator(f"{edrone}/validate", SECRET)


@pytest.mark.parametrize("validated", [False, True])
def test_what_failed_of_an_own_file_runs_as_it_was_converted(
    api: dict[str, Api], drone: Standin, edrone: str, *, validated: bool
) -> None:
    drone.drone.source.convert_caching = False
    if validated:
        validate(drone, edrone)
    parent = built(api, drone, test="failure", deploy="skipped")
    answer = restart(api["runner"], parent)
    assert answer.status_code == 200
    number = body(answer)["number"]
    assert stages(number) == ["deploy", "test"]
    text = body(api["runner"].get(f"{REPO}/builds/{number}/config"))["yaml"]
    assert [each["steps"] for each in yaml.safe_load_all(text)] == [[{"name": "say", "image": "alpine"}]] * 2
    end(drone, number, "failure", deploy="failure")
    again = body(restart(api["runner"], number))["number"]
    assert stages(again) == ["deploy"]
    assert stages(body(restart(api["runner"], again, ""))["number"]) == sorted(PIPELINES)


def test_the_validation_refuses_the_conversion_that_drone_kept(api: dict[str, Api], drone: Standin, edrone: str) -> None:
    validate(drone, edrone)
    parent = built(api, drone, test="failure", deploy="skipped")
    answer = restart(api["runner"], parent)
    assert (answer.status_code, body(answer)["status"]) == (200, "error")
    assert "Set DRONE_CONVERT_PLUGIN_CACHE_SIZE=0 of the Drone server" in body(answer)["error"]
    assert stages(body(answer)["number"]) == []
    # What is restarted next is another build, and all of it is what was asked for.
    whole = body(restart(api["runner"], parent, ""))
    assert (whole.get("error", ""), stages(whole["number"])) == ("", sorted(PIPELINES))


def test_without_validation_the_conversion_that_drone_kept_is_cancelled(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure", deploy="skipped")
    answer = restart(api["runner"], parent)
    assert answer.status_code == 502
    assert (
        f"#{parent + 1} with another YAML than edrone gave it, so that more would run than what failed: build, lint. It was"
        in body(answer)["message"]
    )
    assert "DRONE_CONVERT_PLUGIN_CACHE_SIZE=0" in body(answer)["message"]
    assert (drone.writes[-1].method, drone.writes[-1].path) == ("DELETE", f"{REPO}/builds/{parent + 1}")
    record = AuditRecord.objects.order_by("-pk")[0]
    assert (record.outcome, record.build) == (Outcome.REFUSED, parent + 1)
    assert not Announcement.objects.filter(used=None).exists()


def test_the_validation_refuses_the_text_that_another_build_of_the_second_got(
    api: dict[str, Api], drone: Standin, edrone: str, tree: Any
) -> None:
    tree({"default.yaml": TREE})
    validate(drone, edrone)
    parent = built(api, drone, test="failure", deploy="skipped")

    class OfTheSecond(YamlSource):
        """Has an answer in its cache, so that edrone is not asked for the configuration."""

        def configuration(self, *_: Any) -> str:
            return TREE

    drone.drone.source = OfTheSecond(edrone, SECRET)
    answer = body(restart(api["runner"], parent))
    assert answer["status"] == "error"
    assert "another build of the same second" in answer["error"]
    assert stages(answer["number"]) == []
    drone.drone.source = YamlSource(edrone, SECRET)
    assert stages(body(restart(api["runner"], parent, ""))["number"]) == sorted(PIPELINES)
