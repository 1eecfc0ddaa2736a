"""Which pipelines run for a build, and the sentence for each that does not."""

import pytest

from pipelines.build_request import BuildRequest
from pipelines.check.matching import matches_of
from pipelines.triggers.conditions import TriggerValues

PUSH = TriggerValues.of(BuildRequest("shop", "cart", "push", "refs/heads/main", "main"))
TAG = TriggerValues.of(BuildRequest("shop", "cart", "tag", "refs/tags/v1", "", action="create"))
PROMOTE = TriggerValues.of(BuildRequest("shop", "cart", "promote", "refs/heads/main", "main", deploy_to="production"))
CRON = TriggerValues.of(BuildRequest("shop", "cart", "cron", "refs/heads/main", "main"), "nightly")
CHECK = TriggerValues.of(BuildRequest("shop", "cart", "custom", "refs/heads/main", "main", action="check"))


@pytest.mark.parametrize(
    ("trigger", "values", "reasons"),
    [
        ("{}", PUSH, []),
        ("~", PUSH, []),
        ("{event: push}", PUSH, []),
        ("{event: [tag]}", PUSH, ["trigger.event is [tag]"]),
        ("{event: [tag, promote]}", PUSH, ["trigger.event is [tag, promote]"]),
        ("{event: {exclude: [push]}}", PUSH, ["trigger.event excludes [push]"]),
        ("{event: {include: [push], exclude: [pu*]}}", PUSH, ["trigger.event excludes [pu*]"]),
        ("{event: []}", PUSH, []),
        ("{branch: develop, event: tag}", PUSH, ["trigger.branch is [develop]", "trigger.event is [tag]"]),
        ("{branch: release/**}", PUSH, ["trigger.branch is [release/**]"]),
        ("{ref: [refs/heads/*]}", PUSH, []),
        ("{repo: [shop/*]}", PUSH, []),
        ("{repo: [other/cart]}", PUSH, ["trigger.repo is [other/cart]"]),
        ("{target: production}", PUSH, ["trigger.target is [production], and this build has no target"]),
        ("{target: production}", PROMOTE, []),
        ("{target: {exclude: [production]}}", PROMOTE, ["trigger.target excludes [production]"]),
        ("{target: {exclude: [production]}}", PUSH, []),
        ("{branch: main}", TAG, ["trigger.branch is [main], and this build has no branch"]),
        ("{branch: {exclude: [main]}}", TAG, []),
        ("{action: create, ref: refs/tags/v*}", TAG, []),
        ("{cron: nightly}", CRON, []),
        ("{cron: [weekly]}", CRON, ["trigger.cron is [weekly]"]),
        ("{cron: nightly}", PUSH, ["trigger.cron is [nightly], and this build has no cron"]),
        ("{action: check}", CHECK, []),
        ("{action: deploy}", CHECK, ["trigger.action is [deploy]"]),
        ("{instance: drone.example.com, paths: [docs/**], status: [failure]}", PUSH, []),
    ],
)
def test_triggers(trigger, values, reasons):
    (pipeline,) = matches_of("default.yaml", f"kind: pipeline\nname: test\ntrigger: {trigger}\n", values).pipelines
    assert [str(reason) for reason in pipeline.reasons] == reasons
    assert pipeline.runs == (not reasons)


def test_what_drone_does_not_look_at_is_named():
    (pipeline,) = matches_of("x.yaml", "kind: pipeline\nname: test\ntrigger: {paths: [a], instance: ~}\n", PUSH).pipelines
    assert (pipeline.runs, pipeline.passed_over) == (True, ("paths",))


def test_each_document_counts_that_drone_takes_for_a_pipeline():
    text = "kind: pipeline\ntrigger: {event: tag}\n---\nkind: secret\nname: s\n---\nkind: pipeline\nname: two\n"
    found = matches_of("default.yaml", text, PUSH)
    assert [(pipeline.name, pipeline.runs) for pipeline in found.pipelines] == [("default", False), ("two", True)]
    assert found.any_runs
    assert not found.refused


def test_anchors_and_merge_keys_are_read_as_drone_reads_them():
    text = "x: &when {event: [tag]}\nkind: pipeline\nname: one\ntrigger: {<<: *when, branch: main}\n"
    (pipeline,) = matches_of("default.yaml", text, PUSH).pipelines
    assert [str(reason) for reason in pipeline.reasons] == ["trigger.event is [tag]"]


@pytest.mark.parametrize(
    ("text", "refused", "unknown"),
    [
        ("kind: pipeline\nname: a\n---\nkind: pipeline\nname: a\n", "projects/default.yaml:5:1: another pipeline", ""),
        ("kind: pipeline\nsteps: x\n", "projects/default.yaml:2:8: ", ""),
        ("[\n", "projects/default.yaml:", ""),
        ("pipeline:\n  a: {image: b}\n", "", "The file is in Drone's format before 1.0"),
        ("kind: template\nload: x.yaml\n", "", "The file uses a template"),
    ],
)
def test_what_drone_refuses_or_converts_first(text, refused, unknown):
    found = matches_of("default.yaml", text, PUSH)
    assert found.refused.startswith(refused)
    assert bool(found.refused) == bool(refused)
    assert str(found.unknown).startswith(unknown)
    assert bool(found.unknown) == bool(unknown)


def test_a_long_list_of_patterns_is_cut_in_the_sentence():
    text = f"kind: pipeline\nname: one\ntrigger: {{branch: [{', '.join('abcdefgh')}]}}\n"
    (pipeline,) = matches_of("default.yaml", text, PUSH).pipelines
    assert str(pipeline.reasons[0]) == "trigger.branch is [a, b, c, d, e, …]"
