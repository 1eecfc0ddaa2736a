r"""What Drone's parser and a runner's substitution leave of documents: texts of one meaning build alike.

Runners replace `${X}`, and turn `\\` into `\`, in the raw text before it is parsed (docs/drone.md 3.3). So a value is looked
at as it is after that: each `${X}` stands for itself, whatever the variable holds, and then the quotes around it count.
"""

import re
from collections.abc import Hashable, Iterable
from functools import lru_cache

import yaml

from pipelines.check.decoder import DATE, FLOAT, TRUTH, WHOLE
from pipelines.check.envsubst import unescaped
from pipelines.language.nodes import NULL_TAG, Mapping, Node, Scalar, Sequence, is_null
from pipelines.language.tokens import INSIDE

# Go's text fields: of `5`, "5" and 'on' Drone takes the characters. What plugins get is typed.
TEXT = frozenset(
    {"kind", "type", "name", "image", "commands", "environment", "depends_on", "entrypoint", "command", "path", "working_dir",
     "user", "shell", "network_mode"}
)  # fmt: skip
TYPED = frozenset({"settings", "inputs", "params", "load", "data", "spec"})
CONDITIONS = frozenset({"trigger", "when"})
TRUE = frozenset(form for word in ("y", "yes", "on", "true") for form in (word, word.title(), word.upper()))
STR_TAG = "tag:yaml.org,2002:str"
REPLACED = re.compile(r"\$\$|\$\{|\\\\|\\/")


def meaning_of(roots: Iterable[Node]) -> tuple[Hashable, ...]:
    """Return what is compared of documents whose merge keys are expanded: not the order of keys, quotes or comments."""
    return tuple(meaning(root) for root in roots)


def meaning(node: Node, context: str = "") -> Hashable:
    """Return what a node means.

    Args:
        node: of a document.
        context: "text" or "typed": how Drone reads what is below a key; empty: by the keys that follow.
    """
    if isinstance(node, Scalar):
        if REPLACED.search(node.token):
            return replaced(node.token, node.tag, as_text=context == "text")
        return resolved(node.value, node.tag, as_text=context == "text", plain=node.plain)
    if isinstance(node, Sequence):
        return "list", node.tag, tuple(meaning(item, context) for item in node.items)
    pairs: dict[Hashable, Hashable] = {}
    for key, value in node.pairs:
        name = key.value if isinstance(key, Scalar) else ""
        if not context and name in CONDITIONS and isinstance(value, Mapping):
            meant: Hashable = conditions(value)
        else:
            below = context or ("text" if name in TEXT else "typed" if name in TYPED else "")
            meant = meaning(value, below)
        pairs[meaning(key, "text")] = meant  # of doubled keys the last counts
    return "map", node.tag, frozenset(pairs.items())


def conditions(node: Mapping) -> Hashable:
    """Return what a trigger means, where one value is a list of one, and the order of a list does not count."""
    return "conditions", frozenset({meaning(key, "text"): condition(value) for key, value in node.pairs}.items())


def condition(node: Node) -> Hashable:
    if not isinstance(node, Mapping):
        return None if is_null(node) else frozenset({("include", members(node))})
    # Below `include` and `exclude` Drone passes over what is no list.
    return frozenset({meaning(key, "text"): members(value) for key, value in node.pairs if isinstance(value, Sequence)}.items())


def members(node: Node) -> Hashable:
    items = node.items if isinstance(node, Sequence) else [node]
    return frozenset(meaning(item, "text") for item in items)


def resolved(value: str, tag: str | None, *, as_text: bool, plain: bool) -> Hashable:
    """Return what Drone takes a value for: text, or (where it reads types) also a truth value, a number, a date or nothing."""
    if tag not in {None, STR_TAG, NULL_TAG}:
        return tag, value
    if tag == NULL_TAG or (plain and tag is None and value in {"", "~", "null", "Null", "NULL"}):
        return None
    if plain and tag is None and not as_text:
        if value in TRUTH:
            return value in TRUE
        if value == "<<" or WHOLE.fullmatch(value) or FLOAT.fullmatch(value) or DATE.fullmatch(value):
            return "plain", value
    return value


@lru_cache(maxsize=4096)
def replaced(token: str, tag: str | None, *, as_text: bool) -> Hashable:
    """Return what a value means that a runner's substitution changes."""
    marked, variables = with_marks(token)
    try:
        # As the value of a key, because a token's lines begin where the map begins that holds it.
        event = [event for event in yaml.parse(f"k: {marked}\n", yaml.CSafeLoader) if isinstance(event, yaml.ScalarEvent)][1]
    except (yaml.YAMLError, IndexError, UnicodeError):
        return "unread", token
    value = resolved(event.value, tag, as_text=as_text or variables, plain=not event.style)
    if not variables:
        return value
    style = "block" if event.style in {"|", ">"} else event.style or "plain"  # plain: not between brackets, where YAML has no ${
    return "variables", style, value


def with_marks(token: str) -> tuple[str, bool]:
    """Return a token as a runner leaves it, with a mark for each `${…}` that says what it is; and whether there is one."""
    parts: list[str] = []
    at, start = 0, 0
    while match := REPLACED.search(token, at):
        at = match.end()
        if match.group() != "${":
            continue
        parts.append(unescaped(token[start : match.start()]))
        depth = 1
        while depth and (inside := INSIDE.search(token, at)):
            at = inside.end()
            depth += 1 if inside.group() == "${" else -1
        start = at = at if not depth else len(token)
        parts.append(f"\ue000{token[match.start() : at].encode().hex()}\ue001")
    return "".join([*parts, unescaped(token[start:])]), len(parts) > 0
