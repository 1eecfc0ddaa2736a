"""Reads the head of an operation's file, strictly: each mistake has its place and says what to do."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Sequence as Several
from contextlib import contextmanager
from typing import TypeVar

from pipelines.language.errors import ComposeError
from pipelines.language.limits import Budget
from pipelines.language.nodes import Mapping as MapNode
from pipelines.language.nodes import Node, Place, Scalar, Sequence, is_null, kind_of, value_of
from pipelines.language.reader import documents
from pipelines.operations.head_removal import has_content
from pipelines.operations.inputs import MOST_NAMED, length_problem, wrong_value
from pipelines.operations.operation import LEVELS, TYPES, Input, Operation
from pipelines.operations.parameter_names import unusable_as_input
from texts.suggestions import nearest

KEYS = ("kind", "title", "description", "level", "target", "inputs")
MOST_INPUTS = 100  # Drone stores 4000 characters of all parameters of a build
INPUT_KEYS = ("description", "required", "default", "type", "options")
ALL_INPUT_KEYS = ", ".join(INPUT_KEYS)

Value = TypeVar("Value")


class Mistakes(list[ComposeError]):
    """What is wrong with a head."""

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note a mistake, and go on with what comes after the block."""
        try:
            yield
        except ComposeError as error:
            self.append(error)

    def value_of(self, read: Callable[[], Value], default: Value) -> Value:
        """Return what `read` returns, or note the mistake and return the default."""
        try:
            return read()
        except ComposeError as error:
            self.append(error)
            return default


def read_operation(name: str, path: str, head: str) -> Operation:
    """Read the head of an operation.

    Args:
        name: of the operation.
        path: of its file, for messages.
        head: the text of the document; empty where the file has none.

    Raises:
        ComposeError: the first mistake.
    """
    operation, mistakes = read_head(name, path, head)
    if mistakes:
        raise min(mistakes, key=lambda error: error.place)
    return operation


def read_head(name: str, path: str, head: str) -> tuple[Operation, Mistakes]:
    """Read a head as far as it can be read, with all its mistakes; arguments as of `read_operation`."""
    mistakes = Mistakes()
    operation = Operation(name, path)
    if head:
        with mistakes.noted():
            values = keys_of(root_of(path, head), KEYS, "the head of an operation", mistakes)
            word_in(values, "kind", ("operation",), mistakes)
            operation = Operation(
                name=name,
                path=path,
                title=text_in(values, "title", mistakes),
                description=text_in(values, "description", mistakes),
                level=word_in(values, "level", LEVELS, mistakes),
                inputs=tuple(inputs_of(values.get("inputs"), mistakes)),
                target=mistakes.value_of(lambda: target_of(values), "") if "target" in values else "",
            )
    return operation, mistakes


def root_of(path: str, head: str) -> MapNode:
    parsed = documents(path, head, Budget())
    root = parsed[0].root if parsed else None
    if not isinstance(root, MapNode) or len(parsed) > 1:
        raise ComposeError(Place(path, 1, 1), "the head of an operation is one document, a map, and ends with a line ---.")
    above, end, below = head.partition("\n...")
    if end and has_content(below.partition("\n")[2]):
        place = Place(path, above.count("\n") + 2, 1)
        raise ComposeError(place, "the head of an operation ends with a line ---, and not with `...`.")
    if parsed[0].extending:
        raise ComposeError(parsed[0].extending[0].place, "the head of an operation cannot extend; its pipeline can.")
    if value_of(root, "kind") is None:
        raise ComposeError(root.place, "the head of an operation has `kind: operation`.")
    return root


def inputs_of(node: Node | None, mistakes: Mistakes) -> list[Input]:
    inputs: dict[str, Input] = {}
    variables: dict[str, str] = {}  # in capital letters → as they are written
    if node is None or is_null(node):
        return []
    with mistakes.noted():
        if not isinstance(node, MapNode):
            raise ComposeError(node.place, f"inputs is a map of names, and this is {kind_of(node)}.")
        if len(node.pairs) > MOST_INPUTS:
            raise ComposeError(node.pairs[MOST_INPUTS][0].place, f"an operation has at most {MOST_INPUTS} inputs.")
        for key, value in node.pairs:
            with mistakes.noted():
                name = text(key)
                if reason := unusable_as_input(name):
                    raise ComposeError(key.place, f'the input "{name}" {reason}.')
                if name in inputs:
                    raise ComposeError(key.place, f'the input "{name}" is there twice.')
                if (twin := variables.setdefault(name.upper(), name)) != name:
                    raise ComposeError(key.place, f'the inputs "{twin}" and "{name}" are the same variable on Windows.')
                inputs[name] = Input(name)  # where its value is a mistake, so that a second one of the name is another
                inputs[name] = input_of(name, key.place, value, mistakes)
    return list(inputs.values())


