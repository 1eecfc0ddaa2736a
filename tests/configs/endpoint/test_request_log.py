"""The line and the numbers that are kept of a request."""

import json
import logging
import logging.config
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from configs import metrics
from configs.endpoint.request_log import log_and_count, outcome_of, request_id_of
from pipelines.build_request import BuildRequest
from pipelines.errors import ClockOff, ConfigError, Malformed, NoFileServes, TreeUnavailable, Unsigned, Unusable
from pipelines.resolve.resolve import Resolved

ASKED = BuildRequest("ismewen", "edrone", "push", "refs/heads/master", "master")
SERVED = Resolved("kind: pipeline\n", "edrone/master.yaml", ("edrone/master.yaml",))


@pytest.fixture(params=["text", "json"])
def lines(request: pytest.FixtureRequest, settings: Any) -> Iterator[StringIO]:
    """What is logged, in one of the forms that the settings know."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    configured = logging.config.DictConfigurator(settings.LOGGING)
    handler.setFormatter(configured.configure_formatter(settings.LOGGING["formatters"][request.param]))
    logger = logging.getLogger("edrone.config")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)


def fields(lines: StringIO) -> dict[str, str]:
    """Read the one line that was written, in either form."""
    (line,) = lines.getvalue().splitlines()
    if line.startswith("{"):
        return {name: str(value) for name, value in json.loads(line).items()}
    pairs = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)', line)
    return {name: json.loads(value) if value.startswith('"') else value for name, value in pairs}


def test_an_answer_is_one_line_with_what_an_operator_looks_for(lines: StringIO):
    log_and_count(ASKED, SERVED, 0.01234, "abc")
    expected = {
        "outcome": "served", "repo": "ismewen/edrone", "event": "push", "ref": "refs/heads/master", "target": "master",
        "build": "0", "file": "edrone/master.yaml", "ms": "12.3", "request_id": "abc",
    }  # fmt: skip
    assert expected.items() <= fields(lines).items()


@pytest.mark.parametrize("odd", ["a\nINFO outcome=served", 'quo"te', "a b", "back\\slash", "ünï", "a=b", "\u2028", ""])
def test_nothing_in_a_name_can_look_like_another_field_or_line(odd: str, lines: StringIO):
    log_and_count(BuildRequest("ns", "r", "push", odd, odd), SERVED, 0.001, "abc")
    found = fields(lines)
    assert found["ref"] == found["target"] == odd
    assert found["outcome"] == "served"


def test_a_long_name_is_cut_and_says_so(lines: StringIO):
    long = "n" * 340_000
    log_and_count(BuildRequest(long, "r", long, long, long), ConfigError(f"no file serves {long}"), 0.001, "abc")
    found = fields(lines)
    assert [found[name] for name in ("repo", "event", "ref", "target")] == ["n" * 200 + "…"] * 4
    assert found["reason"].startswith("no file serves nnn")
    assert found["reason"].endswith("n…")
    assert len(lines.getvalue()) < 6000


def test_warnings_cut_long_names_too(lines: StringIO):
    long = "n" * 340_000
    log_and_count(BuildRequest(long, "r", "push", "", "", protected=True, config_path=f"{long}.star"), SERVED, 0.001, "abc")
    assert lines.getvalue().count("\n") == 3
    assert len(lines.getvalue()) < 2500


def test_a_failure_of_edrone_itself_is_recorded_too(lines: StringIO):
    before = metrics.extension_metrics().counters["configuration"]["failed"]._value.get()  # noqa: SLF001
    log_and_count(ASKED, None, 0.001, "abc")
    assert fields(lines)["outcome"] == "failed"
    assert metrics.extension_metrics().counters["configuration"]["failed"]._value.get() == before + 1  # noqa: SLF001


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (SERVED, "served"),
        (Resolved("x", "edrone/default.yaml", ()), "default"),
        (Resolved("x", "default.yml", ()), "default"),
        (Resolved("x", "edrone/not-default.yaml", ()), "served"),
        (Resolved("x", "default/master.yaml", ()), "served"),
        (Resolved(None, "default.yaml", ()), "repository"),
        (None, "failed"),
        (Unsigned(""), "unsigned"),
        (Malformed(""), "malformed"),
        (ClockOff(""), "clock"),
        (NoFileServes(""), "error"),
        (Unusable(""), "error"),
        (TreeUnavailable(""), "error"),
    ],
)
def test_the_outcome_is_one_word(result: Resolved | ConfigError | None, outcome: str):
    assert outcome_of(result) == outcome
    assert outcome in metrics.OUTCOMES


def test_every_outcome_is_counted_once_with_its_time():
    for outcome in metrics.OUTCOMES:
        counter = metrics.extension_metrics().counters["configuration"][outcome]
        before, sum_before = counter._value.get(), metrics.extension_metrics().seconds["configuration"]._sum.get()  # noqa: SLF001
        metrics.count("configuration", outcome, 0.25)
        assert counter._value.get() == before + 1  # noqa: SLF001
        assert metrics.extension_metrics().seconds["configuration"]._sum.get() == pytest.approx(sum_before + 0.25)  # noqa: SLF001


def test_a_request_id_is_taken_from_the_proxy():
    assert request_id_of("f0b7add0ee3094ea3fd634629bda0725") == "f0b7add0ee3094ea3fd634629bda0725"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "a\nb", "ü", 'a"b', "{}"])
def test_a_request_id_is_made_where_none_fits(sent: str):
    made = request_id_of(sent)
    assert re.fullmatch("[0-9a-f]{16}", made)
    assert made != request_id_of(sent)
