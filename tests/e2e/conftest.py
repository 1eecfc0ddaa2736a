"""A fresh clone, as a stranger has it, Drone's command line, and a browser."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.test_go_reads_alike import go
from tests.server import PATIENCE, ROOT

expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what git tracks or would, and nothing else, to an empty folder."""
    folder = tmp_path_factory.mktemp("fresh") / "edrone"
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    for name in files.decode().split("\0")[:-1]:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    return folder


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build Drone's command line; go.sum pins it, since the public sum database does not know every mirror's copy."""
    binary = tmp_path_factory.mktemp("cli") / "drone"
    command = [go(), "build", "-o", str(binary), "github.com/drone/drone-cli/drone"]
    subprocess.run(command, cwd=Path(__file__).parent / "dronecli", check=True, env=os.environ | {"GONOSUMDB": "*"})
    return binary


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
