"""The page that restarts, promotes, rolls back, cancels, approves or declines a build."""

from dataclasses import replace
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from builds.access.finding import find_build
from builds.access.models import Level
from builds.drone_db.models import Build
from builds.drone_db.queries import approvable_stages, held_as_protected, held_stages, waits_for_approval
from builds.starting import operations
from builds.starting.actions import OF_A_STAGE, TO_A_TARGET, not_now, permitted, required_for
from builds.starting.attempts import targets
from builds.starting.commands import BuildCommand
from builds.starting.confirmation import STAGES, Question, ask, changes, done_before, page_of
from builds.starting.errors import Forbidden
from builds.starting.forms import NothingMore, RestartForm, TargetForm
from builds.starting.models import Verb
from builds.starting.required_grant import require_grant
from texts.sentence import Sentence
from web.localized import localized

VERBS = set(Verb) - {Verb.CREATE}


def act_page(request: HttpRequest, slug: str, number: int, verb: str, stage: int | None = None) -> HttpResponseBase:
    """Ask for what is missing, if anything is, then for confirmation, then do it."""
    if verb not in VERBS or (stage is not None and verb not in OF_A_STAGE):
        raise Http404
    build = find_build(request, slug, number)
    form = form_of(request, Verb(verb), build)
    question = question_of(Verb(verb), build, stage, form)
    try:
        allow(request, build, Verb(verb), debug=debugs(form))
    except Forbidden as error:
        return page_of(request, question, {"reason": localized(error), "forbidden": True}, error.status)
    if changes(request):
        return page_of(request, question, {})
    reason = not_now(build, verb, stage or 0)
    if not form.is_bound or (reason and not done_before(request)):
        return page_of(request, question, {"not_now": reason}, 409 if request.POST.get("confirmed") else 200)
    if not form.is_valid():
        return page_of(request, question, {}, 422 if request.method == "POST" else 200)
    command = command_of(Verb(verb), build, stage, form.cleaned_data)
    if command.verb == Verb.APPROVE and stage is None:
        command = replace(command, stages=stages_named(request, build))
    return ask(request, question, command)


def allow(request: HttpRequest, build: Build, verb: Verb, *, debug: bool) -> None:
    """Refuse readers who may do this to no target; the target itself is checked with the form.

    Raises:
        Forbidden: naming the grant.
    """
    if permitted(request.user, build, verb, debug=debug):
        return
    if verb in TO_A_TARGET:
        raise Forbidden(Sentence("Forbidden: you need a deploy grant. Ask an edrone administrator."))
    require_grant(request.user, build.repo.slug, required_for(build, verb, debug=debug))


def form_of(request: HttpRequest, verb: Verb, build: Build) -> forms.Form:
    """Make the form of a verb. What needs no answer, or has it in the address, is filled in: only the confirmation is left."""
    asks = verb in TO_A_TARGET and "target" not in request.GET
    data = request.POST if request.method == "POST" else None if asks else request.GET
    if verb in TO_A_TARGET:
        return TargetForm(data, targets(build.repo))
    if verb == Verb.RESTART:
        return RestartForm(data, may_debug=permitted(request.user, build, verb, debug=True))
    return NothingMore(data)


def command_of(verb: Verb, build: Build, stage: int | None, values: dict[str, Any]) -> BuildCommand:
    return BuildCommand(
        verb,
        build.number,
        stage=stage,
        target=values.get("target", ""),
        debug=values.get("debug", False),
        only_failed=bool(values.get("only")),
        params=values.get("params", {}),
    )


def question_of(verb: Verb, build: Build, stage: int | None, form: forms.Form) -> Question:
    """Phrase the question with the names of the build and the target."""
    target = (form.cleaned_data.get("target", "") if form.is_bound and form.is_valid() else "") or build.deploy_to
    names = {
        "build": f"{build.repo.slug} #{build.number}",
        "target": target,
        "stage": stage_name(build, stage),
        "stages": ", ".join(each.name for each in approvable_stages(build)),
        "operation": operations.name_of(build),
    }
    only_failed = isinstance(form, RestartForm) and form["only"].data == "failed"
    title, sentence, done = RESTARTS_WHAT_FAILED if only_failed else words_of(verb, build, stage)
    return Question(
        title % names, sentence % names, "", done % names, build.repo, build, form, warnings(verb, build, stage),
        dangerous=verb in DANGEROUS or deploys(verb, build, debug=debugs(form)), cancels=verb == Verb.CANCEL,
    )  # fmt: skip


