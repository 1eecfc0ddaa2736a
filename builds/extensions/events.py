"""The address that Drone tells what happens: DRONE_WEBHOOK_ENDPOINT.

An event is a hint that a build has changed, and nothing in it is believed: Drone's database is read. Drone, its callers and every
step of its runners wait for the answer, so it comes before any work.
"""

import threading
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

import msgspec
from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from builds.extensions.hints import Hint, hints
from configs import metrics
from configs.endpoint import signature
from configs.endpoint.answers import sentence
from configs.endpoint.authentication import ExtensionSignature
from configs.endpoint.views import DroneExtensionView
from configs.records.identity import LONGEST
from pipelines.errors import ConfigError, Malformed

NO_EVENT = "The body is no event of Drone's."
OFF = "edrone takes no events: set EDRONE_EVENTS_SECRET, and DRONE_WEBHOOK_SECRET of the Drone server to the same."


BUSY = "edrone is busy: other events are sent so slowly that they hold every thread that it gives to them."


class EventsBusy(ConfigError):
    """Too many bodies of events are being read."""

    status = 503


class NotTaken(ConfigError):
    """Events are switched off."""

    status = 404


Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class EventRepo(msgspec.Struct):
    slug: Annotated[str, msgspec.Meta(max_length=LONGEST)] = ""


class EventBuild(msgspec.Struct):
    id: Number = 0
    number: Number = 0


class EventJson(msgspec.Struct):
    """What an event says, as far as it is looked at (docs/drone.md 3)."""

    event: str
    repo: EventRepo | None = None
    build: EventBuild | None = None


DECODER = msgspec.json.Decoder(EventJson)


class EventSignature(ExtensionSignature):
    extension = signature.EVENTS

    def secrets(self) -> Sequence[str]:
        secrets: Sequence[str] = settings.EDRONE_EVENTS_SECRETS
        if not secrets:
            raise NotTaken(OFF)
        return secrets

    def body(self, request: Request) -> bytes:
        """Read the body in a quarter of the threads at most.

        Every receiver of Drone's events has this secret, and could hold all threads of pages by sending bodies slowly.
        """
        places = bodies()
        if not places.acquire(blocking=False):
            raise EventsBusy(BUSY)
        try:
            return super().body(request)
        finally:
            places.release()


@cache
def bodies() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(settings.EDRONE_THREADS // 4, 1))


class EventsView(DroneExtensionView):
    authentication_classes = (EventSignature,)
    what_for = (
        "This address is for a Drone server, which POSTs signed events to it: set DRONE_WEBHOOK_ENDPOINT of the Drone server "
        "to it."
    )

    def post(self, _: Request) -> HttpResponse:
        """Note what to look at, and answer."""
        hint = hint_in(self.body())
        if hint and settings.DRONE_DATABASE:
            count("taken" if hints.add(hint) else "dropped")
        else:
            count("ignored")
        return HttpResponse(status=204)

    def handle_exception(self, exc: Exception) -> Any:
        if not isinstance(exc, ConfigError):
            return super().handle_exception(exc)
        count("refused")
        return sentence(str(exc), exc.status)


def hint_in(body: bytes) -> Hint | None:
    """Read the hint that an event holds; None where it is about something else than a build."""
    try:
        event = DECODER.decode(body)
    except (ValueError, RecursionError):
        raise Malformed(NO_EVENT) from None
    if event.event != "build" or not event.repo or not event.build:
        return None
    if "\0" in event.repo.slug:  # no column holds it, so that a query with it would fail for all builds of its batch
        raise Malformed(NO_EVENT)
    return Hint(event.repo.slug, event.build.number, event.build.id)


def count(outcome: str) -> None:
    if settings.EDRONE_METRICS:
        metrics.count_event(outcome)
