"""Requests are read as UTF-8, and in a time that grows in a straight line."""

import io

import pytest

from edrone_site.utf8_request import LONGEST, Utf8Request


@pytest.mark.parametrize(("length", "is_read"), [(LONGEST, True), (LONGEST + 1, False), (28_000, False)])
def test_a_header_too_long_for_a_media_type_is_taken_for_none(length, is_read):
    # Python and Django look anew for the end of the quotes at each semicolon.
    value = ('a/b;c="' + ";" * length)[:length]
    environ = {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO(), "CONTENT_TYPE": value, "HTTP_ACCEPT": value}
    request = Utf8Request(environ)
    assert (request.content_type, request.headers.get("Accept")) == (("a/b", value) if is_read else ("", None))
