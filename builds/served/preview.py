"""What a build would be served now, and why: the answer to «why did my push make no build?», for REST and the page alike.

Whoever may view a repository may see this: the file that serves it, where its parts came from, and what Drone asked for it.
Nothing else of the tree is read: files are found by the same rules as for Drone, never by a path that the reader gives.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import QueryDict

from builds.drone_db.models import Repo
from builds.drone_db.vocabulary import DEPLOYMENTS, Event
from builds.rest.errors import BadRequest
from builds.rest.parameters import texts, words
from configs.records.models import LastError, ServedConfig
from pipelines.build_request import BuildRequest
from pipelines.check.matching import Matches, matches_of
from pipelines.errors import ConfigError
from pipelines.resolve.explain import Explanation, explain
from pipelines.resolve.resolve import Resolved
from pipelines.tree.revision import revision_of
from pipelines.tree.tree import Tree
from pipelines.triggers.conditions import TriggerValues

PARAMETERS = frozenset({"branch", "tag", "event", "target", "operation", "cron"})
NEWEST = 100  # records of a branch that are looked through for one of the same event
ACTIONS = {Event.PULL_REQUEST.value: "opened", Event.TAG.value: "create"}  # as Drone calls what happened to them


@dataclass(frozen=True)
class Preview:
    request: BuildRequest
    cron: str  # the schedule's name; Drone does not hand it over
    revision: str  # of the tree
    explanation: Explanation
    matches: Matches | None  # None: there is no text to look into

    @property
    def resolved(self) -> Resolved | None:
        return self.explanation.found if isinstance(self.explanation.found, Resolved) else None

    @property
    def error(self) -> ConfigError | None:
        return self.explanation.found if isinstance(self.explanation.found, ConfigError) else None


@dataclass(frozen=True)
class DroneRequests:
    """What edrone knows of Drone's requests for a repository."""

    last: ServedConfig | None  # the newest that was served
    same: ServedConfig | None  # the newest for this branch and event
    error: LastError | None  # the last error of the repository


def preview_of(repo: Repo, query: QueryDict) -> Preview:
    """Look a build up in the tree as for Drone.

    Raises:
        BadRequest: as `request_for`.
        TreeUnavailable: there is no tree.
    """
    request, cron = request_for(repo, query), next(iter(texts(query, "cron")), "")
    explanation = explain(request, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
    found = explanation.found
    matches = None
    if isinstance(found, Resolved) and found.yaml is not None:
        matches = matches_of(found.path, found.yaml, TriggerValues.of(request, cron))
    return Preview(request, cron, revision_of(settings.EDRONE_PROJECTS).name, explanation, matches)


def request_for(repo: Repo, query: QueryDict) -> BuildRequest:
    """Describe the build that is meant: of the default branch by a push, where nothing is said.

    Raises:
        BadRequest: parameters do not go together, or one is given twice.
    """
    values_of = {name: texts(query, name) for name in PARAMETERS} | {"event": words(query, "event", Event)}
    for name, values in values_of.items():
        if len(values) > 1:
            raise BadRequest(f"{name} is given more than once; a preview is of one build.")
    value = {name: next(iter(values), "") for name, values in values_of.items()}
    event = value["event"] or implied_event(value)
    refuse_contradictions(value, event)
    if value["tag"] or event == Event.TAG:
        ref, branch = f"refs/tags/{value['tag']}", ""
    else:
        branch = value["branch"] or repo.default_branch
        ref = "refs/pull/1/head" if event == Event.PULL_REQUEST else f"refs/heads/{branch}"
    return BuildRequest(
        repo.namespace, repo.name, event, ref, branch, protected=repo.protected, config_path=repo.config_path, repo_id=repo.pk,
        action=value["operation"] or ACTIONS.get(event, ""), deploy_to=value["target"],
    )  # fmt: skip


def implied_event(value: dict[str, str]) -> str:
    """Return the event where none is given."""
    implied = {"operation": Event.CUSTOM, "target": Event.PROMOTE, "cron": Event.CRON, "tag": Event.TAG}
    return next((event.value for name, event in implied.items() if value[name]), Event.PUSH.value)


def refuse_contradictions(value: dict[str, str], event: str) -> None:
    """Refuse what no build has together.

    Raises:
        BadRequest: saying what does not go together.
    """
    if (value["branch"] and value["tag"]) or (value["tag"] and event == Event.PULL_REQUEST):
        raise BadRequest("A preview is of a branch or of a tag; a pull request has a branch.")
    if value["operation"] and event != Event.CUSTOM:
        raise BadRequest("Only builds of event custom run an operation.")
    if value["target"] and event not in DEPLOYMENTS:
        raise BadRequest("Only promotions and rollbacks have a target.")
    if value["cron"] and event != Event.CRON:
        raise BadRequest("Only builds of event cron have a schedule.")


def requests_of(repo: Repo, request: BuildRequest) -> DroneRequests:
    """Find what Drone asked for a repository, in three queries that indexes serve."""
    configurations = ServedConfig.objects.filter(conversion=False).order_by("-id")
    records = configurations.select_related("file").defer("file__origins", "file__sources")
    of_branch = records.filter(repo_id=repo.pk, slug=repo.slug, target=request.target)[:NEWEST]
    operation = request.action if request.event == Event.CUSTOM else ""
    same = next(
        (
            record
            for record in of_branch
            if record.event == request.event and (record.action == operation or request.event != Event.CUSTOM)
        ),
        None,
    )
    return DroneRequests(
        records.filter(slug=repo.slug, repo_id=repo.pk).first(), same, LastError.objects.filter(slug=repo.slug).first()
    )
