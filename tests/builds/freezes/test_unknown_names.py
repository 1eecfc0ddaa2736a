"""What a freeze names and nobody has heard of is said when it is made."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from builds.access import drone_rights
from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.freezes.models import Freeze
from tests.builds.api import Api, body
from tests.builds.conftest import Standin

PAGE = "/admin/builds/freezes/"
FIELDS = {"pattern": "ismewen/edrone", "targets": "production", "reason": "no Fridays"}
NOBODY_LOOKED = "Drone's database or the tree cannot be read, so nobody looked whether these names exist."
HEAD = "kind: operation\ntarget: TO\ninputs:\n  TO: {type: choice, options: [orbit], required: true}\n\n---\nkind: pipeline\nname: x\n"


@pytest.mark.parametrize(
    ("fields", "unknown"),
    [
        ({}, []),
        ({"targets": "PROD*, deploy, orbit, *"}, []),
        ({"targets": "prodution, production, zz*"}, ["“prodution”", "“zz*”"]),
        ({"targets": "", "branches": "never-seen"}, []),  # branches come and go
        ({"pattern": "nothing/none", "targets": "zz"}, ["matches nothing/none"]),
    ],
)
def test_rest_notes_what_is_not_there(
    fields: dict[str, str], unknown: list[str], standin: Standin, people: dict[str, Any], tmp_path: Path, settings: Any
) -> None:
    (tmp_path / "_operations").mkdir()
    (tmp_path / "_operations" / "deploy.yaml").write_text(HEAD)
    settings.EDRONE_PROJECTS = tmp_path
    answer = Api(people["superuser"]).post("/api/freezes", FIELDS | fields)
    assert answer.status_code == 201
    notes = body(answer)["notes"]
    assert len(notes) == len(unknown)
    for note, words in zip(notes, unknown, strict=True):
        assert words in note


def test_the_page_says_it_as_well(standin: Standin, people: dict[str, Any]) -> None:
    client = Client()
    client.force_login(people["deployer"])
    page = client.post(PAGE, FIELDS | {"targets": "zz", "zone": "UTC"}, follow=True).content.decode()
    assert "The freeze was made." in page
    assert "“zz” yet" in page
    client.force_login(people["outsider"])
    page = client.post(PAGE, FIELDS | {"pattern": "elsewhere/none", "zone": "UTC"}, follow=True).content.decode()
    assert "No repository that you may see matches elsewhere/none" in page


def test_while_drones_database_is_away_a_freeze_is_made_once_and_nobody_looked(
    standin: Standin, people: dict[str, Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can say which repositories the rights at Drone let its maker see; its grant lets it be made."""

    def away(*_: Any) -> Any:
        raise DroneDatabaseUnavailable("away")

    settings.EDRONE_GRANTS_FROM_DRONE = True
    monkeypatch.setattr(drone_rights, "forge_account", lambda _: object())
    monkeypatch.setattr(drone_rights, "rights_of", away)
    answer = Api(people["deployer"]).post("/api/freezes", FIELDS | {"targets": "zz"})
    assert (answer.status_code, body(answer)["notes"]) == (201, [NOBODY_LOOKED])
    assert Freeze.objects.count() == 1
    client = Client()
    client.force_login(people["deployer"])
    assert client.post(PAGE, FIELDS | {"zone": "UTC"}).status_code == 503  # before anything is made
    assert Freeze.objects.count() == 1


def test_the_command_says_it_on_standard_error(standin: Standin, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("freeze", "ismewen/*", "zz", "--reason", "stock")
    output = capsys.readouterr()
    assert output.out.count("\n") == 1
    assert "“zz” yet" in output.err


def test_a_freeze_is_made_while_drones_database_is_away(db: None, people: dict[str, Any]) -> None:
    answer = Api(people["superuser"]).post("/api/freezes", FIELDS)
    assert answer.status_code == 201
    assert body(answer)["notes"] == [NOBODY_LOOKED]
    assert Freeze.objects.count() == 1


def test_the_command_says_that_nobody_looked_where_drones_database_is_not_connected(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("freeze", "ismewen/edrone", "prodd", "--reason", "stock")
    assert NOBODY_LOOKED in capsys.readouterr().err
