"""What `make run` starts, seen from outside."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError

from edrone_site.granian_server import SECONDS_TO_START
from edrone_site.listening import bindable_address
from edrone_site.prepared_run import make_secrets
from tests.server import (
    PATIENCE,
    ROOT,
    children,
    clean_environment,
    command_of,
    free_port,
    manage,
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
    state = f"EDRONE_STATE={server.environment['EDRONE_STATE']}"
    assert f"  {state} .venv/bin/python manage.py showconfig" in printed
    assert f"  {state} .venv/bin/python manage.py createtoken admin\n" in printed
    assert f"  {state} PORT={server.environment['PORT']} DRONE_YAML_SECRET=" in printed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "made up, with a stand-in for Drone"),
        ({"EDRONE_DEMO": "true"}, "made up, with a stand-in for Drone"),
        ({"EDRONE_DEMO": "false"}, "none; set DRONE_DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///own.sqlite3"}, "none; set DRONE_DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///own.sqlite3", "EDRONE_DEMO": "true"}, "made up, with a stand-in for Drone"),
    ],
)
def test_it_says_truly_which_builds_are_shown(tmp_path, variables, said):
    if "DATABASE_URL" in variables:
        variables = variables | {"DATABASE_URL": f"sqlite:///{tmp_path}/own.sqlite3"}
    with running(tmp_path, **variables) as server:
        assert f"builds               {said}" in server.printed()
        has_stand_in = any(b"demo.standin" in command_of(process) for process in children(server.process))
    assert has_stand_in == said.startswith("made up") == (tmp_path / "var" / "demo.sqlite3").exists()


def test_the_printed_password_opens_the_administration(server):
    password = server.printed().split("password ")[1].split(" ")[0]
    session = requests.Session()
    page = session.get(f"{server.url}/", timeout=PATIENCE)
    assert page.url == f"{server.url}/admin/login/?next=/admin/"
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    inside = session.post(page.url, data=form, headers={"Referer": page.url}, timeout=PATIENCE)
    assert "Red now" in inside.text
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
    assert "Log in as            as before (changepassword, below, sets another one)" in outputs[1]
    assert f"  EDRONE_STATE={tmp_path / 'var'} .venv/bin/python manage.py changepassword NAME\n" in outputs[1]
    assert (len(secrets), len(keys)) == (2, 1)
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_a_key_that_was_never_written_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "")
    monkeypatch.setenv("DRONE_YAML_SECRET", "mine")
    (tmp_path / "secret_key").touch()
    assert make_secrets(tmp_path) == ""
    key = (tmp_path / "secret_key").read_text()
    assert len(key) == 64
    monkeypatch.setenv("SECRET_KEY", "")
    make_secrets(tmp_path)
    assert (tmp_path / "secret_key").read_text() == key


@pytest.mark.slow
def test_everything_it_writes_goes_to_the_state_folder(tmp_path):
    with running(tmp_path):
        pass
    assert {file.name for file in (tmp_path / "var").iterdir()} == {
        "edrone.sqlite3",
        "demo.sqlite3",
        "secret_key",
        "metrics",
        "run.lock",
    }


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
    with closing(sqlite3.connect(database)) as connection, connection:
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
        assert "press Ctrl+C again" not in server.printed()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.1, 0.4, 1, 2])
def test_ctrl_c_during_the_start_leaves_no_traceback(tmp_path, seconds):
    variables = clean_environment(EDRONE_STATE=str(tmp_path), PORT=str(free_port()))
    command = [sys.executable, "-m", "edrone_site.run"]
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        time.sleep(seconds)  # wherever that is: none of it may leave one
        os.killpg(process.pid, signal.SIGINT)
        try:
            printed, _ = process.communicate(timeout=PATIENCE)
        finally:
            if process.poll() is None:  # else nothing would ever end the test
                os.killpg(process.pid, signal.SIGKILL)
    assert "Traceback" not in printed


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


@pytest.mark.parametrize(
    ("port", "drone"),
    [
        ("the same", {}),
        ("another", {}),
        ("another", {"DRONE_SERVER": "http://127.0.0.1:9", "DRONE_TOKEN": "0123456789abcdef0123456789abcdef"}),
        ("another", {"EDRONE_DEMO": "true"}),
    ],
)
def test_a_second_one_on_the_same_state_folder_is_told_what_runs_there(server, port, drone):
    state = server.environment["EDRONE_STATE"]
    builds = Path(state, "demo.sqlite3").stat().st_ino
    done = refused(PORT=server.environment["PORT"] if port == "the same" else str(free_port()), EDRONE_STATE=state, **drone)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"edrone cannot start: it runs already on the state folder {state} (process {server.process.pid} at {server.url}); "
        "stop that one, or set EDRONE_STATE to another folder and PORT to another port.\n"
    )
    assert Path(state, "demo.sqlite3").stat().st_ino == builds


def test_serving_other_sample_builds_does_not_replace_those_of_a_running_demonstration(server):
    environment = server.environment | {"EDRONE_DEMO": "true", "PORT": str(free_port()), "SECRET_KEY": "k" * 50}
    done = manage("serve", **environment)
    assert "it runs already on the state folder" in done.stderr
    assert done.returncode == 1


@pytest.mark.slow
def test_commands_and_another_server_run_beside_it(tmp_path):
    with running(tmp_path) as server:
        environment = server.environment | {"DATABASE_URL": f"sqlite:///{tmp_path}/own.sqlite3", "SECRET_KEY": "k" * 50}
        assert manage("migrate", **environment).returncode == 0
        with running(tmp_path, sys.executable, "manage.py", "serve", **environment | {"PORT": str(free_port())}):
            assert server.manage("showconfig", "ismewen/edrone", "master").returncode == 0


@pytest.mark.slow
def test_it_starts_again_right_after_it_was_killed(tmp_path):
    with running(tmp_path) as server:
        server.process.kill()
        server.process.wait(PATIENCE)
        with running(tmp_path, PORT=str(free_port())) as again:  # the workers of before end by themselves
            assert again.process.poll() is None


@pytest.mark.parametrize("host", ["a" * 70, "edrone..example.com", "no-such-host.invalid"])
def test_a_host_that_there_cannot_be_is_said_in_one_line(host):
    with pytest.raises(CommandError, match=f"^edrone cannot listen on {host} port 8000: .*[a-z]\\. Set HOST and PORT\\.$"):
        bindable_address(host, 8000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "wrong", "right"), [("PORT", "many", "a whole number from 1 to 65535"), ("EDRONE_DEMO", "perhaps", "true or false")]
)
def test_a_wrong_setting_is_said_in_one_line(tmp_path, name, wrong, right):
    done = refused(EDRONE_STATE=str(tmp_path), **{name: wrong})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"edrone cannot start: {name} cannot be used: set it to {right}.\n"


@pytest.mark.slow
def test_an_admin_who_is_no_administrator_is_named(tmp_path):
    variables = {"EDRONE_STATE": str(tmp_path), "SECRET_KEY": "k" * 50, "DRONE_YAML_SECRET": "s" * 32}
    assert manage("migrate", **variables).returncode == 0
    assert manage("adduser", "admin", "--no-password", **variables).returncode == 0
    done = refused(PORT=str(free_port()), **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("edrone cannot start: there is no administrator, ")
    assert "manage.py createsuperuser" in done.stderr
    assert done.stderr.count("\n") == 1


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


def test_a_full_disk_is_said_to_be_that_of_the_state_folder(tmp_path: Path):
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 0; exec "$0" -m edrone_site.run', sys.executable],  # nothing can be written, as on a full disk
        cwd=ROOT, env=clean_environment(EDRONE_STATE=str(tmp_path)), capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.stderr.startswith(f"edrone cannot start: {tmp_path}: ")
    assert "None" not in done.stderr
