"""The stand-in answers what a real Drone 2.28.2 answered, asks what it asked, and fails on command."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine

from demo.sample_data import sample_builds
from demo.standin.drone import TOKEN, Drone, standing_in
from demo.standin.faults import FAULTS
from demo.standin.http import LocalServer, Response, serving
from demo.standin.pipelines import pipelines
from demo.standin.yaml_source import YamlSource
from drone_api.client import Client, CustomBuild, RepoName
from drone_api.errors import DroneError
from drone_api.transport import Transport
from pipelines import build_request
from tests import drones
from tests.server import PATIENCE, ROOT, clean_environment, free_port

SECRET = "bea26a2221fd8090ea38720fc445eca6"
SESSION: list[dict[str, Any]] = json.loads((ROOT / "tests/recorded/api-session.json").read_text())
READS: list[dict[str, Any]] = json.loads((ROOT / "tests/recorded/api-reads.sqlite.json").read_text())
ASKED = ROOT / "tests/recorded/config-requests"
YAML = "kind: pipeline\ntype: exec\nname: test\nsteps:\n- {name: unit, commands: [make test]}\n---\nkind: pipeline\ntype: exec\nname: deploy\ndepends_on: [test]\nsteps:\n- {name: ship}\n"
# Which of the recorded requests the stand-in knows; the others are of cron jobs, secrets, indexes and repositories.
KNOWN = re.compile(r"/api/repos/\w+/\w+/builds(?!/(branches|pulls|deployments))|/version|/healthz|/api/user$|/api/nothing")
# The lists of the session were those of their moment; all that reads was asked again of the database that the stand-in begins with.
CASES = [
    (n, each)
    for n, each in enumerate(SESSION)
    if KNOWN.match(each["path"]) and (each["method"] != "GET" or each["status"] >= 400)
]
CASES += [(n, each) for n, each in enumerate(READS) if KNOWN.match(each["path"])]
BY_THE_SERVER = re.compile(r'"(id|number|created|updated|started|finished|version)":\d+')
BY_THE_FORGE = re.compile(r"[0-9a-f]{40}|(?<=Change )[0-9a-f]{7}")


@pytest.fixture(scope="module")
def edrone() -> Iterator[LocalServer]:
    """What the endpoint of the recording did, by branch."""

    def answer(request):
        asked = json.loads(BODIES[-1])["build"]["target"]
        return {
            "5001": Response(500, b'{"detail":"boom"}'),
            "4041": Response(404, b"no pipeline for octocat/hello"),
            "oserror1": data(
                "kind: pipeline\nname: x\nplatform: {os: \"edrone: projects/edrone/master.yaml:12:5: step 'deploy' has no image\"}\n"
            ),
            "bad1": data("kind: pipeline\nsteps: [a, }"),
            "none": Response(204),
            "skipped": data("kind: pipeline\nname: x\ntrigger: {event: push}\n"),
            "empty": data("kind: pipeline\nname: x\n---\n"),
        }.get(asked, data(YAML))

    with serving(answer) as server:
        yield server


BODIES: list[bytes] = []


def data(text: str) -> Response:
    return Response(200, json.dumps({"data": text}).encode())


@pytest.fixture(autouse=True)
def bodies(monkeypatch):
    BODIES.clear()
    ask = YamlSource.ask

    def remembered(self: YamlSource, content: bytes) -> str:
        BODIES.append(content)
        return ask(self, content)

    monkeypatch.setattr(YamlSource, "ask", remembered)


@pytest.fixture
def standin(edrone: LocalServer, tmp_path: Path) -> Iterator[tuple[LocalServer, Drone]]:
    with standing_in(
        drones.recorded_sqlite(tmp_path / "drone.sqlite"), YamlSource(f"{edrone.url}/edrone", SECRET, caching=False)
    ) as found:
        yield found


@pytest.fixture
def client(standin) -> Client:
    return Client(Transport(standin[0].url, TOKEN), 10.0, 10.0)


EDRONE = RepoName("ismewen", "edrone")


def alike(text: str) -> str:
    """Leave out what differs from server to server."""
    return BY_THE_FORGE.sub("sha", BY_THE_SERVER.sub(r'"\1":0', text))


@pytest.mark.parametrize(
    "recorded", [pytest.param(each, id=f"{number} {each['method']} {each['path']}") for number, each in CASES]
)
def test_it_answers_what_a_real_drone_answered(standin, recorded):
    """Answers to what changes something differ in numbers and times; all others are the same byte for byte."""
    token = TOKEN if recorded["authenticated"] and recorded["status"] != 401 else "wrong"
    headers = {"Authorization": f"Bearer {token}"} if recorded["authenticated"] else {}
    answer = requests.request(recorded["method"], standin[0].url + recorded["path"], headers=headers, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (recorded["status"], recorded["content_type"])
    if recorded["method"] == "POST":
        assert alike(answer.text) == alike(recorded["body"])
    else:
        assert answer.text == recorded["body"]


ASKS: list[Any] = [
    ("custom-check", lambda client: client.create(EDRONE, CustomBuild("develop", action="check"), {"TARGET": "staging"})),
    ("custom-smoke", lambda client: client.create(EDRONE, CustomBuild("develop", "84a516841ba77a5b4648de2cd0dfcb30ea46dbb4", "By hand", "smoke"), {"FAIL": "yes"})),
    ("custom-master", lambda client: client.create(EDRONE, CustomBuild(), {})),
    ("custom-tag", lambda client: client.create(EDRONE, CustomBuild("refs/tags/v1.0.0"), {})),
    ("promote", lambda client: client.promote(EDRONE, 2, "production", {"REPLICAS": "3"})),
    ("rollback", lambda client: client.rollback(EDRONE, 2, "production", {})),
    ("custom-check-restart", lambda client: client.restart(EDRONE, 1, {"X": "1"}, debug=True)),
    ("push-ismewen-edrone-develop-restart", lambda client: client.restart(EDRONE, 2, {})),
]  # fmt: skip


@pytest.mark.parametrize(("name", "call"), ASKS, ids=[name for name, _ in ASKS])
def test_it_asks_edrone_what_a_real_drone_asked(client, name, call):
    call(client)
    recorded = json.loads((ASKED / f"{name}.json").read_text())["body"]
    assert alike(BODIES[0].decode()) == alike(recorded)
    assert build_request.parse(BODIES[0]).number == 0


def test_what_it_asks_is_signed_and_a_stage_that_starts_is_asked_for_again(client, edrone):
    build = client.create(EDRONE, CustomBuild("develop", action="check"), {"TARGET": "staging"})
    finished(client, build.number)
    again = json.loads(BODIES[-1])
    recorded = json.loads(json.loads((ASKED / "custom-check-stage-start.json").read_text())["body"])
    assert list(again["build"]) == list(recorded["build"])
    assert again["build"]["number"] == build.number
    assert again["build"]["params"] == {"TARGET": "staging", "action": "check"}
    assert all('algorithm="hmac-sha256"' in each.headers["signature"] for each in edrone.requests)


def finished(client: Client, number: int) -> dict[str, Any]:
    """Wait until a build has ended."""
    for _ in range(200):
        whole = requests.get(f"{client.transport.server}/api/repos/ismewen/edrone/builds/{number}", timeout=10).json()
        if whole["finished"]:
            return dict(whole)
        time.sleep(0.05)
    raise AssertionError(whole)


def test_a_build_appears_runs_and_ends_with_its_logs_in_the_database(client, standin, tmp_path):
    build = client.create(EDRONE, CustomBuild("develop"), {"A": "<b>"})
    whole = finished(client, build.number)
    assert whole["status"] == "success"
    assert [(each["name"], each["status"], each["steps"][0]["status"]) for each in whole["stages"]] == [
        ("test", "success", "success"),
        ("deploy", "success", "success"),
    ]
    lines = json.loads(client.log(EDRONE, build.number, 1, 1))
    assert [each["out"] for each in lines[1:]] == ["A=<b>\n", "+ make test\n"]
    with closing(sqlite3.connect(tmp_path / "drone.sqlite")) as connection:
        stored = connection.execute(
            "SELECT typeof(build_params), build_params, build_version FROM builds ORDER BY build_id DESC"
        ).fetchone()
    assert stored == ("blob", b'{"A":"\\u003cb\\u003e"}', 3)


def test_a_build_can_fail_and_what_depends_on_it_is_skipped(client):
    whole = finished(client, client.create(EDRONE, CustomBuild("develop"), {"FAIL": "yes"}).number)
    assert whole["status"] == "failure"
    assert [each["status"] for each in whole["stages"]] == ["failure", "skipped"]


def test_a_build_can_be_cancelled(edrone, tmp_path):
    with standing_in(
        drones.recorded_sqlite(tmp_path / "drone.sqlite"), YamlSource(f"{edrone.url}/edrone", SECRET), seconds=30
    ) as (server, _):
        client = Client(Transport(server.url, TOKEN), 10.0, 10.0)
        number = client.create(EDRONE, CustomBuild("develop"), {}).number
        for _ in range(100):
            if requests.get(f"{server.url}/api/repos/ismewen/edrone/builds/{number}", timeout=10).json()["status"] == "running":
                break
            time.sleep(0.05)
        build = client.cancel(EDRONE, number)
        assert build.status == "killed"
        assert [each["status"] for each in build.json["stages"]] == ["killed", "skipped"]


@pytest.mark.parametrize(
    ("branch", "status", "words"),
    [("none", 502, "Drone reported an internal error («Not Found»)."), ("skipped", 422, "made no build"), ("5001", 502, "boom")],
)
def test_what_edrone_answers_decides(client, branch, status, words):
    with pytest.raises(DroneError, match=re.escape(words)) as raised:
        client.create(EDRONE, CustomBuild(branch), {})
    assert raised.value.status == status


def test_names_that_yaml_takes_for_something_else_stay_texts():
    (pipeline,) = pipelines("kind: pipeline\nname: on\nsteps:\n- {name: no, image: a}\n- {name: 1.10, image: }\n")
    assert (pipeline["name"], pipeline["steps"]) == ("on", [{"name": "no", "image": "a"}, {"name": "1.10", "image": None}])


def test_a_text_that_drone_refuses_is_a_build_with_an_error(client):
    build = client.create(EDRONE, CustomBuild("empty"), {"A": "b"})
    assert (build.status, build.json["error"], build.json["trigger"]) == ("error", "yaml: missing kind attribute", "")
    assert "params" not in build.json


def test_builds_of_one_second_share_the_answer_as_in_drones_own_cache(edrone, tmp_path):
    with standing_in(
        drones.recorded_sqlite(tmp_path / "drone.sqlite"), YamlSource(f"{edrone.url}/edrone", SECRET), seconds=0
    ) as (server, _):
        client = Client(Transport(server.url, TOKEN), 10.0, 10.0)
        with time_machine.travel(int(time.time()), tick=False) as clock:
            for second, builds in enumerate([2, 1, 3], 1):
                for number in range(builds):
                    client.create(EDRONE, CustomBuild("develop"), {"N": f"{second}.{number}"})
                assert len([each for each in BODIES if b'"number":0' in each]) == second
                clock.shift(1)


@pytest.mark.parametrize("fault", ["null", "401", "500", "drop", "html"])
def test_it_fails_on_command_and_then_no_more(client, standin, fault):
    server, _ = standin
    assert requests.post(f"{server.url}/standin/fail?next={fault}", timeout=10).status_code == 204
    with pytest.raises(DroneError):
        client.create(EDRONE, CustomBuild("develop"), {})
    assert client.create(EDRONE, CustomBuild("develop"), {}).number
    refused = requests.post(f"{server.url}/standin/fail?next=nonsense", timeout=10)
    assert (refused.status_code, all(name in refused.text for name in FAULTS)) == (400, True)


def test_numbers_stay_in_order_when_many_start_at_once(client):
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: client.create(EDRONE, CustomBuild("develop"), {}).number, range(24)))
    assert sorted(numbers) == list(range(21, 45))


def test_it_ends_where_the_process_that_started_it_had_ended_before_it_could_look(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", ""])
    parent.wait(PATIENCE)
    sample_builds.make(tmp_path / "demo.sqlite3")
    arguments = [str(tmp_path / "demo.sqlite3"), str(free_port()), "http://127.0.0.1:9/edrone", str(parent.pid)]
    variables = clean_environment(DRONE_TOKEN="t" * 32, DRONE_YAML_SECRET="s" * 32)
    subprocess.run([sys.executable, "-m", "demo.standin", *arguments], cwd=ROOT, env=variables, check=True, timeout=PATIENCE)
