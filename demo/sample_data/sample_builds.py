"""Sample data: a small database of the form of Drone 2.28.2's, so that a first look at edrone shows something.

Made anew at each start where EDRONE_DEMO is set. Everything in it is made up; times are relative to when it is made.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

FORGE = "https://git.example.com"
REPOS = ("ismewen/edrone", "shop/cart", "shop/checkout", "platform/billing-api", "octocat/hello", "platform/attic")
PEOPLE = (("ismewen", "Is Mewen"), ("ann", "Ann Example"), ("wei", "王伟"), ("renovate", "Renovate Bot"))
BRANCHES = ("master", "develop", "release/1.2", "feature/login")
MESSAGES = (
    "Retry the upload when the registry answers 502",
    "Make the health check say which part is missing",
    "修复购物车为空时的错误",
    "Raise Django to 5.2.4",
    "Split the slow test in two",
    "Add a dark theme <b>without</b> new colours & fonts",
)
EVENTS = ("push", "push", "push", "pull_request", "tag", "cron", "custom", "promote", "rollback")
STATUSES = ("success", "success", "success", "failure", "success", "error", "killed", "skipped", "declined")
LATER = ("success", "success", "success", "success", "failure", "killed")
BUILDS = (48, 16, 16, 16, 16, 0)  # of each repository; the last is not active
# The newest of the first repository, by age: status, and seconds since it began.
UNDER_WAY = {0: ("pending", 40), 1: ("running", 170), 2: ("blocked", 600)}
FINISHED_STEP = {"success": "success", "failure": "failure", "killed": "killed"}
STEPS = (
    ("clone", "drone/git:latest", ("Initialized empty Git repository in /drone/src/.git/", "HEAD is now at {after:.7} {message}")),
    ("test", "python:3.13-slim", ("+ pytest -q", "\x1b[32m..........................\x1b[0m [100%]", "\x1b[1;32m26 passed\x1b[0m in 4.21s")),
    ("image", "plugins/docker", ("+ docker build --tag registry.example.com/{slug}:{after:.7} .", "\x1b[36m[3/3]\x1b[0m exporting image")),
)  # fmt: skip
FAILED = ("\x1b[31mE       AssertionError: expected 200, got 502\x1b[0m", "\x1b[1;31m1 failed\x1b[0m, 25 passed in 4.30s")


def make(path: Path, *, under_way: bool = True) -> None:
    """Write the database anew; whoever has the old one open goes on reading that.

    Args:
        path: of the file.
        under_way: some builds have not finished, which they never will, as nothing runs them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with closing(sqlite3.connect(new)) as connection, connection:
        connection.executescript(Path(__file__).with_name("sample_builds.sql").read_text())
        for table, row in rows(int(time.time()), UNDER_WAY if under_way else {}):
            columns = ", ".join(row)
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - ours
    new.replace(path)


Row = tuple[str, dict[str, Any]]  # table, column → value


def rows(now: int, under_way: Mapping[int, tuple[str, int]]) -> Iterator[Row]:
    """Return all rows of the database: the same at each call, apart from times."""
    chance = Random(5)  # noqa: S311 - nothing secret
    planned: list[tuple[int, int, int, str]] = []  # when, repository, number, status
    for repo_id, slug in enumerate(REPOS, 1):
        count = BUILDS[repo_id - 1]
        yield "repos", repo(repo_id, slug, count, now)
        for number in range(1, count + 1):
            age = count - number
            status, ago = under_way.get(age, ("", 0)) if repo_id == 1 else ("", 0)
            # Each status once, then as in life.
            status = status or (
                STATUSES[(number + 2 * repo_id) % len(STATUSES)] if number <= len(STATUSES) else chance.choice(LATER)
            )
            planned.append((now - (ago or 900 + age * 5_400 + chance.randrange(1_800)), repo_id, number, status))
    for build_id, (created, repo_id, number, status) in enumerate(sorted(planned), 1):
        yield from build(chance, build_id, repo_id, REPOS[repo_id - 1], number, status, created)
    yield "cron", with_prefix("cron", {
        "id": 1, "repo_id": 1, "name": "nightly", "expr": "0 0 2 * * *", "next": now + 30_000, "prev": now - 56_400, "event": "push",
        "branch": "master", "target": "", "disabled": False, "created": now - 9_000_000, "updated": now - 9_000_000, "version": 1,
    })  # fmt: skip


