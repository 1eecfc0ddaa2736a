"""What Drone does with the text before it parses it: it splits by lines, and stops at a long one (docs/drone.md 3.1)."""

import re

import pytest
import yaml
from hypothesis import given

from pipelines.language.errors import ComposeError
from tests.pipelines.language.strategies import documents

STEP = "name: a\nimage: b\n"
LONGEST = 65_535


def split_as_drone_does(text: str) -> list[str]:
    """Split a text as Drone's parser does, with its scanner of lines."""
    found: list[str] = []
    new = True
    for line in text.removesuffix("\n").split("\n"):
        if len(line.encode()) > LONGEST:
            break
        if line.startswith("---") or new:
            found.append("")
            new = False
        if line.startswith("---"):
            continue
        if line.startswith("..."):
            break
        found[-1] += f"{line}\n"
    return found


def loaded(text: str) -> list[object]:
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


@given(documents(), documents())
def test_drone_sees_the_documents_that_were_meant(composed, made, other):
    top = f"# before\n---\nextends: a.yaml\n---\n# kept\n{made[0]}---\nextends: b.yaml\n---\n"
    text = composed(f"{top}...\n---\n{other[0]}", a=made[0], b=f"---\n{other[0]}---\n{made[0]}...\n---\n{made[0]}---\n").text
    meant = [made[1], made[1], other[1], made[1]]
    assert [yaml.load(document, Loader=yaml.CSafeLoader) for document in split_as_drone_does(text)] == meant


@pytest.mark.parametrize("style", ["'{}'", '"{}"', "{}", ">\n    {}"])
def test_a_long_text_in_one_line_is_named_since_its_runner_might_read_it_in_another_way_in_several(composed, style):
    words = " ".join(["wörd"] * 20_000)
    with pytest.raises(ComposeError, match=r"^projects/top.yaml:2:1: makes a line of more than 65535 bytes"):
        composed(f"extends: a.yaml\nlong: {style.format(words)}\n", a=STEP)


def test_a_long_flow_list_is_broken_too(composed):
    text = composed(f"extends: a.yaml\nlong: [{', '.join(['a-longer-word'] * 6_000)}]\n", a=STEP).text
    assert max(len(line.encode()) for line in text.split("\n")) <= LONGEST
    assert loaded(text)[0]["long"] == ["a-longer-word"] * 6_000  # type: ignore[index]


def test_a_word_too_long_for_a_line_is_named(composed):
    with pytest.raises(ComposeError) as caught:
        composed(f"extends: a.yaml\nshort: x\nlong: {'x' * 70_000}\n", a=STEP)
    assert str(caught.value) == (
        "projects/top.yaml:3:1: makes a line of more than 65535 bytes, where Drone stops reading; break it into lines."
    )


def test_a_line_too_long_in_a_document_that_is_kept_is_named(composed):
    with pytest.raises(ComposeError, match=r"^projects/top.yaml:5:1: makes a line of more than 65535 bytes"):
        composed(f"extends: a.yaml\n---\na: b\n\nlong: {'x ' * 35_000}\n", a=STEP)


@pytest.mark.parametrize("line", ["---x: 1", "...x: 1", "-----: 1", "....: 1"])
def test_a_line_that_only_drone_takes_for_a_separator_is_named(composed, line):
    with pytest.raises(
        ComposeError,
        match=rf"^projects/top.yaml:5:1: Drone splits or ends the file at a line that begins with {re.escape(line[:3])}",
    ):
        composed(f"extends: a.yaml\n---\n# kept\na: b\n{line}\n", a=STEP)


def test_such_a_key_begins_no_line_in_a_composed_document(composed):
    text = composed("extends: a.yaml\n---x: 1\n...y: 2\n", a=STEP).text
    assert split_as_drone_does(text) == [text]
    assert loaded(text) == [{"name": "a", "image": "b", "---x": 1, "...y": 2}]


@pytest.mark.parametrize("chomping", ["|", "|-", "|+", ">", ">-", ">+"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n\n\n"])
def test_a_block_at_the_end_leaves_no_end_marker(composed, chomping, end):
    source = f"text: {chomping}\n  one\n   two\n\n  three{end}"
    text = composed("extends: b.yaml\n", b=source).text
    assert loaded(text) == loaded(source)
    assert split_as_drone_does(text) == [text if end else f"{text}\n"]


@pytest.mark.parametrize(
    "script",
    [
        "echo 🚀\nsay hi\n",
        "\tindented by a tab\n",
        "a\n\tb\n",
        "ends in space \nnext\n",
        "  first line indented\nnext\n",
        "a\n  \nb\n",
        "#!/bin/sh\nset -e\n",
    ],
)
def test_a_script_stays_a_script(composed, script):
    source = {"commands": [script]}
    written = "commands:\n- |2\n" + "".join(f"    {line}\n" if line else "\n" for line in script[:-1].split("\n"))
    written = written.replace("- |2\n", "- |2\n") if script[0] in " \t" else written.replace("|2", "|")
    assert loaded(written) == [source] or script[0] in " \t"
    text = composed("extends: b.yaml\n", b=written).text
    assert loaded(text) == loaded(written)
    if script[0] not in " \t":
        assert "- |\n" in text


def test_what_needs_escapes_is_quoted(composed):
    source = 'text: "a\\u0085b\\u2028c\\rd\\x07e\\ufefff\\ud7ffg\\0h"\n'
    text = composed("extends: b.yaml\n", b=source).text
    assert loaded(text) == loaded(source)
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("end", ["...\n", "... # old\n", "...\n---\n", "...\n...\n---\n"])
def test_what_drone_does_not_read_is_not_composed(composed, end):
    rest = f"{end}kind: pipeline\nname: old\n"
    assert composed(f"extends: a.yaml\n{rest}", a=STEP).text == STEP
    assert composed("extends: a.yaml\nc: d\n", a=f"{STEP}{rest}").text == f"{STEP}c: d\n"
    text = f"{STEP}{end}extends: a.yaml\n"
    assert composed(text, a=STEP).text == text
