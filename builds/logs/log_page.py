"""The log of a step: its end and the lines around any other one; as text; searched; and while the step still runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from builds.access.finding import LARGEST, find_repo
from builds.drone_db.models import Build, Step
from builds.drone_db.queries import step_of
from builds.drone_db.vocabulary import FAILED_STATUSES, NOT_FINISHED
from builds.drone_server import client
from builds.logs import live_log, stored_log
from builds.logs.log_rendering import as_text, lines_around, outline, written
from builds.logs.log_slices import SlicedLog
from builds.logs.log_window import MOST_LINES, window
from drone_api.errors import DroneError
from web.localized import localized
from web.pages import shown

ADDRESSES = {"raw_url": "raw", "step_url": "step", "find_url": "find", "line_url": "log"}  # that a page has of a log


def context(build: Build, step: Step) -> dict[str, Any]:
    """Return what the page shows of a step's log: its end, or a sentence why there is none."""
    where: dict[str, Any] = {name: url(of, build, step) for name, of in ADDRESSES.items()}
    where |= {"step": step, "failed_step": step.status in FAILED_STATUSES}
    try:
        with read(build, step) as data:
            seen = outline(data) if data is not None else None
    except DroneError as error:
        again = isinstance(error, client.Busy | stored_log.LongLogsBusy)
        return where | no_log(build, step, localized(error), again=again)
    if seen is None and step.status in NOT_FINISHED:
        return where | tail_of(build, step, 0)
    if seen is None:
        return where | no_log(build, step, live_log.why_none(step), again=live_log.may_come(step))
    return where | {
        "line_count": seen.log.filled,
        "lines": seen.last,
        "first_line": seen.log.first_pos + 1,
        "gap": gap(build, step, seen.log.first_pos + 1, seen.shown.first - 1) if seen.shown else None,
        "dropped": seen.log.first_pos,
    }


def no_log(build: Build, step: Step, reason: str, *, again: bool) -> dict[str, Any]:
    """Return why there is no log, and the address at which the page asks for it again, if it does."""
    return {"no_log": reason, "again_url": url("log", build, step) if again else ""}


def gap(build: Build, step: Step, first: int, last: int) -> dict[str, Any] | None:
    """Return what is not on the page yet: the numbers of its first and last line, and the addresses of its two ends."""
    if first > last:
        return None
    ends = {"first_url": url("line", build, step, line=first), "last_url": url("line", build, step, line=last)}
    return {"first": first, "last": last, **ends}


@contextmanager
def read(build: Build, step: Step) -> Iterator[bytes | None]:
    """Read the log of a step from Drone's table or from where else Drone keeps it; None where there is none.

    Raises:
        DroneError: it may be elsewhere, and Drone cannot be asked now; it is too long, or too many long logs are read.
    """
    with stored_log.stored_log(step) as data:
        if data is not None or step.status in NOT_FINISHED:
            yield data
            return
    with live_log.stored_elsewhere(build, step) as data:
        yield data


def log(request: HttpRequest, slug: str, number: int, stage: int, step: int) -> HttpResponseBase:
    """Return the log as the page of its step has it, which asks for it again where edrone was busy."""
    build, found_step = find_step(request, slug, number, stage, step)
    if not request.headers.get("HX-Request"):
        return redirect(url("step", build, found_step))
    return shown(request, "logs/log.html", context(build, found_step))


def line(request: HttpRequest, slug: str, number: int, stage: int, step: int, line: int) -> TemplateResponse:
    """Return the lines around one: as what takes the place of a gap in a page, or as a page where scripts do not run."""
    build, found_step = find_step(request, slug, number, stage, step)
    with stored(build, found_step) as data:
        log = outline(data).log
        first, last = bounds(request, log)
        if not first <= line <= last:
            raise Http404
        chosen, lines = lines_around(log, data, line, first, last)
    before, after = gap(build, found_step, first, chosen.first - 1), gap(build, found_step, chosen.last + 1, last)
    context = {"lines": lines, "before": before, "after": after}
    if request.headers.get("HX-Request"):
        return shown(request, "logs/log_window.html", context)
    page_of = {
        "title": f"{slug} #{number}",
        "slug": slug,
        "build": build,
        "step": found_step,
        "step_url": url("step", build, found_step),
        "raw_url": url("raw", build, found_step),
    }
    return shown(request, "logs/log_part.html", context | page_of)


def bounds(request: HttpRequest, log: SlicedLog) -> tuple[int, int]:
    """Return the numbers of the first and last line that are wanted: those of a gap, else those of the whole log."""
    begin, _, end = request.GET.get("within", "").partition("-")
    if begin.isdecimal() and end.isdecimal():
        return max(int(begin[:9]), log.first_pos + 1), min(int(end[:9]), log.last)
    return log.first_pos + 1, log.last


def raw(request: HttpRequest, slug: str, number: int, stage: int, step: int) -> HttpResponse:
    """Return a log as a text file, as it was printed."""
    with stored(*find_step(request, slug, number, stage, step)) as data:
        text = as_text(data)
    name = f"build-{number}-{stage}-{step}.log"
    return HttpResponse(
        text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def tail(request: HttpRequest, slug: str, number: int, stage: int, step: int, after: int) -> HttpResponse:
    """Return the lines of a running step that the reader has not; once it has ended, the page is asked for anew."""
    build, found_step = find_step(request, slug, number, stage, step)
    if found_step.status not in NOT_FINISHED:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return shown(request, "logs/log_tail.html", tail_of(build, found_step, after))


def tail_of(build: Build, step: Step, after: int) -> dict[str, Any]:
    """Return what a running step has printed after its first `after` lines, as much as a part of a log holds."""
    seen, reason = live_log.running(build, step)
    skipped = max(seen[0].pos, 0) if seen else 0
    start = max(after - skipped, 0)
    texts = [line.out for line in seen[start : start + MOST_LINES]]
    end = start + (window(texts, 1).last if texts else 0)  # beyond the last line that is shown, where empty ones follow it
    new = written(seen, start + 1, end, skipped) if texts else []
    return {
        "running": True,
        "gap": {"first": after + 1, "last": skipped} if skipped > after else None,
        "lines": new,
        "more": len(seen) > end,
        "reason": reason or ("" if new or after else _("No output yet; Drone is asked again every 2 seconds.")),
        "tail_url": url("tail", build, step, after=skipped + end if texts else after),
    }


@contextmanager
def stored(build: Build, step: Step) -> Iterator[bytes]:
    """Read the log of a step, which must be there."""
    with read(build, step) as data:
        if data is None:
            raise Http404
        yield data


def find_step(request: HttpRequest, slug: str, number: int, stage: int, step: int) -> tuple[Build, Step]:
    """Find a step of a build that the reader may see."""
    repo = find_repo(request, slug)
    if max(number, stage, step) > LARGEST or not (found_step := step_of(repo.id, number, stage, step)):
        raise Http404
    found_step.stage.build.repo = repo
    return found_step.stage.build, found_step


def url(name: str, build: Build, step: Step, **more: int) -> str:
    where = {"slug": build.repo.slug, "number": build.number, "stage": step.stage.number, "step": step.number}
    return reverse(f"admin:builds_{name}", kwargs=where | more)
