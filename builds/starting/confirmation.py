"""Confirmation of a filled-in form: shows the exact request, then sends it to Drone once."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from builds.drone_db.vocabulary import NOT_FINISHED, Status
from builds.starting import service
from builds.starting.actions import TO_A_TARGET, not_connected
from builds.starting.commands import BuildCommand, Caller
from builds.starting.errors import InvalidCommand, KeyInUse, KeyUsed, UnknownResult
from builds.starting.models import AuditRecord, Verb
from drone_api.client import READ_BY_DRONE
from drone_api.errors import DroneError
from pipelines.errors import ConfigError
from texts.errors import EdroneError
from texts.sentence import Sentence
from web import statuses
from web.localized import localized
from web.pages import shown

MEANS = "administration"
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
    Verb.PROMOTE: gettext_lazy("Promote to %(target)s"),
    Verb.ROLLBACK: gettext_lazy("Roll back %(target)s"),
    Verb.APPROVE: gettext_lazy("Approve #%(number)s"),
    Verb.DECLINE: gettext_lazy("Decline #%(number)s"),
}
REASONS = {
    UnknownResult: gettext_lazy(
        "edrone stopped before Drone answered, so the action may have taken effect. Check the newest builds."
    ),
    KeyUsed: gettext_lazy("This page was already used for another action. Start again."),
}


@dataclass(frozen=True)
class Question:
    title: str | Promise  # what is done, with the name of what it is done to
    sentence: str  # the same as a whole sentence, for the confirmation
    done: str | Promise  # what is said once it is done
    repo: Repo
    build: Build | None  # what it is done to; None: a new one
    form: forms.Form
    warnings: tuple[str, ...] = ()
    dangerous: bool = False
    cancels: bool = False


def caller_of(request: HttpRequest) -> Caller:
    """Return the caller; the key makes one command of two clicks."""
    return Caller(request.user, MEANS, request.POST.get("key", "")[:64])


def done_before(request: HttpRequest) -> bool:
    """Return whether this confirmation was sent before: its answer is repeated, whatever the build's state is by now."""
    key = caller_of(request).key if request.POST.get("confirmed") else ""
    return bool(key) and AuditRecord.objects.filter(username=request.user.get_username(), key=key).exists()


def changes(request: HttpRequest) -> bool:
    """Return whether the reader goes back from the confirmation to the form."""
    return request.method == "POST" and "change" in request.POST


def ask(request: HttpRequest, question: Question, command: BuildCommand) -> HttpResponseBase:
    """Ask for confirmation, or carry out what was confirmed."""
    try:
        if request.POST.get("confirmed"):
            return carried_out(request, question, service.carry_out(caller_of(request), command, question.repo))
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
    caller = caller_of(request)
    service.refuse_unstorable(command)
    service.check_grant(caller, command, question.repo, question.build)
    complete = service.validated(command, question.repo)
    params = service.parameters_to_send(caller, complete, question.repo, question.build)
    refuse_read_by_drone(command, params)
    kept = inherited(command, params, question.build)
    return page_of(
        request,
        question,
        {
            "confirm": True,
            "button": BUTTONS[command.verb] % {"number": command.number, "target": complete.target},
            "call": f"{'DELETE' if command.verb == Verb.CANCEL else 'POST'} {path_of(complete, question.repo)}",
            "fields": [(name, value) for name, value in fields_of(complete) if value],
            # All of them: they are what is confirmed, and Drone's 4,000 characters bound them.
            "sent": shown_parameters(params, len(params)),
            "inherited": shown_parameters(kept, len(kept)),
            "keeps": command.verb == Verb.RESTART,
            "hidden": [*hidden(request), ("key", uuid4().hex), ("confirmed", "yes")],
        },
    )


def inherited(command: BuildCommand, sent: Mapping[str, str], build: Build | None) -> dict[str, str]:
    """Return the parameters that Drone copies from the build; a restart keeps all of them."""
    if build is None or command.verb not in service.STARTING:
        return {}
    return {name: value for name, value in build.params.items() if command.verb == Verb.RESTART or name not in sent}


def refuse_read_by_drone(command: BuildCommand, params: Mapping[str, str]) -> None:
    """Refuse names that the client would refuse after the confirmation."""
    for name in params:
        if name in READ_BY_DRONE or (name == "target" and command.verb in TO_A_TARGET):
            raise InvalidCommand(Sentence("A parameter cannot be named “%(name)s”: Drone uses this name itself.", name=name))


def carried_out(request: HttpRequest, question: Question, result: service.CommandResult) -> HttpResponseBase:
    status = str(result.build["status"]) if result.build else ""
    if question.cancels and status in ENDED_ITSELF:
        messages.warning(request, _("Not cancelled: the build had already finished."))
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
            **context,
        },
        status=status,
    )


def hidden(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the submitted form as hidden fields of the confirmation."""
    left_out = {"csrfmiddlewaretoken"} | (set() if request.POST.get("confirmed") else {"confirmed", "key", "change"})
    return [(name, value) for name in request.POST for value in request.POST.getlist(name)[-1:] if name not in left_out]


def path_of(command: BuildCommand, repo: Repo) -> str:
    """Give the address at Drone."""
    form = PATHS[command.verb] if command.verb != Verb.DECLINE or command.stage is None else PATHS[command.verb] + "/{stage}"
    return f"/api/repos/{repo.slug}/{form.format(number=command.number, stage=command.stage)}"


def fields_of(command: BuildCommand) -> list[tuple[str, str]]:
    """Return the fields that Drone reads, under Drone's names."""
    debug = "true" if command.debug else ""
    own = [("branch", command.branch), ("commit", command.commit), ("message", command.message)]
    return [*own, ("action", command.operation), ("target", command.target), ("debug", debug)]
