r"""Scalars as they are written: taken out of one text, put into another at another indentation, not a character changed.

Runners replace `${X}`, and turn `\\` into `\`, in the raw text before they parse it (drone/envsubst). So a scalar that is
written in another style, or folded in other places, would mean something else then, even where YAML says it is the same.

A token is the text of a scalar, quotes or block header included. Its lines after the first begin where the map or list that
holds the scalar begins; whoever writes it adds the new indentation.
"""

import re

from pipelines.language import limits
from pipelines.language.errors import ComposeError
from pipelines.language.nodes import Scalar

BREAKS = "\n\r\x85\u2028\u2029"
BREAK = f"(?>\r\n|[{BREAKS}])"
FIRST_BREAK = re.compile(BREAK)
LINE_START = re.compile(f"{BREAK}(?=[^{BREAKS}])")  # of a line that is not empty
UNINDENTED = re.compile(f"{BREAK}(?=[^ {BREAKS}])")
HAS_BREAK = re.compile(f"[{BREAKS}]")
COMMENT = re.compile(f"#[^{BREAKS}]*")
PROPERTIES = re.compile(rf"(?:[&!]\S*(?:[ \t{BREAKS}]|#[^{BREAKS}]*)*)*")  # anchor and tag
HEADER = re.compile(rf"([|>][-+0-9]*)[^{BREAKS}]*")  # of a block, and a comment beside it
# `$$` is a dollar, whatever follows; and where no name and operator follow `${`, runners refuse the text, wherever it stands.
EXPRESSION = re.compile(r"\$\$|\$\{(?:\w+(?:[:=/#%]|\Z))?")
# An empty variable would let a lone carriage return and the line feed behind it become one line end, at one place only.
ALONE = re.compile(r"\r *\$\{")
# Written between brackets, these are what they are elsewhere, before and after runners replace variables.
FIT_FLOW = re.compile(
    r"[\w./][\w./+=~@-]*(?: +[\w./+=~@-]+)*"
    rf"|'(?!(?:[^']|'')*\$\{{)(?:[^'{BREAKS}]|'')*'"
    rf'|"(?![^"]*\$\{{)[^"\\{BREAKS}]*"'
)
HALVED = re.compile(r'(?<!\\)(?:\\{4})*\\\\"\Z')
INSIDE = re.compile(r"\$\{|\}")


def token_of(raw: str, indent: int) -> str:
    """Return the token of a scalar.

    Args:
        raw: all that is written, without anchor and tag.
        indent: columns before the map or list that holds it.
    """
    if not HAS_BREAK.search(raw):
        return HEADER.sub(r"\1", raw) if raw[:1] in {"|", ">"} else raw
    token = re.sub(f"({BREAK}) {{0,{indent}}}", r"\1", raw) if indent else raw
    if raw[0] not in {"|", ">"}:
        return UNINDENTED.sub(r"\g<0> ", token)  # quoted lines may begin anywhere, but where Drone looks for separators
    token = HEADER.sub(r"\1", token, count=1)
    if "+" in token[:3]:
        return token  # the empty lines at its end belong to it
    end = FIRST_BREAK.search(token, len(token.rstrip(BREAKS)))
    return token[: end.end()] if end else token


def without_properties(raw: str) -> tuple[str, str]:
    """Part anchor and tag from what they belong to."""
    if not raw.startswith(("&", "!")):
        return "", raw
    match = PROPERTIES.match(raw)
    end = match.end() if match else 0
    return raw[:end], raw[end:]


def lead_of(before: str, *, is_key: bool, flow: bool) -> str:
    """Return how a part of a map is written (see Scalar), by what stands between it and what came before."""
    if "#" in before:
        before = COMMENT.sub("", before)
    if is_key:
        return "?" if "?" in before else ""
    return "\n" if not flow and HAS_BREAK.search(before.rpartition(":")[2]) else ""


def indented(scalar: Scalar, indent: int, room: int) -> str:
    """Return the token of a scalar for a map or list that is so many columns from the left.

    Args:
        scalar: what is written.
        indent: columns.
        room: characters that may still be written.

    Raises:
        ComposeError: it is longer; or a `${` in it ends outside of it, so that what it would take in has changed.
    """
    token = scalar.token
    lines = sum(map(token.count, BREAKS)) if HAS_BREAK.search(token) else 0
    if len(token) + lines * indent > room:
        raise too_large(scalar)
    if "${" in token and is_open(token):
        raise ComposeError(scalar.place, "a ${ is not closed within this value; close it, or write $${ if no variable is meant.")
    if lines and token[0] not in {"|", ">"} and ALONE.search(token):
        raise ComposeError(
            scalar.place,
            "a ${ follows a carriage return that no line feed follows; end that line with a line feed (\\n) instead.",
        )
    if scalar.closed_later:
        raise ComposeError(
            scalar.place,
            "runners turn two backslashes into one, so this text does not end at its quote but in the comment behind it, which "
            "is not kept; write the text in single quotes, or take the quote out of the comment.",
        )
    return LINE_START.sub(r"\g<0>" + " " * indent, token) if lines else token


def is_open(token: str) -> bool:
    """Return whether a `${` of a token ends outside of it."""
    at = depth = 0
    while match := (INSIDE if depth else EXPRESSION).search(token, at):
        at = match.end()
        if depth:
            depth += 1 if match.group() == "${" else -1
        elif match.group() not in {"$$", "${"}:
            depth = 1
    return depth > 0


def is_open_once_halved(token: str) -> bool:
    """Return whether a text in double quotes goes on behind its last quote once runners have turned two backslashes into one."""
    return token[:1] == '"' and HALVED.search(token) is not None


def too_large(node: Scalar) -> ComposeError:
    return ComposeError(node.place, f"the composed YAML is larger than {limits.RESULT} bytes, which no pipeline needs; split it.")
