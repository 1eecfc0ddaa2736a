"""Running a service by hand: an operation, or an ordinary build of a branch."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from builds.access import rules
from builds.access.models import Level
from builds.browsing.pages import find_repo, page, shown
from builds.drone_db.models import Latest, Repo
from builds.drone_db.vocabulary import LatestType
from builds.starting import operations
from builds.starting.actions import not_connected
from builds.starting.commands import Caller, Wish
from builds.starting.confirmation import Question, ask, changes, page_of
from builds.starting.errors import Forbidden
from builds.starting.forms import RunForm
from builds.starting.models import Verb
from builds.starting.needs import Need, demand
from builds.starting.operations import LEVELS
from pipelines.errors import ConfigError
from pipelines.operations.operation import Operation
from pipelines.resolve.operation_list import ListedOperation, list_operations
from pipelines.tree.tree import Tree
from texts.errors import EdroneError
from web.localized import localized

MOST_BRANCHES = 200  # that are suggested


@page
def run_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List what can be run; with an operation chosen (empty: an ordinary build), ask for its inputs, and run it."""
    repo = find_repo(request, slug)
    name = request.GET.get("operation")
    if (rules.level_of(request.user, slug) or Level.VIEW) < Level.RUN:
        return refused(request, repo, need_of(repo, name or ""))
    if name is None:
        return shown(request, "starting/run.html", choices(request, repo))
    try:
        operation = operations.operation(repo, name) if name else None
    except ConfigError as error:
        return shown(request, "starting/run.html", choices(request, repo) | {"reason": localized(error)}, status=404)
    need = need_of(repo, name)
    if not rules.may(request.user, need.level, slug, need.what):
        return refused(request, repo, need)
    return asked(request, repo, operation)


def asked(request: HttpRequest, repo: Repo, operation: Operation | None) -> HttpResponseBase:
    """Ask for the inputs, then for confirmation, then run it."""
    form = RunForm(request.POST if request.method == "POST" else None, operation, branches(repo))
    question = question_of(repo, operation, form)
    if not form.is_bound or changes(request):
        return page_of(request, question, {})
    if not form.is_valid():
        return page_of(request, question, {}, 422)
    name = operation.name if operation else ""
    return ask(request, question, Wish(Verb.CREATE, branch=form.cleaned_data["branch"], operation=name, params=form.params))


def need_of(repo: Repo, name: str) -> Need:
    """Say what running an operation needs, one that is not there included."""
    try:
        return Need(LEVELS[operations.operation(repo, name).level], name) if name else Need(Level.RUN)
    except ConfigError:
        return Need(Level.DEPLOY, name)


def refused(request: HttpRequest, repo: Repo, need: Need) -> HttpResponseBase:
    try:
        demand(Caller(request.user, ""), repo.slug, need)
    except Forbidden as error:
        return shown(request, "starting/run.html", frame(repo) | {"reason": localized(error)}, status=error.status)
    raise EdroneError(f"{request.user} may run {need.what or 'builds'} of {repo.slug}, and was refused.")


def frame(repo: Repo) -> dict[str, Any]:
    """Give what each of these pages has."""
    return {"title": _("Run %(repository)s") % {"repository": repo.slug}, "repo": repo, "slug": repo.slug}


def choices(request: HttpRequest, repo: Repo) -> dict[str, Any]:
    """List the operations, and whether the reader may run each."""
    reason = ""
    try:
        found = list_operations(repo.namespace, repo.name, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
    except ConfigError as error:
        found, reason = [], localized(error)
    return frame(repo) | {
        "operations": [(each, permitted(request, repo, each)) for each in found],
        "may_build": rules.may(request.user, Level.RUN, repo.slug),
        "not_connected": not_connected(),
        "reason": reason,
    }


def permitted(request: HttpRequest, repo: Repo, listed: ListedOperation) -> bool:
    """May the reader run this?"""
    found = listed.operation
    return found is not None and rules.may(request.user, LEVELS[found.level], repo.slug, found.name)


def branches(repo: Repo) -> list[str]:
    """Give the branches that builds were made of, the default one first."""
    found = Latest.objects.filter(repo_id=repo.id, type=LatestType.BRANCH.value).order_by("name")
    names = found.values_list("name", flat=True)[:MOST_BRANCHES]
    return list(dict.fromkeys(filter(None, [repo.default_branch, *names])))


def question_of(repo: Repo, operation: Operation | None, form: RunForm) -> Question:
    branch = form.cleaned_data.get("branch", "") if form.is_bound and form.is_valid() else ""
    names = {"name": operation.title or operation.name if operation else "", "repository": repo.slug, "branch": branch}
    if operation is None:
        title, sentence = _("Build a branch of %(repository)s"), _("Start a normal build of branch %(branch)s in %(repository)s.")
    else:
        title, sentence = _("%(name)s: %(repository)s"), _("Run “%(name)s” on branch %(branch)s of %(repository)s.")
    dangerous = operation is not None and operation.level == "deploy"
    return Question(title % names, sentence % names, _("The build was started."), repo, None, form, dangerous=dangerous)
