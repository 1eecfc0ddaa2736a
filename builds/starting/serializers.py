"""Serializers of requests that ask Drone to do something: fields in the query or the JSON body, and the build's parameters."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from builds.rest.errors import BadRequest
from builds.starting.json_body import body_of
from texts.characters import shortened

NEVER_PASSED_ON = frozenset({"access_token"})


class TextField(serializers.Field):  # type: ignore[type-arg]  # generic only in the stubs
    """A string; also true, false and numbers of JSON, of which StrictJson keeps the digits."""

    def run_validation(self, data: Any = serializers.empty) -> str:
        if data is serializers.empty:
            raise serializers.SkipField
        return text_of(str(self.field_name), data)


class DebugField(TextField):
    def run_validation(self, data: Any = serializers.empty) -> bool:  # type: ignore[override]
        return super().run_validation(data) == "true"


class ParamsField(serializers.Field):  # type: ignore[type-arg]  # likewise
    def to_internal_value(self, data: dict[str, Any]) -> dict[str, str]:
        return {name: text_of(f"params.{name}", value) for name, value in data.items()}


class CommandSerializer(serializers.Serializer):  # type: ignore[type-arg]  # likewise
    """Reads the fields of a BuildCommand; cancel, approve and decline have no others."""

    params = ParamsField()

    def to_internal_value(self, data: dict[str, Any]) -> dict[str, Any]:
        for name in data:
            if name not in self.fields:
                raise BadRequest(f"“{shortened(name)}” has no place in the body; there are {', '.join(sorted(self.fields))}.")
        return dict(super().to_internal_value(data))


class BuildCreateSerializer(CommandSerializer):
    branch = TextField()
    commit = TextField()
    message = TextField()
    action = TextField(source="operation")


class RestartSerializer(CommandSerializer):
    debug = DebugField()


class TargetSerializer(CommandSerializer):
    """Reads a promotion or a rollback."""

    target = TextField()


def command_fields(serializer_class: type[CommandSerializer], request: Request) -> dict[str, Any]:
    """Return the fields of a BuildCommand that a request gives.

    Raises:
        BadRequest: the request cannot be understood, or could be in two ways.
    """
    serializer = serializer_class()
    return serializer.run_validation(merged(request, serializer.fields.keys() - {"params"}))  # type: ignore[no-any-return]


def merged(request: Request, names: frozenset[str] | set[str]) -> dict[str, Any]:
    """Merge query and body. As for Drone, what is in the query and is not a field is a parameter of the build."""
    query = {name: request.query_params.getlist(name)[0] for name in request.query_params if name not in NEVER_PASSED_ON}
    fields = {name: value for name, value in query.items() if name in names}
    params = {name: value for name, value in query.items() if name not in names}
    body = body_of(request)
    body_params = body.get("params", {})
    if not isinstance(body_params, dict):
        raise BadRequest('params must be an object, such as {"NAME": "value"}.')
    if doubled := sorted((fields.keys() & body.keys()) | (params.keys() & body_params.keys())):
        raise BadRequest(f"“{shortened(doubled[0])}” is both in the address and in the body: say it once.")
    return {**fields, **body, "params": {**params, **body_params}}


def text_of(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise BadRequest(f"{shortened(name)} must be a string, a number, true or false.")
