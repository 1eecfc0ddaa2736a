"""Restarts of only what failed of an operation: of the text that runs, today's tree may say another target and level, or nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from builds.freezes.models import Freeze
from builds.starting.models import AuditRecord
from configs.endpoint.drone_server import known
from demo.standin.http import serving
from demo.standin.validation import Validator
from demo.standin.yaml_source import YamlSource
from tests.builds.api import Api, body
from tests.builds.conftest import REPO, Standin
from tests.builds.restarts import TREE, end, relayed, restart
from tests.conftest import SECRET

SHIP = "edrone/_operations/ship.yaml"
HEAD = "kind: operation\nlevel: %s\ntarget: WHERE\ninputs: {WHERE: {}}\n---\n"
NO_TARGET = "kind: operation\nlevel: deploy\ninputs: {WHERE: {}}\n---\n"
RENAMED = "kind: operation\nlevel: deploy\ntarget: TO\ninputs: {TO: {default: staging}}\n---\n"
CHANGED = TREE.replace("steps: []", "steps: [{name: x, image: alpine}]")
NOW = {
    "the same": {SHIP: HEAD % "deploy" + TREE},
    "gone": {},
    "another text": {SHIP: HEAD % "deploy" + CHANGED},
    "no target": {SHIP: NO_TARGET + TREE},
    "neither": {SHIP: NO_TARGET + CHANGED},
    "another input": {SHIP: RENAMED + TREE},
    "broken": {SHIP: "kind: operation\nlevel: moon\n---\n" + TREE},
}


@pytest.fixture
def drone(records: None, standin: Standin, tree: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    tree({SHIP: HEAD % "deploy" + TREE})
    monkeypatch.setattr(known, "login", "ismewen")
    monkeypatch.setattr(known, "names_parent", True)
    with serving(relayed) as server:
        standin.drone.source = YamlSource(f"{server.url}/edrone", SECRET)
        standin.drone.validator = Validator(f"{server.url}/edrone/validate", SECRET)
        yield standin


@pytest.fixture
def api(drone: Standin, people: dict[str, Any]) -> dict[str, Api]:
    return {name: Api(user) for name, user in people.items()}


def shipped(api: Api, drone: Standin, where: str = "production") -> int:
    """Start the operation, and let a part of it fail; return the build's number."""
    number = int(body(api.post(f"{REPO}/builds?branch=master&action=ship&WHERE={where}"))["number"])
    end(drone, number, "failure", test="failure", deploy="skipped")
    return number


def serve(tree: Any, files: dict[str, str]) -> None:
    """Let the tree have this, or no operation."""
    root = tree(files)
    if not files:
        (root / SHIP).unlink()


def freeze(targets: str) -> None:
    Freeze.objects.create(pattern="ismewen/edrone", targets=targets, reason="no Fridays", username="wei")


@pytest.mark.parametrize("now", NOW)
def test_whatever_the_tree_says_by_now_it_deploys_where_the_build_did(
    now: str, api: dict[str, Api], drone: Standin, tree: Any, people: dict[str, Any]
) -> None:
    number = shipped(api["deployer"], drone)
    serve(tree, NOW[now])
    freeze("production")
    answer = restart(api["deployer"], number)
    assert answer.status_code == 409
    assert "production of ismewen/edrone is frozen by wei" in body(answer)["message"]
    client = Client()
    client.force_login(people["deployer"])
    asked = client.get(f"/admin/builds/build/ismewen/edrone/{number}/-/do/restart/?only=failed").content.decode()
    assert "production of ismewen/edrone is frozen by wei" in asked
    answer = restart(api["deployer"], number, "only=failed&override=urgent")
    assert (answer.status_code, body(answer).get("error", "")) == (200, "")
    assert AuditRecord.objects.order_by("-pk")[0].target == "production"


@pytest.mark.parametrize("now", NOW)
def test_the_freeze_of_another_target_does_not_hold_it_up(now: str, api: dict[str, Api], drone: Standin, tree: Any) -> None:
    number = shipped(api["deployer"], drone, "staging")
    serve(tree, NOW[now])
    freeze("production")
    for _ in range(2):  # and of the restart, which runs a part of the text
        answer = restart(api["deployer"], number)
        assert (answer.status_code, body(answer).get("error", "")) == (200, "")
        assert AuditRecord.objects.order_by("-pk")[0].target == "staging"
        number = int(body(answer)["number"])
        end(drone, number, "failure", test="success", deploy="failure")


@pytest.mark.parametrize("now", NOW)
def test_without_an_audit_record_the_head_counts_while_the_text_is_the_same(
    now: str, api: dict[str, Api], drone: Standin, tree: Any
) -> None:
    """As of a build that somebody started at Drone's own page."""
    number = shipped(api["deployer"], drone, "staging")
    AuditRecord.objects.all().delete()
    serve(tree, NOW[now])
    freeze("production")
    assert restart(api["deployer"], number).status_code == (200 if now in {"the same", "no target"} else 409)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ({SHIP: HEAD % "run" + TREE}, 200),
        ({SHIP: HEAD % "run" + TREE + "---\nkind: pipeline\nname: more\nsteps: []\n"}, 200),
        ({SHIP: HEAD % "run" + CHANGED}, 403),
        ({SHIP: RENAMED.replace("level: deploy", "level: run") + TREE}, 403),
        ({SHIP: HEAD % "deploy" + TREE}, 403),
        ({}, 403),
    ],
    ids=["lower", "more", "another text", "another input", "the same", "gone"],
)
def test_a_lower_level_is_that_of_the_text_that_it_stands_before(
    now: dict[str, str], status: int, api: dict[str, Api], drone: Standin, tree: Any
) -> None:
    number = shipped(api["deployer"], drone)
    serve(tree, now)
    assert restart(api["runner"], number).status_code == status
    assert restart(api["deployer"], number).status_code == 200


def test_what_failed_of_a_restart_of_what_failed_needs_no_more(api: dict[str, Api], drone: Standin, tree: Any) -> None:
    tree({SHIP: HEAD % "run" + TREE})
    number = shipped(api["runner"], drone)
    for _ in range(2):
        answer = restart(api["runner"], number)
        assert answer.status_code == 200, body(answer)
        number = int(body(answer)["number"])
        end(drone, number, "failure", test="success", deploy="failure")


def test_a_repository_that_drone_deletes_meanwhile_is_no_failure_of_edrone(
    api: dict[str, Api], drone: Standin, tmp_path: Path
) -> None:
    number = shipped(api["superuser"], drone)

    def delete_before(execute: Any, sql: str, *of: Any) -> Any:
        if 'FROM "builds"' in sql:
            with closing(sqlite3.connect(tmp_path / "drone.sqlite")) as connection, connection:
                connection.execute("DELETE FROM repos WHERE repo_slug = 'ismewen/edrone'")
        return execute(sql, *of)

    with connections["drone"].execute_wrapper(delete_before):
        answer = restart(api["superuser"], number)
    assert answer.status_code == 404
    assert body(answer)["message"].startswith("Drone cannot find the repository")
