"""The inputs that were kept still have their answers; `make fuzz` looks for new ones."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
INPUTS = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", INPUTS, ids=[f"{path.parent.name}-{path.name}" for path in INPUTS])
def test_an_input_of_the_corpus_has_an_answer_or_one_of_edrones_errors(path: Path):
    TARGETS[path.parent.name](path.read_bytes())


def test_there_are_some_for_every_target():
    assert {path.parent.name for path in INPUTS} == set(TARGETS)


def test_a_law_that_is_broken_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.fuzz.targets.verify", lambda *_: None)
    with pytest.raises(AssertionError):
        TARGETS["signature"](b"date: @\ndigest: x\nsignature: @date digest\n\nbody")
