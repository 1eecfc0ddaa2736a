"""A database that an earlier version made is taken as it is: migrating changes none of its rows."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.server import ROOT, manage

MADE_BEFORE = (
    ROOT / "tests" / "recorded" / "databases" / "edrone-2026-11-28.sql"
)  # before the layout of pipelines, configs, builds
BY_DJANGO = {"django_migrations", "django_content_type", "auth_permission", "sqlite_sequence"}  # what migrate itself writes


def rows(file: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(file)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: database.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall() for name in names}


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
        assert {name: kept for name, kept in after.items() if name in before and name not in BY_DJANGO} == {
            name: kept for name, kept in before.items() if name not in BY_DJANGO
        }
    assert "No migrations to apply" in done.stdout
