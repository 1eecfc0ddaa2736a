"""How time grows with what comes from outside: every kind of input, at half its largest size and at its largest.

python -m benchmarks.growth prints a table, of each reader the slowest input, and fails where a doubling costs more than 2.3, or
the largest input too long. Arguments choose readers by the beginning of their names.
"""

import gc
import importlib
import io
import json
import os
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
os.environ.setdefault("DRONE_YAML_SECRET", "benchmark-benchmark-benchmark-benchmark")
django.setup()

import builds  # noqa: E402 - needs settings
import configs  # noqa: E402 - likewise
import edrone_site  # noqa: E402 - likewise
from builds.drone_db.masking import looks_secret, masked  # noqa: E402 - likewise
from builds.logs import log_rendering  # noqa: E402 - likewise
from builds.starting.json_body import StrictJson  # noqa: E402 - likewise
from builds.starting.parameters import refuse_invalid  # noqa: E402 - likewise
from configs.endpoint import answers  # noqa: E402 - likewise
from configs.endpoint.request_log import quoted  # noqa: E402 - likewise
from configs.records import showing  # noqa: E402 - likewise
from pipelines import build_request  # noqa: E402 - likewise
from pipelines.check.one_file import Examined, examine_text  # noqa: E402 - likewise
from pipelines.language import limits  # noqa: E402 - likewise
from pipelines.language.compose import compose  # noqa: E402 - likewise
from pipelines.language.kinds import kinds  # noqa: E402 - likewise
from pipelines.operations import head  # noqa: E402 - likewise
from pipelines.operations.operation import Input, Operation  # noqa: E402 - likewise
from pipelines.resolve.from_file import Resolved, from_source  # noqa: E402 - likewise
from pipelines.resolve.manual_builds import wrong_parameters  # noqa: E402 - likewise
from pipelines.tree.files import SourceFile, Stamp  # noqa: E402 - likewise
from texts.differences import unified  # noqa: E402 - likewise
from texts.suggestions import LONGEST as LONGEST_NEAR  # noqa: E402 - likewise
from texts.suggestions import nearest  # noqa: E402 - likewise

LARGEST_FILE = 1024 * 1024  # characters of a file of the tree, or of a body
MOST_GROWTH = 2.3  # for a doubling
IN_A_REQUEST, IN_A_COMMAND = 0.3, 1.0  # seconds, while the interpreter is held
SHORT = 0.01  # seconds: what is quicker is repeated until it takes as long
ROUNDS, TRIES = 3, 3  # of what seems to grow too fast another try is made: others may be at work
TOO_SHORT = 0.05  # seconds: of what takes less at its largest no growth is measured: it is noise, or bounded by a limit
HOPELESS = 2.0  # seconds for an eighth of the largest input: not tried at its full size

Make = Callable[[int], Any]  # characters → an input of about that many


