"""All that reads what comes from outside, and the inputs that each is measured with. Needs Django's settings."""

import io
import json
from collections.abc import Iterator
from typing import Any

from benchmarks.growth_expressions import expressions
from benchmarks.growth_inputs import IN_STEPS, LARGEST_FILE, MeasuredReader, of_logs, of_names, of_pairs, of_parameters, of_texts
from builds.drone_db.masking import looks_secret, masked
from builds.logs import log_rendering
from builds.logs.api import as_lines
from builds.logs.log_lines import is_json
from builds.logs.log_slices import plain_sliced, sliced
from builds.rest.json_body import StrictJson
from builds.starting.parameters import refuse_invalid
from configs.endpoint import answers
from configs.endpoint.request_log import quoted
from configs.records import showing
from pipelines import build_request
from pipelines.check.one_file import Examined, examine_text
from pipelines.language.compose import compose
from pipelines.language.kinds import kinds
from pipelines.operations import head
from pipelines.operations.operation import Input, Operation
from pipelines.resolve.from_file import Resolved, from_source
from pipelines.resolve.manual_builds import wrong_parameters
from pipelines.tree.files import SourceFile, Stamp
from texts.differences import unified
from texts.suggestions import LONGEST as LONGEST_NEAR
from texts.suggestions import nearest

LARGEST_LOG = 5 * 1024 * 1024  # bytes, as many as a runner sends


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


def readers() -> Iterator[MeasuredReader]:
    texts, extending = of_texts(extending=False), of_texts(extending=True)
    inputs = tuple(Input(f"TARGET_{number}", required=True) for number in range(head.MOST_INPUTS))
    operation = Operation("check", "_operations/check.yaml", inputs=inputs)
    pipeline = Resolved("kind: pipeline\n" + "${P1} ${P2}\n" * 50_000, "a.yaml", (), operation=operation)
    plain = Resolved(pipeline.yaml, "a.yaml", ())
    path = "shop/_operations/check.yaml"
    yield MeasuredReader("a file that serves", lambda text: serve("a.yaml", text), extending, LARGEST_FILE)
    yield MeasuredReader("an operation that serves", lambda text: serve(path, text), extending, LARGEST_FILE)
    yield MeasuredReader("a head", lambda text: head.read_head("check", path, text), texts, LARGEST_FILE)
    yield MeasuredReader("kinds", kinds, texts, LARGEST_FILE)
    yield MeasuredReader("checkprojects", check, extending, LARGEST_FILE, IN_STEPS)
    yield MeasuredReader("a page of YAML", showing.coloured, texts, LARGEST_FILE)
    yield MeasuredReader("a page of a difference", lambda text: showing.coloured(text, diff=True), texts, LARGEST_FILE)
    yield MeasuredReader("a difference", compared, of_pairs(), showing.LARGEST)
    yield MeasuredReader("a name that looks secret", looks_secret, of_names(), LARGEST_FILE)
    yield MeasuredReader("a name that is near", lambda name: nearest(name, Folder().paths_near("")), of_names(), LONGEST_NEAR)
    yield MeasuredReader("a reference to what is missing", missing, of_names(), LARGEST_FILE)
    for name, run in {
        "masked": masked,
        "parameters of a request": refuse_invalid,
        "parameters of an operation": lambda params: wrong_parameters(pipeline, params),
        "parameters of a build": lambda params: wrong_parameters(plain, params),
        "a body of Drone": lambda params: build_request.parse(json.dumps(body(params)).encode()),
        "a body of the API": lambda params: StrictJson().parse(io.BytesIO(json.dumps({"params": params}).encode())),
    }.items():
        yield MeasuredReader(name, run, of_parameters(), LARGEST_FILE)
    yield MeasuredReader("a page of a log", log_rendering.read_outline, of_logs(), LARGEST_LOG)
    yield MeasuredReader("a part of a log", part_of_log, of_logs(), LARGEST_LOG)
    yield MeasuredReader("a log as a file", log_rendering.as_text, of_logs(), LARGEST_LOG, IN_STEPS)
    yield MeasuredReader("a log of the API", is_json, of_logs(), LARGEST_LOG)
    yield MeasuredReader("plain text as a log of the API", plain_text_of_the_api, of_logs(), LARGEST_LOG, IN_STEPS)
    yield MeasuredReader("an error for Drone", answers.error_pipeline, texts, LARGEST_FILE)
    yield MeasuredReader("an error in the log", quoted, texts, LARGEST_FILE)
    yield from expressions()


def plain_text_of_the_api(data: bytes) -> object:
    return sum(map(len, as_lines(data, plain_sliced(data))))


def part_of_log(data: bytes) -> object:
    """Make what the page of the first part shows; where parts begin is kept from the page before."""
    log = sliced(data)
    first = min(log.last, 1000)
    lines, before = log.lines(data, 1, first)
    return log_rendering.written(lines, 1, first, before)


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
