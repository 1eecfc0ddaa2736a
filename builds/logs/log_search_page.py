"""The lines of a log that hold a text or look like errors, also those that no page shows yet."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from builds.drone_db.models import Build, Step
from builds.drone_db.vocabulary import NOT_FINISHED
from builds.logs import live_log, log_search
from builds.logs.error_lines import looks_like_error
from builds.logs.log_lines import Line
from builds.logs.log_page import find_step, read, url
from builds.logs.log_rendering import outline
from builds.logs.log_search import FoundLines, Matches
from web.pages import shown

MOST_SHOWN = 500  # lines of the page for browsers without scripts


def find(request: HttpRequest, slug: str, number: int, stage: int, step: int) -> HttpResponseBase:
    """Answer with the numbers of the lines as JSON, or as a page where scripts do not run."""
    build, found_step = find_step(request, slug, number, stage, step)
    text = request.GET.get("q", "")[: log_search.LONGEST]
    if text:
        matching, reason = search(build, found_step, log_search.containing(text))
    elif request.GET.get("errors"):
        matching, reason = search(build, found_step, looks_like_error)
    else:
        matching, reason = FoundLines(0, []), ""
    summary = reason or sentence(matching, text)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"count": matching.count, "lines": [number for number, _text in matching.lines], "said": summary})
    context = {
        "title": f"{slug} #{number}",
        "slug": slug,
        "build": build,
        "step": found_step,
        "step_url": url("step", build, found_step),
        "find_url": url("find", build, found_step),
        "q": text,
        "said": summary,
        "found": [
            (line, line_text, url("line", build, found_step, line=line)) for line, line_text in matching.lines[-MOST_SHOWN:]
        ],
        "running": found_step.status in NOT_FINISHED,
    }
    return shown(request, "logs/log_found.html", context)


def search(build: Build, step: Step, matches: Matches) -> tuple[FoundLines, str]:
    """Look through what Drone has of the log, and through what Drone holds of a step that runs.

    Returns:
        The lines, and where there is no log to look through, a sentence that says why.
    """
    with read(build, step) as data:
        if data is not None:
            return log_search.search(slices(data), matches), ""
    if step.status not in NOT_FINISHED:
        return FoundLines(0, []), live_log.why_none(step)
    lines, reason = live_log.running(build, step)
    return log_search.search([(max(lines[0].pos, 0), lines)] if lines else [], matches), reason


def slices(data: bytes) -> Iterator[tuple[int, list[Line]]]:
    log = outline(data).log
    return ((part.before, log.read(data, part)) for part in log.slices)


def sentence(found: FoundLines, text: str) -> str:
    """Say how many lines match, and that not all of them are listed where they are too many."""
    if not found.count:
        return _("No matches") if text else _("No lines that look like errors")
    if found.count > len(found.lines):
        return _("%(count)s lines; the last %(most)s can be visited") % {"count": found.count, "most": len(found.lines)}
    return ngettext("%(count)s line", "%(count)s lines", found.count) % {"count": found.count}
