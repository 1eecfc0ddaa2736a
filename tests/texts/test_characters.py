"""Text from elsewhere, made fit for a log line, a message or a column."""

import pytest

from texts.characters import encodable, one_line, printable, storable, storable_json


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        (" a\r\n\tb  c\u2028d\x85", "a b c d"),
        (ValueError("connection refused\n\tIs the server running?"), "connection refused Is the server running?"),
        (ValueError(), "ValueError"),
        (OSError(), "OSError"),
    ],
)
def test_a_text_or_an_error_is_written_on_one_line(text, line):
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("释放 1.2 — ok", "释放 1.2 — ok"),
        ("a\nb\0c\x1b[31m\u202e\ud800", "a\ufffdb\ufffdc\ufffd[31m\ufffd\ufffd"),
    ],
)
def test_what_cannot_be_shown_is_replaced(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["", "a\0b\n", "🚀", "\ud83d", "a\udcffb\ud800"])
def test_what_utf_8_cannot_hold_is_replaced_and_nothing_else_is(text):
    result = encodable(text)
    assert result.encode().decode() == result
    assert [new for new, old in zip(result, text, strict=True) if new != old] == ["\ufffd"] * sum(
        "\ud800" <= c <= "\udfff" for c in text
    )


def test_what_no_column_holds_is_replaced_wherever_it_is_in_a_value():
    value = {"title": "a\0b\n", "A\0": ["\ud800", 1, None, {"n": True}], "status": "\\u0000", "": ""}
    assert storable_json(value) == {
        "title": "a\ufffdb\n",
        "A\ufffd": ["\ufffd", 1, None, {"n": True}],
        "status": "\\u0000",
        "": "",
    }


@pytest.mark.parametrize(("text", "stored"), [("release/1.2", "release/1.2"), ("a\0b\n", "a\ufffdb\n"), ("a\udcff", "a\ufffd")])
def test_what_no_column_holds_is_replaced_in_a_text(text, stored):
    assert storable(text) == stored
