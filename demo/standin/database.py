"""Drone's database, as the stand-in reads and writes it: in the form of Drone 2.28.2 (docs/drone.md 4.5, 5)."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from demo.sample_data import sample_builds

Row = dict[str, Any]

# Keys of Drone's answers → columns, where the names differ. What is in OMITTED is left out while it is empty.
BUILD = {
    "id": "id", "repo_id": "repo_id", "trigger": "trigger", "number": "number", "parent": "parent", "status": "status",
    "error": "error", "event": "event", "action": "action", "link": "link", "timestamp": "timestamp", "title": "title",
    "message": "message", "before": "before", "after": "after", "ref": "ref", "source_repo": "source_repo", "source": "source",
    "target": "target", "author_login": "author", "author_name": "author_name", "author_email": "author_email",
    "author_avatar": "author_avatar", "sender": "sender", "params": "params", "cron": "cron", "deploy_to": "deploy",
    "deploy_id": "deploy_id", "debug": "debug", "started": "started", "finished": "finished", "created": "created",
    "updated": "updated", "version": "version",
}  # fmt: skip
STAGE = {key: key for key in (
    "id", "repo_id", "build_id", "number", "name", "kind", "type", "status", "error", "errignore", "exit_code", "machine", "os",
    "arch", "variant", "kernel", "limit", "throttle", "started", "stopped", "created", "updated", "version", "on_success",
    "on_failure", "depends_on", "labels",
)} | {"throttle": "limit_repo"}  # fmt: skip
STEP = {key: key for key in (
    "id", "step_id", "number", "name", "status", "error", "errignore", "exit_code", "started", "stopped", "version", "depends_on",
    "image", "detached", "schema",
)} | {"step_id": "stage_id"}  # fmt: skip
OMITTED = {
    "build": {"parent", "error", "title", "params", "cron", "deploy_to", "deploy_id", "debug"},
    "stage": {"type", "kind", "error", "machine", "variant", "kernel", "limit", "throttle", "depends_on", "labels"},
    "step": {"error", "errignore", "started", "stopped", "depends_on", "image", "detached", "schema"},
}
FORMS = {"build": BUILD, "stage": STAGE, "step": STEP}
BOOLEANS = {"debug", "errignore", "on_success", "on_failure", "detached"}
AS_JSON = {"params", "depends_on", "labels"}


def add_administrator(database: "Database", token: str) -> None:
    """Add the user to whom this token belongs, or give it to the one who is there."""
    now = int(time.time())
    user = sample_builds.with_prefix("user", {
        "id": 1, "login": "ismewen", "email": "", "admin": True, "machine": True, "active": True, "avatar": "", "syncing": False,
        "synced": now, "created": now, "updated": now, "last_login": 0, "oauth_token": b"", "oauth_refresh": b"", "oauth_expiry": 0,
        "hash": token,
    })  # fmt: skip
    with database.lock:
        database.rows("DELETE FROM users WHERE user_id = 1")
        database.insert("users", user)


class Database:
    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, check_same_thread=False, timeout=10, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.lock = threading.RLock()
        self.live_logs: dict[int, list[dict[str, Any]]] = {}  # step id → the lines that a running step has printed

    def rows(self, query: str, *values: Any) -> list[Row]:
        with self.lock:
            return [dict(row) for row in self.connection.execute(query, values)]

    def row(self, query: str, *values: Any) -> Row | None:
        return next(iter(self.rows(query, *values)), None)

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        columns = ", ".join(values)
        with self.lock:
            done = self.connection.execute(
                f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(values))})", list(values.values())
            )
            return int(done.lastrowid or 0)

    def update(self, kind: str, number: int, **values: Any) -> None:
        """Change a row as Drone does: its version rises."""
        changes = ", ".join(f"{kind}_{name} = ?" for name in values)
        with self.lock:
            self.connection.execute(
                f"UPDATE {kind}s SET {changes}, {kind}_version = {kind}_version + 1 WHERE {kind}_id = ?",
                [*values.values(), number],
            )

    def stages(self, build: int) -> list[Row]:
        return self.rows("SELECT * FROM stages WHERE stage_build_id = ? ORDER BY stage_number", build)

    def steps(self, stage: int) -> list[Row]:
        return self.rows("SELECT * FROM steps WHERE step_stage_id = ? ORDER BY step_number", stage)

    def close(self) -> None:
        with self.lock:
            self.connection.close()

    def build_answer(self, build: Row) -> dict[str, Any]:
        """Return a build with its stages and steps, as Drone answers it."""
        stages = []
        for stage in self.stages(build["build_id"]):
            steps = [shown("step", step) for step in self.steps(stage["stage_id"])]
            stages.append(shown("stage", stage) | ({"steps": steps} if steps else {}))
        return shown("build", build) | ({"stages": stages} if stages else {})


def shown(kind: str, row: Row) -> dict[str, Any]:
    """Return a row as Drone's API answers it."""
    answer: dict[str, Any] = {}
    for key, column in FORMS[kind].items():
        value = row[f"{kind}_{column}"]
        if key in AS_JSON:
            value = json.loads(value or "null")
            value = dict(sorted(value.items())) if isinstance(value, dict) else value  # as Go writes maps
        if key in BOOLEANS:
            value = bool(value)
        if value or key not in OMITTED[kind]:
            answer[key] = value
    return answer


def written(value: Any) -> bytes:
    """Return JSON as Go writes it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()


def of(kind: str, values: Mapping[str, Any], bytes_of: Iterable[str] = AS_JSON) -> Row:
    """Return the columns of a row; JSON is stored as bytes, as Drone's driver stores it."""
    return {f"{kind}_{name}": written(value) if name in bytes_of else value for name, value in values.items()}