DANGEROUS = {Verb.PROMOTE, Verb.ROLLBACK, Verb.CANCEL, Verb.DECLINE}


RESTARTS_WHAT_FAILED = (
    gettext_lazy("Restart what failed of %(build)s"),
    gettext_lazy("Restart only what failed of %(build)s, with the configuration that it had."),
    gettext_lazy("What failed of %(build)s was restarted."),
)


def debugs(form: forms.Form) -> bool:
    return isinstance(form, RestartForm) and form.debugs


def deploys(verb: Verb, build: Build, *, debug: bool) -> bool:
    """Return whether this restarts something that requires a deploy grant."""
    return verb == Verb.RESTART and required_for(build, verb, debug=debug).level == Level.DEPLOY


def words_of(verb: Verb, build: Build, stage: int | None) -> tuple[str, str, str]:
    """Return the title, the question, and the message afterwards."""
    if verb == Verb.RESTART and operations.name_of(build):
        return (
            _("Restart %(build)s"),
            _("Restart %(build)s with today's configuration. This runs the operation %(operation)s again."),
            _("Restarted: %(build)s."),
        )
    if verb == Verb.RESTART and build.deploy_to:
        return (
            _("Restart %(build)s"),
            _("Restart %(build)s with today's configuration. This deploys to %(target)s again."),
            _("Restarted: %(build)s."),
        )
    if verb == Verb.APPROVE and stage is None:
        return (
            _("Approve %(build)s"),
            _("Approve these stages of %(build)s: %(stages)s. They then start."),
            _("Approved: %(build)s."),
        )
    if verb == Verb.DECLINE and stage is None:
        return _("Decline %(build)s"), _("Decline all stages of %(build)s."), _("Declined: %(build)s.")
    return {
        Verb.RESTART: (
            _("Restart %(build)s"), _("Restart %(build)s with today's configuration."), _("Restarted: %(build)s.")
        ),
        Verb.PROMOTE: (
            _("Promote %(build)s"), _("Promote %(build)s to %(target)s."), _("The promotion to %(target)s was started.")
        ),
        Verb.ROLLBACK: (
            _("Roll back to %(build)s"), _("Roll %(target)s back to %(build)s."), _("The rollback of %(target)s was started.")
        ),
        Verb.CANCEL: (_("Cancel %(build)s"), _("Cancel %(build)s."), _("Cancelled: %(build)s.")),
        Verb.APPROVE: (
            _("Approve %(build)s"), _("Approve the stage %(stage)s of %(build)s. It then starts."), _("Approved: %(stage)s.")
        ),
        Verb.DECLINE: (
            _("Decline %(build)s"), _("Decline the stage %(stage)s of %(build)s."), _("Declined: %(stage)s.")
        ),
    }[verb]  # fmt: skip


def stages_named(request: HttpRequest, build: Build) -> tuple[str, ...]:
    """Return the numbers of the stages that can start; once confirmed, of those that the confirmation named."""
    if request.POST.get("confirmed"):
        return tuple(request.POST.get(STAGES, "").split())
    return tuple(str(stage.number) for stage in approvable_stages(build))


def stage_name(build: Build, number: int | None) -> str:
    return next((stage.name for stage in build.stages_in_order if stage.number == number), "")


def warnings(verb: Verb, build: Build, number: int | None) -> tuple[str, ...]:
    texts = []
    if verb == Verb.APPROVE and number is not None and (names := held_stages(build).get(number)) is not None:
        early = _("It depends on what has not ended: %(stages)s. Drone starts it at once all the same.")
        needless = _("After how the others ended, Drone would skip it if nobody had to approve it. Approved, it starts at once.")
        texts.append(early % {"stages": ", ".join(names)} if names else needless)
    if verb == Verb.PROMOTE and build.status != "success":
        texts.append(_("This build did not succeed."))
    if verb == Verb.RESTART and waits_for_approval(build) and held_as_protected(build):  # an extension is asked again
        texts.append(_("This build waits for approval. The new one needs none: what waits runs at once."))
    if verb == Verb.RESTART and build.status == "error":
        texts.append(
            _("Drone rejected this build and did not store its inputs.")
            if operations.name_of(build)
            else _("Drone rejected this build and did not store its parameters. The new build starts without parameters.")
        )
    return tuple(texts)
