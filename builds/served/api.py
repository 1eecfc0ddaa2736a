"""The YAML of builds: what one was served, and what one would be served now."""

from django.conf import settings
from django.http import QueryDict
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from builds.drone_db.models import Build, Repo
from builds.drone_db.vocabulary import Event
from builds.rest.base import RepositoryView, whole
from builds.rest.errors import BadRequest
from builds.rest.parameters import texts, words
from builds.rest.shapes import Shape
from builds.served.build_keys import error_of, key_of
from configs.records.models import LastError
from configs.records.packing import unpacked
from configs.records.rules import served_for
from pipelines.build_request import BuildRequest
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree.revision import revision_of
from pipelines.tree.tree import Tree

SKEW = 60  # seconds between the time of an error and that of the build which got it


class BuildConfigView(RepositoryView):
    def get(self, _: Request, number: str, **__: str) -> Response:
        """Show the exact YAML, the files that it came from, and when it was served."""
        wanted, slug = whole(number, "build"), self.repo.slug
        build = Build.objects.filter(repo_id=self.repo.pk, number=wanted).first()
        if build is None:
            raise NotFound(f"Not Found: {slug} has no build {wanted}.")
        record = served_for(key_of(build))
        if record is None:
            raise NotFound(f"Not Found: edrone has no record of what build {wanted} of {slug} was served. {why(build, slug)}")
        served = {"served": int(record.served.timestamp()), "late": record.late, "version": record.version}
        return Response(resolved_shape(unpacked(record.file), record.revision) | served)


def why(build: Build, slug: str) -> str:
    """Return why there is no record: edrone answered with an error, as Drone says, or where the last of the repository fits."""
    if message := error_of(build):
        return f"edrone answered with an error: {message}"
    error = LastError.objects.filter(slug=slug, event=build.event, ref=build.ref).first()
    seconds = error.time.timestamp() - build.created if error else 0
    if error and (error.number == build.number or (not error.number and -SKEW <= seconds <= SKEW)):
        return f"edrone answered with an error: {error.message}"
    return (
        "It is older than edrone's records, or edrone's own database failed when it was served, "
        "or Drone had its configuration from elsewhere."
    )


class ConfigPreviewView(RepositoryView):
    """What a build of a branch would be served now."""

    parameters = frozenset({"branch", "tag", "event"})

    def get(self, request: Request, **_: str) -> Response:
        """Look it up in the tree as for Drone, and show the YAML and the files that it comes from."""
        asked = request_for(self.repo, request.query_params)
        resolved = resolve(asked, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
        return Response(resolved_shape(resolved, revision_of(settings.EDRONE_PROJECTS).name))


def resolved_shape(resolved: Resolved, revision: str) -> Shape:
    """Show what was found; `yaml` is null where the repository keeps its own file."""
    return {"yaml": resolved.yaml, "path": resolved.path, "sources": list(resolved.sources), "revision": revision}


def request_for(repo: Repo, query: QueryDict) -> BuildRequest:
    """Describe the build that is meant: of the default branch by a push, where nothing is said.

    Raises:
        BadRequest: branch and tag are both given, or a parameter twice.
    """
    branches, tags, events = texts(query, "branch"), texts(query, "tag"), words(query, "event", Event)
    for name, values in {"branch": branches, "tag": tags, "event": events}.items():
        if len(values) > 1:
            raise BadRequest(f"{name} is given more than once; a preview is of one build.")
    event = events[0] if events else Event.TAG.value if tags else Event.PUSH.value
    if (branches and tags) or (tags and event == Event.PULL_REQUEST):
        raise BadRequest("A preview is of a branch or of a tag; a pull request has a branch.")
    if tags:
        ref = target = f"refs/tags/{tags[0]}"
    else:
        target = branches[0] if branches else "" if event == Event.TAG else repo.default_branch
        ref = "refs/pull/1/head" if event == Event.PULL_REQUEST else f"refs/heads/{target}"
    return BuildRequest(
        repo.namespace, repo.name, event, ref, target, protected=repo.protected, config_path=repo.config_path, repo_id=repo.pk
    )
