"""Which parameters may go along with a build."""

import pytest

from builds.starting import parameters
from builds.starting.errors import InvalidCommand


@pytest.mark.parametrize(
    "name",
    ["access_token", "branch", "commit", "message", "action", "PATH", "DRONE_TOKEN", "DRONE", "EDRONE_ACTOR", "EDRONE_X", "LD_PRELOAD",
     "BASH_ENV", "PLUGIN_TAGS", "drone_branch", "", "A=B", "A\nB", "A\0", "A" * 101, "\ud800", "BASH_FUNC_echo%%", "foo.bar", "FOO-BAR", "测试", "with blank", "1A"],
)  # fmt: skip
def test_a_name_that_means_something_else_is_refused_without_its_value(name):
    with pytest.raises(InvalidCommand) as refused:
        parameters.refuse_invalid({name: "planted-value"})
    assert "planted" not in str(refused.value)
    assert refused.value.status == 400


@pytest.mark.parametrize("name", ["TARGET", "target", "debug", "version", "_", "A" * 100])
def test_what_drone_takes_is_taken(name):
    parameters.refuse_invalid({name: "any\nvalue with <>&\u2028 and 中文 \U0001f600"})


@pytest.mark.parametrize("value", ["\0", "a\0b", "\ud800"])
def test_a_value_that_no_variable_can_hold_is_refused(value):
    with pytest.raises(InvalidCommand, match="“A” contains a NUL character or is not Unicode text"):
        parameters.refuse_invalid({"A": value})


def test_five_hundred_small_parameters_fit_and_64_kilobytes_do_not():
    parameters.refuse_too_long({f"P{number}": "" for number in range(400)})
    with pytest.raises(
        InvalidCommand, match="The parameters are too long: 65546 characters as JSON, and Drone stores at most 4000"
    ):
        parameters.refuse_too_long({"LARGE": "x" * 65_534})


def test_the_limit_is_drones_column_to_the_character():
    name = '{"A":""}'
    parameters.refuse_too_long({"A": "x" * (4_000 - len(name))})
    with pytest.raises(InvalidCommand):
        parameters.refuse_too_long({"A": "x" * (4_001 - len(name))})
