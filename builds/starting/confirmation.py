"""From a filled-in form to Drone: first a page that says exactly what will be sent, then sending it, once."""

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

from builds.browsing.pages import shown
from builds.drone_db.masking import masked
from builds.drone_db.models import Build, Repo
from builds.starting import service
from builds.starting.actions import TO_A_TARGET, not_connected
from builds.starting.commands import Caller, Wish
from builds.starting.errors import KeyInUse, KeyUsed, Refused, Unknown
from builds.starting.models import AuditRecord, Verb
from drone_api.client import READ_BY_DRONE
from drone_api.errors import DroneError
from pipelines.errors import ConfigError
from texts.errors import EdroneError
from texts.sentence import Sentence
from web import statuses
from web.localized import localized

MEANS = "administration"
FINISHED = {"success", "failure", "error", "declined", "skipped"}  # other than by cancelling
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
    Unknown: gettext_lazy("edrone stopped before Drone answered, so the action may have taken effect. Check the newest builds."),
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
    """Say who asks; the key makes of two presses one."""
    return Caller(request.user, MEANS, request.POST.get("key", "")[:64])


def done_before(request: HttpRequest) -> bool:
    """Was this confirmation sent before? Then its answer is given once more, whatever the build is like by now."""
    key = caller_of(request).key if request.POST.get("confirmed") else ""
    return bool(key) and AuditRecord.objects.filter(username=request.user.get_username(), key=key).exists()


def changes(request: HttpRequest) -> bool:
    """Does the reader go back from the confirmation to the form, with what was filled in?"""
    return request.method == "POST" and "change" in request.POST


def ask(request: HttpRequest, question: Question, wish: Wish) -> HttpResponseBase:
    """Ask for confirmation, or carry out what was confirmed."""
    try:
        if request.POST.get("confirmed"):
            return carried_out(request, question, service.carry_out(caller_of(request), wish, question.repo))
        return confirmation(request, question, wish)
    except KeyInUse as error:
        return page_of(request, question, {"under_way": str(error), "hidden": hidden(request)}, error.status)
    except (Unknown, KeyUsed) as error:
        return page_of(request, question, {"reason": REASONS[type(error)], "ended": True}, error.status)
    except EdroneError as error:
        status = 422 if isinstance(error, ConfigError) else error.status
        uncertain = isinstance(error, DroneError) and error.uncertain
        tried = bool(request.POST.get("confirmed"))
        return page_of(request, question, {"reason": localized(error), "ended": uncertain, "tried": tried}, status)


def confirmation(request: HttpRequest, question: Question, wish: Wish) -> TemplateResponse:
    """Say exactly what will be sent; whoever may not send it is told so here already."""
    caller = caller_of(request)
    service.allowed(caller, wish, question.repo, question.build)
    whole = service.checked(wish, question.repo)
    params = service.parameters_of(caller, whole, question.repo, question.build)
    refuse_read_by_drone(wish, params)
    return page_of(
        request,
        question,
        {
            "confirm": True,
            "button": BUTTONS[wish.verb] % {"number": wish.number, "target": whole.target},
            "call": f"{'DELETE' if wish.verb == Verb.CANCEL else 'POST'} {path_of(whole, question.repo)}",
            "fields": [(name, value) for name, value in fields_of(whole) if value],
            "sent": masked(params),
            "inherited": masked(inherited(wish, params, question.build)),
            "keeps": wish.verb == Verb.RESTART,
            "hidden": [*hidden(request), ("key", uuid4().hex), ("confirmed", "yes")],
        },
    )


def inherited(wish: Wish, sent: Mapping[str, str], build: Build | None) -> dict[str, str]:
    """Give the parameters of a build that the new one gets without being sent; a restarted one keeps all it had."""
    if build is None or wish.verb not in service.STARTING:
        return {}
    return {name: value for name, value in build.params.items() if wish.verb == Verb.RESTART or name not in sent}


def refuse_read_by_drone(wish: Wish, params: Mapping[str, str]) -> None:
    """Refuse names that the client would refuse once the confirmation is sent."""
    for name in params:
        if name in READ_BY_DRONE or (name == "target" and wish.verb in TO_A_TARGET):
            raise Refused(Sentence("A parameter cannot be named “%(name)s”: Drone uses this name itself.", name=name))


def carried_out(request: HttpRequest, question: Question, done: service.Done) -> HttpResponseBase:
    """Say that it is done, and go to the build."""
    status = str(done.build["status"]) if done.build else ""
    if question.cancels and status in FINISHED:
        messages.warning(request, _("Not cancelled: the build had already finished."))
    else:
        messages.success(request, str(question.done))
    slug, number = question.repo.slug, question.build.number if question.build else 0
    if done.build:
        number = int(done.build["number"])
    return redirect(reverse("admin:builds_build", kwargs={"slug": slug, "number": number}))


def page_of(request: HttpRequest, question: Question, context: dict[str, Any], status: int = 200) -> TemplateResponse:
    """Show the form, the confirmation, or why it was not done."""
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
    """Give the filled-in form again, so that the confirmation sends it along."""
    left_out = {"csrfmiddlewaretoken"} | (set() if request.POST.get("confirmed") else {"confirmed", "key", "change"})
    return [(name, value) for name in request.POST for value in request.POST.getlist(name)[-1:] if name not in left_out]


def path_of(wish: Wish, repo: Repo) -> str:
    """Give the address at Drone."""
    form = PATHS[wish.verb] if wish.verb != Verb.DECLINE or wish.stage is None else PATHS[wish.verb] + "/{stage}"
    return f"/api/repos/{repo.slug}/{form.format(number=wish.number, stage=wish.stage)}"


def fields_of(wish: Wish) -> list[tuple[str, str]]:
    """Give what Drone reads itself, under Drone's names."""
    debug = "true" if wish.debug else ""
    own = [("branch", wish.branch), ("commit", wish.commit), ("message", wish.message)]
    return [*own, ("action", wish.operation), ("target", wish.target), ("debug", debug)]
