"""Conditions that no build meets together: what the recorded builds say of the tables, and steps against their trigger."""

import json

import pytest

from pipelines.check.examine import examine
from pipelines.events import EVENTS
from pipelines.tree.tree import Tree
from pipelines.triggers.conditions import KEYS, TriggerValues
from tests.conftest import RECORDED
from tests.pipelines.check.examples import GOOD, found, one

TRIGGER = "trigger:\n  event: [push]\n"
REQUESTS = sorted(
    file
    for folder in ("config-requests", "other-requests")
    for file in (RECORDED.parent / folder).glob("*.json")
    if json.loads(json.loads(file.read_text())["body"]).get("build")
)


def never(tree, text: str) -> list[str]:
    return [finding.message for finding in examine(Tree(tree(one(text)))) if finding.id == "never-matches"]


def test_builds_of_every_event_are_recorded():
    assert {json.loads(json.loads(file.read_text())["body"])["build"]["event"] for file in REQUESTS} == set(EVENTS)


@pytest.mark.parametrize("file", REQUESTS, ids=lambda file: file.stem)
def test_conditions_that_a_recorded_build_meets_are_possible(tree, file):
    request = json.loads(json.loads(file.read_text())["body"])
    build, repo = request["build"], request["repo"]
    values = TriggerValues(
        build["target"], build["event"], build["action"], build["ref"], repo["slug"], build.get("deploy_to", ""),
        "nightly" if build["event"] == "cron" else "",
    )  # fmt: skip
    conditions = json.dumps({key: [value] for key in KEYS if (value := getattr(values, key))})
    assert never(tree, GOOD.replace(TRIGGER, f"trigger: {conditions}\n") + f"  when: {conditions}\n") == []


@pytest.mark.parametrize(
    ("trigger", "when", "key"),
    [
        ("{event: [push]}", "{event: [promote]}", "event"),
        ("{event: [push, tag]}", "{event: {exclude: [push, tag]}}", "event"),
        ("{ref: [refs/tags/v1]}", "{event: [push]}", "event"),
        ("{cron: [nightly]}", "{event: [push]}", "event"),
        ("{event: [push]}", "{target: [production]}", "target"),
        ("{event: [tag]}", "{branch: [main]}", "branch"),
        ("{event: [push]}", "{ref: [refs/tags/v1]}", "ref"),
        ("{branch: [main]}", "{branch: [develop]}", "branch"),
        ("{branch: [main]}", "{branch: 'release/**'}", "branch"),
        ("{branch: ['release/*']}", "{branch: [main, develop]}", "branch"),
        ("{branch: ['release/*']}", "{branch: ['feature/*']}", "branch"),
        ("{branch: {exclude: [main]}}", "{branch: [main]}", "branch"),
        ("{event: [push], branch: [main]}", "{event: [push], ref: [refs/heads/main], branch: [develop]}", "branch"),
        ("{ref: ['refs/heads/main']}", "{ref: ['refs/heads/release/*']}", "ref"),
        ("{event: [promote], target: [production]}", "{target: [staging]}", "target"),
        ("{event: [cron], cron: [nightly]}", "{cron: [weekly]}", "cron"),
        ("{event: [pull_request], action: [opened]}", "{action: [synchronized]}", "action"),
        ("{repo: [acme/shop]}", "{repo: [acme/cart]}", "repo"),
    ],
)
def test_a_step_that_none_of_the_pipelines_builds_runs_is_found(tree, trigger, when, key):
    text = GOOD.replace(TRIGGER, f"trigger: {trigger}\n") + f"  when: {when}\n"
    (message,) = never(tree, text)
    assert message.startswith(key)
    assert message.endswith("the step never runs.")
    assert "the trigger's" in message


@pytest.mark.parametrize(
    ("trigger", "when"),
    [
        ("{event: [push, promote]}", "{event: [promote]}"),
        ("{event: [push]}", "{event: {exclude: [promote]}}"),
        ("{event: ['pu*']}", "{event: [pull_request]}"),
        ("{branch: [main]}", "{event: [promote], target: [production]}"),
        ("{branch: [main, develop]}", "{branch: [develop]}"),
        ("{branch: ['release/*']}", "{branch: ['release/1.*']}"),
        ("{branch: ['release/*']}", "{branch: ['*/1.2']}"),
        ("{branch: ['release/*']}", "{branch: [release/1.2]}"),
        ("{branch: ['release/**']}", "{branch: [release/1/2]}"),
        ("{branch: ['{main,develop}']}", "{branch: [main]}"),
        ("{branch: {exclude: [main]}}", "{branch: {exclude: [develop]}}"),
        ("{branch: {exclude: ['release/*']}}", "{branch: ['release/**']}"),
        ("{branch: [main]}", "{branch: {exclude: [develop]}}"),
        ("{ref: ['refs/heads/**']}", "{ref: [refs/heads/main]}"),
        ("{event: [promote]}", "{ref: [refs/tags/v1]}"),
        ("{event: [custom]}", "{ref: [refs/tags/v1]}"),
        ("{event: [push]}", "{status: [failure]}"),
        ("{event: [push]}", "{instance: [drone.acme.io], paths: [docs]}"),
        ("{event: [push]}", "{branch: []}"),
    ],
)
def test_a_step_that_may_run_is_not(tree, trigger, when):
    assert never(tree, GOOD.replace(TRIGGER, f"trigger: {trigger}\n") + f"  when: {when}\n") == []


