"""The stand-in shows what a real Drone showed for each answer of a validation (tests/recorded/extensions)."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine

from demo.standin.drone import TOKEN
from demo.standin.faults import hang_up, slow
from demo.standin.http import Request, Response, serving
from demo.standin.triggering import EMPTY, trigger
from demo.standin.validation import Validator
from tests.builds.api import Api, body
from tests.builds.conftest import REPO, Standin, person, standin  # noqa: F401 - a fixture
from tests.conftest import RECORDED
from tests.server import free_port, wait_until

EXTENSIONS = RECORDED.parent / "extensions"
ANSWERS = sorted(EXTENSIONS.glob("3-validate-answer-[0-9]*.json"))
RIG = "http://127.0.0.1:3001/validate"


def read(name: str) -> Any:
    return json.loads((EXTENSIONS / f"{name}.json").read_text())


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_each_recorded_answer_has_its_effect(path: Path, standin: Standin) -> None:  # noqa: F811
    recorded = json.loads(path.read_text())
    asked = next(request for request in recorded["requests"] if request["kind"] == "validate")
    given = asked["answer"]
    text = given["body"] if isinstance(given["body"], str) else json.dumps(given["body"])
    with serving(lambda _: Response(given["status"], (text or "").encode(), "text/plain")) as endpoint:
        standin.drone.validator = Validator(endpoint.url, "secret")
        answer = Api(person("ann", is_superuser=True)).post(f"{REPO}/builds", {"params": {"FOO": "bar"}})
    expected = answer_of(recorded)
    if expected is None:
        assert answer.status_code == 422
        return
    shown = body(answer)
    assert (shown["status"], shown.get("error", "")) == (expected["status"], expected.get("error", ""))
    kept, row = recorded["rows_api"], standin.drone.database.row("SELECT * FROM builds ORDER BY build_id DESC")
    assert row
    assert bool(row["build_trigger"]) == bool(kept["build"]["build_trigger"])
    assert ("FOO" in params_of(row)) == ("FOO" in params_of(kept["build"]))
    stages = standin.drone.database.stages(row["build_id"])
    assert blocked(stages) == blocked(kept["stages"])


def blocked(stages: list[Any]) -> list[bool]:
    return [stage["stage_status"] == "blocked" for stage in stages]


def answer_of(recorded: Any) -> Any:
    """Return the build that the API answered; None for `null`."""
    api = recorded["api_answer"]
    expected = api.get("body", api) if isinstance(api, dict) else api
    return json.loads(expected) if isinstance(expected, str) else expected


@pytest.mark.parametrize(("name", "answers"), [("closed", hang_up), ("timeout", slow)])
def test_an_endpoint_that_gives_no_answer_is_named_in_the_words_of_go(name: str, answers: Any, standin: Standin) -> None:  # noqa: F811
    with serving(lambda _: answers) as endpoint:
        standin.drone.validator = Validator(endpoint.url, "secret", timeout=0.2)
        shown = body(Api(person("ann", is_superuser=True)).post(f"{REPO}/builds"))
    assert shown["error"].replace(endpoint.url, RIG) == answer_of(read(f"3-validate-answer-{name}"))["error"]


def test_an_endpoint_that_is_down_is_named_in_the_words_of_go(standin: Standin) -> None:  # noqa: F811
    port = str(free_port())
    standin.drone.validator = Validator(f"http://localhost:{port}/validate", "secret")
    shown = body(Api(person("ann", is_superuser=True)).post(f"{REPO}/builds"))
    words = shown["error"].replace(port, "3009").replace("//localhost", "//127.0.0.1")
    assert words == answer_of(read("3-validate-answer-refused"))["error"]


def test_a_name_that_nobody_knows_is_said_to_be_no_host(standin: Standin) -> None:  # noqa: F811
    standin.drone.validator = Validator("http://edrone.invalid/validate", "secret")
    shown = body(Api(person("ann", is_superuser=True)).post(f"{REPO}/builds"))
    assert shown["error"] == 'Post "http://edrone.invalid/validate": dial tcp: lookup edrone.invalid: no such host'


def test_a_blocked_build_runs_when_it_is_approved_and_nobody_validates_it_again(standin: Standin) -> None:  # noqa: F811
    with serving(lambda _: Response(499, b"why blocked")) as endpoint:
        standin.drone.validator = Validator(endpoint.url, "secret")
        approved, declined = (ask(standin, "")["number"] for _ in range(2))
        recorded = read("3-validate-499-then-approved")
        ask(standin, f"{approved}/approve/1", recorded["approve_answer"][0])
        assert recorded["declined"]["build"]["build_status"] == "declined"
        ask(standin, f"{declined}/decline", 204)
        assert status(standin, declined) == "declined"
        wait_until(lambda: status(standin, approved) == recorded["build"]["status"])
        assert len(endpoint.requests) == 2
        assert ask(standin, str(declined), 400) == {"message": "cannot start a declined build"}
        again = ask(standin, str(approved))
        assert (again["parent"], len(endpoint.requests)) == (approved, 3)


@pytest.mark.parametrize("name", ["3-two-custom-builds-in-one-second", "6-two-restarts-in-one-second-share-the-config"])
def test_two_builds_of_one_second_share_a_configuration_and_are_validated_each(name: str, standin: Standin) -> None:  # noqa: F811
    """What Drone asked at the trigger is what the stand-in asks: one configuration, and a validation for each."""
    recorded = [
        (request["kind"], build.get("params"))
        for request in read(name)["requests"]
        if request["kind"] in {"config", "validate"} and not (build := json.loads(request["body"])["build"])["number"]
    ]
    params = [params for kind, params in recorded if kind == "validate"]
    asked = list[tuple[str, Any]]()

    def configuration(request: Request) -> Response:
        asked.append(("config", json.loads(request.body)["build"].get("params")))
        return Response(200, b'{"Data": "kind: pipeline\\nname: test\\nsteps: []\\n"}')

    def validation(request: Request) -> Response:
        asked.append(("validate", json.loads(request.body)["build"].get("params")))
        return Response(204)

    with serving(configuration) as source, serving(validation) as validator:
        standin.drone.source.endpoint, standin.drone.source.caching = source.url, True
        standin.drone.validator = Validator(validator.url, "secret")
        repo = standin.drone.database.row("SELECT * FROM repos WHERE repo_slug = ?", "ismewen/edrone")
        assert repo

        build = EMPTY | {"event": "custom", "trigger": "ann", "ref": "refs/heads/master", "after": "a" * 40}
        with time_machine.travel(time.time(), tick=False):  # nor may a second end between a build's request and its row
            for each in params:
                assert trigger(
                    standin.drone.database, standin.drone.source, standin.drone.validator, repo, build | {"params": each}
                )
    assert asked == recorded


# Of the recorded steps: the number of the build that is asked about, what is asked, and the query.
STEPS = {
    "restart of push ?EDRONE_ONLY=failed": (1, "", "EDRONE_ONLY=failed"),
    "restart of custom FOO=2&EDRONE_ONLY=failed": (3, "", "FOO=2&EDRONE_ONLY=failed"),
    "restart of that restart EDRONE_ONLY=all": (4, "", "EDRONE_ONLY=all"),
    "restart of that restart without": (4, "", ""),
    "restart with action, message, branch, debug, target": (
        1, "", "action=x&message=y&branch=z&debug=true&target=q&commit=w&event=custom",
    ),
    "promote of push": (1, "/promote", "target=production&REPLICAS=3&EDRONE_ONLY=failed"),
    "restart of the promotion": (8, "", ""),
    "promotion of the promotion": (8, "/promote", "target=production"),
    "promotion of the custom build": (3, "/promote", "target=production&FOO=9"),
    "restart of pull request": (12, "", "EDRONE_ONLY=failed"),
    "restart of tag": (14, "", "EDRONE_ONLY=failed"),
    "restart of cron": (16, "", "EDRONE_ONLY=failed"),
    "restart of the error build EDRONE_ONLY=failed": (18, "", "EDRONE_ONLY=failed"),
    "restart with repeated and empty keys": (1, "", "A=1&A=2&B=&C"),
    "body only (form)": (1, "", ""),
    "body only (json)": (1, "", ""),
}  # fmt: skip
COLUMNS = ("event", "action", "ref", "deploy", "after", "target", "sender", "debug", "cron")


def test_restarts_and_promotions_have_what_drones_had(standin: Standin) -> None:  # noqa: F811
    """Each build of the recording is made again: those of hooks by their rows, the others as their caller asked for them."""
    database, numbers = standin.drone.database, dict[int, int]()
    repo = database.row("SELECT * FROM repos WHERE repo_slug = ?", "ismewen/edrone")
    assert repo
    for step in read("6-restart-and-promote-with-parameters")["steps"]:
        expected = step["row"]
        if step["what"] in STEPS:
            of, what, query = STEPS[step["what"]]
            answer = ask(standin, f"{numbers[of]}{what}?{query}")
            numbers[expected["build_number"]] = answer["number"]
        else:
            numbers[expected["build_number"]] = made_again(standin, repo, expected)
        row = database.rows(
            "SELECT * FROM builds WHERE build_repo_id = ? AND build_number = ?",
            repo["repo_id"], numbers[expected["build_number"]],
        )[0]  # fmt: skip
        columns = [f"build_{name}" for name in COLUMNS]
        assert [row[name] for name in columns] == [expected[name] for name in columns], step["what"]
        assert row["build_parent"] == numbers.get(expected["build_parent"], 0), step["what"]
        assert params_of(row) == params_of(expected), step["what"]


def params_of(row: Any) -> Any:
    return json.loads(row["build_params"] or "null") or {}


def made_again(standin: Standin, repo: Any, row: Any) -> int:  # noqa: F811
    wanted = {name.removeprefix("build_"): value for name, value in row.items() if name.startswith("build_")}
    columns = {name: value for name, value in wanted.items() if name in EMPTY} | {"author_login": row["build_author"]}
    columns |= {"params": json.loads(row["build_params"]) or {}, "deploy_to": row["build_deploy"]}
    made = trigger(standin.drone.database, standin.drone.source, None, repo, columns)
    assert made
    return int(made["number"])


def ask(standin: Standin, path: str, expected: int = 200) -> Any:  # noqa: F811
    address = f"{standin.server.url}{REPO}/builds/{path}".removesuffix("/")
    answer = requests.post(address, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
    assert answer.status_code == expected, answer.text
    return answer.json() if answer.text else None


def status(standin: Standin, number: int) -> str:  # noqa: F811
    row = standin.drone.database.row("SELECT * FROM builds WHERE build_repo_id = 1 AND build_number = ?", number)
    return str(row["build_status"]) if row else ""
