"""Findings as text, as GitHub's workflow commands, as JSON."""

import json
from collections.abc import Callable, Iterable, Iterator

from pipelines.check.findings import Finding


def text(findings: Iterable[Finding], root: str) -> Iterator[str]:
    """Yield one line a finding, as compilers write them."""
    for finding in findings:
        where = f"{root}{one_line(finding.path)}:{finding.line}:{finding.column}"
        message = one_line(finding.message).removeprefix(f"{finding.id} ")  # or it would be there twice, as of `extends`
        yield f"{where}: {finding.severity} {finding.id} {message}"


def github(findings: Iterable[Finding], root: str) -> Iterator[str]:
    """Yield workflow commands, which GitHub shows beside the lines of a pull request."""
    for finding in findings:
        where = f"file={escaped_property(root + finding.path)},line={finding.line},col={finding.column},title={finding.id}"
        yield f"::{finding.severity} {where}::{escaped(finding.message)}".encode(errors="backslashreplace").decode()


def as_json(findings: Iterable[Finding], root: str) -> Iterator[str]:
    """Yield one array of objects."""
    yield json.dumps([finding._asdict() | {"path": root + finding.path} for finding in findings], indent=1)


def one_line(message: str) -> str:
    """Escape characters that would end the line or be invisible in it."""
    if message.isprintable():
        return message
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode() for character in message)


def escaped(value: str) -> str:
    """Escape the text of a workflow command."""
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(value: str) -> str:
    return escaped(value).replace(":", "%3A").replace(",", "%2C")


FORMATS: dict[str, Callable[[Iterable[Finding], str], Iterator[str]]] = {"text": text, "github": github, "json": as_json}
