"""The page that runs an operation, or a normal build of a branch."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from builds.access import rules
from builds.access.finding import find_repo
from builds.access.models import Level
from builds.drone_db.models import Latest, Repo
from builds.drone_db.vocabulary import LatestType
from builds.starting import operations
from builds.starting.actions import not_connected
from builds.starting.attempts import targets
from builds.starting.commands import BuildCommand
from builds.starting.confirmation import Question, ask, changes, page_of
from builds.starting.errors import Forbidden
from builds.starting.forms import RunForm
from builds.starting.models import Verb
from builds.starting.operations import LEVELS
from builds.starting.required_grant import RequiredGrant, require_grant
from pipelines.errors import ConfigError
from pipelines.operations.operation import Operation
from pipelines.resolve.operation_list import ListedOperation
from texts.sentence import Sentence
from web.localized import localized
from web.pages import shown

MOST_BRANCHES = 200  # that are suggested


def run_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List what can be run. With `operation` in the query (empty: a normal build), ask for the inputs and run it."""
    repo = find_repo(request, slug)
    name = request.GET.get("operation")
    try:
        refuse_viewers(request, repo, name)
        if name is None:
            return shown(request, "starting/run.html", choices(request, repo))
        operation = operations.operation(repo, name) if name else None
        require_grant(request.user, slug, required_to_run(repo, name))
    except Forbidden as error:
        return shown(request, "starting/run.html", frame(repo) | {"reason": localized(error)}, status=error.status)
    except ConfigError as error:
        return shown(request, "starting/run.html", choices(request, repo) | {"reason": localized(error)}, status=404)
    return asked(request, repo, operation)


def refuse_viewers(request: HttpRequest, repo: Repo, name: str | None) -> None:
    """Refuse readers who may run nothing here.

    Raises:
        Forbidden: naming the grant that they need, of no operation in particular where the address names none.
    """
    if (rules.level_of(request.user, repo.slug) or Level.VIEW) >= Level.RUN:
        return
    if name is None:
        raise Forbidden(Sentence("Forbidden: you need a run grant. Ask an edrone administrator."))
    require_grant(request.user, repo.slug, required_to_run(repo, name))


def asked(request: HttpRequest, repo: Repo, operation: Operation | None) -> HttpResponseBase:
    known = targets(repo) if operation and operation.target else []
    named = branches(repo, request.GET.get("branch", ""))
    form = RunForm(request.POST if request.method == "POST" else None, operation, named, known)
    question = question_of(repo, operation, form)
    if not form.is_bound or changes(request):
        return page_of(request, question, {})
    if not form.is_valid():
        return page_of(request, question, {}, 422)
    name = operation.name if operation else ""
    return ask(
        request, question, BuildCommand(Verb.CREATE, branch=form.cleaned_data["branch"], operation=name, params=form.params)
    )


def required_to_run(repo: Repo, name: str) -> RequiredGrant:
    """Return the grant that running an operation requires; one that cannot be read could do anything."""
    try:
        return RequiredGrant(LEVELS[operations.operation(repo, name).level], name) if name else RequiredGrant(Level.RUN)
    except ConfigError:
        return RequiredGrant(Level.DEPLOY, name)


def frame(repo: Repo) -> dict[str, Any]:
    return {"title": _("Run %(repository)s") % {"repository": repo.slug}, "repo": repo, "slug": repo.slug}


def choices(request: HttpRequest, repo: Repo) -> dict[str, Any]:
    """Return the context of the list: the operations, and whether the reader may run each."""
    reason = ""
    try:
        entries = operations.listed(repo)
    except ConfigError as error:
        entries, reason = [], localized(error)
    return frame(repo) | {
        "operations": [(entry, permitted(request, repo, entry)) for entry in entries],
        "may_build": rules.may(request.user, Level.RUN, repo.slug),
        "not_connected": not_connected(),
        "reason": reason,
    }


def permitted(request: HttpRequest, repo: Repo, listed: ListedOperation) -> bool:
    """May the reader run this?"""
    operation = listed.operation
    return operation is not None and rules.may(request.user, LEVELS[operation.level], repo.slug, operation.name)


def branches(repo: Repo, first: str = "") -> list[str]:
    """Return the branches that have builds, the default branch first, or the one that a link names."""
    latest = Latest.objects.filter(repo_id=repo.id, type=LatestType.BRANCH.value).order_by("name")
    names = latest.values_list("name", flat=True)[:MOST_BRANCHES]
    return list(dict.fromkeys(filter(None, [first[:400], repo.default_branch, *names])))


def question_of(repo: Repo, operation: Operation | None, form: RunForm) -> Question:
    branch = form.cleaned_data.get("branch", "") if form.is_bound and form.is_valid() else ""
    names = {"name": operation.title or operation.name if operation else "", "repository": repo.slug, "branch": branch}
    if operation is None:
        title, sentence = _("Build a branch of %(repository)s"), _("Start a normal build of branch %(branch)s in %(repository)s.")
    else:
        title, sentence = _("%(name)s: %(repository)s"), _("Run “%(name)s” on branch %(branch)s of %(repository)s.")
    dangerous = operation is not None and operation.level == "deploy"
    done = _("The build was started.")
    return Question(
        title % names, sentence % names, names["name"], done, repo, None, form,
        dangerous=dangerous, description=operation.description if operation else "",
    )  # fmt: skip
