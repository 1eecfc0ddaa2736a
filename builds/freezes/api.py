"""`/api/freezes`: what may not be started, until when, and why."""

from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.finding import visible_repos
from builds.freezes.access import visible_freezes
from builds.freezes.actions import NotThere, lift, make, messages_of
from builds.freezes.local_time import NoSuchTime, moment
from builds.freezes.models import Freeze
from builds.freezes.reading import not_over
from builds.freezes.unknown_names import unknown_names
from builds.rest.base import ApiView, whole
from builds.rest.errors import BadRequest
from builds.rest.json_body import StrictJson, body_of, is_text, refuse_other_members
from texts.sentence import Sentence

TEXTS = ("pattern", "targets", "branches", "reason")
TIMES = ("begins", "ends")
ANSWERED = ("id", "user", "state", "notes")  # edrone's own: a freeze that it gave may be sent again as it is
EXAMPLE = '{"pattern": "shop/*", "targets": "production", "reason": "Stocktaking"}'


class FreezesView(ApiView):
    parser_classes = (StrictJson,)

    def get(self, request: Request) -> Response:
        """List the freezes that hold or are planned, of repositories that the user may see."""
        return Response([shape(freeze) for freeze in visible_freezes(request.user, not_over().order_by("begins", "id"))])

    def post(self, request: Request) -> Response:
        try:
            freeze = make(request.user, Freeze(**fields(body_of(request, EXAMPLE))))
        except ValidationError as error:
            raise BadRequest(messages_of(error)) from None
        return Response(
            shape(freeze) | {"notes": [str(note) for note in unknown_names(freeze, partial(visible_repos, request.user))]}, 201
        )


class FreezeView(ApiView):
    def delete(self, request: Request, number: str) -> Response:
        """Lift a freeze; one that was lifted before stays as it is."""
        freezes = visible_freezes(request.user, Freeze.objects.filter(pk=whole(number, "freeze")))
        if not freezes:
            raise NotThere(Sentence("Not Found: there is no freeze %(number)s, or you may not see it.", number=number))
        lift(request.user, freezes[0])
        return Response(None, 204)


def fields(content: dict[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in content.items() if name not in ANSWERED}
    refuse_other_members(asked, (*TEXTS, *TIMES))
    for name, value in asked.items():
        if not is_text(value) and not (name in TIMES and value is None):
            raise BadRequest(f"{name} must be a string{' or null' * (name in TIMES)}.")
    texts = {name: content[name] for name in TEXTS if name in content}
    return texts | {name: time_of(name, content[name]) for name in TIMES if content.get(name) is not None}


def time_of(name: str, text: str) -> datetime:
    try:
        return moment(text)
    except NoSuchTime:
        raise BadRequest(f"{name} must be a time with its zone, such as 2026-12-24T18:00:00+01:00.") from None


def shape(freeze: Freeze) -> dict[str, Any]:
    return {
        "id": freeze.pk,
        "pattern": freeze.pattern,
        "targets": freeze.targets,
        "branches": freeze.branches,
        "reason": freeze.reason,
        "begins": freeze.begins.isoformat(),
        "ends": freeze.ends.isoformat() if freeze.ends else None,
        "user": freeze.username,
        "state": freeze.state(timezone.now()),
    }
