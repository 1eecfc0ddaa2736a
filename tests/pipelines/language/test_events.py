"""The door to libyaml: what it would take too long for is refused before it gets it."""

import pytest
import yaml

from pipelines.language.compose import compose
from pipelines.language.errors import ComposeError
from pipelines.language.events import MOST_EVENTS, Costly, events
from pipelines.language.kinds import kinds
from pipelines.operations.head_removal import parted
from pipelines.resolve.repository_kind import keeps_its_own_file


class NoFiles:
    """A tree without files."""

    def text(self, _):
        return None

    def paths_near(self, _):
        return []


NO_FILES = NoFiles()
HANDLES = "".join(f"%TAG !{number}! tag:a.b,2026:\n" for number in range(40_000))


@pytest.fixture
def parsers(monkeypatch):
    """Give the texts that libyaml gets."""
    seen = []
    original = yaml.CSafeLoader

    def loader(text):
        seen.append(text)
        return original(text)

    monkeypatch.setattr(yaml, "CSafeLoader", loader)
    return seen


@pytest.mark.parametrize("before", ["", "\ufeff", "# a\r", "a: b\n...\n", "a: b\n...\u2028"])
def test_many_tag_directives_are_refused_unparsed(before, parsers):
    with pytest.raises(Costly, match="%TAG"):
        list(events(f"{before}{HANDLES}---\nkind: operation\n"))
    assert parsers == []


def test_a_few_are_read():
    text = "".join(f"%TAG !{number}! tag:a.b,2026:\n" for number in range(16)) + "---\na: !3!c x\n"
    assert any(getattr(event, "tag", NO_FILES) == "tag:a.b,2026:c" for event in events(text))


@pytest.mark.parametrize("before", ["", "\ufeff"])
def test_no_reader_gives_them_to_the_parser(before, parsers):
    text = f"{before}{HANDLES}---\nkind: repository\nextends: _shared/a.yaml\n"
    with pytest.raises(yaml.YAMLError):
        kinds(text)
    assert not keeps_its_own_file("a.yaml", text)
    assert parted("a/_operations/b.yaml", f"{before}{HANDLES}# kind: operation\n---\nkind: pipeline\n").head
    with pytest.raises(ComposeError, match="more than 16 %TAG directives"):
        compose("a.yaml", text, NO_FILES)
    assert not any("%TAG" in parsed for parsed in parsers)


@pytest.mark.parametrize("part", ["[],", "{a: b},", "*a ,"])
def test_more_events_than_a_pipeline_has_are_not_read(part):
    with pytest.raises(Costly, match=f"more than {MOST_EVENTS}"):
        list(events(f"a: [{part * MOST_EVENTS}]"))


def test_documents_that_cannot_be_composed_are_looked_into_once_together(parsers):
    documents = "---\n# extends:\n" * 900
    text = f"a: {{\n{documents}"
    assert compose("a.yaml", text, NO_FILES).text == text
    assert sum(map(len, parsers)) < 3 * len(text)
    with pytest.raises(ComposeError, match="is not YAML"):
        compose("a.yaml", f"{text}---\nextends: a\n", NO_FILES)
    with pytest.raises(ComposeError, match="is not YAML"):
        compose("a.yaml", text * 100, NO_FILES)
    assert len(parsers) < 2000
