"""Sample data: a database of the form of Drone 2.28.2's, so that a first look at edrone shows something.

Everything in it is made up; times are relative to when it is made.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from demo.sample_data.company import FORGE, PEOPLE, SERVICES, SampleStage, SampleStep, Service, stages_of
from demo.sample_data.month import PlannedBuild, month
from demo.sample_data.printed import log_of

QUEUED = 3  # seconds until a runner takes a stage
ENDED = {"success", "failure", "killed"}
# As if projects/ had been mended since: the line that it names is there, and names the file that it asks for.
EDRONES_ERROR = (
    "linter: unsupported os: edrone: "
    'projects/edrone/default.yaml:10:3: extends "_shared/tests.yaml": no such file; did you mean "_shared/test.yaml"?'
)
Row = tuple[str, dict[str, Any]]  # table, column → value


def make(path: Path) -> None:
    """Write the database anew; whoever has the old one open goes on reading that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)) as connection, connection:
        connection.executescript(Path(__file__).with_name("sample_builds.sql").read_text())
        for table, row in rows(int(time.time())):
            columns = ", ".join(row)
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - ours
    new.replace(path)


def rows(now: int) -> Iterator[Row]:
    """Return all rows of the database: the same at each call of one day, apart from times."""
    builds = month(now)
    repo_ids = {service: number for number, service in enumerate(SERVICES, 1)}
    for service, repo_id in repo_ids.items():
        yield "repos", repo(repo_id, service, sum(build.service is service for build in builds), now)
    tables = BuildRows()
    for build_id, build in enumerate(builds, 1):
        yield from tables.of_build(build, build_id, repo_ids[build.service])
    for number, service in enumerate((service for service in SERVICES if service.nightly), 1):
        yield "cron", with_prefix("cron", {
            "id": number, "repo_id": repo_ids[service], "name": "nightly", "expr": "0 0 2 * * *", "next": now - now % 86_400 + 93_600,
            "prev": now - now % 86_400 + 7_200, "event": "push", "branch": "master", "target": "", "disabled": False,
            "created": now - 9_000_000, "updated": now - 9_000_000, "version": 1,
        })  # fmt: skip


