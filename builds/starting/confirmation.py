"""Confirmation of a filled-in form: shows the exact request, then sends it to Drone once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from builds.drone_db.masking import shown_parameters
from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import DEPLOYMENTS, NOT_FINISHED, Status
from builds.starting.actions import TO_A_TARGET, not_connected
from builds.starting.commands import KEY, BuildCommand, Caller
from builds.starting.deed import Deed, Parameters, deed_of
from builds.starting.errors import Frozen, InvalidCommand, KeyInUse, KeyUsed, UnknownResult
from builds.starting.frozen import LONGEST_REASON, in_the_way
from builds.starting.models import STARTING, AuditRecord, Verb
from builds.starting.preparing import prepare
from builds.starting.service import CommandResult, carry_out
from drone_api.client import READ_BY_DRONE
from drone_api.errors import DroneError
from pipelines.errors import ConfigError
from texts.errors import EdroneError
from texts.sentence import Sentence
from web import statuses
from web.localized import localized
from web.pages import shown

MEANS = "administration"
STAGES = "stages"  # field that keeps which stages are approved: others may wait by the time the confirmation is sent
ENDED_ITSELF = set(Status.values) - NOT_FINISHED - {Status.KILLED.value}
PATHS = {
    Verb.CREATE: "builds",
    Verb.RESTART: "builds/{number}",
    Verb.CANCEL: "builds/{number}",
    Verb.PROMOTE: "builds/{number}/promote",
    Verb.ROLLBACK: "builds/{number}/rollback",
    Verb.APPROVE: "builds/{number}/approve/{stage}",
    Verb.DECLINE: "builds/{number}/decline",
}
BUTTONS = {
    Verb.CREATE: gettext_lazy("Start the build"),
    Verb.RESTART: gettext_lazy("Restart #%(number)s"),
    Verb.CANCEL: gettext_lazy("Cancel #%(number)s"),
    Verb.APPROVE: gettext_lazy("Approve #%(number)s"),
    Verb.DECLINE: gettext_lazy("Decline #%(number)s"),
}
DEEDS = {  # with a target
    Verb.CREATE: gettext_lazy("%(operation)s to %(target)s"),
    Verb.RESTART: gettext_lazy("Deploy #%(number)s to %(target)s again"),
    Verb.PROMOTE: gettext_lazy("Deploy to %(target)s"),
    Verb.ROLLBACK: gettext_lazy("Roll back %(target)s"),
}
ONLY_FAILED = gettext_lazy("Restart what failed of #%(number)s")
OPERATION = gettext_lazy("Run “%(operation)s”")
REASONS = {
    UnknownResult: gettext_lazy(
        "edrone stopped before Drone answered, so the action may have taken effect. Check the newest builds."
    ),
    KeyUsed: gettext_lazy("This page was already used for another action. Start again."),
}


@dataclass(frozen=True)
class Question:
    title: str | Promise  # what is done, with the name of what it is done to
    sentence: str  # the same as a whole sentence, for a confirmation that has no target
    operation: str  # the title of the operation that is started; empty: none
    done: str | Promise  # what is said once it is done
    repo: Repo
    build: Build | None  # what it is done to; None: a new one
    form: forms.Form
    warnings: tuple[str, ...] = ()
    dangerous: bool = False
    cancels: bool = False
    description: str = ""  # of the operation, as its head has it


def caller_of(request: HttpRequest) -> Caller:
    """Return the caller; the key, as the confirmation has made it, makes one command of two clicks."""
    key = request.POST.get("key", "")
    return Caller(request.user, MEANS, key if KEY.fullmatch(key) else "")


def done_before(request: HttpRequest) -> bool:
    """Return whether this confirmation was sent before: its answer is repeated, whatever the build's state is by now."""
    key = caller_of(request).key if request.POST.get("confirmed") else ""
    return bool(key) and AuditRecord.objects.filter(username=request.user.get_username(), key=key).exists()


def changes(request: HttpRequest) -> bool:
    """Return whether the reader goes back from the confirmation to the form."""
    return request.method == "POST" and "change" in request.POST


def ask(request: HttpRequest, question: Question, command: BuildCommand) -> HttpResponseBase:
    """Ask for confirmation, or carry out what was confirmed."""
    command = replace(command, override=request.POST.get("override", ""))
    try:
        if request.POST.get("confirmed"):
            return carried_out(request, question, carry_out(caller_of(request), command, question.repo))
        return confirmation(request, question, command)
    except KeyInUse as error:
        return page_of(request, question, {"under_way": str(error), "hidden": hidden(request)}, error.status)
    except (UnknownResult, KeyUsed) as error:
        return page_of(request, question, {"reason": REASONS[type(error)], "ended": True}, error.status)
    except EdroneError as error:
        status = 422 if isinstance(error, ConfigError) else error.status
        uncertain = isinstance(error, DroneError) and error.uncertain
        tried = bool(request.POST.get("confirmed"))
        return page_of(request, question, {"reason": localized(error), "ended": uncertain, "tried": tried}, status)


