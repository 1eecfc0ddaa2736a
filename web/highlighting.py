"""YAML and differences as HTML in colours, a line at a time. Pure; time grows with the length of a text, whatever it holds.

The classes are those of web/static/web/served.css. It is no parser: a value of several lines in quotes has no colour of its own.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape

# Possessive quantifiers: nothing is tried twice. None of groups: Python before 3.11.5 ends such too early.
LEAD = re.compile(r"(?P<blanks>[ \t]*+)(?P<dashes>(?:[-?](?:[ \t]++|\Z))*)")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?+|\'[^\']*+\'?+')
COLON = re.compile(r":(?=[ \t]|\Z)")
COMMENT = re.compile(r"(?<![^ \t])#")
BLOCK = re.compile(r"(?:[!&][^ \t]*+[ \t]++)*[|>][-+0-9]*+[ \t]*+\Z")
DIFFERENT = {"+": "gi", "-": "gd", "@": "gu"}


def of_yaml(lines: Iterable[str]) -> Iterator[str]:
    """Colour the lines of a YAML file."""
    block = -1  # the column that the lines of a block scalar begin behind; -1: in none
    for line in lines:
        if not line:
            yield ""
            continue
        blanks = len(line) - len(line.lstrip(" "))
        if block >= 0 and (blanks > block or blanks == len(line)):
            yield span("s", line)
            continue
        html, block = yaml_line(line)
        yield html


def yaml_line(line: str) -> tuple[str, int]:
    """Colour a line, and give the column of what has a block scalar that begins in it; -1 where none does."""
    lead = LEAD.match(line)
    assert lead  # noqa: S101 - matches the empty string too
    rest = line[lead.end() :]
    key, colon, value = parted(rest)
    value, comment = without_comment(value)
    html = lead["blanks"] + span("p", lead["dashes"]) + span("nt", key) + span("p", colon)
    html += span("s" if QUOTED.match(value.strip()) else "", value) + span("c1", comment)
    if not BLOCK.match(value.strip()):
        return html, -1
    dashes = lead["dashes"].rstrip()
    return html, lead.end() if colon else len(lead["blanks"]) + max(len(dashes) - 1, 0)


def parted(rest: str) -> tuple[str, str, str]:
    """Part a key, its colon and what follows; without a key all of it follows."""
    quoted = QUOTED.match(rest)
    colon = COLON.search(rest, quoted.end() if quoted else 0)
    if not colon or rest[0] in "#[{|>":
        return "", "", rest
    key = rest[: colon.start()]
    if COMMENT.search(key, quoted.end() if quoted else 0) or (quoted and key[quoted.end() :].strip()):
        return "", "", rest
    return key, ":", rest[colon.end() :]


def without_comment(value: str) -> tuple[str, str]:
    """Part a value from the comment after it."""
    begin = len(value) - len(value.lstrip(" \t"))
    quoted = QUOTED.match(value, begin)
    comment = COMMENT.search(value, quoted.end() if quoted else 0)
    return (value[: comment.start()], value[comment.start() :]) if comment else (value, "")


def of_difference(lines: Iterable[str]) -> Iterator[str]:
    """Colour the lines of what `diff -u` writes."""
    for line in lines:
        yield span(DIFFERENT.get(line[:1], ""), line)


def span(name: str, text: str) -> str:
    """Write a text as HTML, in the colour of a class where it has one."""
    if not text:
        return ""
    return f'<span class="{name}">{escape(text)}</span>' if name else escape(text)
