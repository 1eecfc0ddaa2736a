"""A stand-in for a Drone server: a real HTTP server with Drone's API as far as edrone and its tests use it, and a runner's play.

It is not Drone. It asks edrone for YAML, signed, before it answers; writes a database of Drone 2.28.2; and fails on command.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from demo.standin.database import Database, Row, shown, written
from demo.standin.faults import FAULTS
from demo.standin.http import Handler, LocalServer, Request, Response, serving
from demo.standin.log_stream import stream_log
from demo.standin.read_api import NO_ROWS, ErrorAnswer, ReadApi
from demo.standin.runner import OPEN, Runner
from demo.standin.signing import signature
from demo.standin.triggering import NotTriggered, commit_of, last_push, trigger
from demo.standin.validation import Validator
from demo.standin.yaml_source import YamlSource

TOKEN = "0123456789abcdef0123456789abcdef"  # of the recorded database's administrator
LEFT_OUT_OF_CUSTOM = {"access_token", "commit", "branch"}


class Drone(ReadApi):
    """Answers requests, or fails as it was told to by POST /standin/fail?next=FAULT."""

    def __init__(self, database: Database, source: YamlSource, validator: Validator | None = None) -> None:
        super().__init__(database)
        self.validator = validator
        self.source, self.version = source, "2.28.1"  # as 2.28.2 says
        self.faults: list[str] = []  # each is for one request of the API that writes
        self.has_pushes = False  # a branch's head is its last push, as where the builds are a demonstration
        self.lock = threading.Lock()
        builds = r"/api/repos/([^/]+)/([^/]+)/builds"
        self.routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", "/version", lambda _: {"version": self.version}),
            ("GET", "/api/user", self.user),
            ("GET", builds, self.list),
            ("GET", f"{builds}/latest", self.latest),
            ("GET", f"{builds}/([^/]+)", self.find),
            ("GET", f"{builds}/([^/]+)/logs/([^/]+)/([^/]+)", self.log),
            ("GET", "/api/stream/([^/]+)/([^/]+)/([^/]+)/([^/]+)/([^/]+)", self.stream),
            ("POST", r"/api/repos/([^/]+)/([^/]+)/sign", self.sign),
            ("POST", builds, self.create),
            ("POST", f"{builds}/([^/]+)", self.restart),
            ("DELETE", f"{builds}/([^/]+)", self.cancel),
            ("POST", f"{builds}/([^/]+)/(promote|rollback)", self.promote),
            ("POST", f"{builds}/([^/]+)/(approve|decline)/([^/]+)", self.judge),
            ("POST", f"{builds}/([^/]+)/(decline)", self.judge),
        ]

    def answer(self, request: Request) -> Response | Callable[[Handler], None]:
        if request.path == "/standin/fail" and request.method == "POST":
            return self.command(request)
        if request.path == "/healthz":
            return Response(200, b"OK", "text/plain; charset=utf-8")
        if request.method != "GET":
            with self.lock:
                if self.faults:
                    return FAULTS[self.faults.pop(0)]
        for method, pattern, handle in self.routes:
            if (match := re.fullmatch(pattern, request.path)) and method == request.method:
                return self.handled(request, handle, match.groups())
        return Response(404, b"404 page not found\n", "text/plain; charset=utf-8")

    def command(self, request: Request) -> Response:
        names = [value for name, value in request.query if name == "next"]
        if not names or any(name not in FAULTS for name in names):
            return Response(400, written({"message": f"next must be one of {', '.join(FAULTS)}"}))
        self.faults += names
        return Response(204)

    def handled(
        self, request: Request, handle: Callable[..., Any], parts: tuple[str, ...]
    ) -> Response | Callable[[Handler], None]:
        try:
            answer = handle(request, *parts)
        except ErrorAnswer as error:
            return Response(error.status, written({"message": str(error)}) + b"\n")
        except NotTriggered as error:
            return Response(500, written({"message": str(error)}) + b"\n")
        if isinstance(answer, Response):
            return answer
        if callable(answer):
            streamed: Callable[[Handler], None] = answer
            return streamed
        return Response(200, written(answer) + b"\n")

    def stream(self, request: Request, *place: str) -> Callable[[Handler], None]:
        step = self.step_id(request, *place)
        return lambda handler: stream_log(handler, self.database.live_logs, step)

    def sign(self, request: Request, *slug: str) -> Any:
        self.writer(request)
        text, repo = json.loads(request.body)["data"], self.repo(request, *slug)
        try:
            list(yaml.parse(text, Loader=yaml.CSafeLoader))
        except yaml.YAMLError as error:
            raise ErrorAnswer(500, f"yaml: {error}") from None
        return {"data": signature(text, repo["repo_secret"])}

    def create(self, request: Request, *slug: str) -> Any:
        user, repo, query = self.writer(request), self.repo(request, *slug), first_values(request)
        if not repo["repo_user_id"]:
            raise ErrorAnswer(404, NO_ROWS)
        branch = query.get("branch") or repo["repo_branch"]
        ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
        commit = (last_push(self.database, repo, ref) if self.has_pushes else None) or commit_of(repo, ref)
        if sha := query.get("commit"):
            commit |= {
                "before": sha,
                "after": sha,
                "link": f"{repo['repo_html_url']}/commit/{sha}",
                "message": f"Change {sha[:7]}",
            }
        if query.get("message"):
            commit["message"] = query["message"]
        params = {name: value for name, value in query.items() if name not in LEFT_OUT_OF_CUSTOM}
        wanted = {
            "event": "custom",
            "action": query.get("action", ""),
            "ref": ref,
            "source": branch,
            "target": branch,
            "params": params,
        }
        return self.trigger(repo, user, commit | wanted | {"sender": user["user_login"]})

    def restart(self, request: Request, namespace: str, name: str, number: str) -> Any:
        user, repo = self.writer(request), self.repo(request, namespace, name)
        build, query = self.build(repo, number), first_values(request)
        if build["build_status"] == "declined":
            raise ErrorAnswer(400, "cannot start a declined build")
        debug = query.pop("debug", "") == "true"
        query.pop("access_token", "")
        was = inherited(build)
        return self.trigger(repo, user, was | {"params": query | was["params"], "debug": debug, "parent": build["build_number"]})

    def promote(self, request: Request, namespace: str, name: str, number: str, event: str) -> Any:
        user, repo = self.writer(request), self.repo(request, namespace, name)
        query = first_values(request)
        if not (target := query.pop("target", "")):
            raise ErrorAnswer(400, "Missing target environment")
        query.pop("access_token", "")
        build = self.build(repo, number)
        was = inherited(build)
        changes = {
            "event": event,
            "deploy_to": target,
            "params": was["params"] | query,
            "parent": build["build_number"],
            "cron": "",
        }
        return self.trigger(repo, user, was | changes)

    def trigger(self, repo: Row, user: Row, wanted: dict[str, Any]) -> Any:
        return trigger(self.database, self.source, self.validator, repo, wanted | {"trigger": user["user_login"]})

    def cancel(self, request: Request, namespace: str, name: str, number: str) -> Any:
        self.writer(request)
        repo = self.repo(request, namespace, name)
        build, now = self.build(repo, number), int(time.time())
        if build["build_status"] in {"pending", "running"}:
            self.database.update(
                "build", build["build_id"], **cancelled(build["build_started"], now, "killed"), finished=now, updated=now
            )
            for stage in self.database.stages(build["build_id"]):
                if stage["stage_status"] in OPEN:
                    ended = cancelled(stage["stage_started"], now)
                    self.database.update("stage", stage["stage_id"], **ended, stopped=now, updated=now)
                for step in self.database.steps(stage["stage_id"]):
                    if step["step_status"] in OPEN:
                        ended = cancelled(step["step_started"], now)
                        self.database.update("step", step["step_id"], **ended, stopped=now, exit_code=130)
        return self.database.build_answer(self.build(repo, number))

    def judge(self, request: Request, namespace: str, name: str, number: str, verdict: str, stage: str = "") -> Any:
        self.writer(request)
        build = self.build(self.repo(request, namespace, name), number)
        stages = [row for row in self.database.stages(build["build_id"]) if not stage or str(row["stage_number"]) == stage]
        if not stages:
            raise ErrorAnswer(404, "Stage not found")
        for row in stages:
            if row["stage_status"] != "blocked":
                what = "approve a Pipeline with Status" if verdict == "approve" else "decline build with status"
                raise ErrorAnswer(400, f'Cannot {what} "{row["stage_status"]}"')
            self.database.update("stage", row["stage_id"], status="pending" if verdict == "approve" else "declined")
        if verdict == "decline":  # of which Drone writes no end
            self.database.update("build", build["build_id"], status="declined")
        return Response(204)


def cancelled(started: int, now: int, never_began: str = "skipped") -> dict[str, Any]:
    """Return status and beginning of what is cancelled: what had not begun begins now."""
    return {"status": "killed" if started else never_began, "started": started or now}


def first_values(request: Request) -> dict[str, str]:
    """Return the query as Drone reads it: if a name is repeated, its first value counts."""
    return dict(reversed(request.query))


def inherited(build: Row) -> dict[str, Any]:
    """Return what a restart or promotion takes over from its parent."""
    left_out = {
        "id",
        "number",
        "status",
        "error",
        "started",
        "finished",
        "created",
        "updated",
        "version",
        "timestamp",
        "parent",
        "debug",
    }
    return {"params": {}} | {key: value for key, value in shown("build", build).items() if key not in left_out}


@contextmanager
def standing_in(
    database: Path, source: YamlSource, port: int = 0, seconds: float = 0.0, validator: Validator | None = None
) -> Iterator[tuple[LocalServer, Drone]]:
    """Run a stand-in on a database that exists; each step lasts `seconds`."""
    opened = Database(database)
    drone = Drone(opened, source, validator)
    runner = Runner(opened, source, seconds)
    try:
        with serving(drone.answer, port) as server:
            runner.thread.start()
            try:
                yield server, drone
            finally:
                runner.stop()
    finally:
        opened.close()
