"""Drone's writing API: create, restart, cancel, promote, rollback, approve, decline (docs/drone.md 4.3)."""

import re
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.token_models import ApiToken
from builds.browsing.builds_api import BuildsView, BuildView
from builds.rest.base import RepositoryView, whole
from builds.rest.errors import BadRequest
from builds.starting.bodies import StrictJson, body_of
from builds.starting.commands import Caller, Wish
from builds.starting.models import Verb
from builds.starting.service import carry_out

KEY = re.compile(r"[!-~]{1,255}")
NEVER_PASSED_ON = frozenset({"access_token"})


class Writing(RepositoryView):
    """An address that asks Drone to do something."""

    parser_classes = (StrictJson,)

    def wish(self, request: Request, verb: Verb, *own: str, **fields: Any) -> Response:
        """Read what is wanted and carry it out; `own` names the parameters that are not the build's."""
        given, params = read(request, frozenset(own))
        wish = Wish(verb, **fields, **given, params=params)
        done = carry_out(caller_of(request), wish, self.repo)
        headers = {"Idempotency-Replayed": "true"} if done.replayed else {}
        return Response(done.build, done.status, headers=headers)


class StartableBuildsView(BuildsView, Writing):
    """The builds of a repository, and starting one more."""

    def post(self, request: Request, **_: str) -> Response:
        """Start a custom build, of a branch and perhaps of a commit; `action` names an operation."""
        return self.wish(request, Verb.CREATE, "branch", "commit", "message", "action")


class ChangeableBuildView(BuildView, Writing):
    """A build, starting it anew, and cancelling it."""

    def post(self, request: Request, number: str, **_: str) -> Response:
        """Start it anew, with today's tree; parameters that it had win over those that are sent."""
        return self.wish(request, Verb.RESTART, "debug", number=whole(number, "build"))

    def delete(self, request: Request, number: str, **_: str) -> Response:
        """Cancel it; one that has finished stays as it is."""
        return self.wish(request, Verb.CANCEL, number=whole(number, "build"))


class PromoteView(Writing):
    def post(self, request: Request, number: str, **_: str) -> Response:
        return self.wish(request, Verb.PROMOTE, "target", number=whole(number, "build"))


class RollbackView(Writing):
    """Going back to a build."""

    def post(self, request: Request, number: str, **_: str) -> Response:
        """Roll `target` back to it."""
        return self.wish(request, Verb.ROLLBACK, "target", number=whole(number, "build"))


class ApproveView(Writing):
    """Letting a blocked stage run."""

    def post(self, request: Request, number: str, stage: str, **_: str) -> Response:
        return self.wish(request, Verb.APPROVE, number=whole(number, "build"), stage=whole(stage, "stage"))


class DeclineView(Writing):
    """Declining a blocked stage, or all of a build (Drone 2.23 and later)."""

    def post(self, request: Request, number: str, stage: str | None = None, **_: str) -> Response:
        of_stage = whole(stage, "stage") if stage is not None else None
        return self.wish(request, Verb.DECLINE, number=whole(number, "build"), stage=of_stage)


def caller_of(request: Request) -> Caller:
    key = request.headers.get("Idempotency-Key")  # the server makes an empty one of what is not ASCII
    if key is not None and not KEY.fullmatch(key):
        raise BadRequest("Idempotency-Key must be of 1 to 255 ASCII characters that can be printed, without blanks.")
    means = f"token {request.auth}" if isinstance(request.auth, ApiToken) else ""
    return Caller(request.user, means, key or "")


def read(request: Request, own: frozenset[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read query and JSON body.

    Returns:
        Fields of a wish, and the parameters of the build: as for Drone, everything else in the query.
    """
    query = {name: request.query_params.getlist(name)[0] for name in request.query_params if name not in NEVER_PASSED_ON}
    body = named(body_of(request), own)
    inner = params_of(body.pop("params", {}))
    if doubled := sorted((query.keys() & own & body.keys()) | (query.keys() - own) & inner.keys()):
        raise BadRequest(f"“{doubled[0]}” is both in the address and in the body: say it once.")
    fields: dict[str, Any] = {name: value for name, value in query.items() if name in own}
    fields |= {name: text_of(name, value) for name, value in body.items()}
    params = {name: value for name, value in query.items() if name not in own} | inner
    if "debug" in fields:
        fields["debug"] = fields["debug"] == "true"
    if "action" in fields:
        fields["operation"] = fields.pop("action")
    return fields, params


def named(body: dict[str, Any], own: frozenset[str]) -> dict[str, Any]:
    for name in body:
        if name != "params" and name not in own:
            raise BadRequest(f"“{name}” has no place in the body; there are {', '.join(sorted({*own, 'params'}))}.")
    return dict(body)


def params_of(value: Any) -> dict[str, str]:
    """Read the parameters of the build in a body."""
    if not isinstance(value, dict):
        raise BadRequest('params must be an object, such as {"NAME": "value"}.')
    return {name: text_of(f"params.{name}", content) for name, content in value.items()}


def text_of(name: str, value: Any) -> str:
    """Write a value of JSON as the text that it becomes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise BadRequest(f"{name} must be a string, a number, true or false.")
