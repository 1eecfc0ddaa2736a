"""Are these the parameters that an operation takes?"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.operations.inputs import LONGEST, problems, with_defaults
from pipelines.operations.operation import Input, Operation
from pipelines.operations.parameter_names import unusable

OPERATION = Operation(
    "check",
    "p",
    inputs=(
        Input("TARGET", "choice", required=True, options=("staging", "production")),
        Input("REPLICAS", "number", default="2"),
        Input("FORCE", "boolean"),
        Input("NOTE", required=True, default="none"),
    ),
)
OPEN = Operation("check", "p")


def found(**params: str) -> list[str]:
    return problems(OPERATION, {"TARGET": "staging"} | params)


def test_what_an_operation_takes_is_right():
    assert found() == []
    assert found(REPLICAS="3", FORCE="false", NOTE="ünï 'x' \n $(y)") == []
    assert problems(OPERATION, {"TARGET": "production", "action": "check", "message": "m", "EDRONE_ACTOR": "ann"}) == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"TARGET": "moon"}, ["TARGET must be one of staging, production"]),
        ({"TARGET": ""}, ["TARGET is required"]),
        ({"NOTE": ""}, ["NOTE is required"]),
        ({"REPLICAS": "many"}, ["REPLICAS must be a number, such as 3 or 0.5"]),
        ({"REPLICAS": ""}, ["REPLICAS must be a number, such as 3 or 0.5"]),
        ({"FORCE": "yes"}, ["FORCE must be true or false"]),
        ({"FORCE": "True"}, ["FORCE must be true or false"]),
        ({"REPLICA": "1"}, ["'REPLICA' is not an input (did you mean REPLICAS?)"]),
        ({"target": "staging"}, ["'target' is not an input (did you mean TARGET?)"]),
        ({"ZZZ": "1"}, ["'ZZZ' is not an input; the inputs are TARGET, REPLICAS, FORCE, NOTE"]),
        ({"PATH": "/evil"}, ["'PATH' is reserved, because changing it could keep steps from finding programs and files"]),
        ({"DRONE_BRANCH": "x"}, ["'DRONE_BRANCH' is reserved, because Drone and other programs set names that begin with DRONE_"]),
        ({"EDRONE_ADMIN": "x"}, ["'EDRONE_ADMIN' is reserved, because Drone and other programs set names that begin with EDRONE_"]),
        ({"branch": "x"}, ["'branch' is reserved, because Drone uses it itself"]),
        ({"A B": "x"}, ["'A B' cannot be an environment variable: use letters, digits and _, and do not start with a digit"]),
        ({"": "x"}, ["'' cannot be an environment variable: use letters, digits and _, and do not start with a digit"]),
        ({"NOTE": "a\0b"}, ["values cannot contain a NUL character, because environment variables cannot"]),
        ({"FORCE": "x", "REPLICAS": "y"}, ["REPLICAS must be a number, such as 3 or 0.5", "FORCE must be true or false"]),
    ],
)  # fmt: skip
def test_what_it_does_not_take_is_named(params, words):
    assert found(**params) == words
    assert not any(each.endswith((".", "?", "!")) for each in words)  # whoever joins them ends the sentence


def test_a_required_input_must_be_there_unless_it_has_a_default():
    assert problems(OPERATION, {}) == ["TARGET is required"]


def test_values_are_never_repeated():
    assert "planted" not in str(found(TARGET="planted", REPLICAS="planted", FORCE="planted", PASSWORD="planted"))


def test_without_a_head_all_but_reserved_names_are_taken():
    assert problems(OPEN, {"ANYTHING": "x", "action": "check"}) == []
    assert problems(OPEN, {"PATH": "x"}) == [
        "'PATH' is reserved, because changing it could keep steps from finding programs and files"
    ]


@pytest.mark.parametrize("value", ["0", "-1", "+1", "3.5", ".5", "1.", "1e3", "1E-3", "0777"])
def test_numbers(value):
    assert found(REPLICAS=value) == []


@pytest.mark.parametrize("value", ["1_000", "0x10", "inf", "nan", "1e999", " 1", "1 ", "1\n", "\u0661", "--1", "1,5", "e3"])
def test_what_is_no_number(value):
    assert found(REPLICAS=value)


def test_what_drone_could_not_store_is_refused_and_the_rest_is_not():
    """Drone's column holds 4,000 characters of JSON; Go writes < > & as six characters each."""
    room = LONGEST - len('{"NOTE":"","TARGET":"staging"}')
    assert found(NOTE="é" * room) == []
    assert "the parameters are too long: 4001 characters as JSON" in found(NOTE="é" * (room + 1))[0]
    assert found(NOTE="<" * (room // 6)) == []
    assert found(NOTE="<" * (room // 6 + 1))
    assert "Drone stores at most 4000" in found(NOTE="x" * 65_536)[0]
    many = {f"INPUT_{number}": "x" * 5 for number in range(500)}
    assert "too long" in problems(OPEN, many)[-1]


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=8))
def test_whatever_is_given_the_answer_is_words_and_never_an_exception(params):
    for each in (OPERATION, OPEN):
        assert all(isinstance(problem, str) for problem in problems(each, params))


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True))
def test_a_name_that_is_free_is_an_environment_variable_that_nobody_else_sets(name):
    if not unusable(name):
        assert not name.upper().startswith(("DRONE_", "EDRONE_", "PLUGIN_", "LD_", "CI_"))
        assert name not in {"PATH", "branch", "commit", "message", "action", "access_token"}


def test_defaults_are_added_and_win_over_nothing():
    assert with_defaults(OPERATION, {"TARGET": "staging", "NOTE": ""}) == {"TARGET": "staging", "REPLICAS": "2", "NOTE": ""}
    assert with_defaults(OPEN, {"A": "b"}) == {"A": "b"}
    assert json.dumps(with_defaults(OPERATION, {})) == '{"REPLICAS": "2", "NOTE": "none"}'
