"""Values with line ends do not get into the text of the YAML."""

import pytest

from pipelines.resolve.substitution import breaking
from tests.conftest import push, shown_error

EVIL = "staging\n  privileged: true"
HEAD = "kind: operation\ninputs: {NOTE: {}, TARGET: {}}\n---\n"
PIPELINE = "kind: pipeline\nname: x\nsteps:\n- name: a\n  image: b\n  settings: {where: %s}\n"


@pytest.mark.parametrize(
    "used",
    ["${NOTE}", "${NOTE:=none}", "${#NOTE}", "${NOTE##v}", "${OTHER:=${NOTE}}", "x${NOTE}y", "$$${NOTE}", "a $${B} ${NOTE}"],
)
@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\x85b", "a\u2028b", "a\u2029b", "\n"])
def test_a_value_of_several_lines_is_named_where_it_is_put_into_the_text(used, value):
    assert breaking(PIPELINE % used, {"NOTE": value, "FINE": "x"}) == ["NOTE"]


@pytest.mark.parametrize("unused", ["$NOTE", "$${NOTE}", "$$$${NOTE}", "${NOTES}", "${NOTE_2}", "{NOTE}", "{{ NOTE }}", "NOTE"])
def test_elsewhere_it_may_have_as_many_lines_as_it_likes(unused):
    assert breaking(PIPELINE % unused, {"NOTE": EVIL}) == []


def test_one_line_is_fine_and_names_are_taken_to_the_letter():
    assert breaking(PIPELINE % "${NOTE}", {"NOTE": "staging"}) == []
    assert breaking(PIPELINE % "${NOTE}", {"N.TE": EVIL, ".*": EVIL, "": EVIL}) == []


def test_an_operation_that_is_started_so_is_a_build_that_says_why(tree, drone):
    tree({"edrone/_operations/check.yaml": HEAD + PIPELINE % "${TARGET}"})
    evil = push(event="custom", action="check", trigger="ann", params={"action": "check", "TARGET": EVIL})
    message = shown_error(drone.ask(evil))
    assert message == (
        "edrone: the operation check of ismewen/edrone: TARGET must be one line, because the pipeline uses it in its YAML as ${TARGET}."
    )
    lines = push(event="custom", action="check", trigger="ann", params={"action": "check", "NOTE": EVIL})
    assert drone.ask(lines).json() == {"Data": PIPELINE % "${TARGET}"}


@pytest.mark.parametrize("event", ["custom", "promote", "rollback"])
@pytest.mark.parametrize("name", ["TAG", "DRONE_COMMIT_SHA"])
def test_so_is_an_ordinary_build_whose_parameters_stand_in_for_what_drone_sets(event, name, tree, drone):
    tree({"edrone/default.yaml": PIPELINE % f"${{{name}}}"})
    message = shown_error(drone.ask(push(event=event, trigger="ann", params={name: EVIL})))
    assert message.startswith(f"edrone: this build of ismewen/edrone: {name} must be one line")
    assert "privileged" not in message


def test_a_stage_of_a_build_that_runs_is_not_refused(tree, drone):
    tree({"edrone/default.yaml": PIPELINE % "${TAG}"})
    request = push(event="custom", trigger="ann", number=7, params={"TAG": EVIL})
    assert drone.ask(request).json() == {"Data": PIPELINE % "${TAG}"}
