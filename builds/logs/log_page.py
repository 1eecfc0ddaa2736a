"""The log of a step: in parts, so that a long one opens at once; as text; and while the step still runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from builds.access.finding import LARGEST, find_repo
from builds.drone_db.models import Build, Step
from builds.drone_db.queries import step_of
from builds.drone_db.vocabulary import NOT_FINISHED
from builds.drone_server import client
from builds.logs import live_log, log_parts, stored_log
from builds.logs.log_rendering import LogLine, Outline, as_text, outline, written
from drone_api.errors import DroneError
from web.localized import localized
from web.pages import shown

MOST_PARTS = 8  # of more, those in the middle are folded together


@dataclass(frozen=True)
class PartLine:
    """A part of a log as the page shows it."""

    first: int
    last: int
    url: str
    since: str
    lines: list[LogLine] | None  # None: folded, and asked for when it is opened


def context(build: Build, step: Step) -> dict[str, Any]:
    """Return what the page shows of a step's log: its parts, the last of them open, or a sentence why there is none."""
    where = {"raw_url": url("raw", build, step), "step_url": url("step", build, step), "step": step}
    try:
        with read(build, step) as data:
            found = outline(data) if data is not None else None
    except DroneError as error:
        again = isinstance(error, client.Busy | stored_log.LongLogsBusy)
        return where | {"no_log": localized(error), "again_url": url("log", build, step) if again else ""}
    if found is None and step.status in NOT_FINISHED:
        return where | tail_of(build, step, 0)
    if found is None:
        return where | {"no_log": live_log.why_none(step)}
    parts = in_parts(build, step, found)
    middle = parts[1:-2] if len(parts) > MOST_PARTS else []
    return where | {
        "line_count": found.log.filled,
        "parts": parts[:1] + parts[-2:] if middle else parts,
        "middle": middle,
        "middle_last": middle[-1].last if middle else 0,
        "dropped": found.log.first_pos,
        "before": found.parts[0].first - 1 if found.parts else 0,
    }


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
    data = live_log.stored_elsewhere(build, step)
    with stored_log.place(len(data or b"")):
        yield data


def in_parts(build: Build, step: Step, found: Outline) -> list[PartLine]:
    """Return the parts of a log with their addresses, the last one with its lines."""
    return [
        PartLine(
            part.first,
            part.last,
            url("part", build, step, first=part.first, last=part.last),
            since,
            found.last if part is found.parts[-1] else None,
        )
        for part, since in zip(found.parts, found.since, strict=True)
    ]


def log(request: HttpRequest, slug: str, number: int, stage: int, step: int) -> HttpResponseBase:
    """Return the log as the page of its step has it, which asks for it again where edrone was busy."""
    build, found = find_step(request, slug, number, stage, step)
    if not request.headers.get("HX-Request"):
        return redirect(url("step", build, found))
    return shown(request, "logs/log.html", context(build, found))


def part(request: HttpRequest, slug: str, number: int, stage: int, step: int, first: int, last: int) -> TemplateResponse:
    """Return some lines of a log: as a part of a page, or as a page where scripts do not run."""
    build, found_step = find_step(request, slug, number, stage, step)
    with stored(build, found_step) as data:
        found = outline(data)
        if log_parts.LogPart(first, last) not in found.parts:
            raise Http404
        lines, before = found.log.lines(data, first, last)
    shown_lines = written(lines, first - before, last - before, before)
    context = {"lines": shown_lines, "raw_url": url("raw", build, found_step)}
    if request.headers.get("HX-Request"):
        return shown(request, "logs/log_lines.html", context)
    page_of = {
        "title": f"{slug} #{number}",
        "slug": slug,
        "build": build,
        "step": found_step,
        "step_url": url("step", build, found_step),
    }
    return shown(request, "logs/log_part.html", context | page_of)


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
    build, found = find_step(request, slug, number, stage, step)
    if found.status not in NOT_FINISHED:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return shown(request, "logs/log_tail.html", tail_of(build, found, after))


def tail_of(build: Build, step: Step, after: int) -> dict[str, Any]:
    """Return what a running step has printed after its first `after` lines, as much as a part of a log holds."""
    seen, reason = live_log.running(build, step)
    skipped = max(seen[0].pos, 0) if seen else 0
    start = max(after - skipped, 0)
    pieces = log_parts.parts([line.out for line in seen[start : start + log_parts.MOST_LINES]])
    end = start + pieces[0].last if pieces else start  # beyond the last line that is shown, where empty ones follow it
    new = written(seen, start + 1, end, skipped) if pieces else []
    return {
        "running": True,
        "lines": new,
        "more": len(seen) > end,
        "reason": reason or ("" if new or after else _("No output yet; Drone is asked again every 2 seconds.")),
        "tail_url": url("tail", build, step, after=skipped + end if pieces else after),
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
    if max(number, stage, step) > LARGEST or not (found := step_of(repo.id, number, stage, step)):
        raise Http404
    found.stage.build.repo = repo
    return found.stage.build, found


def url(name: str, build: Build, step: Step, **more: int) -> str:
    """Return the address of something of a log."""
    where = {"slug": build.repo.slug, "number": build.number, "stage": step.stage.number, "step": step.number}
    return reverse(f"admin:builds_{name}", kwargs=where | more)
