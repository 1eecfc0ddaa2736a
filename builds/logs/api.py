"""`…/builds/{number}/logs/{stage}/{step}`: what a step printed."""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from builds.drone_db.models import Repo, Step
from builds.drone_db.queries import step_of
from builds.drone_db.vocabulary import NOT_FINISHED
from builds.logs import external_logs
from builds.logs.log_lines import is_json
from builds.logs.log_slices import plain_sliced
from builds.logs.stored_log import place, stored_log
from builds.rest.base import RepositoryView, whole
from drone_api import client

ELSEWHERE = (
    "Drone's database has no log of this step: Drone keeps its logs elsewhere (S3 or Azure), or the step printed nothing. "
    "Set DRONE_SERVER and DRONE_TOKEN, so that edrone can ask Drone for it."
)


class LogView(RepositoryView):
    only_at_drone = frozenset({"DELETE"})

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Answer, and let go of the answer.

        View and request hold each other, so that a long log would stay in memory until Python looks for cycles.
        """
        response = super().dispatch(*args, **kwargs)
        del self.response
        return response

    def get(self, _: Request, number: str, stage: str, step: str, **__: str) -> HttpResponseBase:
        """Return it as it was stored, byte for byte."""
        build, in_stage, in_step = whole(number, "build"), whole(stage, "stage"), whole(step, "step")
        found = step_of(self.repo.pk, build, in_stage, in_step)
        if found is None:
            raise NotFound(f"Not Found: build {build} of {self.repo.slug} has no step {in_step} in a stage {in_stage}.")
        with stored_log(found) as log:
            if log is not None:
                return answer(log)
        log = asked_of_drone(self.repo, build, in_stage, found)
        with place(len(log)):
            return answer(log)


def asked_of_drone(repo: Repo, build: int, stage: int, step: Step) -> bytes:
    """Ask Drone for a log that its table does not have (docs/drone.md 5.3).

    Raises:
        NotFound: the step has not ended, or edrone is not connected to Drone's API.
        DroneError: Drone has none, or does not answer; or edrone waits for it in too many threads already.
    """
    if step.status in NOT_FINISHED:
        raise NotFound(f"Not Found: step {step.name} has not ended; its log comes when it has.")
    if not (settings.DRONE_SERVER and settings.DRONE_TOKEN):
        raise NotFound(f"Not Found: {ELSEWHERE}")
    return external_logs.log_of(client.RepoName(repo.namespace, repo.name), build, stage, step.number)


def answer(log: bytes) -> HttpResponseBase:
    """Give JSON as it is, and what is none in Drone's form of a log, piece by piece: that is up to ten times as long."""
    if is_json(log):
        return HttpResponse(log, content_type="application/json")
    return StreamingHttpResponse(as_lines(log), content_type="application/json")


def as_lines(log: bytes) -> Iterator[bytes]:
    """Put plain text into Drone's form of a log."""
    text = plain_sliced(log)
    yield b"["
    for part in text.slices:
        lines = msgspec.json.encode(text.read(log, part))[1:-1]
        yield b",%b" % lines if part.before else lines
    yield b"]"
