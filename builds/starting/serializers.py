"""Serializers of requests that ask Drone to do something: fields in the query or the JSON body, and the build's parameters."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from builds.rest.errors import BadRequest
from builds.rest.json_body import body_of, is_text, refuse_other_members
from texts.characters import shortened

NEVER_PASSED_ON = frozenset({"access_token"})


ONLY_RESTARTS = (
    "only=failed is for a restart; here it would be a parameter of the build: restart with POST …/builds/{number}?only=failed, "
    'or send it in the body, as {"params": {"only": "failed"}}.'
)


class TextField(serializers.Field):  # type: ignore[type-arg]  # generic only in the stubs
    def run_validation(self, data: Any = serializers.empty) -> str:
        if data is serializers.empty:
            raise serializers.SkipField
        if not is_text(data):
            raise BadRequest(f"{self.field_name} must be a string.")
        return str(data)


class OperationField(TextField):
    def run_validation(self, data: Any = serializers.empty) -> str:
        text = super().run_validation(data)
        if not text:  # without an operation the pipelines of the branch would run
            raise BadRequest("action is empty: name an operation, or leave it out.")
        return text


class DebugField(serializers.Field):  # type: ignore[type-arg]  # likewise
    def run_validation(self, data: Any = serializers.empty) -> bool:
        if data is serializers.empty:
            raise serializers.SkipField
        text = text_of(str(self.field_name), data)
        if text not in {"true", "false", ""}:
            raise BadRequest(f"debug must be “true” or “false”, not “{shortened(text)}”.")
        return text == "true"


class OnlyField(TextField):
    def run_validation(self, data: Any = serializers.empty) -> bool:  # type: ignore[override]
        text = super().run_validation(data)
        if text != "failed":
            raise BadRequest(f"only must be “failed”, not “{shortened(text)}”.")
        return True


class ParamsField(serializers.Field):  # type: ignore[type-arg]  # likewise
    def to_internal_value(self, data: dict[str, Any]) -> dict[str, str]:
        return {name: text_of(f"params.{name}", value) for name, value in data.items()}


class CommandSerializer(serializers.Serializer):  # type: ignore[type-arg]  # likewise
    """Reads the fields of a BuildCommand; cancel, approve and decline have none, and no parameters."""

    params = ParamsField()

    def to_internal_value(self, data: dict[str, Any]) -> dict[str, Any]:
        refuse_other_members(data, sorted(self.fields))
        return dict(super().to_internal_value(data))


class StartSerializer(CommandSerializer):
    """Adds what edrone alone understands; it is no parameter of the build."""

    override = TextField()


class BuildCreateSerializer(StartSerializer):
    branch = TextField()
    commit = TextField()
    message = TextField()
    action = OperationField(source="operation")


class RestartSerializer(StartSerializer):
    debug = DebugField()
    only = OnlyField(source="only_failed")


class TargetSerializer(StartSerializer):
    """Reads a promotion or a rollback."""

    target = TextField()


def command_fields(serializer_class: type[CommandSerializer], request: Request) -> dict[str, Any]:
    """Return the fields of a BuildCommand that a request gives.

    Raises:
        BadRequest: the request cannot be understood, or could be in two ways.
    """
    serializer = serializer_class()
    sent = merged(request, serializer.fields.keys() - {"params"})
    if sent["params"] and not issubclass(serializer_class, StartSerializer):
        name = min(sent["params"])
        raise BadRequest(f"“{shortened(name)}” means nothing here: no build is started, so there are no parameters.{hint(name)}")
    if request.query_params.get("only") == "failed" and "only" not in serializer.fields:
        raise BadRequest(ONLY_RESTARTS)
    return serializer.run_validation(sent)  # type: ignore[no-any-return]


def hint(name: str) -> str:
    return " Name the stage in the address: …/approve/{stage}, …/decline/{stage}." if name == "stage" else ""


def merged(request: Request, names: frozenset[str] | set[str]) -> dict[str, Any]:
    """Merge query and body. As for Drone, what is in the query and is not a field is a parameter of the build."""
    sent = {name: values for name, values in request.query_params.lists() if name not in NEVER_PASSED_ON}
    if doubled := sorted(name for name, values in sent.items() if len(values) > 1):
        raise BadRequest(f"“{shortened(doubled[0])}” is in the address twice: say it once.")
    query = {name: values[0] for name, values in sent.items()}
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
