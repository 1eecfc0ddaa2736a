"""A stranger's first minutes: a fresh clone, `make run`, the README's commands, the pages in a browser."""

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, expect

from tests.server import clean_environment, free_port
from tests.site.test_readme import README, commands

INSTALLING = 300.0  # seconds


class Run:
    """A `make run` in a terminal of its own."""

    def __init__(self, folder: Path, patience: float) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder.parent / f"output-{self.port}"
        passed = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
        with self.log.open("w") as log:
            started = time.monotonic()
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=folder,
                env=clean_environment(PORT=str(self.port), **passed),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while time.monotonic() - started < patience:
            try:
                if requests.get(f"{self.url}/healthz", timeout=1).ok:
                    break
            except requests.exceptions.ConnectionError:
                assert self.process.poll() is None, self.printed()
                time.sleep(0.05)

    def printed(self) -> str:
        return self.log.read_text()

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(70)


@pytest.fixture(scope="module")
def first(clone: Path) -> Iterator[Run]:
    run = Run(clone, INSTALLING)
    yield run
    run.end()


def test_the_first_make_run_prints_what_a_stranger_needs(first):
    for words in (f"Open this address    {first.url}/admin/", "YAML secret", "admin, password", "Try next"):
        assert words in first.printed()
    assert "Traceback" not in first.printed()
    assert "Warning" not in first.printed()


def test_the_lines_that_it_prints_can_be_typed_as_they_are(first):
    lines = re.findall(r"^  (\S.*manage\.py .*)$", first.printed(), re.MULTILINE)
    for line, said in zip(lines, ("kind: pipeline", "kind: pipeline", "edrone_"), strict=True):
        done = subprocess.run(
            ["/bin/sh", "-c", line], cwd=first.folder, env=clean_environment(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert said in done.stdout


def test_the_readmes_command_shows_what_the_readme_shows(first):
    (line,) = [line for line in commands(README) if "showconfig" in line]
    done = subprocess.run(
        shlex.split(line), cwd=first.folder, env=clean_environment(), capture_output=True, text=True, check=True
    )
    for expected in re.findall(r"^# projects/.*$", README, re.MULTILINE):
        assert expected in done.stdout


def test_the_administration_can_be_opened_and_looks_as_it_should(first, browser: Browser):
    password = first.printed().split("password ")[1].split(" ")[0]
    page = browser.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.text} {message.location}")

    page.on("console", listen)
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(first.url)
    page.fill("#id_username", "admin")
    page.fill("#id_password", password)
    pictures = first.folder / "var"
    page.screenshot(path=pictures / "login.png")
    page.click("input[type=submit]")
    expect(page).to_have_title("Overview | edrone")
    page.screenshot(path=pictures / "administration.png")
    assert complaints == []


def test_nothing_but_ignored_folders_was_written(first):
    subprocess.run(["git", "init", "--quiet"], cwd=first.folder, check=True)
    subprocess.run(["git", "add", "."], cwd=first.folder, check=True)
    added = subprocess.run(["git", "ls-files"], cwd=first.folder, capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in added if name.startswith(("var", ".venv"))]


def test_a_taken_port_ends_with_one_sentence_and_nothing_else(first, tmp_path):
    printed = second_run(first, EDRONE_STATE=str(tmp_path))
    assert printed.endswith(f"edrone cannot listen on 127.0.0.1 port {first.port}: Address already in use. Set HOST and PORT.\n")
    assert "make:" not in printed


def test_a_second_run_on_the_same_state_folder_ends_with_one_sentence_and_nothing_else(first):
    printed = second_run(first)
    assert len(printed.splitlines()) == 1
    assert printed.startswith("edrone cannot start: it runs already on the state folder")
    assert f"at {first.url}" in printed


def second_run(first, **variables: str) -> str:
    variables = clean_environment(PORT=str(first.port), **variables)
    done = subprocess.run(["make", "run"], cwd=first.folder, env=variables, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_ctrl_c_ends_it_and_a_second_run_needs_no_installing(first):
    first.end()
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"{first.url}/healthz", timeout=1)
    second = Run(first.folder, 30)
    try:
        assert "pip install" not in second.printed()
        assert "admin, password" not in second.printed()
    finally:
        second.end()
    assert "Traceback" not in second.printed()
