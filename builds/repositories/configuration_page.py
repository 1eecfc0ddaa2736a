"""The configuration of a repository: what a build would be served, why, which pipelines run, and when Drone last asked."""

from typing import Any

from django.http import HttpRequest, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from builds.access.finding import find_repo
from builds.drone_db.models import Latest, Repo
from builds.drone_db.vocabulary import DEPLOYMENTS, Event, LatestType
from builds.repositories.head import head
from builds.rest.errors import BadRequest
from builds.served.preview import PARAMETERS, DroneRequests, Preview, preview_of, requests_of
from builds.starting import operations
from configs.records.showing import coloured, compared, text_of
from pipelines.errors import TreeUnavailable
from pipelines.language.origins import annotated
from web.labels import EVENTS
from web.localized import localized
from web.pages import shown
from web.parameters import takes

MOST_SUGGESTED = 200
FIELDS: dict[str, tuple[str, ...]] = {  # what each event can be asked with
    Event.TAG: ("tag",),
    Event.CRON: ("branch", "cron"),
    Event.CUSTOM: ("branch", "operation"),
    Event.PROMOTE: ("branch", "target"),
    Event.ROLLBACK: ("branch", "target"),
}
LONGEST = 500  # characters of a value


@takes(*PARAMETERS)
def configuration_page(request: HttpRequest, slug: str) -> TemplateResponse:
    """Show it for the build that the form describes; without one, for a push to the default branch."""
    repo = find_repo(request, slug)
    query = query_of(request.GET)
    context = {**head(request, repo, "configuration"), **form(repo, query)}
    try:
        preview = preview_of(repo, query)
    except BadRequest as error:
        return shown(request, "repositories/configuration.html", context | {"reason": localized(error)}, status=400)
    except TreeUnavailable as error:
        return shown(request, "repositories/configuration.html", context | {"reason": localized(error)}, status=503)
    requests = requests_of(repo, preview.request)
    return shown(
        request,
        "repositories/configuration.html",
        {
            **context,
            "preview": preview,
            "requests": requests,
            "build": described(preview),
            "warnings": warnings(repo, preview),
            "is_hook": preview.request.event in {Event.PUSH, Event.PULL_REQUEST, Event.TAG},
            "skippable": preview.request.event in {Event.PUSH, Event.PULL_REQUEST},
            **texts_of(preview, requests),
        },
    )


def query_of(address: QueryDict) -> QueryDict:
    """Return what the form asks for; fields that belong to another event are passed over, as the form still has them."""
    query = QueryDict(mutable=True)
    event = value_of(address, "event")
    for name in ("event", *FIELDS.get(event, ("branch",))):
        if value := value_of(address, name):
            query[name] = value
    return query


def value_of(address: QueryDict, name: str) -> str:
    return address.get(name, "").replace("\0", "").strip()[:LONGEST]


def form(repo: Repo, query: QueryDict) -> dict[str, Any]:
    """Return the form's choices: the branches, targets, schedules and operations that there are; three queries at most."""
    event = query.get("event", Event.PUSH.value)
    fields = FIELDS.get(event, ("branch",))
    return {
        "values": {"branch": repo.default_branch} | query.dict(),
        "event": event,
        "events": [(word, EVENTS[word]) for word in Event.values],
        "fields": fields,
        "branches": latest(repo, LatestType.BRANCH) if "branch" in fields else [],
        "targets": latest(repo, LatestType.DEPLOYMENT) if "target" in fields else [],
        "crons": list(repo.crons.order_by("name").values_list("name", flat=True)[:MOST_SUGGESTED]) if "cron" in fields else [],
        "operations": [each.name for each in operations.known(repo)[:MOST_SUGGESTED]] if "operation" in fields else [],
    }


def latest(repo: Repo, kind: LatestType) -> list[str]:
    rows = Latest.objects.filter(repo_id=repo.id, type=kind.value).order_by("name")
    return list(rows.values_list("name", flat=True)[:MOST_SUGGESTED])


def described(preview: Preview) -> str:
    """Name the build in words, such as «push to main»."""
    request = preview.request
    place = request.ref.removeprefix("refs/tags/") if request.event == Event.TAG else request.target
    names = {"event": str(EVENTS[request.event]), "place": place, "target": request.deploy_to, "operation": request.action}
    if request.event in DEPLOYMENTS and request.deploy_to:
        return _("%(event)s of %(place)s to %(target)s") % names
    if request.event == Event.CUSTOM and request.action:
        return _("operation %(operation)s on %(place)s") % names
    if request.event == Event.PUSH:
        return _("push to %(place)s") % names
    return _("%(event)s of %(place)s") % names


def warnings(repo: Repo, preview: Preview) -> list[str]:
    """Say what in Drone keeps builds of this event from being made at all."""
    event = preview.request.event
    sentences = []
    if not repo.active:
        sentences.append(
            _("The repository is not active in Drone, so nothing at the forge makes a build. Activate it on Drone's page.")
        )
    if event == Event.PULL_REQUEST and repo.ignore_pull_requests:
        sentences.append(_("Drone is set to ignore pull requests of this repository."))
    elif event == Event.PULL_REQUEST and repo.ignore_forks:
        sentences.append(_("Drone is set to ignore pull requests from forks of this repository."))
    if repo.protected and event in {Event.PUSH, Event.PULL_REQUEST, Event.TAG}:
        sentences.append(
            _("The repository is protected in Drone: the build waits for approval unless its configuration is signed.")
        )
    return sentences


def texts_of(preview: Preview, requests: DroneRequests) -> dict[str, Any]:
    """Return the YAML with the origins of its parts, and what has changed since such a build was last served."""
    resolved = preview.resolved
    if resolved is None or resolved.yaml is None:
        return {}
    context: dict[str, Any] = {"yaml": coloured(annotated(resolved.yaml, resolved.origins))}
    if requests.same and requests.same.file.text_id:
        old, new = f"{requests.same.file.shown} ({requests.same.served:%Y-%m-%d %H:%M:%S} UTC)", f"projects/{resolved.path}"
        changes = compared(text_of(requests.same), resolved.yaml, old, new)
        context |= {"compared": True, "changes": coloured(changes, diff=True) if changes else ""}
    return context