def with_prefix(prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the columns with Drone's names for them, which begin with the table's."""
    return {f"{prefix}_{name}": value for name, value in values.items()}


def repo(number: int, slug: str, counter: int, now: int) -> dict[str, Any]:
    namespace, name = slug.split("/")
    return with_prefix("repo", {
        "id": number, "uid": str(number), "user_id": 1, "namespace": namespace, "name": name, "slug": slug, "scm": "",
        "clone_url": f"{FORGE}/{slug}.git", "ssh_url": f"git@git.example.com:{slug}.git", "html_url": f"{FORGE}/{slug}",
        "active": counter > 0, "private": number % 2 == 0, "visibility": "private" if number % 2 == 0 else "public",
        "branch": "master", "counter": counter, "config": ".drone.yml", "timeout": 60, "trusted": False, "protected": False,
        "synced": now - 600, "created": now - 9_000_000, "updated": now - 600, "version": 1, "signer": "", "secret": "",
    })  # fmt: skip


def build(chance: Random, build_id: int, repo_id: int, slug: str, number: int, status: str, created: int) -> Iterator[Row]:
    """Return the rows of a build: its stages, steps and logs too."""
    event, branch = EVENTS[number % len(EVENTS)], BRANCHES[number % len(BRANCHES)]
    login, name = PEOPLE[chance.randrange(len(PEOPLE))]
    after, message = f"{chance.getrandbits(160):040x}", MESSAGES[chance.randrange(len(MESSAGES))]
    by_hand = event in {"custom", "promote", "rollback"}
    ref = {"pull_request": f"refs/pull/{number}/head", "tag": f"refs/tags/v1.{number}.0"}.get(event, f"refs/heads/{branch}")
    started = created + 3 if status in {"success", "failure", "killed", "running"} else 0
    ended = 0 if status in {"running", "pending", "blocked"} else created + 60 + chance.randrange(240)
    # Drone keeps a build that waits for approval as pending: only its stages are blocked (docs/drone.md 4.3).
    shown = "pending" if status == "blocked" else status
    yield "builds", with_prefix("build", {
        "id": build_id, "repo_id": repo_id, "trigger": "" if status == "error" else "@cron" if event == "cron" else login if by_hand else "@hook",
        "number": number, "parent": number - 1 if event in {"promote", "rollback"} else 0, "status": shown,
        "error": "linter: unsupported os: edrone: projects/default.yaml: no image" if status == "error" else "", "event": event,
        "action": {"tag": "create", "pull_request": "opened", "custom": "check"}.get(event, ""), "link": f"{FORGE}/{slug}/commit/{after}",
        "timestamp": 0, "title": message if event == "pull_request" else "", "message": message, "before": f"{chance.getrandbits(160):040x}",
        "after": after, "ref": ref, "source_repo": "", "source": "fix/login" if event == "pull_request" else branch, "target": "" if event == "tag" else branch, "author": login,
        "author_name": name, "author_email": f"{login}@example.com", "author_avatar": "", "sender": login,
        "deploy": "production" if event in {"promote", "rollback"} else "", "params": b'{"TARGET":"staging"}' if event == "custom" else b"null",
        "started": started or ended, "finished": ended, "created": created, "updated": ended or created, "version": 3, "debug": False,
        "cron": "nightly" if event == "cron" else "", "deploy_id": 0,
    })  # fmt: skip
    if status != "error":
        yield from stages(build_id, repo_id, status, created, ended, {"after": after, "message": message, "slug": slug})
    kinds = {"push": ("branch", branch), "pull_request": ("pull_request", str(number))}
    kind = kinds.get(event) or (("deployment", "production") if event in {"promote", "rollback"} else None)
    if kind:
        values = {
            "repo_id": repo_id,
            "build_id": build_id,
            "type": kind[0],
            "name": kind[1],
            "created": created,
            "updated": created,
            "deleted": created,
        }
        yield "latest", with_prefix("latest", values)


def stages(build_id: int, repo_id: int, status: str, created: int, ended: int, words: dict[str, str]) -> Iterator[Row]:
    """Return the rows of both stages of a build; the second waits for the first."""
    later = {
        "pending": "waiting_on_dependencies",
        "running": "waiting_on_dependencies",
        "failure": "skipped",
        "killed": "skipped",
    }
    for number, (name, stage_status) in enumerate((("test", status), ("deploy", later.get(status, status))), 1):
        stage_id = build_id * 2 + number - 2
        ran = stage_status in {"success", "failure", "killed", "running"}
        yield "stages", with_prefix("stage", {
            "id": stage_id, "repo_id": repo_id, "build_id": build_id, "number": number, "kind": "pipeline", "type": "docker", "name": name,
            "status": stage_status, "error": "", "errignore": False, "exit_code": 1 if stage_status == "failure" else 0, "limit": 0,
            "os": "linux", "arch": "amd64", "variant": "", "kernel": "", "machine": "runner-1" if ran else "", "started": created + 3 if ran else 0,
            "stopped": ended if ran else 0, "created": created, "updated": ended or created, "version": 4, "on_success": True,
            "on_failure": False, "depends_on": b'["test"]' if number == 2 else b"null", "labels": b"null", "limit_repo": 0,  # noqa: PLR2004
        })  # fmt: skip
        if ran:
            yield from steps(stage_id, stage_status, created + 3, words)


def steps(stage_id: int, status: str, started: int, words: dict[str, str]) -> Iterator[Row]:
    """Return the rows of the steps of a stage that a runner took, and of their logs."""
    for number, (name, image, printed) in enumerate(STEPS, 1):
        step_id = (stage_id - 1) * len(STEPS) + number
        before_last = number < len(STEPS) - 1
        here = (
            "success"
            if before_last
            else status
            if number == len(STEPS) - 1
            else {"success": "success", "running": "pending"}.get(status, "skipped")
        )
        done = here in FINISHED_STEP
        yield "steps", with_prefix("step", {
            "id": step_id, "stage_id": stage_id, "number": number, "name": name, "status": here, "error": "", "errignore": False,
            "exit_code": {"failure": 1, "killed": 130}.get(here, 0), "started": started + number * 5 if done or here == "running" else 0,
            "stopped": started + number * 5 + 5 if done else 0, "version": 3, "depends_on": b"null", "image": image, "detached": False,
            "schema": "",
        })  # fmt: skip
        if done:
            lines = [*printed[:1], *FAILED] if here == "failure" else printed
            data = [{"pos": pos, "out": f"{line.format(**words)}\n", "time": pos} for pos, line in enumerate(lines)]
            yield "logs", {"log_id": step_id, "log_data": json.dumps(data, ensure_ascii=False).encode() + b"\n"}
