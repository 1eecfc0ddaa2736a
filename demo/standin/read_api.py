"""The part of Drone's API that only reads, and who asks for what (docs/drone.md 4.2, 4.3)."""

import re
from typing import Any

from demo.standin.database import Database, Row, shown
from demo.standin.http import Request, Response

NO_ROWS = "sql: no rows in result set"


class ErrorAnswer(Exception):
    """An error in the form of Drone's API."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ReadApi:
    def __init__(self, database: Database) -> None:
        self.database = database

    def caller(self, request: Request) -> Row | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or dict(request.query).get("access_token", "")
        return self.database.row("SELECT * FROM users WHERE user_hash = ?", token)

    def writer(self, request: Request) -> Row:
        user = self.caller(request)
        if user is None:
            raise ErrorAnswer(401, "Unauthorized")
        if not user["user_admin"]:
            raise ErrorAnswer(404, "Not Found")
        return user

    def repo(self, request: Request, namespace: str, name: str) -> Row:
        repo = self.database.row("SELECT * FROM repos WHERE repo_slug = ?", f"{namespace}/{name}")
        if repo is None:
            raise ErrorAnswer(404, "Not Found") if self.caller(request) else ErrorAnswer(401, "Unauthorized")
        return repo

    def build(self, repo: Row, number: str) -> Row:
        query = "SELECT * FROM builds WHERE build_repo_id = ? AND build_number = ?"
        build = self.database.row(query, repo["repo_id"], integer(number))
        if build is None:
            raise ErrorAnswer(404, NO_ROWS)
        return build

    def user(self, request: Request) -> Any:
        user = self.caller(request)
        if user is None:
            raise ErrorAnswer(401, "Unauthorized")
        names = (
            "id",
            "login",
            "email",
            "machine",
            "admin",
            "active",
            "avatar",
            "syncing",
            "synced",
            "created",
            "updated",
            "last_login",
        )
        flags = {"machine", "admin", "active", "syncing"}
        return {name: bool(user[f"user_{name}"]) if name in flags else user[f"user_{name}"] for name in names}

    def list(self, request: Request, *slug: str) -> Any:
        repo, query = self.repo(request, *slug), dict(request.query)
        size = int(query.get("per_page", "25")) if query.get("per_page", "25").isdigit() else 25
        size = size if 1 <= size <= 100 else 25
        page = max(int(query["page"]), 1) if query.get("page", "").isdigit() else 1
        rows = self.database.rows("SELECT * FROM builds WHERE build_repo_id = ? ORDER BY build_id DESC", repo["repo_id"])
        ref = f"refs/heads/{query['branch']}" if "branch" in query else f"refs/tags/{query['tag']}" if "tag" in query else ""
        rows = [row for row in rows if not ref or row["build_ref"] == ref]
        return [shown("build", row) for row in rows[(page - 1) * size : page * size]]

    def latest(self, request: Request, *slug: str) -> Any:
        repo, query = self.repo(request, *slug), dict(request.query)
        ref = query.get("ref") or f"refs/heads/{query.get('branch') or repo['repo_branch']}"
        where = "SELECT * FROM builds WHERE build_repo_id = ? AND build_ref = ? ORDER BY build_id DESC LIMIT 1"
        if (build := self.database.row(where, repo["repo_id"], ref)) is None:
            raise ErrorAnswer(404, NO_ROWS)
        return self.database.build_answer(build)

    def find(self, request: Request, namespace: str, name: str, number: str) -> Any:
        return self.database.build_answer(self.build(self.repo(request, namespace, name), number))

    def log(self, request: Request, namespace: str, name: str, number: str, stage: str, step: str) -> Any:
        row = self.database.row(
            "SELECT log_data FROM logs WHERE log_id = ?", self.step_id(request, namespace, name, number, stage, step)
        )
        if row is None:
            raise ErrorAnswer(404, NO_ROWS)
        return Response(200, bytes(row["log_data"]))

    def step_id(self, request: Request, namespace: str, name: str, number: str, stage: str, step: str) -> int:
        repo, _ = self.repo(request, namespace, name), (integer(number), integer(stage, "Atoi"), integer(step, "Atoi"))
        row = self.database.row(
            "SELECT step_id FROM stages JOIN steps ON step_stage_id = stage_id "
            "WHERE stage_build_id = ? AND stage_number = ? AND step_number = ?",
            self.build(repo, number)["build_id"], integer(stage, "Atoi"), integer(step, "Atoi"),
        )  # fmt: skip
        if row is None:
            raise ErrorAnswer(404, NO_ROWS)
        return int(row["step_id"])


def integer(text: str, function: str = "ParseInt") -> int:
    """Return a number as Go's strconv parses it."""
    if not re.fullmatch(r"[-+]?\d+", text, re.ASCII):
        raise ErrorAnswer(400, f'strconv.{function}: parsing "{text}": invalid syntax')
    if not -(2**63) <= int(text) < 2**63:
        raise ErrorAnswer(400, f'strconv.{function}: parsing "{text}": value out of range')
    return int(text)
