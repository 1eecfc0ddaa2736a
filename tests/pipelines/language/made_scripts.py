r"""Made-up YAML as authors write scripts: every style, chomping and indentation, with `\`, `$` and `${X}` wherever they may be."""

import re
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.pipelines.language.strategies import OPEN

ANYWHERE = [
    "a",
    "b c",
    "é",
    "🚀",
    "$",
    "$$",
    "$${X}",
    "${X}",
    "${Y:-d e}",
    "x${X}y",
    "${X//a/b}",
    "${#X}",
    "${X:-$${Y}}",
    "%",
    "=",
    " ",
]
PIECES = {
    "plain": [*ANYWHERE, "\\", "\\\\", "\\d", "\\/", "\\n", "'", '"', "#", ":x", "-", "|", "*", "&"],
    "single": [*ANYWHERE, "\\", "\\\\", "\\d", "\\/", "\\n", "''", '"', " #", ": ", "- ", "\t", "[", "}", ","],
    "double": [*ANYWHERE, "\\\\", "\\\\d", "\\\\n", "\\n", '\\"', "\\x41", "\\u263a", "\\ ", "'", " #", ": ", "- ", "\t", "[", "}", ","],
    "block": [*ANYWHERE, "\\", "\\\\", "\\d", "\\/", "\\n", "'", '"', " #", ": ", "- ", "  ", "\t", "\ufeff", "\xa0", "[", "}", "---", "..."],
    "flow": ["a", "b c", "é", "$", "$$", "\\", "\\\\", "\\/", "\\d"],
}  # fmt: skip
LINE_ENDS = ["\n", "\n", "\n", "\r\n", "\n\n", "\n \n"]
IN_BLOCKS = ["\n", "\n", "\n", "\r\n", "\n\n", "\n \n", "\n      \n", "\r", "\x85", "\u2028"]


def is_one_scalar(text: str) -> bool:
    """Does libyaml read the value of a key as one scalar?"""
    try:
        root: Any = yaml.compose(f"? {text}\n", Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return False
    return isinstance(root.value[0][0], yaml.ScalarNode) and not OPEN.search(text)


@st.composite
def lines(draw, style, most=3):
    """Text of one or several lines; later ones are indented by at least what `{}` will stand for."""
    text = "".join(draw(st.lists(st.sampled_from(PIECES[style]), min_size=1, max_size=4)))
    for _ in range(draw(st.integers(0, most - 1))):
        end = draw(st.sampled_from(LINE_ENDS))
        text += (
            end
            + "@"
            + " " * draw(st.integers(0, 2))
            + "".join(draw(st.lists(st.sampled_from(PIECES[style]), min_size=1, max_size=3)))
        )
    return text


@st.composite
def quoted(draw, style, most=3):
    mark = "'" if style == "single" else '"'
    text = draw(lines(style, most))
    if style == "double" and draw(st.integers(0, 5)) == 0:
        text += "\\\n@ c"  # an escaped line end
    return mark + text + mark


@st.composite
def block(draw):
    """A block scalar; @ stands for the indentation of what holds it."""
    content = draw(st.integers(1, 3))
    indicator = str(content) if draw(st.integers(0, 3)) == 0 else ""
    chomping = draw(st.sampled_from(["", "-", "+"]))
    text = draw(st.sampled_from("|>")) + draw(st.sampled_from([indicator + chomping, chomping + indicator]))
    text += draw(st.sampled_from(["", "", " ", " # c"])) + "\n" + draw(st.sampled_from(["", "", "\n", "@ \n", " \n"]))
    for _ in range(draw(st.integers(0, 4))):
        more = draw(st.sampled_from([0, 0, 0, 1, 2]))
        line = "".join(draw(st.lists(st.sampled_from(PIECES["block"]), min_size=1, max_size=4)))
        text += "@" + " " * (content + more) + line + draw(st.sampled_from(IN_BLOCKS))
    text = text.rstrip("\r\x85\u2028")
    return text + ("" if text.endswith("\n") else "\n") + draw(st.sampled_from(["", "", "\n", "\n\n", "  \n"]))


plain = lines("plain").filter(lambda text: is_one_scalar(text.replace("@", "  ")))
scalars = st.one_of(
    plain,
    quoted("single").filter(lambda text: is_one_scalar(text.replace("@", "  "))),
    quoted("double").filter(lambda text: is_one_scalar(text.replace("@", "  "))),
    block().filter(lambda text: is_one_scalar(text.replace("@", ""))),
    block().filter(lambda text: is_one_scalar(text.replace("@", ""))),
)
one_line = st.one_of(plain, quoted("single", 1), quoted("double", 1)).filter(
    lambda text: is_one_scalar(text.replace("@", "  ")) and not re.search("[\n\r@]", text)
)
in_flow = st.one_of(lines("flow", 1), quoted("single", 2), quoted("double", 2)).filter(
    lambda text: is_one_scalar(text.replace("@", "  ")) and text.strip() == text
)


def at(text: str, column: int) -> str:
    return text.replace("@", " " * column)


def ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


@st.composite
def flow(draw, depth=1):
    kind = draw(st.sampled_from("ssslm" if depth else "s"))
    if kind == "s":
        return draw(in_flow)
    parts = draw(st.lists(flow(depth - 1), min_size=1, max_size=3))
    between = draw(st.sampled_from([", ", ",", ",\n@  ", " ,\n@ "]))
    if kind == "l":
        return f"[{between.join(parts)}]"
    return "{" + between.join(f'"f{n}": {part}' for n, part in enumerate(parts)) + "}"


@st.composite
def value(draw, column, depth=2):
    """What follows the key at that column, with the space before it and the line end behind it."""
    kind = draw(st.sampled_from("sssbnf" + "lm" * bool(depth)))
    if kind == "n":
        return "\n"
    if kind == "f":
        return " " + ended(at(draw(flow()), column + 1))
    if kind == "b":  # below its key
        text = draw(one_line)
        return f"\n{' ' * (column + draw(st.integers(1, 3)))}{text}\n"
    if kind == "s":
        text = draw(scalars)
        return draw(st.sampled_from([" ", "   "])) + ended(at(text, column if text[0] in "|>" else column + 1))
    inner = column + draw(st.integers(1, 3))
    if kind == "m":
        return "\n" + draw(mapping(inner, depth - 1))
    dashes = draw(st.sampled_from([column, inner]))
    return "\n" + draw(sequence(dashes, depth - 1))


@st.composite
def sequence(draw, column, depth):
    text = ""
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from("ssfm" if depth else "ssf"))
        if kind == "s":
            found = draw(scalars)
            item = ended(at(found, column if found[0] in "|>" else column + 1))
        elif kind == "f":
            item = ended(at(draw(flow()), column + 1))
        else:
            item = draw(mapping(column + 2, depth - 1)).removeprefix(" " * (column + 2))
        text += f"{' ' * column}- {item}"
    return text


@st.composite
def mapping(draw, column, depth):
    keys = draw(
        st.lists(st.sampled_from(["a", "b", "'c \\\\ d'", '"e\\\\f"', "g${Y}", "h", "$$i"]), min_size=1, max_size=3, unique=True)
    )
    return "".join(f"{' ' * column}{key}:{draw(value(column, depth))}" for key in keys)


@st.composite
def files(draw):
    """A file that is a map."""
    deep = draw(st.integers(0, 9))
    return f"w:\n{draw(mapping(deep, 1))}" if deep else draw(mapping(0, 2))
