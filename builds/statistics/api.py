"""`/api/statistics` and `/api/repos/{slug}/statistics`: the numbers of the pages."""

import time

from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.rules import visible_ids
from builds.rest.base import ApiView, RepositoryView
from builds.rest.shapes import Shape
from builds.statistics.figures import MOST_PAIRS, FlakyStep, Numbers, StepNumbers
from builds.statistics.periods import date_of
from builds.statistics.query import ALTERNATIVES, PARAMETERS, query_of
from builds.statistics.statistics import Statistics, statistics_of
from builds.statistics.tables import rounded


class StatisticsView(ApiView):
    """Over all repositories that the user may see."""

    parameters = PARAMETERS
    alternatives = ALTERNATIVES

    def get(self, request: Request) -> Response:
        query = query_of(request.query_params, time.time())
        statistics = statistics_of(visible_ids(request.user), query.period, query.selection)
        repos = {
            slug: numbers for repo_id, numbers in statistics.figures.repos.items() if (slug := statistics.slugs.get(repo_id))
        }
        listed = [{"slug": slug, **numbers_shape(repos[slug])} for slug in sorted(repos)]
        return Response({**statistics_shape(statistics), "repositories": listed})


class RepositoryStatisticsView(RepositoryView):
    parameters = PARAMETERS
    alternatives = ALTERNATIVES

    def get(self, request: Request, **_: str) -> Response:
        query = query_of(request.query_params, time.time())
        return Response(statistics_shape(statistics_of(frozenset({self.repo.pk}), query.period, query.selection)))


def statistics_shape(statistics: Statistics) -> Shape:
    """Show everything; times are seconds, days are dates in UTC, shares are per cent, and null is «none»."""
    figures = statistics.figures
    return {
        "period": statistics.period.word,
        "first_day": date_of(statistics.period.first).isoformat(),
        "last_day": date_of(statistics.period.last).isoformat(),
        "counted_since": date_of(statistics.since).isoformat(),
        "days_to_sum_up": statistics.left,
        **numbers_shape(figures.numbers),
        "success_percent_before": rounded(statistics.success_before),
        "statuses": figures.statuses,
        "queue_p95": figures.queue_p95,
        "deployments": {
            "count": figures.deployments,
            "a_week": rounded(statistics.per_week),
            "promotions": figures.promotions,
            "rollbacks": figures.rollbacks,
            "failed_or_rolled_back": figures.failed_deployments,
            "failed_or_rolled_back_percent": rounded(statistics.undone),
        },
        "restored": {"count": len(figures.restored), "p50": figures.restore_p50},
        "builds_by_day": [{"since": date_of(day).isoformat(), **numbers_shape(each)} for day, each in figures.buckets.items()],
        "slowest_steps": [step_shape(step, statistics) for step in figures.slowest_steps()],
        "failing_steps": [step_shape(step, statistics) for step in figures.failing_steps()],
        "flaky_steps": [flaky_shape(step, statistics) for step in figures.flaky],
    }


def numbers_shape(numbers: Numbers) -> Shape:
    return {
        "builds": numbers.builds,
        "success": numbers.good,
        "failed": numbers.bad,
        "success_percent": rounded(numbers.success),
        "duration_p50": numbers.p50,
        "duration_p95": numbers.p95,
    }


def step_shape(step: StepNumbers, statistics: Statistics) -> Shape:
    return {
        "slug": statistics.slugs.get(step.repo_id, ""),
        "stage": step.stage,
        "step": step.step,
        "runs": step.runs,
        "failures": step.failures,
        "mean": rounded(step.mean),
        "longest": step.longest,
    }


def flaky_shape(step: FlakyStep, statistics: Statistics) -> Shape:
    return {
        "slug": statistics.slugs.get(step.repo_id, ""),
        "stage": step.stage,
        "step": step.step,
        "failures": step.failures,
        "runs": step.runs,
        "builds": [{"failed": failed, "green": green} for failed, green in step.pairs[:MOST_PAIRS]],
    }
