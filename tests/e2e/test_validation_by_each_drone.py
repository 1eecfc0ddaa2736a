"""Drone's own client of validation, of each generation of servers, takes every answer of edrone as it is meant.

Facts of the versions: docs/drone.md 3. What Drone then makes of it is the same in all of them: an error is the build's.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.client.drone_request import body
from pipelines.build_request import BuildRequest
from tests.e2e.running import SECRET, Server, administrator, manage, serving
from tests.e2e.test_go_reads_alike import go

PROGRAM = Path(__file__).parent / "dronevalidator"
CLIENTS = {  # of the Drone server → of its go.mod's drone-go
    "before 1.9.1": "v1.0.6",
    "1.9.2": "v1.3.2-0.20200826185551-24929e4d2cfc",
    "1.10.1": "v1.4.1-0.20201109202657-b9e58bbbcf27",
    "2.28": "v1.7.1",
}
FROZEN = "edrone: production of ismewen/edrone is frozen by manage.py until the freeze is lifted: “no Fridays”."


@pytest.fixture(scope="module", params=list(CLIENTS.values()), ids=list(CLIENTS))
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("validator")
    text = (PROGRAM / "go.mod").read_text()
    newest = CLIENTS["2.28"]
    assert text.count(f"drone-go {newest}") == 1
    (folder / "go.mod").write_text(text.replace(f"drone-go {newest}", f"drone-go {request.param}"))
    (folder / "go.sum").write_text((PROGRAM / "go.sum").read_text())
    command = [go(), "build", "-modfile", str(folder / "go.mod"), "-o", str(folder / "validator"), "."]
    environment = os.environ | {"CGO_ENABLED": "0", "GONOSUMDB": "*", "GOFLAGS": "-mod=mod"}
    subprocess.run(command, cwd=PROGRAM, check=True, env=environment)
    return folder / "validator"


@pytest.fixture(scope="module")
def edrone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run edrone with a freeze, and with people who may start builds by hand."""
    folder = tmp_path_factory.mktemp("edrone")
    settings = {"EDRONE_STATE": str(folder), "EDRONE_MANUAL_BUILDS_BY": "octocat"}
    administrator("ada", "x" * 20, **settings)
    made = manage("freeze", "*", "production", "--reason", "no Fridays", **settings)
    assert made.returncode == 0, made.stderr
    with serving(folder, **settings) as server:
        yield server


def ask(client: Path, address: str, *builds: BuildRequest, secret: str = SECRET) -> list[Any]:
    lines = b"\n".join(body(build, created=1_790_000_000) for build in builds)
    done = subprocess.run([str(client), address, secret], input=lines, capture_output=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def build(event: str, **fields: Any) -> BuildRequest:
    return BuildRequest("ismewen", "edrone", event, "refs/heads/master", "master", repo_id=1, **fields)


def test_each_answer_is_taken_as_it_is_meant(client: Path, edrone: Server) -> None:
    address = f"{edrone.url}/edrone/validate"
    passes, frozen, foreign = ask(
        client,
        address,
        build("push", trigger="@hook"),
        build("promote", trigger="octocat", deploy_to="production", parent=1),
        build("custom", trigger="eve"),
    )
    assert passes is None
    assert frozen.startswith(FROZEN)
    assert foreign.startswith("edrone: eve may not start custom builds at Drone itself")


def test_what_is_set_up_wrongly_is_said(client: Path, edrone: Server) -> None:
    asked = build("push", trigger="@hook")
    (unsigned,) = ask(client, f"{edrone.url}/edrone/validate", asked, secret="another")
    assert "secret" in unsigned
    (elsewhere,) = ask(client, f"{edrone.url}/edrone", asked)
    assert "for DRONE_YAML_ENDPOINT alone" in elsewhere
    (nowhere,) = ask(client, f"{edrone.url}/edrone/nothing", asked)
    assert nowhere
