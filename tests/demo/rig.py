"""The stand-in as a recording rig: its endpoints answer what a test says, and keep what they were asked."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import time_machine

from demo.standin.drone import TOKEN, Drone, standing_in
from demo.standin.http import LocalServer, Response, serving
from demo.standin.triggering import commit_of, trigger
from demo.standin.validation import Validator
from demo.standin.yaml_source import YamlSource
from tests import drones

SLUG = "octocat/hello"
SECRET = "a-secret-of-this-test"
ENDED = {"success", "failure", "error"}
NOW = datetime(2026, 11, 28, 12, 46, 40, tzinfo=UTC)
NOTHING: dict[str, Any] = {"status": 204, "body": ""}
KINDS = ("config", "convert", "validate")


class Rig:
    def __init__(self, folder: Path, held: ExitStack) -> None:
        self.clock = held.enter_context(time_machine.travel(NOW, tick=False))  # Drone's caches count seconds
        self.answers = dict.fromkeys(KINDS, NOTHING)
        self.asked: list[tuple[str, bool]] = []  # kind, and whether the build had its number
        self.validation_takes = 0.0  # seconds
        url = {kind: held.enter_context(serving(self.endpoint(kind))).url for kind in KINDS}
        self.source = YamlSource(url["config"], SECRET, convert=url["convert"], convert_caching=False)
        self.validator = Validator(url["validate"], SECRET)
        database = drones.recorded_sqlite(folder / "drone.sqlite")
        self.server: LocalServer
        self.drone: Drone
        self.server, self.drone = held.enter_context(standing_in(database, self.source, validator=self.validator))

    def endpoint(self, kind: str) -> Callable[[Any], Response]:
        def answer(request: Any) -> Response:
            self.asked.append((kind, json.loads(request.body)["build"]["number"] > 0))
            wanted = self.answers[kind]
            self.clock.shift(self.validation_takes if kind == "validate" else 0)
            body = wanted["body"] if isinstance(wanted["body"], str) else json.dumps(wanted["body"])
            return Response(wanted["status"], body.encode(), "text/plain")

        return answer

    def repo(self) -> Any:
        return self.drone.database.rows("SELECT * FROM repos WHERE repo_slug = ?", SLUG)[0]

    def push(self, branch: str) -> Any:
        ref = f"refs/heads/{branch}"
        build = {"event": "push", "ref": ref, "source": branch, "target": branch, "trigger": "@hook", "sender": "ismewen"}
        return self.trigger(commit_of(self.repo(), ref) | build)

    def trigger(self, build: dict[str, Any]) -> Any:
        return trigger(self.drone.database, self.source, self.validator, self.repo(), build)

    def call(self, method: str, path: str) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.request(method, f"{self.server.url}/api/repos/{SLUG}/builds{path}", headers=headers, timeout=60).json()

    def settled(self, number: int) -> Any:
        """Return a build once its runner has nothing left to do."""
        for _ in range(3000):
            build = self.call("GET", f"/{number}")
            waiting = [stage["kind"] for stage in build.get("stages", []) if stage["status"] not in ENDED]
            if "pipeline" not in waiting and (waiting or build["status"] in ENDED):
                return build
            time.sleep(0.02)
        raise AssertionError(build)
