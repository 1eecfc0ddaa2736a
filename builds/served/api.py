"""The YAML of builds: what one was served, and what one would be served now."""

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from builds.drone_db.models import Build
from builds.rest.base import RepositoryView, whole
from builds.rest.shapes import Shape, present
from builds.served.build_keys import error_of, key_of
from builds.served.preview import PARAMETERS, DroneRequests, Preview, preview_of, requests_of
from configs.records.models import LastError, ServedConfig
from configs.records.packing import unpacked
from configs.records.rules import shown_for
from pipelines.check.matching import PipelineMatch
from pipelines.resolve.resolve import Resolved

SKEW = 60  # seconds between the time of an error and that of the build which got it


class BuildConfigView(RepositoryView):
    def get(self, _: Request, number: str, **__: str) -> Response:
        """Show the exact YAML, the files that it came from, and when it was served."""
        wanted, slug = whole(number, "build"), self.repo.slug
        build = Build.objects.filter(repo_id=self.repo.pk, number=wanted).first()
        if build is None:
            raise NotFound(f"Not Found: {slug} has no build {wanted}.")
        record = shown_for(key_of(build))
        if record is None:
            raise NotFound(f"Not Found: edrone has no record of what build {wanted} of {slug} was served. {why(build, slug)}")
        served = {
            "served": int(record.served.timestamp()),
            "conversion": record.conversion,
            "late": record.late,
            "version": record.version,
        }
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
    """What a build of a branch would be served now, and which of its pipelines would run."""

    parameters = PARAMETERS

    def get(self, request: Request, **_: str) -> Response:
        """Look it up in the tree as for Drone; where that is an error, answer it with the same facts."""
        preview = preview_of(self.repo, request.query_params)
        facts = facts_shape(preview) | requests_shape(requests_of(self.repo, preview.request))
        if preview.error:
            return Response({"message": str(preview.error)} | facts, status=preview.error.status)
        assert preview.resolved is not None  # noqa: S101 - it is the one or the other
        return Response(resolved_shape(preview.resolved, preview.revision) | facts)


def resolved_shape(resolved: Resolved, revision: str) -> Shape:
    """Show what was found; `yaml` is null where the repository keeps its own file."""
    sources = [path.removeprefix("/") for path in resolved.sources]  # that of a repository's own file
    return {"yaml": resolved.yaml, "path": resolved.path.removeprefix("/"), "sources": sources, "revision": revision}


def facts_shape(preview: Preview) -> Shape:
    """Show why this file serves, and which pipelines run; `pipelines` is null where there is no text to look into."""
    matches = preview.matches
    return {
        "candidates": [{"path": tried.path, "state": str(tried.state)} for tried in preview.explanation.candidates],
        "remarks": list(preview.explanation.remarks),
        "pipelines": [pipeline_shape(pipeline) for pipeline in matches.pipelines] if matches and not matches.unknown else None,
        **present(refused=matches.refused if matches else "", unknown=str(matches.unknown) if matches else ""),
    }


def pipeline_shape(pipeline: PipelineMatch) -> Shape:
    return {
        "name": pipeline.name,
        "runs": pipeline.runs,
        "reasons": [str(reason) for reason in pipeline.reasons],
        **present(not_compared=[f"trigger.{key}" for key in pipeline.passed_over]),
    }


def requests_shape(requests: DroneRequests) -> Shape:
    """Show when Drone last asked; null where edrone has no record of it."""
    return {
        "last_asked": record_shape(requests.last),
        "last_asked_alike": record_shape(requests.same),
        "last_error": error_shape(requests.error),
    }


def record_shape(record: ServedConfig | None) -> Shape | None:
    if record is None:
        return None
    return {
        "time": int(record.served.timestamp()),
        "event": record.event,
        "ref": record.ref,
        **present(build=record.number),
        "path": record.file.path.removeprefix("/"),
        "own_file": record.conversion or record.file.text_id is None,
    }


def error_shape(error: LastError | None) -> Shape | None:
    if error is None:
        return None
    return {
        "time": int(error.time.timestamp()),
        "event": error.event,
        "ref": error.ref,
        **present(build=error.number),
        "message": error.message,
    }
