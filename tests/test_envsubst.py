"""The runners' substitution that tests use does what drone/envsubst did."""

import gzip
import json

import pytest

from tests.conftest import RECORDED
from tests.envsubst import SubstitutionError, quoted, substituted

VARIABLES = {"A": "one", "B": "", "DRONE_BRANCH": "feature/x"}  # of the recording


def outcome(text: str) -> dict[str, str]:
    try:
        return {"in": text, "out": substituted(text, VARIABLES)}
    except SubstitutionError as error:
        return {"in": text, "error": str(error)}


def test_it_makes_of_every_recorded_text_what_the_library_made_of_it():
    lines = gzip.decompress((RECORDED.parent / "substitution.jsonl.gz").read_bytes()).splitlines()
    recorded = [json.loads(line) for line in lines]
    assert len(recorded) == 2405
    assert [outcome(case["in"]) for case in recorded] == recorded


@pytest.mark.parametrize(
    ("value", "written"),
    [("a\nb", '"a\\nb"'), ('"\\\n', '"\\"\\\\\\n"'), ("\n\r\t\x07é🚀\u2028", '"\\n\\r\\t\\aé🚀\\u2028"')],
)
def test_a_value_of_several_lines_is_put_in_as_go_quotes_it(value, written):
    assert quoted(value) == written
    assert substituted("a: ${A}", {"A": value}) == f"a: {written}"


def test_other_values_are_put_in_as_they_are():
    assert substituted("a: ${A}${B}", {"A": 'x"\r#'}) == 'a: x"\r#'
