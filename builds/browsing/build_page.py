"""The page of a build: why it failed or waits, its stages and steps on a time line, and the log of one step."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from builds.access.finding import find_build
from builds.browsing.approval import approval_of
from builds.browsing.failure import failed_steps, failures_of, last_lines, mark_of, shown_failure
from builds.browsing.pipeline_graph import graph_of
from builds.browsing.rows import seconds_of
from builds.drone_db.masking import shown_parameters
from builds.drone_db.models import Build, Stage, Step
from builds.drone_db.queries import usual_seconds
from builds.drone_db.vocabulary import FAILED_STATUSES, NOT_FINISHED, Status
from builds.logs import log_page
from builds.served.error_place import error_place
from builds.starting.actions import actions, not_connected
from builds.starting.people import people
from web import statuses, times
from web.pages import shown

SECONDS_WHILE_RUNNING, SECONDS_WHILE_WAITING = 3, 10  # between two looks at what has not finished
YOUNG = 120  # seconds; a build of less than that may begin at any moment, though it only waits so far
MOST_STEPS = 200  # that a page shows
OPEN = {*FAILED_STATUSES, Status.RUNNING.value}  # stages whose steps are shown at once
MAY_SEE_RECORD = "builds.view_auditrecord"
SIGNS = {"good": "✔", "bad": "✖", "off": "⊘"}  # of the state in the title of a tab; else UNFINISHED_SIGN
UNFINISHED_SIGN = "●"
ICONS = {colour: f"web/state-{colour}.svg" for colour in ("good", "bad", "busy", "off")}
Lines = Sequence[tuple[Stage, Step | None]]  # each step with its stage; a stage without steps alone


@dataclass(frozen=True)
class StepLine:
    """A step as the page shows it."""

    step: Step
    url: str
    bar: times.Bar | None
    seconds: int | None
    chosen: bool


@dataclass(frozen=True)
class StageLine:
    """A stage as the page shows it."""

    stage: Stage
    bar: times.Bar | None
    seconds: int | None
    is_open: bool  # else it is one line
    steps: list[StepLine]


def build_page(request: HttpRequest, slug: str, number: int, stage: int = 0, step: int = 0) -> TemplateResponse:
    """Show a build; without a step, the one that a reader most likely looks for."""
    build = find_build(request, slug, number)
    context = about(request, build, stage, step)
    chosen: Step | None = context["chosen"]
    if step and not chosen:
        raise Http404
    log = log_page.context(build, chosen) if chosen else {}
    return shown(request, "browsing/build.html", {**context, **log, **reason_of(context, log)})


def live(request: HttpRequest, slug: str, number: int, stage: int = 0, step: int = 0) -> HttpResponse:
    """Return what changes while a build runs. Once it has finished, or the page shows another step, the page is asked for anew.

    A failure that the page shows already stays as it is there: the log of its step may be long, and is not read each time.
    """
    build = find_build(request, slug, number)
    context = about(request, build, stage, step)
    if context["finished"] or (context["follows"] and moves_on(build, context["chosen"] if step else None)):
        return HttpResponse(headers={"HX-Refresh": "true"})
    mark, failure = context["failure_mark"], context["failure"]
    if mark and mark == request.GET.get("failure"):
        return shown(request, "browsing/build_live.html", {**context, "reason_stays": True})
    log = log_page.context(build, failure.step) if mark and failure.step else {}
    return shown(request, "browsing/build_live.html", {**context, **reason_of(context, log)})


def reason_of(context: dict[str, Any], log: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows of the failed step's log; where edrone was too busy to read it, the page asks again."""
    failure = context["failure"]
    return {
        "failure_lines": last_lines(failure, log),
        "failure_mark": "" if log.get("again_url") else context["failure_mark"],
        "failure_url": "" if failure and failure.step == context["chosen"] else context["failure_url"],  # that log is on the page
    }


def about(request: HttpRequest, build: Build, stage_number: int = 0, step_number: int = 0) -> dict[str, Any]:
    """Return what the pages of a build show of it."""
    stages = build.stages_in_order
    chosen = choose(steps_of(build), stage_number, step_number)
    lines = [(stage, step) for stage in stages for step in list[Step | None](stage.steps_in_order) or [None]]
    follows = not step_number or "follow" in request.GET  # the address of the page names no step
    first = first_shown(request.GET.get("from", ""), lines, chosen)
    status, failures = statuses.of(build), failures_of(build)
    failing = shown_failure(failures, chosen)
    failure, approval = failures[failing] if failures else None, approval_of(request.user, build)
    return {
        "title": f"{build.repo.slug} #{build.number}",
        "tab": "steps",
        "build": build,
        "status": status,
        **state_of(status),
        "repo": build.repo,
        "slug": build.repo.slug,
        "seconds": seconds_of(build, int(time.time())),
        "usual": usual_seconds(build),
        "stages": lay_out(build, lines[first : first + MOST_STEPS], chosen),
        "graph": graph_of(stages),
        "step_urls": {stage: stage_address(build, stage) for stage in stages},
        "here": address("build", build) if follows or not chosen else address("step", build, chosen),
        "earlier": f"?from={max(first - MOST_STEPS, 0)}" if first else "",
        "later": f"?from={first + MOST_STEPS}" if first + MOST_STEPS < len(lines) else "",
        "chosen": chosen,
        "follows": follows,
        "failure": failure,
        "failure_url": address("step", build, failure.step) if failure and failure.step else "",
        "failure_mark": mark_of(failure, len(failures)) if failure and not build.error and not approval else "",
        "failure_number": failing + 1,
        "failure_count": len(failures),
        "next_failure": next((address("step", build, later.step) for later in failures[failing + 1 :] if later.step), ""),
        "error_place": error_place(build),
        "approval": approval,
        "finished": build.status not in NOT_FINISHED,
        "again": again(build, int(time.time())),
        "live_url": address("live", build, chosen) + (f"?from={first}" if len(lines) > MOST_STEPS else ""),
        "person": people([(build.repo.slug, build)])[build.id],
        "params": shown_parameters(build.params),
        "links": links(build),
        "actions": actions(request.user, build),
        "not_connected": not_connected(),
        "may_see_record": request.user.has_perm(MAY_SEE_RECORD),
    }


