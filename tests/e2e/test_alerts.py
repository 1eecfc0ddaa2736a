"""The alert rules, run by Prometheus' own promtool: what they fire at, and what they leave in peace."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.test_chart import objects, one

# Seconds after 1 January 1970, a Thursday; the working time of these values is 1 to 10 UTC.
THURSDAY_MORNING, THURSDAY_EVENING, SATURDAY_MORNING = 3600 * 3, 3600 * 12, 3600 * 51
THURSDAY_NOON, FRIDAY_EVENING = 3600 * 9, 3600 * 36
JOB = 'job="edrone-metrics", namespace="ci"'
REQUESTS = f"edrone_config_requests_total{{{JOB}, outcome="


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return rules_with(tmp_path, "metrics.rules.treeMinutes=15")


def rules_with(folder: Path, setting: str) -> Path:
    assert shutil.which("promtool"), "promtool is missing: apt-get install prometheus"
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump(one(objects("everything", "--set", setting), "PrometheusRule")["spec"]))
    return file


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_accepts_the_rules(rules: Path):
    assert "9 rules found" in promtool("check", "rules", rules)


def up(replicas: int = 2) -> dict[str, str]:
    """The series of two well replicas, an hour and a half at a sample a minute."""
    series: dict[str, str] = {}
    for number in range(replicas):
        pod = f'{JOB}, pod="edrone-{number}"'
        series |= {
            f'up{{{pod}, endpoint="metrics"}}': "1x100",
            f'edrone_ready{{{pod}, part="tree"}}': "1x100",
            f'edrone_ready{{{pod}, part="database"}}': "1x100",
            f'edrone_tree_info{{{pod}, revision="aaaa"}}': "1x100",
            f'git_sync_count_total{{{pod}, status="noop"}}': "0+4x100",
            f'edrone_config_requests_total{{{pod}, outcome="served"}}': "0+2x100",
        }
        series[f"edrone_config_unrecorded_total{{{pod}}}"] = "0x100"
        for requests in ("config_requests", "conversion_requests", "validations"):
            for outcome in ("error", "clock", "unsigned", "malformed", "failed"):
                series[f'edrone_{requests}_total{{{pod}, outcome="{outcome}"}}'] = "0x100"
    return series


def changed(part: str, values: str) -> dict[str, str]:
    """The same, but for the series whose names hold a text."""
    series = up()
    touched = {name: values for name in series if part in name}
    assert touched
    return series | touched


CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    "all_is_well": (up(), set()),
    "one_replica_is_gone_and_the_other_answers": (
        changed('up{job="edrone-metrics", namespace="ci", pod="edrone-1"', "0x100"),
        set(),
    ),
    "nothing_answers": (changed("up{", "0x100"), {"EdroneDown"}),
    "nothing_is_there": ({}, {"EdroneDown"}),
    "a_tree_is_missing": (changed('pod="edrone-1", part="tree"', "0x100"), {"EdroneNotReady"}),
    "a_database_is_away": (changed('part="database"', "0x100"), {"EdroneNotReady"}),
    "edrone_fails": (
        changed('config_requests_total{job="edrone-metrics", namespace="ci", pod="edrone-0", outcome="failed"', "0x80 1x20"),
        {"EdroneFailed"},
    ),
    "a_conversion_fails": (
        changed('conversion_requests_total{job="edrone-metrics", namespace="ci", pod="edrone-0", outcome="failed"', "0x80 1x20"),
        {"EdroneFailed"},
    ),
    "validations_and_configurations_fail": (changed('outcome="failed"', "0x80 1x20"), {"EdroneFailed"}),
    "drone_has_another_secret_for_validations": (
        changed('validations_total{job="edrone-metrics", namespace="ci", pod="edrone-1", outcome="unsigned"', "0+1x100"),
        {"EdroneUnsigned"},
    ),
    "the_database_does_not_record": (changed("unrecorded", "0+0.1x100"), {"EdroneNotRecording"}),
    "every_tenth_build_gets_an_error": (changed('outcome="error"', "0+0.4x100"), {"EdroneErrors"}),
    "the_clock_of_drone_is_off": (changed('outcome="clock"', "0+1x100"), {"EdroneErrors"}),
    "one_build_of_many_gets_an_error": (changed('pod="edrone-0", outcome="error"', "0x80 1x20"), set()),
    "requests_are_not_signed": (changed('pod="edrone-0", outcome="unsigned"', "0x80 1x20"), {"EdroneUnsigned"}),
    "somebody_sends_what_is_not_drones": (changed('outcome="malformed"', "0+1x100"), {"EdroneUnsigned"}),
    "drone_asks_no_more": (changed('outcome="served"', "7x100"), {"EdroneNoRequests"}),
    "only_strangers_ask": (
        changed('outcome="served"', "7x100") | {f'{REQUESTS}"unsigned"}}': "0+1x100"},
        {"EdroneNoRequests", "EdroneUnsigned"},
    ),
    "the_repository_of_the_tree_cannot_be_reached": (
        changed('pod="edrone-1", status="noop"', "9x100"),
        {"EdroneTreeNotRefreshed"},
    ),
    "two_replicas_serve_two_trees": (
        {
            name.replace('pod="edrone-1", revision="aaaa"', 'pod="edrone-1", revision="bbbb"'): values
            for name, values in up().items()
        },
        {"EdroneTreesDiffer"},
    ),
}


def fired(rules: Path, series: dict[str, str], expected: set[str], start: int) -> None:
    """Let promtool play the series from a time on and compare the alerts 90 minutes later."""
    shift = start // 60
    shifted = {name: f"_x{shift} {values}" for name, values in series.items()} if shift else series
    names = [rule["alert"] for rule in yaml.safe_load(rules.read_text())["groups"][0]["rules"]]
    # ALERTS is the series that Prometheus itself writes; comparing it leaves out the texts.
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in shifted.items()],
        "promql_expr_test": [
            {
                "expr": f'count by (alertname) (ALERTS{{alertname="{name}", alertstate="firing"}})',
                "eval_time": f"{shift + 90}m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": count_of(name, series)}]
                if name in expected
                else [],
            }
            for name in names
        ],
    }
    file = rules.parent / "test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]}))
    promtool("test", "rules", file)


def count_of(name: str, series: dict[str, str]) -> int:
    """One alert, or one a part of a pod that is not ready."""
    if name == "EdroneNotReady":
        return sum("edrone_ready{" in key and values == "0x100" for key, values in series.items())
    return 1


@pytest.mark.parametrize("case", CASES)
def test_it_fires_when(case: str, rules: Path):
    series, expected = CASES[case]
    fired(rules, series, expected, THURSDAY_MORNING)


@pytest.mark.parametrize("start", [THURSDAY_EVENING, SATURDAY_MORNING], ids=["in_the_evening", "on_saturday"])
def test_silence_is_no_alert(start: int, rules: Path):
    fired(rules, changed('outcome="served"', "7x100"), set(), start)


WORKING_TIME = "metrics.rules.treeMinutes=15,metrics.rules.workingTime.from=12,metrics.rules.workingTime.to=10"


@pytest.mark.parametrize("start", [THURSDAY_EVENING, THURSDAY_MORNING], ids=["before_midnight", "after_midnight"])
def test_working_time_may_go_over_midnight(start: int, tmp_path: Path):
    fired(rules_with(tmp_path, WORKING_TIME), changed('outcome="served"', "7x100"), {"EdroneNoRequests"}, start)


@pytest.mark.parametrize("start", [THURSDAY_NOON, FRIDAY_EVENING], ids=["between", "before_saturday"])
def test_outside_of_it_silence_is_no_alert(start: int, tmp_path: Path):
    fired(rules_with(tmp_path, WORKING_TIME), changed('outcome="served"', "7x100"), set(), start)


def test_every_alert_is_in_the_runbook(rules: Path):
    runbook = (Path(__file__).parents[2] / "docs/running.md").read_text()
    alerts: list[dict[str, Any]] = yaml.safe_load(rules.read_text())["groups"][0]["rules"]
    assert len(alerts) == 9
    for alert in alerts:
        assert f"`{alert['alert']}`" in runbook
