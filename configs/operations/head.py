"""Reads the head of an operation's file, strictly: each mistake has its place and says what to do."""

import difflib
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Several

from configs.compose.errors import ComposeError
from configs.compose.limits import Budget
from configs.compose.nodes import Mapping as MapNode
from configs.compose.nodes import Node, Place, Scalar, Sequence, is_null, kind_of
from configs.compose.reading import documents
from configs.operations.inputs import wrong_value
from configs.operations.names import unusable
from configs.operations.operation import LEVELS, TYPES, Input, Operation

KEYS = ("kind", "title", "description", "level", "inputs")
INPUT_KEYS = ("description", "required", "default", "type", "options")


def operation(name: str, path: str, head: str) -> Operation:
    """Read a head.

    Args:
        name: of the operation.
        path: of its file, for messages.
        head: the text of the document; empty where the file has none.

    Raises:
        ComposeError: the first mistake.
    """
    if not head:
        return Operation(name, path)
    found = documents(path, head, Budget())
    root = found[0].root if found else None
    if not isinstance(root, MapNode) or len(found) > 1:
        raise ComposeError(Place(path, 1, 1), "the head of an operation is one document, a map, and ends with a line ---.")
    if found[0].extending:
        raise ComposeError(found[0].extending[0].place, "the head of an operation cannot extend; its pipeline can.")
    values = keys_of(root, KEYS, "the head of an operation")
    kind = word(values["kind"], ("operation",)) if "kind" in values else ""
    if kind != "operation":
        raise ComposeError(root.place, "the head of an operation has `kind: operation`.")
    level = word(values["level"], LEVELS) if "level" in values else LEVELS[0]
    return Operation(
        name=name,
        path=path,
        title=text(values.get("title")),
        description=text(values.get("description")),
        level=level,
        inputs=tuple(inputs_of(values.get("inputs"))),
    )


def inputs_of(node: Node | None) -> Iterable[Input]:
    """Read the inputs."""
    if node is None or is_null(node):
        return
    if not isinstance(node, MapNode):
        raise ComposeError(node.place, f"inputs is a map of names, and this is {kind_of(node)}.")
    known = set[str]()
    for key, value in node.pairs:
        name = text(key)
        if reason := unusable(name):
            raise ComposeError(key.place, f'the input "{name}" {reason}.')
        if name in known:
            raise ComposeError(key.place, f'the input "{name}" is there twice.')
        known.add(name)
        yield input_of(name, key.place, value)


def input_of(name: str, place: Place, node: Node) -> Input:
    """Read one input; one without any keys is a text that may be left out."""
    if is_null(node):
        return Input(name)
    if not isinstance(node, MapNode):
        raise ComposeError(node.place, f'the input "{name}" is a map of {listed(INPUT_KEYS)}; this is {kind_of(node)}.')
    values = keys_of(node, INPUT_KEYS, f'the input "{name}"')
    kind = word(values["type"], TYPES) if "type" in values else TYPES[0]
    if kind == "choice" and "options" not in values:
        raise ComposeError(place, f'the input "{name}" is a choice, and needs options: [one, other].')
    if kind != "choice" and "options" in values:
        raise ComposeError(values["options"].place, f'the input "{name}" has options, so its type must be choice.')
    found = Input(
        name=name,
        type=kind,
        description=text(values.get("description")),
        required="required" in values and word(values["required"], ("true", "false")) == "true",
        default=text(values["default"]) if "default" in values else None,
        options=tuple(options_of(values["options"])) if "options" in values else (),
    )
    if found.default is not None and (problem := wrong_value(found, found.default)):
        raise ComposeError(values["default"].place, f'the default of the input "{name}" {problem}.')
    return found


def options_of(node: Node) -> Iterable[str]:
    """Read what can be chosen."""
    if not isinstance(node, Sequence) or not node.items:
        raise ComposeError(node.place, "options is a list of what can be chosen, with one item at least.")
    known = set[str]()
    for item in node.items:
        option = text(item)
        if not option or option in known:
            raise ComposeError(item.place, "each of the options is another text, and none is empty.")
        known.add(option)
        yield option


def keys_of(node: MapNode, known: Several[str], what: str) -> Mapping[str, Node]:
    """Read the keys of a map; others than the known ones are mistakes."""
    found: dict[str, Node] = {}
    for key, value in node.pairs:
        name = text(key)
        if name not in known:
            raise ComposeError(key.place, f"{what} has no key `{name}`; {meant(name, known) or f'it has {listed(known)}.'}")
        if name in found:
            raise ComposeError(key.place, f"{what} has `{name}` twice.")
        found[name] = value
    return found


def text(node: Node | None) -> str:
    """Read a text as it is written: 1.10 stays 1.10."""
    if node is None:
        return ""
    if not isinstance(node, Scalar) or is_null(node):
        remark = '; write "" for an empty one' if is_null(node) else ""
        raise ComposeError(node.place, f"a text is needed, and this is {kind_of(node)}{remark}.")
    return node.value


def word(node: Node, words: Several[str]) -> str:
    """Read one of some words."""
    found = text(node)
    if found not in words:
        raise ComposeError(node.place, f"`{found}` is not {' or '.join(words)}; {meant(found, words) or 'write one of them.'}")
    return found


def meant(name: str, known: Iterable[str]) -> str:
    """Ask whether something like it was meant; empty where nothing is."""
    near = difflib.get_close_matches(name.casefold(), known, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def listed(names: Iterable[str]) -> str:
    """Write names in a row."""
    return ", ".join(names)
