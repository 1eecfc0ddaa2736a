"""`make demo` starts edrone and a stand-in that says what it is."""

import re
import subprocess
import sys
import time

import requests

from tests.server import ROOT, running
from tests.standin.drone import TOKEN

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def test_a_newcomer_starts_an_operation_and_sees_it_finish(tmp_path):
    with running(tmp_path, sys.executable, "-m", "tests.standin.demo") as demo:
        printed = demo.printed()
        assert "What stands beside edrone is NOT Drone" in printed
        found = re.search(r"stand-in +(http://127\.0\.0\.1:\d+)", printed)
        assert found
        builds = f"{found[1]}/api/repos/ismewen/edrone/builds"
        started = requests.post(f"{builds}?branch=develop&action=check&TARGET=staging", headers=HEADERS, timeout=10).json()
        assert (started["status"], started["action"]) == ("pending", "check")
        misspelt = requests.post(f"{builds}?branch=develop&action=chek", headers=HEADERS, timeout=10).json()
        assert misspelt["error"].startswith("linter: unsupported os: edrone: there is no operation 'chek' for ismewen/edrone;")
        time.sleep(1.1)  # Drone gives builds of one second the same answer, whatever their parameters
        refused = requests.post(f"{builds}?branch=develop&action=check&TARGET=moon", headers=HEADERS, timeout=10).json()
        assert refused["error"].endswith("TARGET must be one of staging, production.")
        for _ in range(100):
            build = requests.get(f"{builds}/{started['number']}", timeout=10).json()
            if build["finished"]:
                break
            time.sleep(0.1)
        assert (build["status"], [stage["name"] for stage in build["stages"]]) == ("success", ["check"])
        assert "outcome=served repo=ismewen/edrone event=custom" in demo.printed()
        assert "outcome=refused" in demo.printed()
        for command in re.findall(r"'(http://[^']+)'", printed):
            assert requests.post(command, headers=HEADERS, timeout=10).status_code in {200, 204}


def test_it_does_not_hide_a_real_drone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.standin.demo"], cwd=ROOT, env={"DRONE_SERVER": "https://drone.example.com", "EDRONE_STATE": str(tmp_path)},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, "sets DRONE_SERVER itself" in done.stderr) == (1, True)
