"""YAML as Drone takes it at trigger time: split by lines, looked at roughly, matched (docs/drone.md 3, 2.4)."""

import fnmatch
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import yaml

NO_STAGES = {"secret", "cron", "registry", "signature", "template"}
SYSTEMS = {"linux", "windows"}
ARCHITECTURES = {"arm", "arm64", "amd64", "ppc64le", "s390x"}
LONGEST_LINE = 65_535  # bytes
Pipeline = dict[str, Any]
TAG = "tag:yaml.org,2002:"


class Loader(yaml.CSafeLoader):
    """Leaves all but null as it is written: the name `no` of a step is a text to Drone."""

    yaml_implicit_resolvers: ClassVar = {}  # type: ignore[misc]  # how PyYAML has it


Loader.add_implicit_resolver(f"{TAG}null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
Loader.add_implicit_resolver(f"{TAG}merge", re.compile("<<$"), ["<"])


class BrokenYaml(Exception):
    """Drone creates a build of status error, with this message."""


def pipelines(text: str) -> list[Pipeline]:
    """Return the pipelines of a text; raise BrokenYaml if Drone refuses it."""
    found = parsed(text)
    lint(found)
    return found


def parsed(text: str) -> list[Pipeline]:
    """Return the pipelines of a text that Drone has not linted yet."""
    documents: list[Pipeline] = []
    for part in split(text):
        try:
            document = yaml.load(part, Loader=Loader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise BrokenYaml(f"yaml: line {line}: {error.problem}") from None
        if document is not None and not isinstance(document, dict):
            raise BrokenYaml("yaml: unmarshal errors: cannot unmarshal into yaml.RawResource")
        if not document or not document.get("kind"):
            raise BrokenYaml("yaml: missing kind attribute")
        if document["kind"] not in NO_STAGES:
            documents.append(document)
    return documents


def split(text: str) -> list[str]:
    """Split documents by lines, as Drone does."""
    parts: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.startswith("..."):
            break
        if len(line.encode()) > LONGEST_LINE:
            break
        if line.startswith("---"):
            parts.append([])
        else:
            parts[-1].append(line)
    if not "".join(parts[0]).strip() and len(parts) > 1:
        parts.pop(0)
    return ["\n".join(part) for part in parts]


def lint(pipelines: list[Pipeline]) -> None:
    """Refuse what Drone's linter refuses."""
    names = set[str]()
    for pipeline in pipelines:
        name, platform = pipeline.get("name", ""), pipeline.get("platform") or {}
        if name in names:
            raise BrokenYaml("linter: duplicate pipeline names")
        if pipeline["kind"] == "pipeline" and pipeline.get("type", "docker") == "docker":
            system, architecture = str(platform.get("os", "linux")), str(platform.get("arch", "amd64"))
            if system not in SYSTEMS:
                raise BrokenYaml(f"linter: unsupported os: {system}")
            if architecture not in ARCHITECTURES:
                raise BrokenYaml(f"linter: unsupported architecture: {architecture}")
        for dependency in pipeline.get("depends_on") or []:
            if dependency == name:
                raise BrokenYaml("linter: pipeline cannot have a dependency on itself")
            if dependency not in names:
                raise BrokenYaml("linter: invalid or unknown pipeline dependency")
        names.add(name)


def matches(pipeline: Pipeline, build: Mapping[str, Any], slug: str) -> bool:
    """Return whether the trigger of a pipeline matches a build."""
    trigger = pipeline.get("trigger") or {}
    values = {
        "branch": build["target"].removeprefix("refs/heads/"), "event": build["event"], "action": build["action"], "ref": build["ref"],
        "repo": slug, "target": build["deploy_to"], "cron": build["cron"],
    }  # fmt: skip
    return all(allowed(trigger.get(key), value) for key, value in values.items())


def allowed(condition: Any, value: str) -> bool:
    if condition is None:
        return True
    if isinstance(condition, dict):
        included, excluded = listed(condition.get("include")), listed(condition.get("exclude"))
    else:
        included, excluded = listed(condition), []
    if any(fnmatch.fnmatchcase(value, pattern) for pattern in excluded):
        return False
    return not included or any(fnmatch.fnmatchcase(value, pattern) for pattern in included)


def listed(value: Any) -> list[str]:
    return [] if value is None else [str(item) for item in value] if isinstance(value, list) else [str(value)]
