"""Drone's writing API: create, restart, cancel, promote, rollback, approve, decline (docs/drone.md 4.3)."""

from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.token_models import ApiToken
from builds.rest.base import RepositoryView, whole
from builds.rest.errors import BadRequest
from builds.rest.json_body import StrictJson
from builds.starting.commands import KEY, BuildCommand, Caller
from builds.starting.models import Verb
from builds.starting.serializers import (
    BuildCreateSerializer,
    CommandSerializer,
    RestartSerializer,
    TargetSerializer,
    command_fields,
)
from builds.starting.service import carry_out


class CommandView(RepositoryView):
    """An address that asks Drone to do something."""

    parser_classes = (StrictJson,)
    asks_drone = True

    def carry_out(
        self,
        request: Request,
        verb: Verb,
        number: str = "0",
        stage: str | None = None,
        serializer_class: type[CommandSerializer] = CommandSerializer,
    ) -> Response:
        of_build, of_stage = whole(number, "build"), None if stage is None else whole(stage, "stage")
        command = BuildCommand(verb, of_build, of_stage, **command_fields(serializer_class, request))
        result = carry_out(caller_of(request), command, self.repo)
        headers = {"Idempotency-Replayed": "true"} if result.replayed else {}
        return Response(result.build, result.status, headers=headers)


class StartBuildView(CommandView):
    def post(self, request: Request, **_: str) -> Response:
        """Start a custom build of a branch or a commit; `action` names an operation."""
        return self.carry_out(request, Verb.CREATE, serializer_class=BuildCreateSerializer)


class ChangeBuildView(CommandView):
    def post(self, request: Request, number: str, **_: str) -> Response:
        """Restart a build with today's tree; its own parameters win over those that are sent."""
        return self.carry_out(request, Verb.RESTART, number, serializer_class=RestartSerializer)

    def delete(self, request: Request, number: str, **_: str) -> Response:
        """Cancel a build; one that has finished stays as it is."""
        return self.carry_out(request, Verb.CANCEL, number)


class PromoteView(CommandView):
    def post(self, request: Request, number: str, **_: str) -> Response:
        return self.carry_out(request, Verb.PROMOTE, number, serializer_class=TargetSerializer)


class RollbackView(CommandView):
    def post(self, request: Request, number: str, **_: str) -> Response:
        return self.carry_out(request, Verb.ROLLBACK, number, serializer_class=TargetSerializer)


class ApproveView(CommandView):
    def post(self, request: Request, number: str, stage: str, **_: str) -> Response:
        return self.carry_out(request, Verb.APPROVE, number, stage)


class DeclineView(CommandView):
    """Declines a blocked stage, or all of a build (Drone 2.23 and later)."""

    def post(self, request: Request, number: str, stage: str | None = None, **_: str) -> Response:
        return self.carry_out(request, Verb.DECLINE, number, stage)


def caller_of(request: Request) -> Caller:
    key = request.headers.get("Idempotency-Key")  # the server makes an empty one of what is not ASCII
    if key is not None and not KEY.fullmatch(key):
        raise BadRequest("Idempotency-Key must be of 1 to 255 ASCII characters that can be printed, without blanks.")
    means = f"token {request.auth}" if isinstance(request.auth, ApiToken) else ""
    return Caller(request.user, means, key or "")
