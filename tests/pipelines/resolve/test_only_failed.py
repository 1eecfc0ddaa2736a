"""The text of a restart of only what failed: which pipelines are in it, and what is left of what they depend on."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.language.nodes import Place
from pipelines.language.origins import Origin
from pipelines.resolve.from_file import Resolved
from pipelines.resolve.only_failed import Unnamed, only_failed, unchanged

TEXT = """\
---
# builds
kind: pipeline
name: build
steps:
- {name: make, image: alpine, commands: [make]}
---
kind: pipeline
name: test
depends_on: [build]
steps:
- name: unit # one
  image: alpine
---
kind: pipeline
name: lint
steps: []
---
kind: secret
name: token
data: x
---
kind: pipeline
name: deploy
trigger: {branch: [main]}
depends_on:
- build
- test
- lint
---
kind: pipeline
name: tell
depends_on: [deploy, lint]
trigger: {status: [failure]}
---
kind: signature
hmac: abc
"""
ALL = ["build", "test", "lint", "deploy", "tell"]
SERVED = Resolved(TEXT, "shop/cart/default.yaml", ("shop/cart/default.yaml",))


def documents(text: str | None) -> dict[str, dict[str, object]]:
    return {document["name"]: document for document in yaml.safe_load_all(text or "")}


def test_what_failed_runs_with_what_depends_on_it() -> None:
    rest = only_failed(SERVED, ALL, ["test"])
    assert (rest.runs, rest.left_out) == (("test", "deploy", "tell"), ("build", "lint"))
    found = documents(rest.resolved.yaml)
    assert list(found) == ["test", "token", "deploy", "tell"]
    assert "depends_on" not in found["test"]
    assert found["deploy"]["depends_on"] == ["test"]
    assert found["tell"]["depends_on"] == ["deploy"]
    assert (rest.resolved.path, rest.resolved.sources) == (SERVED.path, SERVED.sources)


def test_documents_that_lose_nothing_stay_as_they_are_written() -> None:
    rest = only_failed(SERVED, ALL, ["build"])
    assert rest.left_out == ("lint",)
    assert "# builds\nkind: pipeline\nname: build\n" in (rest.resolved.yaml or "")
    assert "- name: unit # one\n" in (rest.resolved.yaml or "")


def test_a_pipeline_that_was_not_part_of_the_build_stays() -> None:
    rest = only_failed(SERVED, ["build", "test", "lint"], ["test"])
    assert rest.runs == ("test",)
    assert set(documents(rest.resolved.yaml)) == {"test", "token", "deploy", "tell"}


def test_a_pipeline_without_a_name_is_called_as_drone_calls_it() -> None:
    text = "kind: pipeline\nsteps: []\n---\nkind: pipeline\nname: other\n"
    rest = only_failed(replace(SERVED, yaml=text), ["default", "other"], ["default"])
    assert (rest.resolved.yaml, rest.left_out) == ("kind: pipeline\nsteps: []\n", ("other",))


@pytest.mark.parametrize(
    "written",
    [
        "'depends_on': [build]",
        '"depends_on":\n- build',
        "x-first: &first {depends_on: [build]}\n<<: *first",
        "? depends_on\n: [build]",
    ],
)
def test_dependencies_are_found_however_they_are_written(written: str) -> None:
    text = f"kind: pipeline\nname: build\n---\nkind: pipeline\nname: test\n{written}\n"
    rest = only_failed(replace(SERVED, yaml=text), ["build", "test"], ["test"])
    assert "depends_on" not in documents(rest.resolved.yaml)["test"]
    assert only_failed(replace(SERVED, yaml=text), ["build", "test"], ["build"]).runs == ("build", "test")


@pytest.mark.parametrize("name", ["name:", "name: ~", "name: null", "name: ''"])
def test_a_name_that_is_nothing_is_none(name: str) -> None:
    text = f"kind: pipeline\n{name}\n---\nkind: pipeline\nname: other\n"
    assert only_failed(replace(SERVED, yaml=text), ["default", "other"], ["default"]).left_out == ("other",)


@pytest.mark.parametrize(
    "text", ["kind: pipeline\nname: build-${BRANCH}\n", "- [", "", "kind: pipeline\nname: build\n--- x\n- ["]
)
def test_a_text_that_does_not_show_what_ran_is_refused(text: str) -> None:
    with pytest.raises(Unnamed):
        only_failed(replace(SERVED, yaml=text), ["build-main", "test"], ["test"])


def test_what_drone_never_read_does_not_run() -> None:
    text = "kind: pipeline\nname: a\n---\nkind: pipeline\nname: b\n"
    rest = only_failed(replace(SERVED, yaml=f"{text}...\n---\nkind: pipeline\nname: old\n"), ["a", "b"], ["b"])
    assert rest.resolved.yaml == "kind: pipeline\nname: b\n"
    with pytest.raises(Unnamed):
        only_failed(replace(SERVED, yaml=f"{text}# {'x' * 70_000}\n---\nkind: pipeline\nname: old\n"), ["a", "b"], ["a"])


def test_origins_lead_to_the_tree() -> None:
    text = "kind: pipeline\nname: a\n---\nkind: pipeline\nname: b\n"
    places = {(line, 1): Place(f"_shared/{line}.yaml", line * 10, 3) for line in (1, 2, 4, 5)}
    origins = tuple(Origin(line, column, group=True, place=place) for (line, column), place in places.items())
    rest = only_failed(replace(SERVED, yaml=text, origins=origins), ["a", "b"], ["b"])
    assert rest.resolved.origins == (
        Origin(1, 1, group=True, place=places[4, 1]),
        Origin(2, 1, group=True, place=places[5, 1]),
    )


@given(st.data())
def test_nothing_runs_before_what_it_needs_and_nothing_more_than_needed(data: st.DataObject) -> None:
    names = [f"p{number}" for number in range(data.draw(st.integers(2, 8)))]
    needs = {name: data.draw(st.sets(st.sampled_from(names[:index]))) if index else set() for index, name in enumerate(names)}
    failed = data.draw(st.sets(st.sampled_from(names), min_size=1))
    text = "---\n".join(
        f"kind: pipeline\nname: {name}\n" + (f"depends_on: [{', '.join(sorted(needs[name]))}]\n" if needs[name] else "")
        for name in names
    )
    rest = only_failed(replace(SERVED, yaml=text), names, failed)
    runs = set(rest.runs)
    assert runs | set(rest.left_out) == set(names)
    assert failed <= runs
    assert all(needs[name] & runs or name in failed for name in runs)
    assert not [name for name in rest.left_out if needs[name] & runs]
    found = documents(rest.resolved.yaml)
    assert set(found) == runs
    assert all(set(found[name].get("depends_on", [])) == needs[name] & runs for name in runs)  # type: ignore[call-overload]


def test_a_text_is_unchanged_while_today_has_all_of_it() -> None:
    rest = only_failed(SERVED, ALL, ["test"]).resolved
    again = only_failed(rest, ["test", "deploy", "tell"], ["deploy"]).resolved
    more = replace(SERVED, yaml=f"---\nkind: pipeline\nname: first\n{TEXT}")
    for served in (SERVED, rest, again):
        assert unchanged(served, SERVED)
        assert unchanged(served, more)
    assert not unchanged(more, SERVED)
    for old, new in (("image: alpine\n", "image: busybox\n"), ("data: x", "data: y"), ("kind: pipeline", "kind: [")):
        assert not unchanged(rest, replace(SERVED, yaml=TEXT.replace(old, new)))
    assert unchanged(rest, replace(SERVED, yaml=TEXT.replace("commands: [make]", "commands: [make all]")))  # of what is left out
