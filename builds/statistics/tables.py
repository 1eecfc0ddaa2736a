"""The tables of statistics as CSV files."""

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

from builds.statistics.figures import StepNumbers
from builds.statistics.periods import date_of
from builds.statistics.statistics import Statistics

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which spreadsheets begin a formula: names are other people's
Rows = Iterable[tuple[Any, ...]]


def overview(statistics: Statistics) -> Rows:
    figures = statistics.figures
    yield "number", "value"
    yield "builds", figures.numbers.builds
    yield from figures.statuses.items()
    yield "success_percent", rounded(figures.numbers.success)
    yield "success_percent_before", rounded(statistics.success_before)
    yield "duration_p50_seconds", figures.numbers.p50
    yield "duration_p95_seconds", figures.numbers.p95
    yield "queue_p95_seconds", figures.queue_p95
    yield "deployments", figures.deployments
    yield "deployments_a_week", rounded(statistics.per_week)
    yield "deployments_failed_or_rolled_back_percent", rounded(statistics.undone)
    yield "times_restored", len(figures.restored)
    yield "time_to_restore_p50_seconds", figures.restore_p50


def builds(statistics: Statistics) -> Rows:
    yield "since", "builds", "success", "failed", "success_percent", "p50_seconds", "p95_seconds"
    for first, numbers in statistics.figures.buckets.items():
        counts = numbers.builds, numbers.good, numbers.bad, rounded(numbers.success)
        yield date_of(first), *counts, numbers.p50, numbers.p95


def steps(statistics: Statistics) -> Rows:
    yield "repository", "stage", "step", "runs", "failures", "mean_seconds", "longest_seconds"
    for step in sorted(statistics.figures.steps, key=by_name):
        yield (
            statistics.slugs.get(step.repo_id, ""),
            step.stage,
            step.step,
            step.runs,
            step.failures,
            rounded(step.mean),
            step.longest,
        )


def flaky(statistics: Statistics) -> Rows:
    yield "repository", "stage", "step", "failures", "runs"
    for step in statistics.figures.flaky:
        yield statistics.slugs.get(step.repo_id, ""), step.stage, step.step, step.failures, step.runs


def repositories(statistics: Statistics) -> Rows:
    yield "repository", "builds", "success", "failed", "success_percent", "p50_seconds", "p95_seconds"
    for repo_id, numbers in statistics.figures.repos.items():
        counts = numbers.builds, numbers.good, numbers.bad, rounded(numbers.success)
        yield statistics.slugs.get(repo_id, ""), *counts, numbers.p50, numbers.p95


TABLES: dict[str, Callable[[Statistics], Rows]] = {
    function.__name__: function for function in (overview, builds, steps, flaky, repositories)
}


def csv_of(rows: Rows) -> str:
    file = io.StringIO()
    csv.writer(file).writerows([harmless(value) for value in row] for row in rows)
    return file.getvalue()


def harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def by_name(step: StepNumbers) -> tuple[int, str, str]:
    return step.repo_id, step.stage, step.step
