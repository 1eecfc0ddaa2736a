"""The forms of Drone's answers, key by key (docs/drone.md 4.5). What is not named here is not handed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from texts.sentence import Sentence

Form = Mapping[str, type]

BUILD: Form = {
    "id": int, "repo_id": int, "trigger": str, "number": int, "parent": int, "status": str, "error": str, "event": str,
    "action": str, "link": str, "timestamp": int, "title": str, "message": str, "before": str, "after": str, "ref": str,
    "source_repo": str, "source": str, "target": str, "author_login": str, "author_name": str, "author_email": str,
    "author_avatar": str, "sender": str, "params": dict, "cron": str, "deploy_to": str, "deploy_id": int, "debug": bool,
    "started": int, "finished": int, "created": int, "updated": int, "version": int, "stages": list,
}  # fmt: skip
STAGE: Form = {
    "id": int, "repo_id": int, "build_id": int, "number": int, "name": str, "kind": str, "type": str, "status": str, "error": str,
    "errignore": bool, "exit_code": int, "machine": str, "os": str, "arch": str, "variant": str, "kernel": str, "limit": int,
    "throttle": int, "started": int, "stopped": int, "created": int, "updated": int, "version": int, "on_success": bool,
    "on_failure": bool, "depends_on": list, "labels": dict, "steps": list,
}  # fmt: skip
STEP: Form = {
    "id": int, "step_id": int, "number": int, "name": str, "status": str, "error": str, "errignore": bool, "exit_code": int,
    "started": int, "stopped": int, "version": int, "depends_on": list, "image": str, "detached": bool, "schema": str,
}  # fmt: skip
NEEDED = ("id", "number", "status")
WORDS = {
    int: Sentence("a whole number"),
    str: Sentence("a string"),
    bool: Sentence("true or false"),
    dict: Sentence("an object"),
    list: Sentence("a list"),
}
WHOLE_NUMBERS = range(-(2**63), 2**63)


class WrongForm(ValueError):
    """An answer is not of the form that Drone's have; the message names the key."""


@dataclass(frozen=True)
class BuildAnswer:
    """A build as Drone answers it."""

    number: int
    status: str
    json: dict[str, Any]  # the keys of BUILD that were there, with `stages` and their `steps` likewise


def decoded(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise WrongForm(Sentence("it is not JSON")) from None


def build(body: bytes) -> BuildAnswer | None:
    """Read a build; None where Drone says `null`: it made none.

    Raises:
        WrongForm: it is neither.
    """
    value = decoded(body)
    if value is None:
        return None
    found = part("build", value, BUILD)
    texts("build.params", found.get("params", {}).values())
    if "stages" in found:
        found["stages"] = [stage(each) for each in found["stages"]]
    if found["number"] < 1:
        raise WrongForm(Sentence("build.number is not greater than 0"))
    return BuildAnswer(found["number"], found["status"], found)


def stage(value: Any) -> dict[str, Any]:
    found = part("stage", value, STAGE)
    texts("stage.depends_on", found.get("depends_on", []))
    texts("stage.labels", found.get("labels", {}).values())
    if "steps" in found:
        found["steps"] = [step(each) for each in found["steps"]]
    return found


def step(value: Any) -> dict[str, Any]:
    found = part("step", value, STEP)
    texts("step.depends_on", found.get("depends_on", []))
    return found


def part(name: str, value: Any, form: Form) -> dict[str, Any]:
    """Take the keys of a form."""
    if not isinstance(value, dict):
        raise WrongForm(Sentence("%(name)s is not %(what)s", name=name, what=WORDS[dict]))
    for key in NEEDED:
        if key not in value:
            raise WrongForm(Sentence("%(name)s is missing", name=f"{name}.{key}"))
    found = {key: value[key] for key in form if key in value}
    for key, content in found.items():
        if type(content) is not form[key] or (isinstance(content, int) and content not in WHOLE_NUMBERS):
            raise WrongForm(Sentence("%(name)s is not %(what)s", name=f"{name}.{key}", what=WORDS[form[key]]))
    return found


def texts(name: str, values: Any) -> None:
    """Refuse what is not all strings."""
    if not all(isinstance(value, str) for value in values):
        raise WrongForm(Sentence("%(name)s contains values that are not strings", name=name))


def version(body: bytes) -> str:
    value = decoded(body)
    found = value.get("version") if isinstance(value, dict) else None
    if not isinstance(found, str) or not found:
        raise WrongForm(Sentence("it contains no version"))
    return found[:100]


def login(body: bytes) -> str:
    """Read the login of a user."""
    value = decoded(body)
    found = value.get("login") if isinstance(value, dict) else None
    if not isinstance(found, str) or not found:
        raise WrongForm(Sentence("it names no login"))
    return found


def message(body: bytes) -> str:
    """Give the words of an error of Drone's; empty where it is not Drone that speaks."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    found = value.get("message") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