def input_of(name: str, place: Place, node: Node, mistakes: Mistakes) -> Input:
    """Read one input; one without any keys is a text that may be left out."""
    if is_null(node):
        return Input(name)
    if not isinstance(node, MapNode):
        raise ComposeError(node.place, f'the input "{name}" is a map of {ALL_INPUT_KEYS}; this is {kind_of(node)}.')
    before = len(mistakes)
    values = keys_of(node, INPUT_KEYS, f'the input "{name}"', mistakes)
    kind = word_in(values, "type", TYPES, mistakes)
    options = mistakes.value_of(lambda: list(options_of(values["options"])), list[str]()) if "options" in values else []
    result = Input(
        name=name,
        type=kind,
        description=text_in(values, "description", mistakes),
        required="required" in values and word_in(values, "required", ("true", "false"), mistakes) == "true",
        default=text_in(values, "default", mistakes) if "default" in values else None,
        options=tuple(options),
    )
    if len(mistakes) > before:  # what follows from a mistake is none
        return result
    if kind == "choice" and "options" not in values:
        raise ComposeError(place, f'the input "{name}" is a choice, and needs options: [one, other].')
    if kind != "choice" and "options" in values:
        raise ComposeError(values["options"].place, f'the input "{name}" has options, so its type must be choice.')
    if result.default is not None:
        refuse_default(result, result.default, values["default"].place)
    return result


def refuse_default(wanted: Input, default: str, place: Place) -> None:
    """Refuse a default that no build could be given."""
    if problem := wrong_value(wanted, default):
        raise ComposeError(place, f'the default of the input "{wanted.name}" {problem}.')
    if "\0" in default:
        raise ComposeError(place, f'the default of the input "{wanted.name}" holds the character NUL.')
    if too_long := length_problem({wanted.name: default}):
        raise ComposeError(place, f'with the default of the input "{wanted.name}" {too_long}.')


def target_of(values: Mapping[str, Node]) -> str:
    """Read which input says where the operation deploys to. An input with a mistake of its own is there all the same."""
    name, inputs = text(values["target"]), values.get("inputs")
    names = [key.value for key, _ in inputs.pairs if isinstance(key, Scalar)] if isinstance(inputs, MapNode) else []
    if name not in names:
        hint = meant(name, names) or (f"write one of {', '.join(names[:MOST_NAMED])}." if names else "the operation has none.")
        raise ComposeError(values["target"].place, f'the target "{name}" is not the name of an input; {hint}')
    return name


def options_of(node: Node) -> Iterable[str]:
    if not isinstance(node, Sequence) or not node.items:
        raise ComposeError(node.place, "options is a list of what can be chosen, with one item at least.")
    known = set[str]()
    for item in node.items:
        option = text(item)
        if not option or option in known:
            raise ComposeError(item.place, "each of the options is another text, and none is empty.")
        known.add(option)
        yield option


def keys_of(node: MapNode, known: Several[str], what: str, mistakes: Mistakes) -> Mapping[str, Node]:
    """Read the keys of a map; others than the known ones are mistakes."""
    values: dict[str, Node] = {}
    for key, value in node.pairs:
        with mistakes.noted():
            name = text(key)
            if name not in known:
                hint = meant(name, known) or f"it has {', '.join(known)}."
                raise ComposeError(key.place, f"{what} has no key `{name}`; {hint}")
            if name in values:
                raise ComposeError(key.place, f"{what} has `{name}` twice.")
            values[name] = value
    return values


def text_in(values: Mapping[str, Node], key: str, mistakes: Mistakes) -> str:
    """Read the text of a key; empty where it is not there, or a mistake."""
    return mistakes.value_of(lambda: text(values.get(key)), "")


def word_in(values: Mapping[str, Node], key: str, words: Several[str], mistakes: Mistakes) -> str:
    """Read which of some words a key has; the first where it is not there, or a mistake."""
    return mistakes.value_of(lambda: word(values[key], words), words[0]) if key in values else words[0]


def text(node: Node | None) -> str:
    """Read a text as it is written: 1.10 stays 1.10."""
    if node is None:
        return ""
    if not isinstance(node, Scalar) or is_null(node):
        remark = '; write "" for an empty one' if is_null(node) else ""
        raise ComposeError(node.place, f"a text is needed, and this is {kind_of(node)}{remark}.")
    return node.value


def word(node: Node, words: Several[str]) -> str:
    result = text(node)
    if result not in words:
        raise ComposeError(node.place, f"`{result}` is not {' or '.join(words)}; {meant(result, words) or 'write one of them.'}")
    return result


def meant(name: str, known: Iterable[str]) -> str:
    """Return the question whether a similar name was meant; empty where none is."""
    near = nearest(name, known)
    return f"did you mean `{near}`?" if near else ""
