"""What may come from outside, in any size, and what a reader of it is."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from pipelines.language import limits

LARGEST_FILE = 1024 * 1024  # characters of a file of the tree, or of a body

Make = Callable[[int], Any]  # characters → an input of about that many
IN_A_REQUEST = 0.3  # seconds of the processor
IN_STEPS = 1.0  # likewise, for a command, and for what a request does in many short steps, between which others run


@dataclass(frozen=True)
class MeasuredReader:
    """Something that reads what comes from outside."""

    name: str
    run: Callable[[Any], object]
    inputs: dict[str, Make]
    largest: int  # characters that are accepted, or that the callers of it let through
    longest: float = IN_A_REQUEST  # seconds


def repeated(part: str, before: str = "", after: str = "") -> Make:
    """Repeat a part as often as fits between two others."""
    return lambda size: before + part * max((size - len(before) - len(after)) // len(part), 1) + after


def numbered(form: str, before: str = "", after: str = "") -> Make:
    """Repeat a part with another number in it each time."""
    return lambda size: before + "".join(form % number for number in range(size // len(form % 99_999))) + after


def deeper(size: int) -> str:
    """Write maps in maps, each line indented further."""
    depth = int((2 * size) ** 0.5)
    return "".join(f"{' ' * level}a:\n" for level in range(depth))


def noise(size: int) -> str:
    """Mix all that means something to YAML."""
    return "".join(Random(1).choices("*&!|>'\"%@`#,[]{}:?- \n\tab$\\", k=size))  # noqa: S311 - the same each time


def of_nodes(part: str, nodes: int, before: str, after: str = "") -> Make:
    """Repeat a part of some nodes as often as may be composed."""

    def make(size: int) -> str:
        count = (limits.NODES - 10) * size // LARGEST_FILE // nodes
        return before + "".join(part.replace("%d", str(number)) for number in range(count)) + after

    return make


def of_texts(*, extending: bool) -> dict[str, Make]:
    """Give texts that are, or look like, YAML: as they are, or so that they seem to extend something."""
    top = "extends: _shared/a.yaml\n" if extending else ""
    return {
        "pipelines": repeated("---\nkind: pipeline\nname: a\nsteps:\n- name: b\n  image: c\n  commands:\n  - make test\n", top),
        "tag directives": numbered("%%TAG !%d! tag:a.b,2026:\n", "", f"---\n{top}kind: operation\n"),
        "tag directives after a document": numbered(
            "%%TAG !%d! tag:a.b,2026:\n", f"{top}kind: a\n...\n", "---\nkind: operation\n"
        ),
        "version directives": repeated("%YAML 1.1\n", "", f"---\n{top}kind: operation\n"),
        "unknown directives": repeated("%FOO a\n", "", f"---\n{top}kind: operation\n"),
        "aliases": repeated("*a ", top),
        "known aliases": repeated("- *a\n", f"{top}b: &a x\nc:\n"),
        "anchors": numbered("- &a%d x\n", f"{top}a:\n"),
        "merge keys": repeated("- {<<: *a}\n", f"{top}b: &a {{c: d}}\ne:\n"),
        "open brackets": repeated("[", f"{top}kind: operation\na: "),
        "open braces": repeated("{a: ", f"{top}kind: operation\na: "),
        "brackets": repeated("[],", f"{top}a: [", "]"),
        "braces": repeated("{a: b},", f"{top}a: [", "]"),
        "nested a hundred deep": repeated("- " + "[" * 98 + "]" * 98 + "\n", f"{top}a:\n"),
        "dashes": repeated("- ", f"{top}a:\n "),
        "question marks": repeated("? ", f"{top}a:\n "),
        "colons": repeated(": ", f"{top}a:\n "),
        "deeper and deeper": deeper,
        "keys": numbered("k%d: v\n", top),
        "long keys": repeated(f"{'k' * 1000}: v\n", top),
        "one key": repeated("k", top, ": v\n"),
        "keys without values": numbered("k%d:\n", top),
        "documents": repeated("---\n", top),
        "documents beside their separators": repeated("--- a\n", top),
        "document ends": repeated("...\n", top),
        "comments": repeated("# extends: x, kind: operation\n", top),
        "comment": repeated("# extends: x, kind: operation ", top),
        "blank lines": repeated("\n", f"{top}kind: operation\n"),
        "blanks": repeated(" ", f"{top}kind: operation\na: ", "b\n"),
        "tabs": repeated("\t", f"{top}kind: operation\na: ", "b\n"),
        "carriage returns": repeated("\r", f"{top}kind: operation\n"),
        "line separators": repeated("\u2028", f"{top}kind: operation\n"),
        "one plain value": repeated("word ", f"{top}a: "),
        "plain value of many lines": repeated("  word\n", f"{top}a:\n"),
        "double quotes": repeated('\\"', f'{top}a: "', '"\n'),
        "quotes of many lines": repeated("  word \\\n", f'{top}a: "\n', '  "\n'),
        "open double quote": repeated("a ", f'{top}a: "'),
        "single quotes": repeated("''", f"{top}a: '", "'\n"),
        "quotes": repeated("'a' ", top),
        "block": repeated("  make test\n", f"{top}a: |\n"),
        "folded block": repeated("  make test\n\n", f"{top}a: >\n"),
        "block of blanks": repeated("   \n", f"{top}a: |2\n", "  x\n"),
        "block headers": repeated("- |+9\n", f"{top}a:\n"),
        "tags": repeated("- !a x\n", f"{top}a:\n"),
        "a long tag": repeated("%41", f"{top}a: !<", "> x\n"),
        "a long tag after a long tag": repeated("!", f"{top}a: "),
        "extends": repeated("- extends: _shared/a.yaml\n", f"{top}steps:\n"),
        "extends in brackets": repeated("{extends: x}, ", f"{top}steps: ["),
        "the word extends": repeated("extends ", f"{top}a: "),
        "kinds": repeated("kind: operation\n", top),
        "the word kind": repeated("kind:::::: ", f"{top}a: "),
        "kind and what is no word": repeated("-", f"{top}kind:", "\noperation: x\n"),
        "references": repeated("${A", f"{top}a: "),
        "dollars": repeated("$", f"{top}a: "),
        "byte order marks": repeated("\ufeff", f"{top}kind: operation\n"),
        "a character that YAML refuses": repeated("a: b\n", top, "\x00"),
        "emoji": repeated("\U0001f680", f"{top}a: "),
        "noise": noise,
        "as many nodes as are composed": of_nodes("- name: n%d\n  image: c\n", 5, f"{top}steps:\n"),
        "as many lists as are composed": of_nodes("[],", 1, f"{top}a: [", "]\n"),
        "as many scripts as are composed": of_nodes("- |\n  make \\test ${A}\n\n  'b'\n", 1, f"{top}a:\n"),
    }


def of_names() -> dict[str, Make]:
    parts = ("api_", "apiKey", "key_", "a", "A", "-", "aB", "_", "\u00e4", "pass", "1", "DRONE_")
    return {repr(part): repeated(part) for part in parts}


def of_parameters() -> dict[str, Make]:
    """Give the parameters of builds: many, or long ones."""

    def many(form: str, value: str) -> Make:
        return lambda size: {form % number: value for number in range(size // (len(form % 99_999) + len(value) + 6))}

    return {
        "many": many("P%d", "a\nb"),
        "many that look alike": many("TARGET_%d", "x"),
        "many secret ones": many("API_KEY_%d", "x"),
        "many that cannot be": many("%d-", "x"),
        "many short ones": many("%d", ""),
        "one long name": lambda size: {"P" * size: "x"},
        "one long value": lambda size: {"TARGET": "a\n" * (size // 2)},
        "addresses": lambda size: {"TARGET": "://a:" * (size // 5)},
        "what JSON makes longer": lambda size: {"TARGET": "<" * size},
    }


def of_logs() -> dict[str, Make]:
    """Give logs as Drone stores them, and what else may be there."""

    def lines(*texts: str) -> Make:
        size_of = len(msgspec.json.encode([{"pos": 99_999, "out": text, "time": 999} for text in texts]))

        def make(size: int) -> bytes:
            places = enumerate(texts * (size // size_of + 1))
            return msgspec.json.encode([{"pos": pos, "out": text, "time": pos // 100} for pos, text in places])

        return make

    def line(part: str) -> Make:
        size_of = len(msgspec.json.encode(part)) - len('""')
        return lambda size: msgspec.json.encode([{"pos": 0, "out": part * (size // size_of) + "\n", "time": 0}])

    return {
        "short lines": lines("a\n"),
        "empty lines": lines(""),
        "coloured lines": lines("\x1b[1;31mred\x1b[0m and more\n", "\x1b[38;2;1;2;3mtrue\n"),
        "hidden characters": lines("\u202e\x00" * 20 + "\n"),
        "what seems to be the end of a line": lines("},{\n"),
        "progress": line("10 %\r"),
        "one line": line("a"),
        "one line of carriage returns": line("\r"),
        "one line of escapes": line("\x1b["),
        "one line of numbers": line("\x1b[1;"),
        "one line of colours": line("\x1b[31m"),
        "one line of titles": line("\x1b]0;a"),
        "one line of hidden characters": line("\u202e\x00"),
        "one line of what seems to be its end": line("},{"),
        "plain text": repeated_bytes(b"make: nothing to be done\n"),
        "plain short lines": repeated_bytes(b"a\n"),
        "plain empty lines": repeated_bytes(b"\n"),
        "plain carriage returns": repeated_bytes(b"\r"),
        "no UTF-8": repeated_bytes(b"\xff"),
        "empty objects": repeated_bytes(b"{},", b"[", b"{}]"),
        "objects in an object": repeated_bytes(b"{},", b'[{"a":[', b"{}]}]"),
        "objects and an error": repeated_bytes(b"{},", b"[", b"]"),
        "blanks between objects": repeated_bytes(b"}      ", b"[{", b"]"),
        "lists": repeated_bytes(b"[],", b"[", b"[]]"),
        "numbers": repeated_bytes(b"1,", b"[", b"1]"),
    }


def repeated_bytes(part: bytes, before: bytes = b"", after: bytes = b"") -> Make:
    """Repeat a part as often as fits between two others."""
    return lambda size: before + part * (size // len(part)) + after


def of_pairs() -> dict[str, Make]:
    """Give pairs of texts to compare line by line."""

    def pair(older: Callable[[int], int], newer: Callable[[int], int]) -> Make:
        def make(size: int) -> tuple[list[str], list[str]]:
            count = size // 5
            return [f"{older(number)}\n" for number in range(count)], [f"{newer(number)}\n" for number in range(count)]

        return make

    return {
        "equal": pair(int, int),
        "nothing in common": pair(int, lambda number: -number - 1),
        "another line here and there": pair(lambda number: number % 500, lambda number: number % 500 + (number % 97 == 0)),
        "another order": pair(lambda number: number % 300, lambda number: 2 * number % 301),
        "the same lines again and again": pair(lambda number: number % 101, lambda number: 2 * number % 101),
        "backwards": pair(int, lambda number: 30_000 - number),
    }
