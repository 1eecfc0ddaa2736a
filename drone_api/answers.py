"""The keys of Drone's answers and their types (docs/drone.md 4.5). Other keys are not passed on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

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
SIGNATURE = re.compile(r"[0-9a-f]{64}")
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
    """An answer is not like Drone's; the message names the key."""


@dataclass(frozen=True)
class BuildAnswer:
    number: int
    status: str
    json: dict[str, Any]  # the keys of BUILD that were there, with `stages` and their `steps` likewise


@dataclass(frozen=True)
class Account:
    """The user whose token asks."""

    login: str
    is_admin: bool


def decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        raise WrongForm(Sentence("it is not JSON")) from None


def build(body: bytes) -> BuildAnswer | None:
    """Decode a build; None where Drone answered `null`, because it made none.

    Raises:
        WrongForm: the answer is neither.
    """
    value = decoded(body)
    if value is None:
        return None
    answer = checked_keys("build", value, BUILD)
    require_strings("build.params", answer.get("params", {}).values())
    if "stages" in answer:
        answer["stages"] = [stage(entry) for entry in answer["stages"]]
    if answer["number"] < 1:
        raise WrongForm(Sentence("build.number is not greater than 0"))
    return BuildAnswer(answer["number"], answer["status"], answer)


def stage(value: Any) -> dict[str, Any]:
    answer = checked_keys("stage", value, STAGE)
    require_strings("stage.depends_on", answer.get("depends_on", []))
    require_strings("stage.labels", answer.get("labels", {}).values())
    if "steps" in answer:
        answer["steps"] = [step(entry) for entry in answer["steps"]]
    return answer


def step(value: Any) -> dict[str, Any]:
    answer = checked_keys("step", value, STEP)
    require_strings("step.depends_on", answer.get("depends_on", []))
    return answer


def checked_keys(name: str, value: Any, form: Form) -> dict[str, Any]:
    """Return the known keys of an object, and check their types."""
    if not isinstance(value, dict):
        raise WrongForm(Sentence("%(name)s is not %(what)s", name=name, what=WORDS[dict]))
    for key in NEEDED:
        if key not in value:
            raise WrongForm(Sentence("%(name)s is missing", name=f"{name}.{key}"))
    known = {key: value[key] for key in form if key in value}
    for key, content in known.items():
        if type(content) is not form[key] or (isinstance(content, int) and content not in WHOLE_NUMBERS):
            raise WrongForm(Sentence("%(name)s is not %(what)s", name=f"{name}.{key}", what=WORDS[form[key]]))
    return known


def require_strings(name: str, values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise WrongForm(Sentence("%(name)s contains values that are not strings", name=name))


def version(body: bytes) -> str:
    return text_at("version", decoded(body), Sentence("it contains no version"))[:100]


def account(body: bytes) -> Account:
    value = decoded(body)
    return Account(text_at("login", value, Sentence("it names no login")), value.get("admin") is not False)


def signature(body: bytes) -> str:
    text = text_at("data", decoded(body), Sentence("it holds no signature"))
    if not SIGNATURE.fullmatch(text):
        raise WrongForm(Sentence("it holds no signature"))
    return text


def text_at(key: str, value: Any, problem: str) -> str:
    text = value.get(key) if isinstance(value, dict) else None
    if not isinstance(text, str) or not text:
        raise WrongForm(problem)
    return text


def message(body: bytes) -> str:
    """Return the message of an error; empty where the answer is not one of Drone's."""
    try:
        return text_at("message", decoded(body), "")
    except WrongForm:
        return ""
