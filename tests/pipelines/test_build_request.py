"""The body of Drone's request, read strictly."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.build_request import LARGEST_BODY, BuildRequest, parse
from pipelines.errors import Malformed
from tests.conftest import RECORDED, recorded

BUILD = {"id": 0, "number": 0, "event": "push", "ref": "refs/heads/master", "target": "master", "trigger": "@hook"}
REPO = {"namespace": "ismewen", "name": "edrone", "slug": "ismewen/edrone", "protected": False, "config_path": ".drone.yml"}


def encoded(build: Any = BUILD, repo: Any = REPO, **more: Any) -> bytes:
    return json.dumps({"build": build, "repo": repo, **more}).encode()


def test_it_reads_what_edrone_uses():
    assert parse(encoded()) == BuildRequest("ismewen", "edrone", "push", "refs/heads/master", "master")


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.json")), ids=lambda file: file.stem)
def test_it_reads_every_recorded_request(file):
    _, body = recorded(file.stem)
    sent = json.loads(body)
    request = parse(body)
    assert request.slug == sent["repo"]["slug"]
    assert (request.event, request.ref, request.target, request.number) == tuple(
        sent["build"][key] for key in ("event", "ref", "target", "number")
    )


def test_it_keeps_nothing_of_the_forge_token():
    request = parse(encoded(token={"access": "planted-token", "refresh": "planted-token"}))
    assert "planted" not in repr(request)


def test_namespaces_may_have_slashes():
    request = parse(encoded(repo=REPO | {"namespace": "group/sub", "slug": "group/sub/edrone"}))
    assert (request.namespace, request.name) == ("group/sub", "edrone")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"yaml: true", "not JSON"),
        (encoded() + b" trailing", "not JSON"),
        (b"\xff\xfe{}", "not JSON in UTF-8"),
        ("{}".encode("utf-16"), "not JSON in UTF-8"),
        (b'{"n": ' + b"9" * 5000 + b"}", "body.repo must be an object, and is missing"),
        (b'{"build": {"number": ' + b"9" * 5000 + b"}}", "build.number must be a whole number from 0 to"),
        (b'{"n": "\xff"}', "not JSON in UTF-8"),
        (b'{"n": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nested too deeply"),
        (b"[" * 10_000 + b"]" * 10_000, "body must be a JSON object"),
        (b'{"repo":' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b"[]", "body must be a JSON object"),
        (b"null", "body must be a JSON object"),
        (b'"text"', "body must be a JSON object"),
        (b"{}", "body.repo must be an object, and is missing"),
        (b'{"repo": {}}', "repo.namespace must be a string, and is missing"),
        (encoded().replace(b'"build"', b'"other"'), "body.build must be an object, and is missing"),
        (b'{"build": {}}', "build.event must be a string, and is missing"),
        (encoded().replace(b'"repo"', b'"other"'), "body.repo must be an object, and is missing"),
        (b'{"build": [], "repo": {}}', "body.build must be an object"),
        (b'{"repo": "ismewen/edrone", "build": {}}', "body.repo must be an object"),
        (b" " * (LARGEST_BODY + 1), f"larger than {LARGEST_BODY} bytes"),
    ],
    ids=range(22),
)
def test_it_refuses_what_drone_does_not_send(body, message):
    with pytest.raises(Malformed, match=message):
        parse(body)


@pytest.mark.parametrize("key", ["namespace", "name", "slug"])
@pytest.mark.parametrize("value", [None, 1, True, ["x"], {}])
def test_it_refuses_wrong_types_in_the_repository(key, value):
    with pytest.raises(Malformed, match=rf"repo\.{key} must be a string"):
        parse(encoded(repo=REPO | {key: value}))


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [("event", None, "a string"), ("ref", 1, "a string"), ("target", [], "a string"), ("number", "1", "a whole number"),
     ("number", 1.5, "a whole number"), ("number", True, "a whole number"), ("trigger", {}, "a string"),
     ("number", -1, "a whole number from 0 to 9223372036854775807"), ("created", 2**63, "a whole number from 0 to"),
     ("params", [], "an object"), ("params", {"X": 1}, "an object of strings"), ("params", {"X": None}, "an object of strings")],
)  # fmt: skip
def test_it_refuses_wrong_types_in_the_build(key, value, kind):
    with pytest.raises(Malformed, match=rf"build\.{key} must be {kind}"):
        parse(encoded(build=BUILD | {key: value}))


@pytest.mark.parametrize("key", ["event", "ref", "target"])
def test_it_refuses_a_build_without_what_selects_the_file(key):
    with pytest.raises(Malformed, match=rf"build\.{key} must be a string, and is missing"):
        parse(encoded(build={name: value for name, value in BUILD.items() if name != key}))


@pytest.mark.parametrize("slug", ["ismewen/other", "other/edrone", "edrone", "", "ismewen/edrone/", "ISMEWEN/edrone"])
def test_it_refuses_a_slug_that_disagrees_with_its_parts(slug):
    with pytest.raises(Malformed, match=r"repo\.slug disagrees"):
        parse(encoded(repo=REPO | {"slug": slug}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.one_of(
        st.binary(), json_values.map(lambda value: json.dumps(value).encode()), st.builds(encoded, json_values, json_values)
    )
)
def test_no_body_makes_anything_but_a_request_or_a_clear_error(body):
    try:
        parse(body)
    except Malformed as error:
        assert str(error)
