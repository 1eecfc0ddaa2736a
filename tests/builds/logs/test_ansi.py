"""Logs with terminal escapes become text with classes, whatever is in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.logs import ansi
from texts import hidden_characters


def shown(text):
    return [(span.text, span.classes) for span in ansi.line(text)[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\n", [("plain", "")]),
        ("", []),
        ("\x1b[31mred\x1b[0m not", [("red", "f1"), (" not", "")]),
        ("\x1b[1;92mbright\x1b[22m thin", [("bright", "f10 bold"), (" thin", "f10")]),
        ("\x1b[44;97mon blue\x1b[49m", [("on blue", "b4")]),
        ("\x1b[38;5;208morange", [("orange", "f208")]),
        ("\x1b[48;2;255;0;0mred ground", [("red ground", "b196")]),
        ("\x1b[38:2::128:128:128mgrey", [("grey", "f244")]),
        ("\x1b[38;5;999mno such colour", [("no such colour", "")]),
        ("\x1b[7mreverse\x1b[31m red", [("reverse", "bfront"), (" red", "b1")]),
        ("\x1b[4:3mcurly\x1b[24m", [("curly", "underlined")]),
        ("\x1b[mreset", [("reset", "")]),
        ("a\tb", [("a\tb", "")]),
        # Left out where complete: cursor movement, erasing, modes, titles, links.
        ("\x1b[2K\x1b[1A\x1b[?25lmoved", [("moved", "")]),
        ("\x1b]0;title\x07text", [("text", "")]),
        ("\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\", [("link", "")]),
        ("\x1bPq#0;2\x1b\\sixel", [("sixel", "")]),
        ("\x1bcreset\x1b(B", [("reset", "")]),
        # Named where not: an unfinished sequence must not swallow what follows it.
        ("\x1b]0;unfinished", [("ESC", "hidden-sign"), ("]0;unfinished", "")]),
        ("\x1b[31", [("ESC", "hidden-sign"), ("[31", "")]),
        ("bell\x07", [("bell", ""), ("BEL", "hidden-sign")]),
        ("user\u202eevil", [("user", ""), ("U+202E", "hidden-sign"), ("evil", "")]),
        ("a\x9b31mb", [("a", ""), ("U+009B", "hidden-sign"), ("31mb", "")]),
        ("\x00" * 9, [("9 NUL", "hidden-sign")]),
        ("10 %\r50 %\r100 %\r\n", [("CR", "hidden-sign"), ("100 %", "")]),
        ("\x1b[32mgone\rstays green", [("CR", "hidden-sign"), ("stays green", "f2")]),
        ("<script>", [("<script>", "")]),
    ],
)
def test_a_line_is_shown_as_on_a_terminal_or_harmlessly(text, expected):
    assert shown(text) == expected


def test_colours_go_on_to_the_next_line_until_they_are_reset():
    lines = list(ansi.lines(["\x1b[33mwarning:\n", "more\n", "\x1b[0mdone\n"]))
    assert [[span.classes for span in line] for line in lines] == [["f3"], ["f3"], [""]]


def test_the_style_after_a_text_is_that_of_reading_all_of_it():
    text = "\x1b[31mred\n\x1b[0m\x1b[1mbold\n"
    assert ansi.after(text) == ansi.Style(flags=frozenset({"bold"}))


def test_a_long_line_is_cut_and_its_colours_are_not_lost():
    spans, style = ansi.line("x" * 2_000_000 + "\x1b[31m")
    assert [len(span.text) for span in spans] == [ansi.LONGEST]
    assert style.foreground == 1


def test_every_true_colour_gets_the_nearest_of_the_fixed_ones():
    for number in range(ansi.COLOURS, 256):
        assert ansi.rgb(ansi.nearest(*ansi.rgb(number))) == ansi.rgb(number)


@given(st.text(alphabet=st.sampled_from("\x1b[]m0123;:\x07\\\r\tK\u202e\x9bab<PX^_ (")), st.text())
def test_nothing_hidden_is_left_and_no_text_is_lost(hostile, text):
    for line in (hostile, text, text + hostile):
        for span in ansi.line(line)[0]:
            assert not hidden_characters.RUN.search(span.text)
    survivors = "".join(span.text for span in ansi.line(text.replace("\x1b", "").replace("\r", ""))[0] if not span.classes)
    assert survivors == hidden_characters.RUN.sub("", text.rstrip("\r\n"))
