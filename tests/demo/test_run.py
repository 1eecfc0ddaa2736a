"""`make demo` starts edrone and a stand-in that says what it is."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.server import PATIENCE, ROOT, clean_environment, running


@pytest.mark.slow
def test_a_newcomer_starts_an_operation_through_edrone_and_sees_it_finish(tmp_path):
    with running(tmp_path, sys.executable, "-m", "demo.run") as demo:
        for _ in range(200):
            if "See what Drone gets" in (printed := demo.printed()):
                break
            time.sleep(0.1)
        assert "What stands beside edrone is NOT Drone" in printed
        operation, promotion, rollback, misspelt, past, fault = [
            shlex.split(line) for line in re.findall(r"^ +(curl -X POST .*)$", printed, re.MULTILINE)
        ]
        assert operation[-1].startswith(f"{demo.url}/api/repos/ismewen/edrone/builds?")
        started = called(operation)
        assert (started["status"], started["action"], started["params"]["EDRONE_ACTOR"]) == ("pending", "check", "admin")
        assert "there is no operation 'chek' for ismewen/edrone; there are check," in called(misspelt)["message"]
        assert called(past)["error"].startswith(
            "linter: unsupported os: edrone: there is no operation 'chek' for ismewen/edrone;"
        )
        latest = shlex.split(re.findall(r"^ +(curl -H .*)$", printed, re.MULTILINE)[0])
        assert called(latest)["number"] > started["number"]
        build = finished(demo, latest[:-1], started["number"])
        assert (build["status"], [stage["name"] for stage in build["stages"]]) == ("success", ["check"])
        for event, command in (("promote", promotion), ("rollback", rollback)):
            build = finished(demo, latest[:-1], called(command)["number"])
            assert (build["event"], build["deploy_to"], build["status"]) == (event, "staging", "success")
            (stage,) = build["stages"]
            assert (stage["name"], [step["name"] for step in stage["steps"]]) == ("promote", ["helm"])
        elsewhere = called([*promotion[:-1], promotion[-1].replace("staging", "moon")])
        assert "Drone made no build" in elsewhere["message"]
        assert "outcome=served repo=ismewen/edrone event=custom" in demo.printed()
        subprocess.run(fault, check=True)
        assert "Drone made no build" in called(operation)["message"]
        asking = re.findall(r"^ +(DRONE_YAML_SECRET=.*)$", printed, re.MULTILINE)[0].replace(".venv/bin/python", sys.executable)
        done = subprocess.run(
            ["sh", "-c", asking], cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout.startswith("kind: pipeline")) == (0, True), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_everything_that_it_started(tmp_path, number):
    with running(tmp_path, sys.executable, "-m", "demo.run") as demo:
        children = subprocess.run(
            ["pgrep", "-P", str(demo.process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        assert children
        demo.process.send_signal(number)
        assert demo.process.wait(PATIENCE) == 0
        assert "Traceback" not in demo.printed()
        for child in children:
            assert not Path(f"/proc/{child}").exists()
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{demo.url}/healthz", timeout=PATIENCE)


def finished(demo, curl, number):
    """Ask for a build until it has ended."""
    for _ in range(300):
        build = called([*curl, f"{demo.url}/api/repos/ismewen/edrone/builds/{number}"])
        if build["finished"]:
            break
        time.sleep(0.1)
    return build


def called(command):
    return json.loads(subprocess.run([*command, "-s"], capture_output=True, check=True, timeout=PATIENCE).stdout)


@pytest.mark.slow
def test_it_does_not_hide_a_real_drone(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "demo.run"], cwd=ROOT, env={"DRONE_SERVER": "https://drone.example.com", "EDRONE_STATE": str(tmp_path)},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, "sets DRONE_SERVER itself" in done.stderr) == (1, True)
