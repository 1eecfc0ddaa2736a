"""The notices worker beside the server."""

import subprocess
import sys
from pathlib import Path

import pytest

from edrone_site import kept_process
from edrone_site.notices_process import sending_notices
from tests.server import PATIENCE, manage, wait_until


@pytest.mark.slow
def test_it_takes_relative_paths_for_the_same_folders_as_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
    monkeypatch.setenv("EDRONE_STATE", "state")
    with sending_notices():
        wait_until((tmp_path / "state" / "edrone.sqlite3").exists)


@pytest.mark.slow
def test_it_ends_where_its_parent_had_ended_before_it_could_look(tmp_path: Path):
    parent = subprocess.Popen([sys.executable, "-c", ""])
    parent.wait(PATIENCE)
    environment = {"EDRONE_STATE": str(tmp_path), "SECRET_KEY": "k" * 50, "DRONE_YAML_SECRET": "s" * 32}
    assert manage("migrate", **environment).returncode == 0
    assert manage("sendnotices", "--parent", str(parent.pid), **environment).returncode == 0


@pytest.mark.slow
def test_it_is_tried_again_where_no_process_can_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(kept_process, "PAUSE", 0.05)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
    monkeypatch.setenv("EDRONE_STATE", str(tmp_path / "state"))
    with monkeypatch.context() as moment:
        moment.setattr(sys, "executable", str(tmp_path / "nowhere"))
        with sending_notices():
            wait_until(lambda: "cannot be started: No such file or directory" in caplog.text)
            moment.undo()
            wait_until((tmp_path / "state" / "edrone.sqlite3").exists)
