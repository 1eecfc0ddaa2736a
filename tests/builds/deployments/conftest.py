"""A Drone of which the newest builds are deployments; statements change it as something else than edrone would."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from builds.drone_db.models import Build
from tests.builds.conftest import Change

SLUG = "ismewen/edrone"
HEAD = "kind: operation\ntitle: Deploy\nlevel: deploy\ntarget: TARGET\ninputs: {TARGET: {type: string}, TOKEN: , DB_TOKEN: }\n"
TREE = {
    "edrone/_operations/deploy.yaml": f"{HEAD}---\nkind: pipeline\nname: deploy\nsteps: []\n",
    "edrone/_operations/secret.yaml": f"{HEAD.replace('target: TARGET', 'target: DB_TOKEN')}---\nkind: pipeline\nname: x\n",
    "edrone/_operations/check.yaml": "kind: operation\ninputs: {TARGET: }\n---\nkind: pipeline\nname: check\n",
    "default.yaml": "kind: pipeline\nname: test\n",
}
Add = Callable[..., int]


@pytest.fixture
def add(change: Change, tree: Any) -> Add:
    """Add a build to ismewen/edrone by columns without `build_`; return its number."""
    tree(TREE)
    change(
        "DELETE FROM latest WHERE latest_type = 'deployment'",
        "UPDATE builds SET build_event = 'push', build_deploy = '' WHERE build_event IN ('promote', 'rollback', 'custom')",
    )
    columns = [str(field.column) for field in Build._meta.fields]  # noqa: SLF001 - documented by Django

    def add(number: int, **values: Any) -> int:
        fixed = {
            "event": "push", "status": "success", "deploy": "", "action": "", "params": "null", "trigger": "@hook",
            "ref": "refs/heads/master", "after": f"{number:040x}", "created": 1_700_000_000 + number, "error": "", "parent": 0,
            "finished": 1_700_000_100 + number, "message": f"Change {number}", "author": "wei", "sender": "wei", "cron": "",
        } | values  # fmt: skip
        if isinstance(fixed["params"], dict):
            fixed["params"] = json.dumps(fixed["params"])
        given = {f"build_{name}": value for name, value in fixed.items()}
        given |= {"build_id": "(SELECT max(build_id) + 1 FROM builds)", "build_number": number}
        selected = [
            given[column] if column in {"build_id", "build_number"} else literal(given[column]) if column in given else column
            for column in columns
        ]
        change(
            f"INSERT INTO builds ({', '.join(columns)}) SELECT {', '.join(map(str, selected))} FROM builds "
            "WHERE build_repo_id = 1 ORDER BY build_id LIMIT 1"
        )
        return number

    return add


def literal(value: Any) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def promote(add: Add, number: int, target: str, **values: Any) -> int:
    return add(number, **{"event": "promote", "deploy": target, "trigger": "ann", "parent": 1} | values)


def operate(add: Add, number: int, target: str, **values: Any) -> int:
    return add(number, **{"event": "custom", "action": "deploy", "params": {"TARGET": target}, "trigger": "ann"} | values)
