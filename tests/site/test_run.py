"""What `make run` starts, seen from outside."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time

import pytest
import requests

from edrone_site.granian_server import SECONDS_TO_START
from tests.server import (
    PATIENCE,
    ROOT,
    children,
    clean_environment,
    free_port,
    running,
    wait_until,
    wait_until_it_answers,
    workers,
)


def test_it_says_where_everything_is_and_what_to_try(server):
    printed = server.printed()
    assert f"Open this address    {server.url}/admin/\n" in printed
    assert f"{server.url}/edrone\n" in printed
    assert f"{server.environment['DRONE_YAML_SECRET']} (of this run" in printed
    assert "Log in as            admin, password " in printed
    assert "manage.py showconfig ismewen/edrone master --explain" in printed
    assert f"PORT={server.environment['PORT']} DRONE_YAML_SECRET=" in printed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("demo", "said"), [("", "made up, with a stand-in for Drone"), ("false", "none; set DRONE_DATABASE_URL")]
)
def test_it_says_truly_which_builds_are_shown(tmp_path, demo, said):
    with running(tmp_path, EDRONE_DEMO=demo) as server:
        assert f"builds               {said}" in server.printed()


def test_the_printed_password_opens_the_administration(server):
    password = server.printed().split("password ")[1].split(" ")[0]
    session = requests.Session()
    page = session.get(f"{server.url}/", timeout=PATIENCE)
    assert page.url == f"{server.url}/admin/login/?next=/admin/"
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    inside = session.post(page.url, data=form, headers={"Referer": page.url}, timeout=PATIENCE)
    assert "Administration" in inside.text
    assert session.get(f"{server.url}/static/admin/css/base.css", timeout=PATIENCE).ok


def test_the_administration_asks_strangers_to_log_in(server):
    assert requests.get(f"{server.url}/admin/auth/user/", timeout=PATIENCE).url.startswith(f"{server.url}/admin/login/")
    assert requests.get(f"{server.url}/admin/", headers={"Host": "evil.example.com"}, timeout=PATIENCE).status_code == 400


@pytest.mark.slow
def test_the_password_and_the_key_are_made_once_and_the_yaml_secret_each_time(tmp_path):
    outputs, secrets, keys = [], set(), set()
    for _ in range(2):
        with running(tmp_path) as server:
            outputs.append(server.printed())
            secrets.add(server.environment["DRONE_YAML_SECRET"])
            keys.add((tmp_path / "var" / "secret_key").read_text())
    assert "(shown this once)" in outputs[0]
    assert "Log in as            as before" in outputs[1]
    assert (len(secrets), len(keys)) == (2, 1)
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


@pytest.mark.slow
def test_everything_it_writes_goes_to_the_state_folder(tmp_path):
    with running(tmp_path):
        pass
    assert {file.name for file in (tmp_path / "var").iterdir()} == {"edrone.sqlite3", "demo.sqlite3", "secret_key", "metrics"}


@pytest.mark.slow
def test_no_secret_is_written_to_the_state_folder_in_clear(tmp_path):
    with running(tmp_path) as server:
        password = server.printed().split("password ")[1].split(" ")[0]
        secret = server.environment["DRONE_YAML_SECRET"]
        server.manage("askconfig", "ismewen/edrone", "master")
    written = b"".join(file.read_bytes() for file in (tmp_path / "var").rglob("*") if file.is_file())
    assert password.encode() not in written
    assert secret.encode() not in written


@pytest.mark.slow
def test_it_honours_the_environment(tmp_path):
    database = tmp_path / "elsewhere.sqlite3"
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "default.yaml").write_text("kind: mine\n")
    with running(
        tmp_path, DRONE_YAML_SECRET="my-own-secret", EDRONE_PROJECTS=str(tree), DATABASE_URL=f"sqlite:///{database}"
    ) as server:
        assert server.manage("askconfig", "a/b").stdout == "kind: mine\n"
        assert "my-own-secret" not in server.printed()
        assert "yours, from DRONE_YAML_SECRET" in server.printed()
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT username FROM auth_user").fetchall() == [("admin",)]


@pytest.mark.slow
def test_it_runs_unsigned_where_that_is_allowed(tmp_path):
    with running(tmp_path, EDRONE_ALLOW_UNSIGNED="true") as server:
        assert "none: EDRONE_ALLOW_UNSIGNED is on" in server.printed()
        assert "(configs.W002)" in server.printed()


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_of_it(tmp_path, ending):
    with running(tmp_path) as server:
        time.sleep(SECONDS_TO_START + 1 if ending == signal.SIGINT else 0)  # young and grown workers end in different ways
        assert len(children(server.process)) >= 2
        os.killpg(server.process.pid, ending)
        server.process.wait(PATIENCE)
        wait_until(lambda: not children(server.process))
        assert "Traceback" not in server.printed()


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(tmp_path):
    with running(tmp_path, EDRONE_WORKERS="1") as server:
        (worker,) = workers(server.process)
        os.kill(worker, signal.SIGKILL)
        wait_until_it_answers(server.url, server.process, server.output)
        assert server.manage("askconfig", "ismewen/edrone", "master").returncode == 0


def refused(**environment: str) -> subprocess.CompletedProcess[str]:
    """Start edrone with these variables, which it cannot start with, and wait for its end."""
    command = [sys.executable, "-m", "edrone_site.run"]
    variables = clean_environment(**environment)
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_a_taken_port_is_said_in_one_line(server, tmp_path):
    done = refused(PORT=server.environment["PORT"], EDRONE_STATE=str(tmp_path))
    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1]
        == f"edrone cannot listen on 127.0.0.1 port {server.environment['PORT']}: Address already in use. Set HOST and PORT."
    )


@pytest.mark.slow
def test_a_wrong_setting_is_said_in_one_line(tmp_path):
    done = refused(PORT="many", EDRONE_STATE=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "edrone cannot start: PORT cannot be used: set it to a whole number from 1 to 65535.\n"


@pytest.mark.slow
@pytest.mark.parametrize("database", ["postgres://u:planted@127.0.0.1:9/x", "sqlite:////proc/nowhere/x.sqlite3"])
def test_a_database_that_cannot_be_used_is_said_in_one_line(tmp_path, database):
    done = refused(PORT=str(free_port()), EDRONE_STATE=str(tmp_path), DATABASE_URL=database)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("edrone cannot start: its own database cannot be used: ")
    assert "DATABASE_URL" in done.stderr
    assert "planted" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_state_folder_that_cannot_be_used_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    done = refused(PORT=str(free_port()), EDRONE_STATE=str(tmp_path / "file"))
    assert done.returncode == 1
    assert "EDRONE_STATE" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_host_may_be_a_name(tmp_path):
    with running(tmp_path, HOST="localhost", EDRONE_PROJECTS=str(ROOT / "projects")) as server:
        assert server.manage("askconfig", "ismewen/edrone", "master").returncode == 0