def state_of(status: str) -> dict[str, str]:
    """Return the sign and the picture by which the tab of a browser says how the build stands."""
    colour = statuses.look(status).colour
    return {"state_sign": SIGNS.get(colour, UNFINISHED_SIGN), "state_icon": static(ICONS.get(colour, "web/state-wait.svg"))}


def again(build: Build, now: int) -> int:
    """Return after how many seconds the page looks again at a build that has not finished."""
    return SECONDS_WHILE_RUNNING if build.status == "running" or now - build.created < YOUNG else SECONDS_WHILE_WAITING


def first_shown(asked: str, lines: Lines, chosen: Step | None) -> int:
    """Return the index of the first step shown: of very many, a page shows some, around the chosen one or those asked for."""
    if asked.isdecimal() and int(asked[:9]) < len(lines):
        return int(asked[:9])
    place = next((place for place, (_stage, step) in enumerate(lines) if step is not None and step is chosen), 0)
    return place - place % MOST_STEPS


def lay_out(build: Build, lines: Lines, chosen: Step | None) -> list[StageLine]:
    """Place steps, each under its stage, on the time line of their build."""
    now = int(time.time())
    stages = list(dict.fromkeys(stage for stage, _step in lines))
    steps = [step for _stage, step in lines if step]
    begins = [moment for moment in (build.started, *(row.started for row in stages), *(row.started for row in steps)) if moment]
    ends = [*(row.stopped for row in stages), *(row.stopped for row in steps)]
    finished = build.status not in NOT_FINISHED
    line = times.TimeLine(min(begins, default=build.created), max([build.finished, *ends]) if finished else now)
    stage_lines = {
        stage: StageLine(
            stage,
            line.bar(stage.started, stage.stopped),
            times.took(stage.started, stage.stopped, now),
            stage.status in OPEN or stages == [stage] or (chosen is not None and chosen.stage == stage),
            [],
        )
        for stage in stages
    }
    for stage, step in lines:
        if step:
            bar, seconds = line.bar(step.started, step.stopped), times.took(step.started, step.stopped, now)
            stage_lines[stage].steps.append(StepLine(step, address("step", build, step), bar, seconds, step is chosen))
    return list(stage_lines.values())


def links(build: Build) -> list[tuple[str, str]]:
    """Return where else the build can be seen: in Drone, and in the forge if its address is one of the web."""
    addresses: list[tuple[str, str]] = []
    if settings.EDRONE_DEMO:  # neither is there
        return addresses
    if settings.DRONE_SERVER:
        addresses.append(("Drone", f"{settings.DRONE_SERVER}/{quote(build.repo.slug)}/{build.number}"))
    if build.link.startswith(("https://", "http://")):
        addresses.append((_("the forge"), build.link))
    return addresses


def choose(steps: list[Step], stage_number: int, step_number: int) -> Step | None:
    """Choose the step that is asked for; else the first that failed, else the one that runs, else the last that ran."""
    if step_number:
        return next((step for step in steps if (step.stage.number, step.number) == (stage_number, step_number)), None)
    running = [step for step in steps if step.status == "running"]
    ran = [step for step in steps if step.started]
    return next(iter([*failed_steps(steps), *running, *ran[-1:]]), None)


def moves_on(build: Build, shown: Step | None) -> bool:
    """Does a page that follows a build show another step now? It stays with a step that runs or failed."""
    stays = shown is not None and (shown.status == "running" or failed_steps([shown]))
    return not stays and choose(steps_of(build), 0, 0) != shown


def steps_of(build: Build) -> list[Step]:
    return [step for stage in build.stages_in_order for step in stage.steps_in_order]


def stage_address(build: Build, stage: Stage) -> str:
    """Return the address of the step of a stage that a reader most likely looks for; empty where it has none."""
    step = choose(stage.steps_in_order, 0, 0)
    return address("step", build, step) if step else ""


def address(name: str, build: Build, step: Step | None = None, **more: Any) -> str:
    """Return the address of a page of a build, or of one of its steps."""
    where: dict[str, Any] = {"slug": build.repo.slug, "number": build.number, **more}
    if step:
        where |= {"stage": step.stage.number, "step": step.number}
        name = "live-step" if name == "live" else name
    return reverse(f"admin:builds_{name}", kwargs=where)
