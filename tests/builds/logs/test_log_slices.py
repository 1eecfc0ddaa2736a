"""A log read in slices has the lines that it has as a whole."""

import json
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.logs import log_slices
from builds.logs.log_lines import Line, plain
from builds.logs.log_slices import SlicedLog, sliced

line_texts = st.text(max_size=8) | st.sampled_from(
    ["", "\n", "},{", '"},{"pos":1', "}\\", "x" * 300, "\u2028\r\n", "\U0001f680\n"]
)
DRONES: dict[str, Any] = {"as Drone writes it": {"separators": (",", ":")}, "with blanks": {}, "indented": {"indent": 1}}


def read(log: SlicedLog, data: bytes) -> list[Line]:
    return [line for part in log.slices for line in log.read(data, part)]


@pytest.mark.parametrize("form", DRONES)
@given(texts=st.lists(line_texts, max_size=40), size=st.integers(1, 200))
def test_no_line_is_lost_whatever_the_size_of_a_slice(form: str, texts: list[str], size: int):
    lines = [Line(pos + 7, text, pos // 3) for pos, text in enumerate(texts)]
    data = json.dumps([msgspec.to_builtins(line) for line in lines], **DRONES[form]).encode()
    with patch.object(log_slices, "SIZE", size):
        log = sliced(data)
        assert read(log, data) == lines
        assert log.filled == sum(1 for text in texts if text)
        assert log.last == max((number for number, text in enumerate(texts, 8) if text), default=0)
        assert log.first_pos == (7 if texts else 0)
        assert all(part.count for part in log.slices)
        for first in range(8, 8 + len(lines)):
            some, before = log.lines(data, first, first)
            assert some == lines[before - 7 : first - 7]
            assert 7 <= before < first


@given(texts=st.lists(line_texts, max_size=40), size=st.integers(1, 200))
def test_plain_text_is_cut_at_line_feeds_alone(texts: list[str], size: int):
    data = "a" + "".join(texts)
    with patch.object(log_slices, "SIZE", size):
        log = sliced(data.encode())
        assert log.is_plain
        assert read(log, data.encode()) == plain(data.encode())
        assert [line.pos for line in read(log, data.encode())] == list(range(log.last))
    assert "".join(line.out for line in plain(data.encode())) == data


@pytest.mark.parametrize(
    "data",
    [
        b'[{"out":"a"},{"out":"b"},]',
        b'[{"out":"a"}{"out":"b"}]',
        b'[{"out":"a"},{"out":1}]',
        b'[{"out":"a"},1]',
        b'[{"out":"a"},{"out":"b"}] x',
        b'x [{"out":"a"}]',
        b'{"out":"a"}',
        b'[{"out":"a"},{"x":[{},{}',
        b"][",
        b'[{"out":"\xff"}]',
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_what_is_not_drones_form_is_plain_text_as_a_whole(data: bytes, size: int):
    with patch.object(log_slices, "SIZE", size):
        log = sliced(data)
        assert log.is_plain
        assert [line.out for line in read(log, data)] == [data.decode(errors="replace")]


@given(st.binary(max_size=60) | st.lists(st.sampled_from([b"[", b"]", b"{", b"}", b",", b"{},{}", b'"', b"\n"])).map(b"".join))
def test_any_bytes_are_a_log(data: bytes):
    with patch.object(log_slices, "SIZE", 3):
        assert len(read(sliced(data), data)) >= sliced(data).last
