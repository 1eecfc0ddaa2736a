"""The colours of YAML and of differences."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.highlighting import of_difference, of_yaml


def coloured(text):
    """Give pairs of class and text of each line."""
    return [
        [
            (name, html.unescape(part or plain))
            for name, part, plain in re.findall(r'<span class="(\w+)">(.*?)</span>|([^<]+)', line)
        ]
        for line in of_yaml(text.split("\n"))
    ]


def classes(line):
    return [(name, text.strip()) for name, text in coloured(line)[0] if text.strip()]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("kind: pipeline", [("nt", "kind"), ("p", ":"), ("", "pipeline")]),
        ("- name: a # why", [("p", "-"), ("nt", "name"), ("p", ":"), ("", "a"), ("c1", "# why")]),
        ("# kind: pipeline", [("c1", "# kind: pipeline")]),
        ("  image: a:1.2#3", [("nt", "image"), ("p", ":"), ("", "a:1.2#3")]),
        ("\"on\": 'a: # b'", [("nt", '"on"'), ("p", ":"), ("s", "'a: # b'")]),
        ("- make test", [("p", "-"), ("", "make test")]),
        ('- "a: b" # c', [("p", "-"), ("s", '"a: b"'), ("c1", "# c")]),
        ("- - a:", [("p", "- -"), ("nt", "a"), ("p", ":")]),
        ("- {a: b}", [("p", "-"), ("", "{a: b}")]),
        ("---", [("", "---")]),
        ("a # b: c", [("", "a"), ("c1", "# b: c")]),
        ("<<: *a", [("nt", "<<"), ("p", ":"), ("", "*a")]),
    ],
)
def test_a_line(line, shown):
    assert classes(line) == shown


def test_a_script_has_one_colour_up_to_its_end():
    text = "commands:\n- |\n  # not a comment: 'x\n\n  a: b\n- key: >-\n    c: d\n  next: e\nname: f"
    names = [[name for name, _ in line] for line in coloured(text)]
    assert names == [
        ["nt", "p"], ["p", "", ""][:2], ["s"], [], ["s"], ["p", "nt", "p", ""], ["s"], ["", "nt", "p", ""], ["nt", "p", ""],
    ]  # fmt: skip


def test_the_lines_of_a_difference():
    assert list(of_difference(["--- a", "+++ b", "@@ -1 +1 @@", "-<a>", "+b", " c", ""])) == [
        '<span class="gd">--- a</span>', '<span class="gi">+++ b</span>', '<span class="gu">@@ -1 +1 @@</span>',
        '<span class="gd">-&lt;a&gt;</span>', '<span class="gi">+b</span>', " c", "",
    ]  # fmt: skip


@given(st.text(st.sampled_from("a:#-?|> '\"[]{}&*!<&\t\\\n"), max_size=60))
def test_the_text_is_whole_and_without_markup_of_its_own(text):
    lines = list(of_yaml(text.split("\n")))
    assert html.unescape("\n".join(re.sub(r'<span class="\w+">|</span>', "", line) for line in lines)) == text


@pytest.mark.parametrize("part", ["*a ", "- ", "? ", "#", ": ", " :", "'", '"', '\\"', "|", "> ", "&a ", "!a ", "[", "\t", "a #"])
def test_hostile_texts_are_written_whole(part):
    text = part * 30_000
    (line,) = of_yaml([text])
    assert html.unescape(re.sub(r'<span class="\w+">|</span>', "", line)) == text
