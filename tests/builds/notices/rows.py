"""Builds written as Drone writes them, into a copy of its database."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from tests import drones

START = 1_790_000_000  # Unix seconds


class Rows:
    """A database of Drone's without any builds, and somebody who writes them."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock, self.last = path, START, 0
        self.execute("DELETE FROM builds", "DELETE FROM stages", "DELETE FROM steps")
        self.repos = dict(self.select("SELECT repo_slug, repo_id FROM repos"))
        self.numbers = dict.fromkeys(self.repos.values(), 0)

    def execute(self, *statements: str, values: tuple[Any, ...] = ()) -> None:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            connection.execute("PRAGMA synchronous=OFF")
            for statement in statements:
                connection.execute(statement, values)

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path, timeout=30)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def start(self, slug: str = "shop/cart", **columns: Any) -> int:
        """Write a build that waits for a runner; give its id."""
        self.clock, self.last, repo = self.clock + 1, self.last + 1, self.repos[slug]
        self.numbers[repo] += 1
        values = {
            "id": self.last, "repo_id": repo, "number": self.numbers[repo], "status": "pending", "event": "push",
            "ref": "refs/heads/master", "target": "master", "after": f"{self.last:040x}", "deploy": "", "cron": "", "action": "",
            "message": "a change", "author": "ann", "sender": "ann", "trigger": "@hook", "created": self.clock,
            "started": 0, "finished": 0, "updated": self.clock,
        } | columns  # fmt: skip
        names = ", ".join(f"build_{name}" for name in values)
        self.execute(f"INSERT INTO builds ({names}) VALUES ({', '.join('?' * len(values))})", values=tuple(values.values()))
        return int(values["id"])

    def end(self, build: int, status: str) -> int:
        """Let a build end."""
        self.clock += 1
        self.execute(
            "UPDATE builds SET build_status = ?, build_started = ?, build_finished = ?, build_updated = ? WHERE build_id = ?",
            values=(status, self.clock - 1, self.clock, self.clock, build),
        )
        return build

    def run(self, status: str, **columns: Any) -> int:
        return self.end(self.start(**columns), status)

    def stage(self, build: int, status: str, name: str = "test", step: str = "", exit_code: int = 0) -> None:
        self.execute(
            "INSERT INTO stages (stage_repo_id, stage_build_id, stage_number, stage_name, stage_status, stage_error) "
            "VALUES (1, ?, (SELECT COUNT(*) + 1 FROM stages WHERE stage_build_id = ?), ?, ?, '')",
            values=(build, build, name, status),
        )
        if step:
            self.execute(
                "INSERT INTO steps (step_stage_id, step_number, step_name, step_status, step_exit_code, step_error) "
                "VALUES ((SELECT MAX(stage_id) FROM stages), 1, ?, ?, ?, '')",
                values=(step, status, exit_code),
            )

    def set_stages(self, build: int, status: str) -> None:
        self.execute("UPDATE stages SET stage_status = ? WHERE stage_build_id = ?", values=(status, build))


class PostgresRows(Rows):
    """The same in PostgreSQL."""

    def __init__(self, database: dict[str, Any]) -> None:
        self.database = database
        super().__init__(Path())

    def execute(self, *statements: str, values: tuple[Any, ...] = ()) -> None:
        connection = psycopg2.connect(dbname=self.database["NAME"], user="postgres", host=self.database["HOST"])
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.replace("?", "%s"), values)
        connection.close()

    def select(self, statement: str) -> list[tuple[Any, ...]]:
        return drones.execute(self.database, statement)
