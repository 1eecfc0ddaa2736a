"""The numbers of a period as docs/statistics.md defines them: its SQL, run on Drone's tables."""

import re
from collections import defaultdict
from typing import Any

from django.db import connections

from tests.server import ROOT

STATEMENTS = dict(re.findall(r"```sql (\w+)\n(.*?)```", (ROOT / "docs" / "statistics.md").read_text(), re.DOTALL))


def rows(name: str, begin: int, end: int, condition: str = "") -> list[tuple[Any, ...]]:
    """Run a statement of the document; `condition` is what `counted` goes on with."""
    counted = STATEMENTS["counted"].replace("AND build_created < :end\n", f"AND build_created < :end {condition}\n")
    sql = f"{counted} {STATEMENTS[name]}".replace(":begin", str(begin)).replace(":end", str(end))
    with connections["drone"].cursor() as cursor:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]


def rank(values: list[int], share: int) -> int | None:
    return values[-(-len(values) * share // 100) - 1] if values else None


def numbers(begin: int, end: int, condition: str = "") -> dict[str, Any]:
    """Return all numbers, to be compared with `ours`."""

    def asked(name: str) -> list[tuple[Any, ...]]:
        return rows(name, begin, end, condition)

    durations, queue, restored = ([row[0] for row in asked(name)] for name in ("durations", "queue", "restored"))
    (good, finished), (deployments, promotions, undone) = asked("success")[0], asked("deployments")[0]
    flaky = defaultdict[tuple[Any, ...], list[tuple[int, int]]](list)
    for *key, failed, green in asked("flaky"):
        flaky[tuple(key)].append((failed, green))
    return {
        "statuses": dict(asked("statuses")),
        "success": (good or 0, finished),
        "duration": (rank(durations, 50), rank(durations, 95)),
        "queue": rank(queue, 95),
        "steps": {tuple(row[:3]): tuple(map(int, row[3:])) for row in asked("steps")},
        "flaky": {key: sorted(pairs) for key, pairs in flaky.items()},
        "deployments": (deployments or 0, promotions or 0, undone or 0),
        "restored": restored,
    }


def ours(figures: Any) -> dict[str, Any]:
    """Return edrone's numbers in the same form."""
    return {
        "statuses": figures.statuses,
        "success": (figures.numbers.good, figures.numbers.finished),
        "duration": (figures.numbers.p50, figures.numbers.p95),
        "queue": figures.queue_p95,
        "steps": {
            (step.repo_id, step.stage, step.step): (step.runs, step.failures, step.seconds, step.longest)
            for step in figures.steps
        },
        "flaky": {(step.repo_id, step.stage, step.step): sorted(step.pairs) for step in figures.flaky},
        "deployments": (figures.deployments, figures.promotions, figures.failed_deployments),
        "restored": sorted(figures.restored),
    }
