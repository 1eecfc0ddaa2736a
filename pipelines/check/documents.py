"""How Drone splits a text into documents: by lines, before any of it is parsed as YAML (docs/drone.md 3.1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.check.findings import WARNING, Finding, check
from pipelines.language.limits import LINE
from pipelines.language.nodes import Place

LONG_LINE = check("long-line", WARNING, "a line of more than 65,535 bytes: Drone loses it and all that follows, without a word")
END_MARKER = check("end-marker", WARNING, "text after a line that begins with `...`, where Drone stops reading")
SEPARATOR = check("separator-text", WARNING, "text on the line of a `---`, which Drone drops")
AFTER = check("text-after-document", WARNING, "text after the end of a document, which Drone does not read")
LEGACY = check(
    "legacy-format",
    WARNING,
    "a line `pipeline:`: Drone takes the whole file for the format before 1.0 and converts it, so it is not checked here",
)

LONGEST_QUOTE = 60  # characters of the file that a message repeats


@dataclass(frozen=True)
class Chunk:
    """One document as Drone splits it off."""

    text: str
    line: int  # of the file, where the text begins; from 1
    separated: bool  # a `---` stands before it


@dataclass(frozen=True)
class Split:
    """A text as Drone splits it."""

    chunks: tuple[Chunk, ...]
    separators: tuple[tuple[int, str], ...]  # line, and what is dropped from it
    ended: int  # line of the `...`; 0 where there is none
    too_long: int  # line where reading stops; 0 where there is none
    rest: str  # what is never read


def split(text: str, above: int = 0) -> Split:
    """Split a text; `above` is the number of lines that precede it in the file."""
    chunks: list[Chunk] = []
    separators: list[tuple[int, str]] = []
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    start, begun, separated = 0, False, False

    def close(end: int) -> None:
        if begun:
            chunks.append(Chunk("".join(f"{line}\n" for line in lines[start:end]), above + start + 1, separated))

    for index, line in enumerate(lines):
        if len(line) * 4 > LINE and len(line.encode()) > LINE:
            close(index)
            return Split(tuple(chunks), tuple(separators), 0, above + index + 1, "\n".join(lines[index:]))
        if line.startswith("---"):
            close(index)
            start, begun, separated = index + 1, True, True
            separators.append((above + index + 1, line[3:].strip()))
        elif line.startswith("..."):
            begun = True  # a document begins with it, too, where none has
            close(index)
            return Split(tuple(chunks), tuple(separators), above + index + 1, 0, "\n".join(lines[index + 1 :]))
        else:
            begun = True
    close(len(lines))
    return Split(tuple(chunks), tuple(separators), 0, 0, "")


def is_legacy(text: str) -> bool:
    """Return whether Drone takes a text for the format before 1.0."""
    return "pipeline:" in text and any(line.rstrip("\t\f\r ") == "pipeline:" for line in text.split("\n"))


def traps(path: str, parts: Split) -> Iterator[Finding]:
    """Yield what Drone drops from a file that is served as it is written."""
    if parts.too_long:
        yield LONG_LINE.at(
            Place(path, parts.too_long, 1), f"the line has more than {LINE} bytes: Drone stops reading before it; break it."
        )
    yield from behind_end(path, parts)
    yield from beside(path, parts.separators)


def behind_end(path: str, parts: Split) -> Iterator[Finding]:
    """Yield text that is lost behind a `...`, also where a file is composed."""
    if parts.ended and not is_blank(parts.rest):
        yield END_MARKER.at(
            Place(path, parts.ended, 1),
            "Drone stops reading at a line that begins with `...`: what follows is lost; remove or indent it.",
        )


def beside(path: str, separators: Iterable[tuple[int, str]]) -> Iterator[Finding]:
    """Yield text on the line of a `---`."""
    for line, dropped in separators:
        if dropped and not dropped.startswith("#"):
            yield SEPARATOR.at(
                Place(path, line, 4), f"Drone drops `{shown(dropped)}` from the line of the ---; put it on a line of its own."
            )


def is_blank(text: str) -> bool:
    """Return whether a text has nothing but comments and separators."""
    return all(not line.strip() or line.lstrip().startswith("#") or line.rstrip() in {"---", "..."} for line in text.split("\n"))


def shown(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"
