"""The check says of 22,487 pipelines with one odd value what Drone's own parser and linter and its six runners said."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.check.extended_files import RememberedFiles
from pipelines.check.findings import ERROR
from pipelines.check.one_file import Examined, examine_text
from pipelines.check.trust import TRUST
from pipelines.tree.tree import Tree
from tests.conftest import RECORDED

VERDICTS = RECORDED.parent / "verdicts.jsonl.gz"
COUNTS = {"docker": 4899, "kubernetes": 4794, "exec": 3212, "ssh": 3160, "macstadium": 3199, "digitalocean": 3223}
# A type that none of Drone's runners has may be one of somebody's own, and without a type a pipeline is a docker pipeline.
NOT_FOUND = "(no pipeline of this type)"


def verdicts(kind: str) -> Iterator[dict[str, Any]]:
    with gzip.open(VERDICTS, "rt") as lines:
        yield from (verdict for verdict in map(json.loads, lines) if verdict["type"] == kind)


@pytest.fixture
def examined(tree):
    """Give a function that examines a text as the file of a project."""
    with Tree(tree({})).snapshot() as snapshot:
        extended = RememberedFiles(snapshot)

        def examined(text: str) -> Examined:
            result = Examined("shop/default.yaml")
            examine_text(result, text, extended, serves=True, operation=False)
            return result

        yield examined


def refuses(examined: Examined) -> bool:
    return any(finding.severity == ERROR for finding in (*examined.findings, *examined.content))


@pytest.mark.parametrize("kind", COUNTS)
def test_it_refuses_what_drone_or_the_runner_refuses_and_nothing_else(examined, kind):
    different: dict[str, list[str]] = {"false alarm": [], "miss": [], "trust": []}
    recorded = list(verdicts(kind))
    assert len(recorded) == COUNTS[kind]
    for verdict in recorded:
        said, found = verdict["server"] or verdict["runner"], examined(verdict["yaml"])
        if refuses(found) != bool(said) and said != NOT_FOUND:
            different["miss" if said else "false alarm"].append(verdict["id"])
        if not said and any(finding.id == TRUST.id for finding in found.once) != bool(verdict["untrusted"]):
            different["trust"].append(verdict["id"])
    assert different == {"false alarm": [], "miss": [], "trust": []}
