"""Rows that no Drone writes, and a database that is not there, or no longer."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, connections, router

from builds.drone_db.build_pages import ALL, Filters, of_repositories
from builds.drone_db.errors import DroneDatabaseIsReadOnly, DroneDatabaseUnavailable
from builds.drone_db.inspection import SINCE
from builds.drone_db.models import Build, Cron, Latest, Log, Repo, Stage, Step
from builds.drone_db.people import DroneUser, Perm
from builds.drone_db.queries import build_with_stages, log_up_to, repositories, step_of, with_last_builds
from builds.drone_db.whole_rows import rows_of
from builds.logs.log_lines import Line, is_json
from builds.logs.log_slices import sliced
from tests import drones

NEVER_NULL = set().union(*(columns for _, added in SINCE for columns in added.values())) | {"repo_no_forks", "repo_no_pulls"}
Change = Callable[..., None]


@pytest.fixture
def change(db, tmp_path: Path):
    """Connect to a copy of the recorded SQLite database, and run SQL on it as somebody else."""
    path = tmp_path / "drone.sqlite"
    shutil.copy(drones.RECORDED / "drone-2.28.2.sqlite", path)

    def run(sql: str, *values: Any) -> None:
        connection = sqlite3.connect(path)
        with connection:
            connection.execute(sql, values)
        connection.close()

    with drones.connected(drones.sqlite_database(path)):
        yield run


def test_null_reads_as_the_default_in_every_column(change: Change):
    for model in (Repo, Build, Stage, Step, Cron, Log, Latest, DroneUser, Perm):
        table = model._meta.db_table  # noqa: SLF001 - public in all but name
        columns = model._meta.concrete_fields  # noqa: SLF001 - likewise
        fields = [field for field in columns if not field.primary_key and not field.is_relation]
        for field in fields:
            if field.column not in NEVER_NULL:
                change(f"UPDATE {table} SET {field.column} = NULL")
        row = model.objects.all()[0]
        for field in fields:
            assert getattr(row, field.attname) is not None
    change("UPDATE builds SET build_repo_id = NULL WHERE build_id = 1")
    build = Build.objects.get(id=1)
    assert (build.repo_id, build.status, build.params, build.created_at) == (0, "", {}, None)


@pytest.mark.parametrize(
    ("stored", "params"),
    [("", {}), ("null", {}), (b"null", {}), (b'{"A":"1"}', {"A": "1"}), ("{", {}), ("[]", {}), ("1", {}), (b"\xff", {}), ('{"A":{"b":[1]},"C":null}', {"A": '{"b": [1]}', "C": "null"}), ("[" * 100_000, {}), (7, {}), (1.5, {})],
)  # fmt: skip
def test_json_columns_hold_anything(change: Change, stored: Any, params: dict[str, str]):
    change("UPDATE builds SET build_params = ? WHERE build_id = 1", stored)
    assert Build.objects.get(id=1).params == params


def test_sqlite_holds_anything_anywhere(change: Change):
    change("UPDATE builds SET build_message = ?, build_status = ?, build_created = ?, build_deploy_id = ?, build_debug = ?, build_title = CAST(? AS TEXT) WHERE build_id = 1", "Grüße".encode(), "thinking", "soon", 2**62, "yes", b"\xffx")  # fmt: skip
    build = Build.objects.get(id=1)
    assert (build.message, build.status, build.get_status_display(), build.created, build.deploy_id, build.debug) == (
        "Grüße",
        "thinking",
        "thinking",
        0,
        2**62,
        True,
    )
    assert build.title == "�x"


@pytest.mark.parametrize(("seconds", "year"), [(-86_400, 1969), (2**31 + 5, 2038), (253_402_300_799, 9999), (253_402_300_800, None), (2**62, None), (-(2**62), None), (0, None)])  # fmt: skip
def test_times_may_be_of_any_century(change: Change, seconds: int, year: int | None):
    change("UPDATE builds SET build_created = ? WHERE build_id = 1", seconds)
    build = Build.objects.get(id=1)
    assert build.created == seconds
    assert (build.created_at and build.created_at.year) == year


@pytest.mark.parametrize("stored", [None, "", b"\xff", "yes", "no", 0, 1, 1.0, 2, 2**62, '["a"]', b'{"A":"1"}'])
def test_plain_sql_reads_bad_rows_as_django_does(change: Change, stored: Any):
    for model in (Repo, Build, Stage, Step, Cron):
        table, (key, *fields) = model._meta.db_table, model._meta.concrete_fields  # noqa: SLF001 - public in all but name
        for field in fields:
            change(f"UPDATE OR IGNORE {table} SET {field.column} = ? WHERE {key.column} = 1", stored)
        assert drones.values_of(rows_of(model, "ORDER BY 1")) == drones.values_of(model.objects.order_by("id"))


def test_builds_without_a_repository_and_steps_without_a_log(change: Change):
    change("DELETE FROM repos WHERE repo_id = 1")
    change("DELETE FROM logs")
    assert len(of_repositories(ALL, Filters(), None, 100).builds) == 30
    assert len(with_last_builds(repositories(ALL))) == 3
    build = build_with_stages(1, 1)
    assert build
    with pytest.raises(Repo.DoesNotExist):
        _ = build.repo
    step = step_of(1, 1, 1, 1)
    assert step
    assert log_up_to(step, 100) is None


@pytest.mark.parametrize(
    ("data", "found", "json"),
    [
        (b"null", [], True),
        (b"null\n", [], True),
        (b"", [], False),
        (b'[{"pos":3,"out":"a\\n","time":2}]\n', [Line(3, "a\n", 2)], True),
        (b"[{}]", [Line(0, "", 0)], True),
        (b'[{"pos":"x"}]', [Line(0, '[{"pos":"x"}]', 0)], True),
        (b"it went\nwrong", [Line(0, "it went\n", 0), Line(1, "wrong", 0)], False),
        (b"[1]", [Line(0, "[1]", 0)], True),
        (b"\xff\xfe", [Line(0, "\ufffd\ufffd", 0)], False),
        (b"[" * 100_000, [Line(0, "[" * 100_000, 0)], False),
        (b'[{"out":"\\ud800"}]', [Line(0, '[{"out":"\\ud800"}]', 0)], False),
    ],
)
def test_logs_are_read_whatever_they_are(data: bytes, found: list[Line], json: bool):
    log = sliced(data)
    assert [line for part in log.slices for line in log.read(data, part)] == found
    assert is_json(data) == json


def test_a_log_of_16_mebibytes(change: Change):
    data = b"[" + b",".join(b'{"pos":%d,"out":"%s\\n","time":1}' % (pos, b"x" * 200) for pos in range(75_000)) + b"]"
    assert len(data) > 16 * 2**20
    change("UPDATE logs SET log_data = ? WHERE log_id = 1", data)
    assert bytes(Log.objects.get(step_id=1).data) == data
    assert sliced(data).last == 75_000


def test_drones_tables_are_never_written(recorded_drone: str):
    build = Build.objects.all()[0]
    for write in (
        build.save,
        build.delete,
        Build.objects.create,
        lambda: Build.objects.update(status="x"),
        Build.objects.all().delete,
    ):
        with pytest.raises(DroneDatabaseIsReadOnly, match="Build is a table of Drone's"):
            write()
    with pytest.raises(Error):
        Build.objects.using("drone").update(status="x")
    with pytest.raises(Error), connections["drone"].cursor() as cursor:
        cursor.execute("CREATE TABLE edrone (x integer)")
    assert not router.allow_migrate("drone", "builds")


def test_without_a_setting_every_use_says_what_to_set(db):
    with drones.connected(None):
        for use in (
            Build.objects.first,
            lambda: list(Repo.objects.all()),
            lambda: of_repositories(ALL, Filters(), None, 5),
            Log.objects.count,
        ):
            with pytest.raises(DroneDatabaseUnavailable, match="set DRONE_DATABASE_URL") as caught:
                use()
            assert caught.value.status == 503


def test_a_file_that_drone_is_writing_is_waited_for_briefly(change: Change):
    with connections["drone"].cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (2_000,)


def test_a_database_that_goes_away_in_the_middle_is_the_same_error_and_comes_back(db, postgres):
    database = drones.recorded_postgres(postgres, "2.28.2")
    with drones.connected(database):
        rows = Build.objects.all()
        assert rows[0]
        drones.execute(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()",
        )
        with pytest.raises(DroneDatabaseUnavailable, match="does not answer") as caught:
            list(rows)
        assert caught.value.status == 503
        connections["drone"].close_if_unusable_or_obsolete()  # as at the end of a request
        assert list(rows)


def test_a_query_that_takes_too_long_says_so(db, postgres):
    with drones.connected(drones.recorded_postgres(postgres, "2.28.2")), connections["drone"].cursor() as cursor:
        cursor.execute("SET statement_timeout = 10")
        with pytest.raises(DroneDatabaseUnavailable, match="took too long"):
            cursor.execute("SELECT pg_sleep(5)")


@pytest.mark.parametrize(("encoding", "text"), [("LATIN1", "'中'"), ("SQL_ASCII", r"E'\xff'")])
def test_a_text_that_the_encoding_lacks_is_called_a_fault_of_drones_database(db, postgres, encoding, text):
    owner, database = (drones.postgres_database(postgres, name) for name in ("postgres", f"drone_{encoding}".lower()))
    drones.execute(owner, f"CREATE DATABASE {database['NAME']} ENCODING {encoding} LOCALE 'C' TEMPLATE template0")
    with drones.connected(database), connections["drone"].cursor() as cursor:
        with pytest.raises(DroneDatabaseUnavailable, match="does not fit the database's encoding"):
            cursor.execute(f"SELECT {text}")
        cursor.execute("SELECT 1")
    drones.execute(owner, f"DROP DATABASE {database['NAME']}")


def test_what_the_database_says_stays_in_the_log(db, caplog):
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "drone",
        "USER": "u",
        "PASSWORD": "planted",
        "HOST": "127.0.0.1",
        "PORT": 9,
    }
    with drones.connected(database), pytest.raises(DroneDatabaseUnavailable) as caught:
        Build.objects.first()
    assert "127.0.0.1" not in str(caught.value)
    assert "127.0.0.1" in caplog.text
    assert "planted" not in caplog.text


def test_the_number_of_queries_for_a_build_does_not_grow_with_it(change: Change, django_assert_num_queries):
    for number in range(20, 60):
        change(
            "INSERT INTO steps (step_id, step_stage_id, step_number, step_name, step_status) VALUES (?, 1, ?, 'x', 'success')",
            1000 + number,
            number,
        )
    Build.objects.first()  # which also reads the catalogue
    with django_assert_num_queries(3, connection=connections["drone"]):
        build = build_with_stages(1, 1)
        assert build
        assert sum(len(stage.steps_in_order) for stage in build.stages_in_order) >= 40


def test_the_migrations_make_none_of_drones_tables(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    assert "repos" not in connections["default"].introspection.table_names()
