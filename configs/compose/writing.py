"""Nodes → text, so that Drone reads the same and people recognise what they wrote.

The emitter is libyaml's. Values keep their style where it can say them; folded and multi-line ones become literal blocks or
double-quoted text. Lines are not folded, since Drone's runner replaces `${VAR}` in the raw text before it parses it.
"""

import re
from typing import Any

import yaml

from configs.compose import limits
from configs.compose.errors import ComposeError
from configs.compose.limits import too_many_nodes
from configs.compose.nodes import Node, Scalar, Sequence

UNFOLDED = 1 << 30  # columns
FOLDED = 8_000  # columns: at four bytes a character still well within a line of Drone
# What some YAML 1.1 parser takes for a number, a date, a truth value or null; quotes around anything else change nothing.
NOT_TEXT = re.compile(
    r"[-+]?\.?[0-9]([-+.0-9A-Za-z_: ]*[-+.0-9A-Za-z_])?|[-+]?\.(?:inf|nan)|~||<<|=|y|n|yes|no|on|off|true|false|null",
    re.IGNORECASE,
)
LONG = 1_000  # characters; a longer value has a line for itself
# What may stand unquoted in [a, b] and {a: b}.
IN_FLOW = re.compile(r"[-+.0-9A-Za-z_~<=]([-+.0-9A-Za-z_~<= ]*[-+.0-9A-Za-z_~<=])?")
NOT_IN_LITERAL = re.compile(r"[\r\x85\u2028\u2029\ufeff]|\A\n|\n\n\Z")
TRAILING = re.compile(r"(?<! ) +(?=\n|\Z)")
PRIVATE = range(0xE000, 0xF900)  # characters without a meaning


def written(root: Node, *, folded: bool = False, quoted: bool = False) -> str:
    """Write one document, without a separator.

    Args:
        root: the document.
        folded: keep lines short, where a value is too long for a line of Drone.
        quoted: write all text of several lines double-quoted, which every parser reads alike.

    Raises:
        ComposeError: it would be larger than what may be served.
    """
    return Writer(folded=folded, quoted=quoted).write(root)


class Writer:
    """Writes one document."""

    def __init__(self, *, folded: bool, quoted: bool) -> None:
        """Nothing is written yet."""
        self.folded, self.quoted = folded, quoted
        self.events: list[Any] = []
        self.texts: list[tuple[yaml.ScalarEvent, bool]] = []  # and whether in quotes
        self.characters = self.nodes = 0
        self.in_flow: dict[int, bool] = {}

    def write(self, root: Node) -> str:
        """Write it."""
        self.events = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
        self.add(root, 0, flow=False, key=False)
        self.events += [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]
        shown = self.disguise()
        width = FOLDED if self.folded else UNFOLDED
        text: str = yaml.emit(self.events, Dumper=yaml.CSafeDumper, width=width, allow_unicode=True)
        return text.translate(shown) if shown else text

    def add(self, node: Node, depth: int, *, flow: bool, key: bool) -> None:
        """Add the events of a node."""
        self.nodes += 1
        if self.nodes > limits.NODES:
            raise too_many_nodes(node.place)
        if isinstance(node, Scalar):
            self.scalar(node, depth, flow=flow, key=key)
        elif isinstance(node, Sequence):
            flow = flow or (node.flow and self.fits_in_flow(node))
            self.events.append(yaml.SequenceStartEvent(None, node.tag, not node.tag, flow_style=flow))
            for item in node.items:
                self.add(item, depth + 1, flow=flow, key=False)
            self.events.append(yaml.SequenceEndEvent())
        else:
            flow = flow or (node.flow and self.fits_in_flow(node))
            self.events.append(yaml.MappingStartEvent(None, node.tag, not node.tag, flow_style=flow))
            for name, value in node.pairs:
                self.add(name, depth + 1, flow=flow, key=True)
                self.add(value, depth + 1, flow=flow, key=False)
            self.events.append(yaml.MappingEndEvent())

    def scalar(self, node: Scalar, depth: int, *, flow: bool, key: bool) -> None:
        """Add the event of a single value."""
        value, style = node.value, node.style or None
        self.characters += len(value) + value.count("\n") * 2 * depth + 2 * depth
        if self.characters > limits.RESULT:
            raise too_large(node)
        if node.plain:
            if not value and (flow or key):
                value = "null"  # nothing at all would be taken for empty text there
            implicit = (True, not NOT_TEXT.fullmatch(value))
        else:
            implicit = (False, not node.tag)
        if style in {"|", ">"}:
            style = '"' if self.quoted or key or not value or NOT_IN_LITERAL.search(value) else "|"
        elif "\n" in value:
            style = '"'
        if self.folded and len(value) > FOLDED and len(max(value.split("\n"), key=len)) > FOLDED:
            style = '"'
        event = yaml.ScalarEvent(None, node.tag, implicit, value, style=style)
        self.events.append(event)
        self.texts.append((event, style in {"'", '"'}))

    def fits_in_flow(self, node: Node) -> bool:
        """Can this be written between [ and ] or { and } without quotes that change its meaning?"""
        if isinstance(node, Scalar):
            if len(node.value) > LONG:
                return False
            if node.plain:
                fits = not node.value or IN_FLOW.fullmatch(node.value) or not NOT_TEXT.fullmatch(node.value)
                return bool(fits) and "\n" not in node.value
            return node.style not in {"|", ">"} and "\n" not in node.value
        if id(node) not in self.in_flow:
            below = node.items if isinstance(node, Sequence) else [part for pair in node.pairs for part in pair]
            empty = not below
            self.in_flow[id(node)] = empty or (node.flow and all(self.fits_in_flow(part) for part in below))
        return self.in_flow[id(node)]

    def disguise(self) -> dict[int, str]:
        """Put private characters where libyaml would quote and escape what it could write as it is.

        These are characters past U+FFFF, and in unquoted text tabs and spaces before the end of a line.

        Returns:
            What the private characters stand for.
        """
        used = set("".join([event.value for event, _ in self.texts]))
        hard = sorted(character for character in used if character > "\uffff" or character == "\t")
        if not hard and not any(TRAILING.search(event.value) for event, quotes in self.texts if not quotes):
            return {}
        free = (chr(code) for code in PRIVATE if chr(code) not in used)
        hidden = dict(zip([*hard[:6000], " "], free, strict=False))
        everywhere = str.maketrans({shown: private for shown, private in hidden.items() if shown > "\uffff"})
        unquoted = str.maketrans({shown: private for shown, private in hidden.items() if shown != " "})
        space = hidden.get(" ", " ")
        for event, quotes in self.texts:
            event.value = event.value.translate(everywhere if quotes else unquoted)
            if not quotes:
                event.value = TRAILING.sub(lambda spaces: space * len(spaces.group()), event.value)
        return {ord(private): shown for shown, private in hidden.items()}


def too_large(node: Node) -> ComposeError:
    """The error for a text that is too long."""
    return ComposeError(node.place, f"the composed YAML is larger than {limits.RESULT} bytes, which no pipeline needs; split it.")
