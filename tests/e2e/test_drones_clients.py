"""Drone's own SDK and command line (Go) read from edrone what they read from Drone."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drones import RECORDED
from tests.e2e.test_go_reads_alike import go
from tests.server import ROOT, Server, clean_environment, running

PROGRAM = Path(__file__).parent / "dronesdk"


@pytest.fixture(scope="module")
def edrone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run edrone beside a recorded database."""
    folder = tmp_path_factory.mktemp("clients")
    copy = folder / "drone.sqlite"
    shutil.copy(RECORDED / "drone-2.28.2.sqlite", copy)
    with running(folder, DRONE_DATABASE_URL=f"sqlite:///{copy}") as server:
        yield server


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program."""
    binary = tmp_path_factory.mktemp("sdk") / "sdk"
    subprocess.run([go(), "build", "-o", str(binary), "."], cwd=PROGRAM, check=True)
    return binary


def run(program: Path, server: Server, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(DRONE_SERVER=server.url, DRONE_TOKEN=token)
    return subprocess.run([str(program), *arguments], env=environment, capture_output=True, text=True, check=False)


def token_of(server: Server, user: str) -> str:
    made = server.manage("createtoken", user)
    assert (made.returncode, made.stderr) == (0, "")
    return made.stdout.strip()


def recorded(path: str) -> Any:
    answers = json.loads((ROOT / "tests" / "recorded" / "api-reads.sqlite.json").read_text())
    return json.loads(next(answer["body"] for answer in answers if answer["path"] == path))


def within(theirs: Any, ours: Any) -> bool:
    """Is everything that Drone said, as far as the SDK knows it, in what the SDK made of edrone's answer?"""
    if isinstance(theirs, dict):
        return all(within(value, ours[key]) for key, value in theirs.items() if key in ours)
    if isinstance(theirs, list):
        return len(theirs) == len(ours) and all(map(within, theirs, ours))
    return bool(theirs == ours)


def test_the_sdk_reads_everything_as_from_drone(edrone, sdk):
    done = run(sdk, edrone, token_of(edrone, "admin"), "ismewen", "edrone", "1")
    assert (done.returncode, done.stderr) == (0, "")
    read = json.loads(done.stdout)
    repo = "/api/repos/ismewen/edrone"
    assert read["user"]["login"] == "admin"
    for name, path in (
        ("repos", "/api/user/repos"),
        ("repo", repo),
        ("builds", f"{repo}/builds?per_page=3"),
        ("build", f"{repo}/builds/1"),
        ("last", f"{repo}/builds/latest"),
        ("logs", f"{repo}/builds/1/logs/1/1"),
    ):
        assert within(recorded(path), read[name]), name
    assert [step["name"] for step in read["build"]["stages"][0]["steps"]] == ["unit", "lint"]
    assert "Not Found: ismewen/edrone has no build 999." in read["missing"]


def test_the_sdk_shows_edrones_sentences(edrone, sdk):
    wrong = run(sdk, edrone, "wrong", "ismewen", "edrone", "1")
    assert wrong.returncode == 1
    assert "Unauthorized: this token is not known" in wrong.stderr


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("info", "User: admin"),
        ("repo ls", "ismewen/edrone\noctocat/hello\nshop/cart\nshop/checkout\n"),
        ("repo info ismewen/edrone", "Remote: http://127.0.0.1:3000/ismewen/edrone.git"),
        ("build ls ismewen/edrone --limit 2", "Build #20"),
        ("build info ismewen/edrone 1", "Number: 1\nStatus: success\nEvent: custom"),
        ("build last ismewen/edrone", "Number: 13\n"),
        ("build last ismewen/edrone --branch develop", "Number: 18\n"),
        ("log view ismewen/edrone 1 1 1", "unit tests of ismewen/edrone on develop"),
    ],
)
def test_drones_command_line_works_by_changing_server_and_token(edrone, cli, command, shown):
    done = run(cli, edrone, token_of(edrone, "admin"), *command.split())
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout + done.stderr  # where it writes logs to
