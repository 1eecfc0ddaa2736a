"""Plays the runner: takes stages, asks for their YAML again, and writes steps and logs that look like those of real ones."""

import threading
import time
from typing import Any

from demo.standin.database import Database, Row, of, shown, written
from demo.standin.pipelines import BrokenYaml, Pipeline, pipelines
from demo.standin.yaml_source import NoConfig, NotConverted, YamlSource

FAILED = {"killed", "failure", "error"}  # after which nothing begins
OPEN = ("pending", "running", "waiting_on_dependencies", "blocked")


class Runner:
    def __init__(self, database: Database, source: YamlSource, seconds: float) -> None:
        self.database, self.source, self.seconds = database, source, seconds
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        self.end_what_was_running()
        while not self.stopping.wait(0.05):
            stage = self.database.row(
                "SELECT * FROM stages WHERE stage_status = 'pending' AND stage_kind = 'pipeline' ORDER BY stage_id"
            )
            if stage:
                self.stage(stage)

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join()

    def end_what_was_running(self) -> None:
        """End the stages that ran as the stand-in was stopped, as Drone's reaper does."""
        now = int(time.time())
        for stage in self.database.rows("SELECT * FROM stages WHERE stage_status = 'running'"):
            for step in self.database.steps(stage["stage_id"]):
                if step["step_status"] in OPEN:
                    self.database.update("step", step["step_id"], status="killed", stopped=now)
            self.finish(stage, "killed")

    def stage(self, stage: Row) -> None:
        identity = stage["stage_id"]
        build = self.database.rows("SELECT * FROM builds WHERE build_id = ?", stage["stage_build_id"])[0]
        repo = self.database.rows("SELECT * FROM repos WHERE repo_id = ?", build["build_repo_id"])[0]
        asked: dict[str, Any] = {"title": "", "parent": 0, "params": {}, "deploy_to": "", "cron": ""} | shown("build", build)
        try:
            by_name = {pipeline.get("name") or "default": pipeline for pipeline in pipelines(self.source.text(asked, repo))}
        except (NoConfig, NotConverted) as error:
            self.finish(stage, "error", str(error)[:500])
            return
        except BrokenYaml:
            by_name = {}
        if stage["stage_name"] not in by_name:
            self.database.update("stage", identity, exit_code=255)
            self.finish(stage, "error", "resource not found")
            return
        now = int(time.time())
        self.database.update("stage", identity, status="running", started=now, updated=now, machine="standin-1")
        if build["build_status"] == "pending":
            self.database.update("build", build["build_id"], status="running", started=now, updated=now)
        failed = self.steps(stage, by_name[stage["stage_name"]], asked["params"])
        if self.status(identity) == "running":
            self.finish(stage, "failure" if failed else "success")

    def steps(self, stage: Row, pipeline: Pipeline, params: dict[str, str]) -> bool:
        """Run the steps and return whether one failed.

        One with the command `exit 1` fails; the parameter FAIL fails each step of the pipeline that it names, `yes` those of all.
        """
        names = [(step.get("name") or f"step{number}", step) for number, step in enumerate(pipeline.get("steps") or [], 1)]
        rows = [self.step_row(stage, number, name) for number, (name, _) in enumerate(names, 1)]
        failed = False
        for (_, step), identity in zip(names, rows, strict=True):
            if failed or self.stopping.is_set() or self.status(stage["stage_id"]) != "running":
                self.database.update("step", identity, status="skipped")
                continue
            self.database.update("step", identity, status="running", started=int(time.time()))
            commands = [str(command) for command in step.get("commands") or []]
            log = self.printed(identity, log_of(step, commands, params))
            failed = params.get("FAIL") in {"yes", stage["stage_name"]} or "exit 1" in commands
            if self.status(stage["stage_id"]) == "running":
                result = {"status": "failure", "exit_code": 1} if failed else {"status": "success", "exit_code": 0}
                self.database.update("step", identity, stopped=int(time.time()), **result)
            self.database.insert("logs", {"log_id": identity, "log_data": written(log) + b"\n"})
            del self.database.live_logs[identity]
        return failed

    def printed(self, step: int, lines: list[str]) -> list[dict[str, Any]]:
        """Let a step print one line after another, over its seconds; return its log."""
        log = self.database.live_logs[step] = []
        for pos, line in enumerate(lines):
            log.append({"pos": pos, "out": f"{line}\n", "time": round(pos * self.seconds / len(lines))})
            self.stopping.wait(self.seconds / len(lines))
        return log

    def step_row(self, stage: Row, number: int, name: str) -> int:
        return self.database.insert("steps", of("step", {
            "stage_id": stage["stage_id"], "number": number, "name": name, "status": "pending", "error": "", "errignore": False,
            "exit_code": 0, "started": 0, "stopped": 0, "version": 1, "depends_on": None, "image": "", "detached": False, "schema": "",
        }))  # fmt: skip

    def status(self, stage: int) -> str:
        return str(self.database.rows("SELECT stage_status FROM stages WHERE stage_id = ?", stage)[0]["stage_status"])

    def finish(self, stage: Row, status: str, error: str = "") -> None:
        """End a stage; start those that waited for it, or end the build."""
        now = int(time.time())
        self.database.update("stage", stage["stage_id"], status=status, error=error, stopped=now, updated=now)
        stages = self.database.stages(stage["stage_build_id"])
        states = {other["stage_name"]: other["stage_status"] for other in stages}
        failed = FAILED & set(states.values())
        for other in stages:
            waits_for = shown("stage", other).get("depends_on", [])
            if other["stage_status"] == "waiting_on_dependencies" and not any(states[name] in OPEN for name in waits_for):
                changes = {"status": "skipped", "started": now, "stopped": now} if failed else {"status": "pending"}
                states[other["stage_name"]] = changes["status"]
                self.database.update("stage", other["stage_id"], **changes, updated=now)
        if not any(state in OPEN for state in states.values()):
            result = next((state for state in states.values() if state in FAILED), "success")
            self.database.update("build", stage["stage_build_id"], status=result, finished=now, updated=now)


def log_of(step: Pipeline, commands: list[str], params: dict[str, str]) -> list[str]:
    """Return the lines of a made-up log: nothing is run."""
    lines = [f"this is a stand-in: nothing is run (image {step.get('image', 'none')})"]
    lines += [f"{name}={'***' if 'PASS' in name or 'TOKEN' in name else value}" for name, value in sorted(params.items())]
    return lines + [f"+ {command}" for command in commands]