def confirmation(request: HttpRequest, question: Question, command: BuildCommand) -> TemplateResponse:
    """Show exactly what will be sent, or why it would be refused."""
    prepared = prepare(request.user, command, question.repo, question.build)
    complete, params = prepared.command, prepared.params
    refuse_read_by_drone(command, params)
    frozen = in_the_way(prepared.expected, prepared.to) if prepared.expected else None
    if frozen and not frozen.may_override(request.user):
        raise Frozen(frozen.sentence)
    inherited_params = inherited(command, params, question.build)
    approved = [(STAGES, " ".join(command.stages))] if command.stages else []
    deed = deed_of(request.user, question.repo, complete, question.build, Parameters(params, inherited_params))
    title, button = words_of(question, command, deed)
    return page_of(
        request,
        question,
        {
            "confirm": True,
            "title": title,
            "sentence": "" if deed.target or question.sentence.rstrip(".。") == title else question.sentence,
            "deed": deed,
            "rest": prepared.rest,
            "frozen": frozen,
            "longest_reason": LONGEST_REASON,
            "button": button,
            "call": f"{'DELETE' if command.verb == Verb.CANCEL else 'POST'} {path_of(complete, question.repo)}",
            "fields": [(name, value) for name, value in fields_of(complete) if value],
            # All of them: they are what is confirmed, and Drone's 4,000 characters bound them.
            "sent": shown_parameters(params, len(params)),
            "keeps": command.verb == Verb.RESTART,
            "filled_in": request.method == "POST",  # or the form was not seen: all that it asks for was in the link
            "hidden": [*hidden(request), *approved, ("key", uuid4().hex), ("confirmed", "yes")],
        },
    )


def words_of(question: Question, command: BuildCommand, deed: Deed) -> tuple[str, str]:
    """Return the title and the button of a confirmation: both say what is done, to which target."""
    values = {"number": command.number, "target": deed.target, "operation": question.operation}
    title = str(question.title)
    if command.only_failed:
        return title, str(ONLY_FAILED % values)
    if deed.target:
        button = str(DEEDS[command.verb] % values)
        return (_("Roll back %(target)s to #%(number)s") % values if command.verb == Verb.ROLLBACK else button), button
    return title, str((OPERATION if question.operation else BUTTONS[command.verb]) % values)


def inherited(command: BuildCommand, sent: Mapping[str, str], build: Build | None) -> dict[str, str]:
    """Return the parameters that Drone copies from the build; a restart keeps all of them."""
    if build is None or command.verb not in STARTING:
        return {}
    return {name: value for name, value in build.params.items() if command.verb == Verb.RESTART or name not in sent}


def refuse_read_by_drone(command: BuildCommand, params: Mapping[str, str]) -> None:
    """Refuse names that the client would refuse after the confirmation."""
    for name in params:
        if name in READ_BY_DRONE or (name == "target" and command.verb in TO_A_TARGET):
            raise InvalidCommand(Sentence("A parameter cannot be named “%(name)s”: Drone uses this name itself.", name=name))


def carried_out(request: HttpRequest, question: Question, result: CommandResult) -> HttpResponseBase:
    status = str(result.build["status"]) if result.build else ""
    if question.cancels and status in ENDED_ITSELF:
        messages.warning(request, _("Not cancelled: the build had already finished."))
    elif result.build and status == Status.ERROR:  # its YAML is wrong, or validation refused it
        deploys = result.build.get("event") in DEPLOYMENTS
        refused = _("Drone refused the build; nothing was deployed.") if deploys else _("Drone refused the build; nothing runs.")
        messages.error(request, refused)
    else:
        messages.success(request, str(question.done))
    slug, number = question.repo.slug, question.build.number if question.build else 0
    if result.build:
        number = int(result.build["number"])
    return redirect(reverse("admin:builds_build", kwargs={"slug": slug, "number": number}))


def page_of(request: HttpRequest, question: Question, context: dict[str, Any], status: int = 200) -> TemplateResponse:
    return shown(
        request,
        "starting/confirmation.html",
        {
            "title": question.title,
            "question": question,
            "form": question.form,
            "repo": question.repo,
            "slug": question.repo.slug,
            "build": question.build,
            "status": statuses.of(question.build) if question.build else "",
            "not_connected": not_connected(),
            "here": request.get_full_path(),
            **context,
        },
        status=status,
    )


def hidden(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the submitted form as hidden fields of the confirmation."""
    form = request.POST if request.method == "POST" else request.GET
    left_out = {"csrfmiddlewaretoken"} | (set() if request.POST.get("confirmed") else {"confirmed", "key", "change", "override"})
    return [(name, value) for name in form for value in form.getlist(name)[-1:] if name not in left_out]


def path_of(command: BuildCommand, repo: Repo) -> str:
    """Give the address at Drone."""
    form = PATHS[command.verb] if command.verb != Verb.DECLINE or command.stage is None else PATHS[command.verb] + "/{stage}"
    return f"/api/repos/{repo.slug}/{form.format(number=command.number, stage=command.stage or '{stage}')}"


def fields_of(command: BuildCommand) -> list[tuple[str, str]]:
    """Return the fields that Drone reads, under Drone's names."""
    debug = "true" if command.debug else ""
    own = [("branch", command.branch), ("commit", command.commit), ("message", command.message)]
    return [*own, ("action", command.operation), ("target", command.target), ("debug", debug)]