def test_a_service_is_a_step_too_and_the_place_is_that_of_its_condition(tree):
    text = GOOD + "services:\n- name: db\n  image: z\n  when:\n    branch: [main]\n    event: [tag]\n"
    assert found(tree(one(text))) == [("shop/default.yaml", 12, "never-matches")]
    text = GOOD + "services:\n- name: db\n  image: z\n  when:\n    event: [tag]\n"
    assert found(tree(one(text))) == [("shop/default.yaml", 12, "never-matches")]


def test_of_a_trigger_that_nothing_meets_its_steps_are_not_told(tree):
    text = GOOD.replace("[push]", "[push]\n  target: [production]") + "  when: {event: [promote]}\n"
    assert [line for _, line, _ in found(tree(one(text)))] == [5]


def test_a_step_of_a_shared_file_may_be_there_for_other_pipelines(tree):
    step = "name: z\nimage: y\nwhen: {event: [promote]}\n"
    assert found(tree({**one(GOOD + "- extends: _shared/s.yaml\n"), "_shared/s.yaml": step})) == []


def test_an_extending_trigger_is_no_contradiction_in_the_file_that_it_extends(tree):
    shared = f"{GOOD.replace(TRIGGER, '')}  when: {{event: [promote]}}\n"
    extending = "extends: _shared/s.yaml\ntrigger: {event: [push]}\n"
    assert found(tree({**one(extending), "_shared/s.yaml": shared})) == []
    extending = "extends: _shared/s.yaml\ntrigger: {event: [push]}\nsteps:\n- {name: x, when: {event: [tag]}}\n"
    assert found(tree({**one(extending), "_shared/s.yaml": shared})) == [("shop/default.yaml", 4, "never-matches")]


def test_what_never_runs_in_one_pipeline_of_a_shared_file_and_does_in_another_is_not_told(tree):
    files = {"_shared/s.yaml": f"{GOOD}  when: {{event: [promote]}}\n", "cart/default.yaml": "extends: _shared/s.yaml\n"}
    assert found(tree(files)) == [("_shared/s.yaml", 8, "never-matches")]
    promoted = "extends: _shared/s.yaml\ntrigger: {event: [promote]}\n"
    assert found(tree({**files, "shop/default.yaml": promoted})) == []


def test_of_a_file_that_serves_builds_itself_it_is_told_whoever_extends_it(tree):
    files = one(f"{GOOD}  when: {{event: [promote]}}\n")
    promoted = "extends: shop/default.yaml\ntrigger: {event: [promote]}\n"
    assert found(tree({**files, "cart/default.yaml": promoted})) == [("shop/default.yaml", 8, "never-matches")]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("ref: [refs/heads/main, refs/**, '**', '**/v*', 'refs/tags/v*', '*/*/main', 'r[e]fs/pull/*/head']", []),
        ("ref: {exclude: [v*]}", ['no build matches ref "v*": a ref is written in full, as refs/heads/main or refs/tags/v1.']),
        ("ref: ['*', refs/*]", ["in full", "in full"]),
        ("branch: [main, 'release/**', '**', refs/x, '']", []),
        ("branch: main, develop", ['no build matches branch "main, develop": no branch has a blank in its name; write a list.']),
        ("branch: refs/heads/main", ['no build matches branch "refs/heads/main": a branch is named without refs/heads/.']),
        ("branch: ['!main', x]", ['no build matches "!main"; to Drone a ! excludes nothing. Write exclude: [main].']),
        (
            "branch: !main",
            ["!main is a tag of YAML and no part of the pattern; to Drone a ! excludes nothing. Write exclude: [main]."],
        ),
        (
            "branch: ! main",
            ["! is a tag of YAML and no part of the pattern; to Drone a ! excludes nothing. Write exclude: [main]."],
        ),
        ("branch: !!str main", []),
        (
            "branch: ['{main,release/*}', '{main,develop}', '[a-z]*']",
            ['no build matches "{main,release/*}": Drone takes no / between braces or brackets; write a list.'],
        ),
        ("ref: ['refs/{heads,tags}/**', 'refs/{heads/main,tags/**}']", ['"refs/{heads/main,tags/**}": Drone takes no /']),
        ("event: ['!push', push]", ['no build matches "!push"; to Drone a ! excludes nothing. Write exclude: [push].']),
        ("repo: [shop/*, '*/cart', '**', a/b/c]", []),
        ("repo: cart", ['no build matches repo "cart": a repository is written with its namespace, as shop/cart or */cart.']),
        ("cron: [nightly, 'night*']", []),
        ("cron: 0 3 * * *", ['no build matches cron "0 3 * * *": it is the name of a schedule in Drone, and no time.']),
        ("status: [success, failure, '*', 'fail*']", []),
        ("status: [failed]", ['no build matches status "failed": there are success and failure.']),
        ("target: anything goes", []),
    ],
)
def test_a_pattern_that_no_build_matches_is_found_in_triggers_and_steps(tree, condition, said):
    for text in (GOOD.replace(TRIGGER, f"trigger:\n  {condition}\n"), f"{GOOD}  when:\n    {condition}\n"):
        found_here = [finding.message for finding in examine(Tree(tree(one(text)))) if finding.id == "unmatched-pattern"]
        assert len(found_here) == len(said)
        assert all(message.endswith(wanted) or wanted in message for message, wanted in zip(found_here, said, strict=True))
