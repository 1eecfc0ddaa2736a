"""How a build comes to be, in Drone's order (docs/drone.md 2)."""

import hashlib
import re
import time
from collections.abc import Mapping
from typing import Any

from demo.standin.database import Database, Row, of, shown
from demo.standin.pipelines import BrokenYaml, Pipeline, lint, matches, parsed
from demo.standin.signing import is_signed
from demo.standin.validation import NotValid, Skipped, Validator
from demo.standin.yaml_source import NoConfig, NotConverted, YamlSource

SKIPPED_BY_HOOK = ("[ci skip]", "[skip ci]", "***no_ci***")
NEVER_SKIPPED = {"tag", "cron", "custom", "promote", "rollback"}
EMPTY: dict[str, Any] = {
    "trigger": "", "parent": 0, "event": "", "action": "", "link": "", "timestamp": 0, "title": "", "message": "", "before": "",
    "after": "", "ref": "", "source_repo": "", "source": "", "target": "", "author_login": "", "author_name": "", "author_email": "",
    "author_avatar": "", "sender": "", "params": {}, "cron": "", "deploy_to": "", "deploy_id": 0, "debug": False,
}  # fmt: skip


class NotTriggered(Exception):
    """Drone answers 500 with this message and creates no build."""


def trigger(
    database: Database, source: YamlSource, validator: Validator | None, repo: Row, wanted: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Create a build and return it; None if Drone would create none and answer `null`."""
    now = int(time.time())
    build = (
        EMPTY
        | dict(wanted)
        | {"id": 0, "repo_id": repo["repo_id"], "number": 0, "status": "pending", "started": 0, "finished": 0}
    )
    build |= {"created": now, "updated": now, "version": 0, "params": dict(sorted(build["params"].items()))}
    if build["event"] not in NEVER_SKIPPED and any(words in build["message"].lower() for words in SKIPPED_BY_HOOK):
        return None
    try:
        text = source.text(build, repo)
    except NoConfig as error:
        raise NotTriggered(str(error)) from None
    except NotConverted as error:
        return stored(database, repo, build | failed(str(error), now), [])
    try:
        found = parsed(text)
        blocked = validator is not None and validator.blocks(build, repo, text)
        lint(found)
        matching = [pipeline for pipeline in found if matches(pipeline, build, repo["repo_slug"])]
    except Skipped:
        return None
    except (BrokenYaml, NotValid) as error:
        return stored(database, repo, build | failed(str(error), now), [])
    build["created"] = build["updated"] = int(time.time())  # not that of the requests above, if they took long
    held = repo["repo_protected"] and build["trigger"] == "@hook" and not is_signed(text, repo["repo_secret"])
    return stored(database, repo, build, matching, blocked=blocked or bool(held)) if matching else None


def failed(error: str, now: int) -> dict[str, Any]:
    """Return what is kept of a build that Drone refuses."""
    return {"status": "error", "error": error, "trigger": "", "params": {}, "cron": "", "started": now, "finished": now}


def stored(
    database: Database, repo: Row, build: dict[str, Any], pipelines: list[Pipeline], *, blocked: bool = False
) -> dict[str, Any]:
    """Write the build and its stages, and count it."""
    with database.lock:
        database.connection.execute("BEGIN IMMEDIATE")
        try:
            number = database.rows("SELECT repo_counter FROM repos WHERE repo_id = ?", repo["repo_id"])[0]["repo_counter"] + 1
            database.update("repo", repo["repo_id"], counter=number)
            columns = {key: value for key, value in build.items() if key not in {"id", "author_login", "deploy_to"}}
            columns |= {"number": number, "author": build["author_login"], "deploy": build["deploy_to"], "version": 1}
            columns |= {"params": build["params"] or None, "error": build.get("error", "")}
            identity = database.insert("builds", of("build", columns))
            names = [pipeline.get("name") or "default" for pipeline in pipelines]
            for position, pipeline in enumerate(pipelines, 1):
                stage = stage_of(pipeline, build, identity, position, names) | ({"status": "blocked"} if blocked else {})
                database.insert("stages", of("stage", stage))
            note_latest(database, build, identity)
            row = database.rows("SELECT * FROM builds WHERE build_id = ?", identity)[0]  # before the runner can have it
            database.connection.execute("COMMIT")
        except BaseException:
            database.connection.execute("ROLLBACK")
            raise
    return shown("build", row)


def note_latest(database: Database, build: Mapping[str, Any], identity: int) -> None:
    """Record the build as the newest of its branch, pull request or target (docs/drone.md 5.2)."""
    number = re.search(r"\d+", build["ref"])
    match build["event"]:
        case "push":
            kind, name = "branch", build["target"]
        case "pull_request":
            kind, name = "pull_request", number[0] if number else ""
        case "promote" | "rollback":
            kind, name = "deployment", build["deploy_to"]
        case _:
            return
    now = build["created"]
    database.rows(
        "INSERT INTO latest (latest_repo_id, latest_type, latest_name, latest_build_id, latest_created, latest_updated, latest_deleted)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (latest_repo_id, latest_type, latest_name) DO UPDATE SET latest_build_id = excluded.latest_build_id",
        build["repo_id"], kind, name, identity, now, now, now,
    )  # fmt: skip


def stage_of(pipeline: Pipeline, build: Mapping[str, Any], identity: int, number: int, names: list[str]) -> dict[str, Any]:
    """Return the columns of a stage; dependencies that were not matched are left out."""
    waits_for = [name for name in pipeline.get("depends_on") or [] if name in names]
    platform = pipeline.get("platform") or {}
    runner = pipeline.get("type") or ("docker" if pipeline["kind"] == "pipeline" else "")
    return {
        "repo_id": build["repo_id"], "build_id": identity, "number": number, "kind": pipeline["kind"], "type": runner,
        "name": pipeline.get("name") or "default", "status": "waiting_on_dependencies" if waits_for else "pending", "error": "",
        "errignore": False, "exit_code": 0, "limit": 0, "limit_repo": 0, "os": platform.get("os", "linux"),
        "arch": platform.get("arch", "amd64"), "variant": "", "kernel": "", "machine": "", "started": 0, "stopped": 0,
        "created": build["created"], "updated": build["created"], "version": 1, "on_success": True, "on_failure": False,
        "depends_on": waits_for or None, "labels": None,
    }  # fmt: skip


def last_push(database: Database, repo: Row, ref: str) -> dict[str, Any] | None:
    """Return the commit of the last push to a branch."""
    pushed = database.row(
        "SELECT build_message, build_before, build_after, build_link, build_author, build_author_name, build_author_email FROM builds"
        " WHERE build_repo_id = ? AND build_ref = ? AND build_event = 'push' ORDER BY build_number DESC LIMIT 1",
        repo["repo_id"], ref,
    )  # fmt: skip
    names = ("message", "before", "after", "link", "author_login", "author_name", "author_email")
    return dict(zip(names, pushed.values(), strict=True)) if pushed else None


def commit_of(repo: Row, ref: str) -> dict[str, Any]:
    """Return a commit of any branch, as a forge would."""
    sha = hashlib.sha1(f"{repo['repo_slug']} {ref}".encode(errors="surrogateescape")).hexdigest()
    return {
        "message": f"Change {sha[:7]}", "before": sha, "after": sha, "link": f"{repo['repo_html_url']}/commit/{sha}",
        "author_login": "ismewen", "author_name": "Is Mewen", "author_email": "i@example.com",
    }  # fmt: skip
