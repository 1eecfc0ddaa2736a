"""Patterns of a condition that no build matches, such as `ref: main`: the pipeline or step never runs, and nobody says so."""

import re
from collections.abc import Callable, Iterator

from pipelines.check.findings import WARNING, Finding, check
from pipelines.language.nodes import Mapping, Node, Scalar, Sequence, text_of
from pipelines.triggers.globs import matches, split

UNMATCHED = check(
    "unmatched-pattern",
    WARNING,
    "a pattern of a condition that no build matches: `ref: main` without `refs/heads/`, `branch: refs/heads/main`, `repo: cart` "
    "without its namespace, `'!main'`, `{main,release/*}`",
)
CORE_TAG = "tag:yaml.org,2002:"
SLASH = re.compile(r"(?<!\\)(?:\{[^}\\]*/[^}\\]*\}|\[[^\]\\]*/[^\]\\]*\])")


def listed(condition: Node) -> Iterator[Scalar]:
    """Yield the patterns of a condition, included or excluded."""
    if isinstance(condition, Mapping):
        for key, value in condition.pairs:
            if text_of(key) in {"include", "exclude"} and not isinstance(value, Mapping):
                yield from listed(value)
        return
    for item in condition.items if isinstance(condition, Sequence) else [condition]:
        if isinstance(item, Scalar):
            yield item


def unmatched(key: str, condition: Node) -> Iterator[Finding]:
    """Yield the patterns below a key of conditions that no build matches."""
    for item in listed(condition):
        pattern = text_of(item)
        if item.tag and not item.tag.startswith(CORE_TAG):
            yield UNMATCHED.at(
                item.place, f"{item.tag} is a tag of YAML and no part of the pattern; {excluding(item.tag[1:] or pattern)}"
            )
        elif pattern.startswith("!"):
            yield UNMATCHED.at(item.place, f'no build matches "{pattern}"; {excluding(pattern[1:])}')
        elif SLASH.search(pattern):
            yield UNMATCHED.at(
                item.place, f'no build matches "{pattern}": Drone takes no / between braces or brackets; write a list.'
            )
        elif pattern and key in REASONS and (reason := REASONS[key](pattern)):
            yield UNMATCHED.at(item.place, f'no build matches {key} "{pattern}": {reason}.')


def excluding(pattern: str) -> str:
    return f"to Drone a ! excludes nothing. Write exclude: [{pattern}]."


def branch(pattern: str) -> str:
    if pattern.startswith(("refs/heads/", "refs/tags/")):
        return f"a branch is named without {'/'.join(pattern.split('/')[:2])}/"
    return "no branch has a blank in its name; write a list" if " " in pattern else ""


def ref(pattern: str) -> str:
    first, *rest = split(pattern, "/")
    if first == "**" or (matches(first, "refs") and (len(rest) > 1 or "**" in rest)):
        return ""
    return "a ref is written in full, as refs/heads/main or refs/tags/v1"


def repo(pattern: str) -> str:
    parts = split(pattern, "/")
    return "" if len(parts) > 1 or "**" in parts else "a repository is written with its namespace, as shop/cart or */cart"


def cron(pattern: str) -> str:
    return "it is the name of a schedule in Drone, and no time" if " " in pattern else ""


def status(pattern: str) -> str:
    return "" if matches(pattern, "success") or matches(pattern, "failure") else "there are success and failure"


REASONS: dict[str, Callable[[str], str]] = {"branch": branch, "ref": ref, "repo": repo, "cron": cron, "status": status}
