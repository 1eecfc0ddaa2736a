"""What is asked? The JSON body of Drone's request, read strictly (docs/drone.md 1.8).

The body also carries a live credential of the forge (`token`). Nothing but the fields below ever leaves this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipelines.errors import Malformed

LARGEST_BODY = 1024 * 1024  # bytes
LARGEST_NUMBER = 2**63 - 1  # Drone's own are of 64 bits


@dataclass(frozen=True)
class ConfigRequest:
    """The fields of a configuration request that edrone uses."""

    namespace: str  # GitLab's may have slashes
    name: str
    event: str  # push, pull_request, tag, cron, custom, promote, rollback; empty when Drone's CLI asks
    ref: str  # refs/heads/…, refs/tags/…, refs/pull/…
    target: str  # the branch built, or the base branch of a pull request; may be empty
    number: int = 0  # 0 when a build is triggered, the build's number when one of its stages starts
    trigger: str = "@hook"  # @hook, @cron, or the login of who started it
    protected: bool = False
    config_path: str = ".drone.yml"
    repo_id: int = 0  # Drone's
    build_id: int = 0  # likewise; 0 when a build is triggered
    action: str = ""
    after: str = ""  # the commit; empty for pull requests of Gogs
    deploy_to: str = ""  # the target of a promotion or rollback
    parent: int = 0  # number of the build that is restarted or promoted
    created: int = 0  # Unix seconds; 0 where a person asks and there is no build
    author: str = ""  # login, as Drone says it
    sender: str = ""  # likewise
    params: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold secrets

    @property
    def slug(self) -> str:
        """The repository's full name."""
        return f"{self.namespace}/{self.name}"


def parse(body: bytes) -> ConfigRequest:
    """Read the body.

    Raises:
        Malformed: naming the field and what should be there.
    """
    if len(body) > LARGEST_BODY:
        raise too_large()
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed(
            "The body is not JSON in UTF-8, or is nested too deeply; Drone's configuration request is neither."
        ) from None
    whole = Part("body", value)
    repo, build = Part("repo", whole.get("repo", dict)), Part("build", whole.get("build", dict))
    request = ConfigRequest(
        namespace=repo.get("namespace", str),
        name=repo.get("name", str),
        event=build.get("event", str),
        ref=build.get("ref", str),
        target=build.get("target", str),
        number=build.get("number", int, 0),
        trigger=build.get("trigger", str, ""),
        protected=repo.get("protected", bool, False),
        config_path=repo.get("config_path", str, ""),
        repo_id=repo.get("id", int, 0),
        build_id=build.get("id", int, 0),
        action=build.get("action", str, ""),
        after=build.get("after", str, ""),
        deploy_to=build.get("deploy_to", str, ""),
        parent=build.get("parent", int, 0),
        created=build.get("created", int, 0),
        author=build.get("author_login", str, ""),
        sender=build.get("sender", str, ""),
        params=texts("build.params", build.get("params", dict, {})),
    )
    if repo.get("slug", str) != request.slug:
        raise Malformed(
            "repo.slug disagrees with repo.namespace and repo.name; in Drone's requests it is always both joined by /."
        )
    return request


def too_large() -> Malformed:
    """The error for a body past the limit."""
    return Malformed(f"The body is larger than {LARGEST_BODY} bytes; Drone's requests have a few thousand.")


class Part:
    """One object of the body, with its name for error messages."""

    def __init__(self, name: str, value: Any) -> None:
        """Refuse what is not an object."""
        if not isinstance(value, dict):
            raise Malformed(f"{name} must be a JSON object.")
        self.name, self.value = name, value

    def get(self, key: str, kind: type, default: Any = None) -> Any:
        """Give a field of a certain type; without a default it must be there."""
        found = self.value.get(key, default)
        if type(found) is not kind:
            raise Malformed(f"{self.name}.{key} must be {ARTICLES[kind]}{'' if key in self.value else ', and is missing'}.")
        if type(found) is int and not 0 <= found <= LARGEST_NUMBER:
            raise Malformed(f"{self.name}.{key} must be a whole number from 0 to {LARGEST_NUMBER}.")
        return found


def texts(name: str, value: dict[Any, Any]) -> dict[str, str]:
    """Check that an object holds texts only."""
    if not all(type(text) is str for text in value.values()):
        raise Malformed(f"{name} must be an object of strings.")
    return value


ARTICLES = {str: "a string", int: "a whole number", bool: "true or false", dict: "an object"}
