"""One build, one YAML for own files too: edrone as it runs, asked as Drone does it, with Drone's cache and without."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo.standin.database import Database
from demo.standin.triggering import EMPTY, commit_of
from demo.standin.yaml_source import NotConverted, YamlSource
from tests import drones
from tests.server import Server, running

SECRET = "bea26a2221fd8090ea38720fc445eca6"
SLUG = "octocat/hello"
OWN = "kind: pipeline\ntype: docker\nname: own\nsteps:\n- extends: _shared/say.yaml\n"


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("projects")
    (root / "_shared").mkdir()
    (root / "default.yaml").write_text("kind: repository\n")
    return root


@pytest.fixture(scope="module")
def edrone(tmp_path_factory: pytest.TempPathFactory, projects: Path) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("own"), EDRONE_PROJECTS=str(projects), DRONE_YAML_SECRET=SECRET) as server:
        yield server


@pytest.fixture(params=[True, False], ids=["drones-cache", "cache-off"])
def source(request: pytest.FixtureRequest, edrone: Server) -> YamlSource:
    endpoint = f"{edrone.url}/edrone"
    return YamlSource(endpoint, SECRET, convert=f"{endpoint}/convert", convert_caching=request.param, own_files={SLUG: OWN})


@pytest.fixture
def repo(tmp_path: Path) -> dict[str, Any]:
    with closing(Database(drones.recorded_sqlite(tmp_path / "drone.sqlite"))) as database:
        return dict(database.rows("SELECT * FROM repos WHERE repo_slug = ?", SLUG)[0])


def say(projects: Path, word: str) -> None:
    (projects / "_shared/say.yaml").write_text(f"name: {word}\nimage: alpine\n")


def triggered(repo: dict[str, Any], ref: str, **fields: Any) -> dict[str, Any]:
    build = (
        EMPTY
        | commit_of(repo, ref)
        | {"event": "push", "ref": ref, "target": ref.removeprefix("refs/heads/"), "trigger": "@hook"}
    )
    times = {"created": int(time.time()), "updated": int(time.time()), "started": 0, "finished": 0, "version": 0}
    return build | times | {"id": 0, "number": 0, "repo_id": repo["repo_id"], "status": "pending"} | fields


def test_a_build_keeps_its_yaml_and_the_next_gets_todays(source: YamlSource, repo: dict[str, Any], projects: Path):
    ref = f"refs/heads/one-{source.convert_caching}"
    say(projects, "before")
    push = triggered(repo, ref)
    first = source.text(push, repo)
    assert "- name: before" in first
    say(projects, "after")
    stage = push | {"id": 7001 + source.convert_caching, "number": 71 + source.convert_caching}
    assert source.text(stage, repo) == first
    restart = triggered(repo, ref, parent=stage["number"], created=push["created"] + 2)
    promotion = triggered(repo, ref, event="promote", deploy_to="staging", parent=stage["number"], created=push["created"] + 3)
    texts = [source.text(build, repo) for build in (restart, promotion)]
    say(projects, "last")
    second = source.text(promotion | {"deploy_to": "production", "created": push["created"] + 4}, repo)
    if source.convert_caching:  # as Drone does it, whatever edrone would answer: so the docs switch it off
        assert ["- name: before" in texts[0], "- name: after" in texts[1], second == texts[1]] == [True] * 3
    else:
        assert ["- name: after" in text for text in texts] == [True, True]
        assert "- name: last" in second


def test_a_mistake_is_the_error_of_the_build(source: YamlSource, repo: dict[str, Any]):
    source.own_files[SLUG] = OWN.replace("say.yaml", "nowhere.yaml")
    with pytest.raises(NotConverted) as error:
        source.text(triggered(repo, "refs/heads/wrong"), repo)
    assert str(error.value) == 'edrone: .drone.yml:5:3: extends "_shared/nowhere.yaml": no such file.'
