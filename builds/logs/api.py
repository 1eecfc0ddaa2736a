"""`…/builds/{number}/logs/{stage}/{step}`: what a step printed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from builds.drone_db.models import Repo, Step
from builds.drone_db.queries import step_of
from builds.drone_db.vocabulary import NOT_FINISHED
from builds.drone_server.client import connected, slot
from builds.logs import external_logs
from builds.logs.live_log import can_ask
from builds.logs.log_lines import Line, is_json
from builds.logs.log_slices import SlicedLog, plain_sliced, sliced
from builds.logs.stored_log import stored_log
from builds.logs.stream import lines_so_far
from builds.rest.base import RepositoryView, whole
from builds.rest.parameters import whole_number
from drone_api import client

MOST_LINES = 10**9
SET = "Set DRONE_SERVER and DRONE_TOKEN, so that edrone can ask Drone for it."
ELSEWHERE = (
    f"Drone's database has no log of this step: Drone keeps its logs elsewhere (S3 or Azure), or the step printed nothing. {SET}"
)


class LogView(RepositoryView):
    parameters = frozenset({"after"})
    only_at_drone = frozenset({"DELETE"})

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Answer, and let go of the answer.

        View and request hold each other, so that a long log would stay in memory until Python looks for cycles.
        """
        response = super().dispatch(*args, **kwargs)
        del self.response
        return response

    def get(self, request: Request, number: str, stage: str, step: str, **_: str) -> HttpResponseBase:
        """Return it as it was stored, byte for byte; with `after`, only the lines behind so many, also while the step runs."""
        build, in_stage, in_step = whole(number, "build"), whole(stage, "stage"), whole(step, "step")
        after = whole_number(request.query_params, "after", MOST_LINES) if "after" in request.query_params else None
        found_step = step_of(self.repo.pk, build, in_stage, in_step)
        if found_step is None:
            raise NotFound(f"Not Found: build {build} of {self.repo.slug} has no step {in_step} in a stage {in_stage}.")
        if after is not None and found_step.status in NOT_FINISHED:
            return HttpResponse(msgspec.json.encode(so_far(self.repo, build, found_step, after)), content_type="application/json")
        with stored_log(found_step) as log:
            if log is not None:
                return answer(log, after)
        with asked_of_drone(self.repo, build, in_stage, found_step) as log:
            return answer(log, after)


def so_far(repo: Repo, build: int, step: Step, after: int) -> list[Line]:
    """Ask Drone what a step that has not ended has printed, after its first lines.

    Raises:
        NotFound: edrone is not connected to Drone's API.
        DroneError: Drone does not answer, or edrone asks it in too many threads already.
    """
    if not step.started:
        return []
    if not can_ask():
        raise NotFound(
            f"Not Found: step {step.name} has not ended, and edrone cannot ask Drone what it has printed so far. {SET}"
        )
    with slot():
        lines = lines_so_far(connected(), client.RepoName(repo.namespace, repo.name), build, step.stage.number, step.number)
    return [line for line in lines if line.pos >= after]


def asked_of_drone(repo: Repo, build: int, stage: int, step: Step) -> AbstractContextManager[bytes]:
    """Ask Drone for a log that its table does not have (docs/drone.md 5.3).

    Raises:
        NotFound: the step has not ended, or edrone is not connected to Drone's API.
        DroneError: as of `external_logs.log_of`; or edrone waits for Drone in too many threads already.
    """
    if step.status in NOT_FINISHED:
        raise NotFound(f"Not Found: step {step.name} has not ended; its log comes when it has.")
    if not can_ask():
        raise NotFound(f"Not Found: {ELSEWHERE}")
    return external_logs.log_of(client.RepoName(repo.namespace, repo.name), build, stage, step.number)


def answer(log: bytes, after: int | None) -> HttpResponseBase:
    """Give JSON as it is, and what is none in Drone's form of a log, piece by piece: that is up to ten times as long."""
    if after is not None:
        return StreamingHttpResponse(as_lines(log, sliced(log), after), content_type="application/json")
    if is_json(log):
        return HttpResponse(log, content_type="application/json")
    return StreamingHttpResponse(as_lines(log, plain_sliced(log)), content_type="application/json")


def as_lines(log: bytes, text: SlicedLog, after: int = 0) -> Iterator[bytes]:
    """Write the lines behind the first `after` of a log in Drone's form."""
    yield b"["
    separator = b""
    for part in text.slices:
        if part.before + part.count > after:
            lines = [line for line in text.read(log, part) if line.pos >= after]
            yield separator + msgspec.json.encode(lines)[1:-1]
            separator = b"," if lines else separator
    yield b"]"
