"""A role that can read what edrone reads, and nothing else; and looking whether it is so."""

import shutil
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.backends.base import base
from django.db.backends.postgresql.features import DatabaseFeatures

from builds.drone_db import catalogue
from builds.drone_db.build_pages import ALL, Filters, of_repositories, of_repository
from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.inspection import SECRETS, not_yet, wanted
from builds.drone_db.models import Build, Cron, Latest, Log, Repo, Stage, Step
from builds.drone_db.people import DroneUser, Perm
from builds.drone_db.queries import build_with_stages, latest_build, log_up_to, repositories, step_of, with_last_builds
from tests import drones
from tests.builds.checkdrone import checkdrone

ODD_ROLE = 'ed\'rone "$edrone$" %s; --'
MARKS_ROLE = "$edrone$edrone$"  # the mark that ends a block, twice with one sign between


@pytest.fixture(
    params=[(version, role) for version in drones.VERSIONS for role in ("edrone_reader", ODD_ROLE, MARKS_ROLE)], ids=str
)
def as_role(request, db, postgres):
    """Connect to a recorded database as a role that has only what dronegrants prints."""
    version, role = request.param
    database = drones.recorded_postgres(postgres, version)
    quoted = '"' + role.replace('"', '""') + '"'
    drones.execute(
        database, f"DO $$ BEGIN CREATE ROLE {quoted.replace('$$', '')} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    out = StringIO()
    call_command("dronegrants", "--role", role, stdout=out)
    drones.execute(database, out.getvalue())
    with drones.connected({**database, "USER": role}):
        yield version


def test_edrone_works_with_the_grants(as_role):
    for model in (Repo, Build, Stage, Step, Log, Cron, Latest, DroneUser, Perm):
        assert list(model.objects.all()) or (as_role, model) == ("1.0.0", Latest)
    assert len(with_last_builds(repositories(ALL))) == 4
    assert of_repository(1, Filters(ref=("refs/heads/master",)), None, 5).builds
    assert of_repositories([1, 2], Filters(author_login=("ismewen",), q="e"), None, 5).builds
    build = build_with_stages(1, 1)
    assert build
    assert latest_build(1, "refs/heads/develop")
    step = step_of(1, 1, 1, 1)
    assert step
    assert log_up_to(step, 1)


def test_secrets_cannot_be_read_with_the_grants(as_role):
    for table, columns in (SECRETS | {"users": (*SECRETS["users"], "user_email")}).items():
        for column in columns:
            if (as_role, table) == ("1.0.0", "orgsecrets"):
                continue
            with pytest.raises(DroneDatabaseUnavailable), connections["drone"].cursor() as cursor:
                cursor.execute(f"SELECT {column} FROM {table}")
    with connections["drone"].cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        assert cursor.fetchone() == ("on",)
        cursor.execute("SET default_transaction_read_only = off")
        with pytest.raises(DroneDatabaseUnavailable):
            cursor.execute("DELETE FROM builds")


def test_an_ordinary_owner_of_the_tables_can_give_the_grants(db, postgres):
    database = drones.recorded_postgres(postgres, "2.28.2", "drone_owned")
    drones.execute(
        database, "CREATE ROLE plain_owner LOGIN; CREATE ROLE plain_reader LOGIN; ALTER DATABASE drone_owned OWNER TO plain_owner"
    )
    for (table,) in drones.execute(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        drones.execute(database, f'ALTER TABLE "{table}" OWNER TO plain_owner')
    out = StringIO()
    call_command("dronegrants", "--role", "plain_reader", stdout=out)
    drones.execute(database, out.getvalue(), "plain_owner")
    with drones.connected({**database, "USER": "plain_reader"}):
        assert checkdrone() == (0, "Drone 2.5.0 or newer\nedrone can read it.\n")
    drones.execute(drones.postgres_database(postgres, "postgres"), "DROP DATABASE drone_owned")


def test_the_grants_change_nothing_that_the_role_may_do_in_other_databases():
    out = StringIO()
    call_command("dronegrants", "--role", "edrone_reader", stdout=out)
    assert "ALTER" not in out.getvalue()


def test_a_role_that_also_writes_edrones_own_database_is_warned_of(db, postgres):
    database = drones.recorded_postgres(postgres, "2.28.2")
    err = StringIO()
    with drones.connected(database), mock.patch.dict(connections["default"].settings_dict, database):
        assert "warning: The role postgres is that of DATABASE_URL too: " in checkdrone()[1]
        with mock.patch.object(type(connections["default"]), "vendor", "postgresql"):
            call_command("dronegrants", "--role", "postgres", stdout=StringIO(), stderr=err)
            call_command("dronegrants", "--role", "other", stdout=StringIO(), stderr=err)
    assert (
        err.getvalue() == "warning: postgres is also the role of DATABASE_URL: make one that only reads, such as edrone_reader.\n"
    )


def test_checkdrone_is_content_with_the_grants(as_role):
    status, printed = checkdrone()
    assert (status, "warning:" in printed, "error:" in printed) == (0, False, False), printed


def test_checkdrone_names_a_column_that_may_not_be_read(as_role, postgres):
    database = drones.recorded_postgres(postgres, as_role)
    role = connections["drone"].settings_dict["USER"].replace('"', '""')
    drones.execute(database, f'REVOKE SELECT (build_ref) ON builds FROM "{role}"')
    status, printed = checkdrone()
    assert status == 1
    assert "error: This role may not read builds.build_ref: see manage.py dronegrants." in printed


@pytest.mark.parametrize(("wanted", "status"), [(False, 0), (True, 1)])
def test_a_role_of_an_older_dronegrants_is_named_where_people_are_wanted(as_role, postgres, settings, wanted, status):
    settings.EDRONE_GRANTS_FROM_DRONE = wanted
    role = connections["drone"].settings_dict["USER"].replace('"', '""')
    drones.execute(drones.recorded_postgres(postgres, as_role), f'REVOKE ALL ON users, perms FROM "{role}"')
    ended, printed = checkdrone()
    assert ended == status
    if wanted:
        assert "error: This role may not read perms.perm_read: see manage.py dronegrants.\n" in printed
        assert "error: So nobody gets access by what Drone says of them; everything else works.\n" in printed
    else:
        assert "fine: What Drone says of people cannot be read: only EDRONE_GRANTS_FROM_DRONE needs it.\n" in printed


def test_checkdrone_says_which_drone_it_is(recorded_drone):
    status, printed = checkdrone()
    version, _, kind = recorded_drone.rpartition(".")
    expected = {
        "2.28.2": "Drone 2.5.0 or newer\n",
        "1.10.1": "Drone 1.10.1 or newer, but older than 2.0.2\n",
        "1.0.0": "Drone 1.0.0 or newer, but older than 1.1.0\n",
    }
    assert status == 0
    assert printed.startswith(expected[version])
    assert ("fine: The table latest is not there: it reads as empty." in printed) == (version == "1.0.0")
    assert ("warning: This role can read users.user_hash" in printed) == (kind == "postgres")


def test_what_may_be_missing_is_what_the_oldest_recorded_drone_lacks(db):
    with drones.connected(drones.sqlite_database(drones.RECORDED / "drone-1.0.0.sqlite")):
        there = catalogue.read(connections["drone"])
    lacking = {table: set(columns) - there.get(table, set()) for table, columns in wanted().items()}
    newer = not_yet(there)
    assert {table: columns for table, columns in lacking.items() if columns and table != "latest"} == {
        table: columns for table, columns in newer.items() if table in there
    }
    assert "latest" in newer


@pytest.mark.parametrize(
    "gone",
    [
        "builds.build_cron", "builds.build_debug", "builds.build_deploy_id", "steps.step_image", "steps.step_schema", "repos.repo_throttle",
        "stages.stage_limit_repo", "repos.repo_cancel_running", "latest",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_checkdrone_misses_what_this_drone_should_have(db, tmp_path, postgres, kind, gone):
    table, _, column = gone.partition(".")
    statement = f"ALTER TABLE {table} DROP COLUMN {column}" if column else f"DROP TABLE {table}"
    if kind == "sqlite":
        database = drones.sqlite_database(Path(shutil.copy(drones.RECORDED / "drone-2.28.2.sqlite", tmp_path)))
        with closing(sqlite3.connect(database["NAME"])) as connection:
            connection.execute(statement)
    else:
        database = drones.recorded_postgres(postgres, "2.28.2", "drone_lacking")
        drones.execute(database, statement)
    with drones.connected(database):
        status, printed = checkdrone()
    if kind == "postgres":
        drones.execute(drones.postgres_database(postgres, "postgres"), "DROP DATABASE drone_lacking")
    assert status == 1
    assert f"error: The {'column' if column else 'table'} {gone} is not there.\n" in printed
    assert "Drone 2.5.0 or newer\n" in printed


@pytest.mark.parametrize("table", ["repos", "builds", "stages", "steps", "logs", "cron"])
@pytest.mark.parametrize("version", drones.VERSIONS)
def test_checkdrone_misses_a_table_that_every_drone_has(db, tmp_path, version, table):
    copy = Path(shutil.copy(drones.RECORDED / f"drone-{version}.sqlite", tmp_path))
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute(f"DROP TABLE {table}")
    with drones.connected(drones.sqlite_database(copy)):
        status, printed = checkdrone()
    assert status == 1
    assert f"error: The table {table} is not there.\n" in printed
    assert printed.count("The table latest is not there") == (version == "1.0.0")


def test_checkdrone_compares_what_sqlite_declares(db, tmp_path):
    copy = Path(shutil.copy(drones.RECORDED / "drone-2.28.2.sqlite", tmp_path))
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("ALTER TABLE builds RENAME COLUMN build_started TO old")
        connection.execute("ALTER TABLE builds ADD COLUMN build_started TEXT")
    with drones.connected(drones.sqlite_database(copy)):
        status, printed = checkdrone()
    assert status == 1
    assert "error: The column builds.build_started is of type TEXT, which edrone does not expect there.\n" in printed
    assert "warning" not in printed


def test_checkdrone_ends_with_1_where_a_column_is_gone_or_of_another_type(db, postgres):
    database = drones.recorded_postgres(postgres, "2.28.2", "drone_broken")
    drones.execute(
        database,
        "ALTER TABLE builds RENAME COLUMN build_ref TO build_reference; DROP TABLE cron; ALTER TABLE builds ALTER build_number TYPE text",
    )
    with drones.connected(database):
        status, printed = checkdrone()
        assert status == 1
        assert "error: The column builds.build_ref is not there." in printed
        assert "error: The table cron is not there." in printed
        assert "error: The column builds.build_number is of type text, which edrone does not expect there." in printed
        assert {message.id for message in run_checks(databases=["drone"])} == {"builds.E002", "builds.W001"}
    drones.execute(drones.postgres_database(postgres, "postgres"), "DROP DATABASE drone_broken")


def test_an_empty_database_is_not_drones(db, tmp_path):
    (tmp_path / "empty").touch()
    with drones.connected(drones.sqlite_database(tmp_path / "empty")):
        status, printed = checkdrone()
    assert status == 1
    assert printed.startswith("These are not the tables of a Drone server.\n")


def test_a_database_that_is_not_there_is_one_sentence(db, tmp_path):
    with drones.connected(drones.sqlite_database(tmp_path / "gone")):
        with pytest.raises(
            CommandError, match=r"does not answer\. See edrone's log for the reason\. \(unable to open database file\)"
        ):
            checkdrone()
        assert [message.id for message in run_checks(databases=["drone"])] == ["builds.E001"]
    assert not (tmp_path / "gone").exists()
    with drones.connected(None), pytest.raises(CommandError, match="set DRONE_DATABASE_URL"):
        checkdrone()


@pytest.fixture
def only_newer_ones(monkeypatch) -> None:
    """Take this PostgreSQL for one that is too old for Django."""
    monkeypatch.setattr(DatabaseFeatures, "minimum_database_version", (99,))
    monkeypatch.setattr(base, "RAN_DB_VERSION_CHECK", set())


def test_a_postgresql_that_is_too_old_is_one_sentence(db, postgres, only_newer_ones):
    with drones.connected(drones.recorded_postgres(postgres, "2.28.2")):
        with pytest.raises(CommandError, match=r"edrone's log for the reason\. \(PostgreSQL 99 or later is required \(found "):
            checkdrone()
        assert [message.id for message in run_checks(databases=["drone"])] == ["builds.E001"]
        with pytest.raises(DroneDatabaseUnavailable):
            list(repositories(ALL))


@pytest.mark.parametrize("role", ["", "x" * 64, "a\0b"])
def test_a_name_that_no_role_can_have_is_refused(role):
    with pytest.raises(CommandError, match="cannot be a name in PostgreSQL"):
        call_command("dronegrants", "--role", role)