@dataclass(frozen=True)
class Reader:
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
    """Give names of parameters."""
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
    """Give logs as Drone stores them."""

    def lines(*texts: str) -> Make:
        size_of = sum(map(len, texts)) + 40 * len(texts)

        def make(size: int) -> bytes:
            found = [{"pos": pos, "out": text, "time": pos} for pos, text in enumerate(texts * (size // size_of + 1))]
            return json.dumps(found).encode()

        return make

    def line(part: str, end: str = "\n") -> Make:
        return lambda size: json.dumps([{"pos": 0, "out": part * (size // len(part)) + end, "time": 0}]).encode()

    return {
        "short lines": lines("a\n"),
        "empty lines": lines(""),
        "coloured lines": lines("\x1b[1;31mred\x1b[0m and more\n", "\x1b[38;2;1;2;3mtrue\n"),
        "hidden characters": lines("\u202e\x00" * 20 + "\n"),
        "progress": line("10 %\r"),
        "one line": line("a"),
        "one line of escapes": line("\x1b["),
        "one line of numbers": line("\x1b[1;"),
        "one line of colours": line("\x1b[31m"),
        "one line of titles": line("\x1b]0;a"),
        "one line of hidden characters": line("\u202e\x00"),
        "no JSON": lambda size: b"a\n" * (size // 2),
        "other JSON": lambda size: b"[" + b"[]," * (size // 3) + b"[]]",
    }


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


class Folder:
    """What may be extended, in memory."""

    def text(self, _: str) -> str:
        """Give always the same pipeline."""
        return "kind: pipeline\nname: a\nsteps:\n- name: b\n  image: c\n"

    def paths_near(self, _: str) -> list[str]:
        """Give as many names as a large tree."""
        return [f"_shared/steps/{number}/build-and-test-and-deploy-something.yaml" for number in range(4000)]


class Nothing(Folder):
    """A tree in which what is extended is missing."""

    def text(self, _: str) -> None:  # type: ignore[override]
        """Nothing is there."""


def readers() -> Iterator[Reader]:
    """List what is measured."""
    texts, extending = of_texts(extending=False), of_texts(extending=True)
    inputs = tuple(Input(f"TARGET_{number}", required=True) for number in range(head.MOST_INPUTS))
    operation = Operation("check", "_operations/check.yaml", inputs=inputs)
    pipeline = Resolved("kind: pipeline\n" + "${P1} ${P2}\n" * 50_000, "a.yaml", (), operation=operation)
    plain = Resolved(pipeline.yaml, "a.yaml", ())
    path = "shop/_operations/check.yaml"
    yield Reader("a file that serves", lambda text: serve("a.yaml", text), extending, LARGEST_FILE)
    yield Reader("an operation that serves", lambda text: serve(path, text), extending, LARGEST_FILE)
    yield Reader("a head", lambda text: head.read_head("check", path, text), texts, LARGEST_FILE)
    yield Reader("kinds", kinds, texts, LARGEST_FILE)
    yield Reader("checkprojects", check, extending, LARGEST_FILE, IN_A_COMMAND)
    yield Reader("a page of YAML", showing.coloured, texts, LARGEST_FILE)
    yield Reader("a page of a difference", lambda text: showing.coloured(text, diff=True), texts, LARGEST_FILE)
    yield Reader("a difference", compared, of_pairs(), showing.LARGEST)
    yield Reader("a name that looks secret", looks_secret, of_names(), LARGEST_FILE)
    yield Reader("a name that is near", lambda name: nearest(name, Folder().paths_near("")), of_names(), LONGEST_NEAR)
    yield Reader("a reference to what is missing", missing, of_names(), LARGEST_FILE)
    for name, run in {
        "masked": masked,
        "parameters of a request": refuse_invalid,
        "parameters of an operation": lambda params: wrong_parameters(pipeline, params),
        "parameters of a build": lambda params: wrong_parameters(plain, params),
        "a body of Drone": lambda params: build_request.parse(json.dumps(body(params)).encode()),
        "a body of the API": lambda params: StrictJson().parse(io.BytesIO(json.dumps({"params": params}).encode())),
    }.items():
        yield Reader(name, run, of_parameters(), LARGEST_FILE)
    yield Reader("a log", log_rendering.read_outline, of_logs(), 5 * LARGEST_FILE, IN_A_COMMAND)
    yield Reader("an error for Drone", answers.error_pipeline, texts, LARGEST_FILE)
    yield Reader("an error in the log", quoted, texts, LARGEST_FILE)
    yield from expressions()


def compared(pair: tuple[list[str], list[str]]) -> object:
    """Compare two texts line by line."""
    return list(unified(*pair, "a", "b"))


def serve(path: str, text: str) -> object:
    """Make of a file what the configuration endpoint serves."""
    return from_source(SourceFile(path, text, Stamp(path, 0, 0, 0, 0, 0)), Folder())


def check(text: str) -> object:
    """Examine a file as checkprojects does."""
    return examine_text(Examined("a.yaml"), text, Folder(), serves=True, operation=False)  # type: ignore[func-returns-value,arg-type]


def missing(name: str) -> object:
    """Extend what is not there."""
    return compose("a.yaml", f"kind: pipeline\nextends: {name}\n", Nothing())


def body(params: dict[str, str]) -> dict[str, Any]:
    """Make the body of a request of Drone."""
    repo = {"namespace": "a", "name": "b", "slug": "a/b"}
    return {"repo": repo, "build": {"event": "custom", "ref": "", "target": "", "params": params}}


def expressions() -> Iterator[Reader]:
    """Give every regular expression that has a name, with the ways in which it is used."""
    for package in (configs, builds, edrone_site):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in found.name or found.name.endswith(("wsgi", "urls")):
                continue
            module = importlib.import_module(found.name)
            source = Path(module.__file__ or "").read_text()
            for name, pattern in vars(module).items():
                if not isinstance(pattern, re.Pattern):
                    continue
                ways = set(re.findall(rf"\b{name}\.(search|match|fullmatch|findall|sub|split|finditer)\b", source))
                for way in sorted(ways):
                    yield Reader(f"{found.name}.{name}.{way}", using(pattern, way), hostile_to(pattern), 200_000)


def using(pattern: re.Pattern[Any], way: str) -> Callable[[Any], object]:
    """Use an expression in one way."""
    method = getattr(pattern, way)
    if way == "sub":
        return lambda text: method(text[:0], text)
    return (lambda text: sum(1 for _ in method(text))) if way == "finditer" else method


def hostile_to(pattern: re.Pattern[Any]) -> dict[str, Make]:
    """Repeat what stands in an expression, alone and in pairs, with an end that fits nothing."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    words = [word for word in re.findall(r"[A-Za-z]{2,}", source) if word.isascii()][:6]
    signs = [sign for sign in dict.fromkeys(re.sub(r"[A-Za-z0-9]", "", source)) if sign.isprintable()][:12]
    parts = list(dict.fromkeys([*words, *signs, "a", "A", "1", "_", " ", "\n", "\t", "\r", "/", ":", "$", "\x1b["]))
    pairs = [one + other for one in words[:3] + signs[:4] + ["a"] for other in ["a", " ", "_", "1", *signs[:3]]]
    binary = isinstance(pattern.pattern, bytes)

    def make(part: str) -> Make:
        return lambda size: (part * (size // len(part)) + "\x00").encode() if binary else part * (size // len(part)) + "\x00"

    return {repr(part): make(part) for part in [*parts, *pairs]}


def main() -> int:
    """Measure, and say what fails."""
    gc.disable()
    print("| reader | input | characters | ms | growth for a doubling |\n|---|---|---|---|---|")
    failed = 0
    for reader in readers():
        if sys.argv[1:] and not reader.name.startswith(tuple(sys.argv[1:])):
            continue
        worst: list[tuple[float, float, str]] = []
        for name, make in reader.inputs.items():
            took, growth = measured(reader, make)
            worst.append((took, growth, name))
        bad = [one for one in worst if one[0] > reader.longest or one[1] > MOST_GROWTH]
        failed += len(bad)
        for took, growth, name in bad or [max(worst)]:
            shown = f"{growth:.2f}" if growth else ""
            verdict = " **too much**" if bad else ""
            print(f"| {reader.name} | {name} | {reader.largest} | {took * 1000:.1f} | {shown}{verdict} |", flush=True)
    print(f"\n{failed} of them take too long or grow too fast." if failed else "\nAll within limits.")
    return min(failed, 1)


def measured(reader: Reader, make: Make) -> tuple[float, float]:
    """Give the seconds that the largest input takes, and how much more that is than for half of it (0: too short to say).

    The growth is the mean of two doublings: a limit may lie between them, and the smaller one is noisier.
    """
    eighth = once(reader.run, make(reader.largest // 8))
    if eighth > HOPELESS:
        return eighth, float("inf")
    value = make(reader.largest)
    took = once(reader.run, value)
    if took < TOO_SHORT:
        return took, 0.0
    quarter, growth = make(reader.largest // 4), float("inf")
    for _ in range(TRIES):
        took = min(took, best(reader.run, value)) if took < 1 else took
        growth = min(growth, (took / max(best(reader.run, quarter), 1e-9)) ** 0.5)
        if growth <= MOST_GROWTH:
            break
    return took, growth


def once(run: Callable[[Any], object], value: Any) -> float:
    """Give the seconds of the processor that a call takes; that it refuses its input is an answer too."""
    started = time.process_time()
    with suppress(Exception):
        run(value)
    return time.process_time() - started


def best(run: Callable[[Any], object], value: Any) -> float:
    """Give the least seconds of several calls; what is short is repeated, since clocks are coarse."""
    least = float("inf")
    for _ in range(ROUNDS):
        calls, seconds = 0, 0.0
        while seconds < SHORT:
            seconds += once(run, value)
            calls += 1
        least = min(least, seconds / calls)
        gc.collect()
    return least


if __name__ == "__main__":
    sys.exit(main())
