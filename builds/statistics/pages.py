"""The pages of statistics: of all repositories that the reader may see, and of one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.access.finding import find_repo
from builds.access.rules import visible_ids
from builds.drone_db.build_pages import RepoIds
from builds.drone_db.models import Repo
from builds.drone_db.vocabulary import Event
from builds.repositories.head import head
from builds.rest.errors import BadRequest
from builds.statistics.charts import chart
from builds.statistics.figures import LISTED, MOST_PAIRS, FlakyStep, Numbers, StepNumbers
from builds.statistics.periods import SECONDS, NoPeriod, date_of, months
from builds.statistics.query import PARAMETERS, StatisticsQuery, query_of
from builds.statistics.statistics import PATIENCE, Statistics, statistics_of
from builds.statistics.tables import TABLES, csv_of
from web.error_pages import saying
from web.labels import EVENTS
from web.pages import shown
from web.parameters import NotUnderstood, cannot_be, refuse_other_words, refuse_unknown

PATIENCE_OF_A_SCRIPT = 1.0  # seconds: the page is there already, and asks again while days are summed up
FLAKY = 20  # lines
QUICK = 3  # months that are one click away
LENGTHS = {"7": _("7 days"), "30": _("30 days"), "90": _("90 days"), "365": _("a year")}


@dataclass(frozen=True)
class FigureRow:
    """A row of a list, and the builds behind it."""

    figure: StepNumbers | FlakyStep | Numbers
    slug: str
    url: str
    pairs: tuple[tuple[int, str, int, str], ...] = ()  # failed build and its page, green build and its page


def over_all(request: HttpRequest) -> TemplateResponse:
    return page(request, visible_ids(request.user), None)


def of_repo(request: HttpRequest, slug: str) -> TemplateResponse:
    repo = find_repo(request, slug)
    return page(request, frozenset({repo.id}), repo)


def file_over_all(request: HttpRequest, table: str) -> HttpResponse:
    return file(request, visible_ids(request.user), table)


def file_of_repo(request: HttpRequest, slug: str, table: str) -> HttpResponse:
    return file(request, frozenset({find_repo(request, slug).id}), table)


def page(request: HttpRequest, visible: RepoIds, repo: Repo | None) -> TemplateResponse:
    query = read(request)
    patience = PATIENCE_OF_A_SCRIPT if "HX-Request" in request.headers else PATIENCE
    statistics = statistics_of(visible, query.period, query.selection, patience)
    here = reverse("admin:builds_repo_statistics", args=[repo.slug]) if repo else reverse("admin:builds_statistics")
    links = links_to(statistics, query)
    return shown(
        request,
        "statistics/of_repository.html" if repo else "statistics/statistics.html",
        {
            **(head(request, repo, "statistics") if repo else {"title": _("Statistics")}),
            "statistics": statistics,
            "figures": statistics.figures,
            "counted_since": date_of(statistics.since),
            "first": date_of(query.period.first),
            "last": date_of(query.period.last),
            "chart": chart(statistics.figures.buckets),
            "query": query,
            "chosen": bool(query.branches) + bool(query.selection.events),
            "here": here,
            "again": f"{here}?{query.encoded}",
            "lengths": LENGTHS.items(),
            "months": (words := months(time.time())),
            "quick": [
                (word, label, f"{here}?{query.encoded_for(word)}")
                for word, label in (*LENGTHS.items(), *((word, word) for word in words[:QUICK]))
            ],
            "events": [(word, EVENTS[word]) for word in Event.values],
            "all_url": links(repo.slug if repo else ""),
            "failed_url": links(repo.slug if repo else "", "failure", "error"),
            **lists(statistics, links, repo),
        },
    )


Links = Callable[..., str]


def links_to(statistics: Statistics, query: StatisticsQuery) -> Links:
    """Return a function that gives the address of the list of builds behind a number."""
    common: list[tuple[str, Any]] = [("branch", branch) for branch in query.branches]
    common += [("event", event) for event in query.selection.events]
    common += [("since", statistics.since * SECONDS), ("until", query.period.end)]
    builds = reverse("admin:builds_build_changelist")

    def link(slug: str, *statuses: str) -> str:
        repo = [("repo", slug)] if slug else []
        return f"{builds}?{urlencode([*repo, *common, *(('status', status) for status in statuses)])}"

    return link


def lists(statistics: Statistics, links: Links, repo: Repo | None) -> dict[str, Any]:
    figures, slugs = statistics.figures, statistics.slugs

    def step_rows(steps: list[StepNumbers], *statuses: str) -> list[FigureRow]:
        return [FigureRow(step, slug, links(slug, *statuses)) for step in steps if (slug := slugs.get(step.repo_id))]

    known = [(numbers, slug) for repo_id, numbers in figures.repos.items() if (slug := slugs.get(repo_id))]
    failing = sorted((pair for pair in known if pair[0].bad), key=lambda pair: (-pair[0].bad, pair[1]))[:LISTED]
    slow = sorted((pair for pair in known if pair[0].p50 is not None), key=lambda pair: (-(pair[0].p50 or 0), pair[1]))[:LISTED]
    return {
        "slowest": step_rows(figures.slowest_steps()),
        "failing": step_rows(figures.failing_steps(), "failure", "error"),
        "flaky": [flaky_row(step, slug) for step in figures.flaky[:FLAKY] if (slug := slugs.get(step.repo_id))],
        "failing_repos": [] if repo else [FigureRow(numbers, slug, links(slug, "failure", "error")) for numbers, slug in failing],
        "slow_repos": [] if repo else [FigureRow(numbers, slug, links(slug)) for numbers, slug in slow],
    }


def flaky_row(step: FlakyStep, slug: str) -> FigureRow:
    def build(number: int) -> str:
        return reverse("admin:builds_build", kwargs={"slug": slug, "number": number})

    pairs = tuple((failed, build(failed), green, build(green)) for failed, green in step.pairs[:MOST_PAIRS])
    return FigureRow(step, slug, "", pairs)


def file(request: HttpRequest, visible: RepoIds, table: str) -> HttpResponse:
    """Answer a table as CSV; one that would lack days is refused, since nobody could see that it does."""
    if table not in TABLES:
        raise Http404
    query = read(request)
    statistics = statistics_of(visible, query.period, query.selection)
    if statistics.left:
        sentence = gettext(
            "Days of this period are still being summed up, so the file would not be complete. Open the page Statistics, "
            "wait until it says so no more, and download the file again."
        )
        return saying(request, gettext("Statistics"), sentence, 503)
    name = f"{table}-{query.period.word}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(csv_of(TABLES[table](statistics)), content_type="text/csv; charset=utf-8", headers=headers)


def read(request: HttpRequest) -> StatisticsQuery:
    """Read the address; each parameter is refused by its name, and what is left is a NUL, which nobody types."""
    refuse_unknown(request.GET, PARAMETERS)
    words = [word.strip() for value in request.GET.getlist("event") for word in value.split(",")]
    refuse_other_words("event", words, Event.values)
    now = time.time()
    try:
        return query_of(request.GET, now)
    except NoPeriod as error:
        month = gettext("a month such as %(month)s") % {"month": months(now)[0]}
        raise NotUnderstood(cannot_be("period", request.GET["period"].strip(), (*LENGTHS, month))) from error
    except BadRequest as error:
        raise DisallowedModelAdminLookup(str(error)) from error