def with_prefix(prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the columns with Drone's names for them, which begin with the table's."""
    return {f"{prefix}_{name}": value for name, value in values.items()}


def repo(number: int, service: Service, counter: int, now: int) -> dict[str, Any]:
    slug = service.slug
    namespace, name = slug.split("/")
    visibility = "public" if namespace == "ismewen" else "private"
    return with_prefix("repo", {
        "id": number, "uid": str(number), "user_id": 1, "namespace": namespace, "name": name, "slug": slug, "scm": "",
        "clone_url": f"{FORGE}/{slug}.git", "ssh_url": f"git@git.example.com:{slug}.git", "html_url": f"{FORGE}/{slug}",
        "active": service.active, "private": visibility == "private", "visibility": visibility,
        "branch": "master", "counter": counter, "config": ".drone.yml", "timeout": 60, "trusted": False, "protected": False,
        "synced": now - 600, "created": now - 9_000_000, "updated": now - 600, "version": 1, "signer": "", "secret": "",
    })  # fmt: skip


@dataclass
class StagePlan:
    """How one stage of a build went."""

    stage: SampleStage
    status: str
    started: int  # Unix seconds; 0 where it did not run
    steps: list[tuple[SampleStep, str, int]]  # with the status and the seconds that it took


def stage_plans(build: PlannedBuild, chance: Random) -> list[StagePlan]:
    """Return how the stages of a build went, one after another."""
    stages = stages_of(build.service.slug, build.event, build.branch)
    if build.status in {"blocked", "declined", "skipped"}:
        return [StagePlan(stage, build.status, 0, []) for stage in stages]
    plans, started, going, failing = [], build.created + QUEUED, True, failing_step(build, stages)
    for stage in stages:
        if not going:
            plans.append(StagePlan(stage, "skipped", 0, []))
            continue
        steps = []
        for step in stage.steps:
            status = "skipped" if not going else build.status if step.name == failing else "success"
            going = going and status == "success"
            seconds = 0 if status == "skipped" else max(round(step.seconds * chance.uniform(0.8, 1.4)), 1)
            steps.append((step, status, seconds))
        plans.append(StagePlan(stage, "success" if going else build.status, started, steps))
        started += sum(seconds for *_, seconds in steps) + QUEUED
    return plans


def failing_step(build: PlannedBuild, stages: Sequence[SampleStage]) -> str:
    """Return the step with which the build ended, or empty."""
    if build.status not in {"failure", "killed"}:
        return ""
    names = {step.name for stage in stages for step in stage.steps}
    return build.failing if build.failing in names else stages[0].steps[-1].name


class BuildRows:
    """Makes the rows of one build after another, and counts their ids."""

    def __init__(self) -> None:
        self.stage_id = self.step_id = 0

    def of_build(self, build: PlannedBuild, build_id: int, repo_id: int) -> Iterator[Row]:
        chance = Random(build_id)
        plans = [] if build.status == "error" else stage_plans(build, chance)
        ran = [plan for plan in plans if plan.started]
        ended = ran[-1].started + sum(seconds for *_, seconds in ran[-1].steps) if ran else build.created + 1
        columns = build_columns(build, build_id, repo_id, 0 if build.status == "blocked" else ended)
        if ran:
            columns["started"] = ran[0].started
        yield "builds", with_prefix("build", columns)
        for number, plan in enumerate(plans, 1):
            yield from self.of_stage(build, plan, build_id, repo_id, number, chance)
        latest = {"push": ("branch", build.branch), "pull_request": ("pull_request", str(build.number))}.get(
            build.event, ("deployment", build.target)
        )
        if latest[1]:
            created = dict.fromkeys(("created", "updated", "deleted"), build.created)
            yield (
                "latest",
                with_prefix("latest", {"repo_id": repo_id, "build_id": build_id, "type": latest[0], "name": latest[1]} | created),
            )

    def of_stage(
        self, build: PlannedBuild, plan: StagePlan, build_id: int, repo_id: int, number: int, chance: Random
    ) -> Iterator[Row]:
        self.stage_id += 1
        stage, stopped = plan.stage, plan.started + sum(seconds for *_, seconds in plan.steps)
        waits_for = json.dumps(stage.depends_on).encode() if stage.depends_on and number > 1 else b"null"
        yield "stages", with_prefix("stage", {
            "id": self.stage_id, "repo_id": repo_id, "build_id": build_id, "number": number, "kind": "pipeline", "type": "docker",
            "name": stage.name, "status": plan.status, "error": "", "errignore": False, "exit_code": int(plan.status == "failure"), "limit": 0,
            "os": "linux", "arch": "amd64", "variant": "", "kernel": "", "machine": f"runner-{build_id % 3 + 1}" if plan.started else "",
            "started": plan.started, "stopped": stopped, "created": build.created, "updated": stopped or build.created, "version": 4,
            "on_success": True, "on_failure": False, "depends_on": waits_for, "labels": b"null", "limit_repo": 0,
        })  # fmt: skip
        yield from self.of_steps(build, plan, chance)

    def of_steps(self, build: PlannedBuild, plan: StagePlan, chance: Random) -> Iterator[Row]:
        started = plan.started
        for number, (step, status, seconds) in enumerate(plan.steps, 1):
            self.step_id += 1
            ended = status in ENDED
            yield "steps", with_prefix("step", {
                "id": self.step_id, "stage_id": self.stage_id, "number": number, "name": step.name, "status": status, "error": "",
                "errignore": False, "exit_code": {"failure": 1, "killed": 130}.get(status, 0), "started": started if ended else 0,
                "stopped": started + seconds if ended else 0, "version": 3, "depends_on": b"null", "image": step.image, "detached": False,
                "schema": "",
            })  # fmt: skip
            started += seconds
            if ended:
                yield (
                    "logs",
                    {
                        "log_id": self.step_id,
                        "log_data": log_data(log_of(step.name, build, status == "failure", chance), seconds),
                    },
                )


def log_data(printed: Sequence[str], seconds: int) -> bytes:
    """Return a log as Drone keeps it; the lines came evenly over the seconds of the step."""
    lines = [{"pos": pos, "out": f"{line}\n", "time": pos * seconds // len(printed)} for pos, line in enumerate(printed)]
    return json.dumps(lines, ensure_ascii=False).encode() + b"\n"


def build_columns(build: PlannedBuild, build_id: int, repo_id: int, ended: int) -> dict[str, Any]:
    """Return the columns of a build that has ended, or that waits for approval, without their prefix."""
    event, by_hand = build.event, build.event in {"custom", "promote", "rollback"}
    pulled, restarted = event == "pull_request", build.parent is not None and event in {"push", "pull_request"}
    ref = {"pull_request": f"refs/pull/{build.number}/head", "tag": "refs/tags/v0.2.0"}.get(event, f"refs/heads/{build.branch}")
    starter = build.login if by_hand or restarted else "@cron" if event == "cron" else "@hook"
    return {
        "id": build_id, "repo_id": repo_id, "trigger": "" if build.status == "error" else starter, "number": build.number,
        "parent": build.parent.number if build.parent else 0,
        # Drone keeps a build that waits for approval as pending: only its stages are blocked (docs/drone.md 4.3).
        "status": "pending" if build.status == "blocked" else build.status, "error": EDRONES_ERROR if build.status == "error" else "",
        "event": event, "action": {"tag": "create", "pull_request": "opened", "custom": "check"}.get(event, ""),
        "link": f"{FORGE}/{build.service.slug}/commit/{build.after}", "timestamp": 0, "title": build.message if pulled else "",
        "message": build.message, "before": "0" * 40, "after": build.after, "ref": ref, "source_repo": "", "source": build.branch,
        "target": "master" if pulled else "" if event == "tag" else build.branch, "author": build.login, "author_name": PEOPLE[build.login],
        "author_email": f"{build.login}@example.com", "author_avatar": "", "sender": build.login, "deploy": build.target,
        "params": b'{"TARGET":"staging"}' if event == "custom" else b"null", "started": ended, "finished": ended,
        "created": build.created, "updated": ended or build.created, "version": 3, "debug": False,
        "cron": "nightly" if event == "cron" else "", "deploy_id": 0,
    }  # fmt: skip
