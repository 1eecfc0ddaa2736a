"""A database of Drone with builds that nobody would want to look at, and one that runs now."""

import json
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.drones import RECORDED

TEXT = "<script>alert(1)</script> \x1b[31mred\x1b]0;title\x07 \u202eevil\u202c \"'& {{ x }} %s"
SECRET = "planted-parameter"
HOSTILE, RUNNING, REFUSED = 900, 901, 902  # numbers of builds in ismewen/edrone
LONG = 60_000  # lines of the long log
LOGS: dict[str, list[str]] = {
    "clone": ["+ git clone\n", "done\n"],
    TEXT: [
        "\x1b[1;32mPASS\x1b[0m ok\n",
        TEXT + "\n",
        "\x1b[0m" + "x" * 2_000_000 + "\n",
        "10 %\r20 %\r100 %\n",
        "\u202e" * 3_000,
    ],
    "long": [f"\x1b[{31 + place % 7}mline {place + 1}\x1b[0m of many & <b>\n" for place in range(LONG)],
}


def log(lines: list[str]) -> bytes:
    """Write a log as Drone stores it."""
    return json.dumps([{"pos": place, "out": line, "time": place // 100} for place, line in enumerate(lines)]).encode()


class Writer:
    """Adds rows that are copies of others, with some columns changed."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        database.row_factory = sqlite3.Row

    def add(self, table: str, key: str, **changed: Any) -> int:
        row = dict(self.database.execute(f"SELECT * FROM {table} ORDER BY {key} LIMIT 1").fetchone())
        row[key] = self.database.execute(f"SELECT max({key}) + 1 FROM {table}").fetchone()[0]
        row |= changed
        marks = ", ".join("?" * len(row))
        self.database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
        return int(row[key])

    def build(self, number: int, **changed: Any) -> int:
        now = int(time.time())
        times = {"build_created": now - 95, "build_started": now - 90, "build_finished": now - 5, "build_updated": now}
        plain = {"build_repo_id": 1, "build_number": number, "build_error": "", "build_deploy": "", "build_params": "null"}
        return self.add("builds", "build_id", **plain | times | changed)

    def stage(
        self, build: int, name: str, status: str, steps: dict[str, str], *, running: bool = False, number: int = 1, **changed: Any
    ) -> None:
        now = int(time.time())
        times = {"stage_started": now - 90, "stage_stopped": 0 if running else now - 5}
        stage = self.add(
            "stages",
            "stage_id",
            stage_build_id=build,
            stage_number=number,
            stage_name=name,
            stage_status=status,
            stage_error="",
            **times | changed,
        )
        for step_number, (step_name, step_status) in enumerate(steps.items(), 1):
            begun = now - 90 + 20 * step_number if step_status not in {"pending", "skipped"} else 0
            step = self.add(
                "steps",
                "step_id",
                step_stage_id=stage,
                step_number=step_number,
                step_name=step_name,
                step_status=step_status,
                step_exit_code=2 if step_status == "failure" else 0,
                step_error="",
                step_started=begun,
                step_stopped=begun + 18 if begun and step_status != "running" else 0,
            )
            if step_name in LOGS and step_status != "running":
                self.add("logs", "log_id", log_id=step, log_data=log(LOGS[step_name]))


def database(path: Path) -> Path:
    """Make it."""
    shutil.copy(RECORDED / "drone-2.28.2.sqlite", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        writer = Writer(connection)
        params = json.dumps({TEXT: TEXT, "DB_PASSWORD": SECRET, "LANG": "de"}).encode()
        texts = (
            "build_message",
            "build_title",
            "build_author",
            "build_author_name",
            "build_sender",
            "build_target",
            "build_source",
        )
        build = writer.build(
            HOSTILE,
            build_status="failure",
            build_event="push",
            build_trigger="@hook",
            build_ref=f"refs/heads/{TEXT}",
            build_link="javascript:alert(1)",
            build_params=params,
            **dict.fromkeys(texts, TEXT),
        )
        writer.stage(build, TEXT[:90], "failure", {"clone": "success", TEXT: "failure", "long": "success", "after": "skipped"})
        running = writer.build(
            RUNNING,
            build_status="running",
            build_event="promote",
            build_trigger="anna",
            build_deploy=TEXT,
            build_message="Ship it\n" + "and\n" * 60,
            build_params=params,
            build_finished=0,
        )
        writer.stage(running, "deploy", "running", {"clone": "success", "helm": "running", "notify": "pending"}, running=True)
        writer.build(REFUSED, build_status="error", build_trigger="", build_error=f"linter: unsupported os: {TEXT}")
        connection.execute(
            "INSERT INTO latest (latest_repo_id, latest_type, latest_name, latest_build_id, latest_created, latest_updated,"
            " latest_deleted) VALUES (1, 'deployment', ?, ?, 0, 0, 0)",
            [TEXT, running],
        )
        connection.execute(
            "UPDATE cron SET cron_name = ?, cron_branch = ? WHERE cron_id = (SELECT min(cron_id) FROM cron)", [TEXT[:50], TEXT]
        )
    return path
