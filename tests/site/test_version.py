"""One version in one place; what must repeat it agrees."""

import re
import tomllib

import django
import pytest
import requests
import yaml

from edrone_site import __version__
from tests.server import PATIENCE, ROOT, Server, manage


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_the_command_says_it_whatever_the_settings_are(words: list[str]):
    done = manage(*words, PORT="wrong")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"edrone {__version__} (Django {django.get_version()}, Python 3.")


@pytest.mark.slow
def test_the_command_is_listed_and_explained():
    assert "\n    version\n" in manage("help").stdout
    assert "Print the versions of edrone, Django and Python." in manage("version", "--help").stdout


def test_the_chart_and_the_changelog_are_of_this_version():
    chart = yaml.safe_load((ROOT / "chart" / "Chart.yaml").read_text())
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert {chart["version"], chart["appVersion"], newest[1]} == {__version__}


def test_the_guides_build_and_install_the_image_of_this_version():
    shown = {
        (path.name, tag)
        for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for tag in re.findall(r"(?:\.com/edrone:|image\.tag=|^  tag: )(\d[\w.-]*)", path.read_text(), re.MULTILINE)
    }
    assert shown == {("connecting.md", __version__), ("running.md", __version__)}


def test_the_project_file_repeats_no_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]


def test_the_metrics_say_it(server: Server):
    assert f'version="{__version__}"' in requests.get(f"{server.url}/metrics", timeout=PATIENCE).text
