"""What nobody refuses and nobody means: keys that stand twice, conditions that never match together, files before Drone 1.0."""

import pytest

from pipelines.check.examine import examine
from pipelines.tree.tree import Tree
from tests.pipelines.check.examples import ANYTIME, EXEC, EXTENDING, FIRST, GOOD, found, one

LEGACY = "pipeline:\n  build:\n    image: a\n  build:\n    image: b\n"


def test_where_a_separator_is_missing_the_pipeline_that_is_lost_is_named(tree):
    (finding,) = examine(Tree(tree(one(f"{FIRST}\n{GOOD}"))))
    assert (finding.line, finding.id) == (9, "duplicate-key")
    assert 'the pipeline "b" is lost. Is a --- missing here?' in finding.message


SECRET = "kind: secret\nname: tok\ndata: x\n"
HEAD = "kind: operation\ntitle: Check\n"
CRON = "kind: cron\nname: nightly\nspec: {schedule: '@daily', branch: main}\n"


@pytest.mark.parametrize(
    ("first", "second", "lost"),
    [
        (SECRET, GOOD, 'the secret "tok" is lost'),
        (GOOD, SECRET, 'the pipeline "a" is lost'),
        (CRON, GOOD, 'the cron job "nightly" is lost'),
        (f"kind: signature\nhmac: {'0a' * 32}\n", GOOD, "the signature is lost"),
        (GOOD, f"kind: signature\nhmac: {'0a' * 32}\n", 'the pipeline "a" is lost'),
        (HEAD, GOOD, "the head of the operation is lost"),
        (HEAD, SECRET, "the head of the operation is lost"),
        (SECRET, SECRET.replace("tok", "key"), 'the secret "tok" is lost'),
        (FIRST.replace("name: b\n", "", 1), GOOD, "the pipeline is lost"),
    ],
)
@pytest.mark.parametrize("path", ["shop/default.yaml", "shop/_operations/check.yaml"])
def test_what_is_lost_is_named_by_its_kind(tree, path, first, second, lost):
    (finding,) = [one for one in examine(Tree(tree({path: first + second}))) if one.id == "duplicate-key"]
    assert finding.line == first.count("\n") + 1
    assert f"Drone drops the first, so {lost}. Is a --- missing here?" in finding.message


def test_each_separator_that_is_missing_is_found(tree):
    messages = [finding.message for finding in examine(Tree(tree(one(SECRET + FIRST + GOOD)))) if finding.id == "duplicate-key"]
    assert ['the secret "tok" is lost' in messages[0], 'the pipeline "b" is lost' in messages[1], len(messages)] == [
        True,
        True,
        2,
    ]


def test_of_steps_that_stand_twice_in_a_pipeline_only_the_first_are_lost(tree):
    (finding,) = examine(Tree(tree(one(f"{GOOD}services:\n- name: db\n  image: z\nsteps:\n- name: q\n  image: y\n"))))
    assert (finding.line, finding.id) == (11, "duplicate-key")
    assert 'the key "steps" stands here and on line 5 too; Drone drops the first steps, so join both lists.' in finding.message
    assert "---" not in finding.message


@pytest.mark.parametrize("text", [f"kind: pipeline\n{GOOD}", f"{GOOD}kind: pipeline\n"])
def test_a_kind_that_stands_twice_in_one_pipeline_loses_nothing(tree, text):
    (finding,) = examine(Tree(tree(one(text))))
    assert finding.id == "duplicate-key"
    assert "lost" not in finding.message


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("environment: {A: 1, B: 2, A: 3}\n", [8]),
        ("x-a: &a {A: 1}\nenvironment: {<<: *a, A: 2}\n", []),
        ("x-a: &a {A: 1, A: 2}\nenvironment: {<<: *a}\nnode: *a\n", [8]),
        ("environment: {A: 1}\nenvironment: {B: 1}\nenvironment: {C: 1}\n", [9, 10]),
        ("environment: {8080: 1, '8080': 2}\n", [8]),
    ],
)
def test_a_key_that_stands_twice_is_found_once_and_a_merged_one_is_meant(tree, text, lines):
    assert [(line, id_) for _, line, id_ in found(tree(one(GOOD + text)))] == [(line, "duplicate-key") for line in lines]


JOINED = "joins both maps, and where they have a key in common drops the first, so write one map."
FIRST_IS_LOST = "drops the first, so delete one of them."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("environment: {A: 1}\nenvironment: {B: 1}\n", JOINED),
        ("environment: {A: 1, A: 2}\n", FIRST_IS_LOST),
        ("environment: {A: {from_secret: a}, A: {from_secret: b}}\n", FIRST_IS_LOST),
        ("environment: {A: 1}\nenvironment: ~\n", FIRST_IS_LOST),
        ("environment: ~\nenvironment: {A: 1}\n", FIRST_IS_LOST),
        ("- {name: z, image: z, settings: {a: 1}, settings: {b: 2}}\n", JOINED),
        ("- {name: z, image: z, settings: {a: {b: 1}, a: {c: 1}}}\n", FIRST_IS_LOST),
        ("- {name: z, image: z, <<: {when: {event: push}, when: {branch: main}}}\n", JOINED),
        ("- {name: z, image: z, build: {context: a}, build: {image: b}}\n", FIRST_IS_LOST),
        ("- {name: z, image: z, when: {matrix: {A: a}, matrix: {B: b}}}\n", JOINED),
        ("- {name: z, image: z, when: {branch: [a], branch: main}}\n", FIRST_IS_LOST),
        ("- {name: z, image: z, when: {branch: {include: [a]}, branch: {exclude: [b]}}}\n", FIRST_IS_LOST),
        (
            "- {name: z, image: z, when: {branch: {exclude: [a]}, branch: main}}\n",
            "keeps of the first only what it excludes, so write one map with include and exclude.",
        ),
        (
            "- {name: z, image: z, when: {branch: {exclude: [a], exclude: b}}}\n",
            "drops this one, which is no list, so delete it.",
        ),
        ("- {name: z, image: z, when: {branch: {exclude: [a], exclude: [b]}}}\n", FIRST_IS_LOST),
    ],
)
def test_it_is_said_what_drone_does_with_a_key_that_stands_twice(tree, text, said):
    (finding,) = [one for one in examine(Tree(tree(one(GOOD + text)))) if one.id == "duplicate-key"]
    assert finding.message.endswith(f"; Drone {said}")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            "{include: main}",
            "`include: main` is no list, so Drone passes over it and includes everything; write include: [main].",
        ),
        ("{exclude: main}", "`exclude: main` is no list, so Drone passes over it and excludes nothing; write exclude: [main]."),
        ("{include: {a: b}}", "`include: …` is no list, so Drone passes over it and includes everything; write include: […]."),
    ],
)
def test_a_pattern_that_drone_passes_over_is_found_in_triggers_and_steps(tree, condition, said):
    trigger, step = (
        GOOD.replace("event: [push]", f"event: [push]\n  branch: {condition}"),
        f"{GOOD}  when: {{branch: {condition}}}\n",
    )
    for text in (trigger, step):
        (finding,) = examine(Tree(tree(one(text))))
        assert (finding.id, finding.message) == ("no-list", said)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("a-${A}", ["substituted-name"]),
        ("'a$$b'", ["substituted-name"]),
        ("a\\/b", ["substituted-name"]),
        ('"a\\\\b"', ["substituted-name"]),  # to the runner "a\b", which ends in a backspace
        ('"\\\\x62"', ["substituted-name"]),
        ('"\\x24{A}"', []),
        ('"$\\x24"', []),
        ('"a\\x5c/b"', []),
        ("$a", []),
        ('"a\\\\"', ["substitution"]),  # to the runner, its quotes do not end
    ],
)
def test_a_name_that_the_runner_reads_otherwise_is_one_by_what_is_written(tree, name, ids):
    text = EXEC.replace("name: a\n", f"name: {name}\n")
    assert sorted({id_ for _, _, id_ in found(tree(one(text)))}) == ids


def test_it_is_found_in_a_file_that_is_composed_and_in_what_it_extends(tree):
    shared = f"{GOOD}environment: {{A: 1, A: 2}}\n"
    root = tree({**one("extends: _shared/s.yaml\nname: a\nname: b\n"), "_shared/s.yaml": shared})
    assert found(root) == [("_shared/s.yaml", 8, "duplicate-key"), ("shop/default.yaml", 3, "duplicate-key")]


@pytest.mark.parametrize(
    ("conditions", "never"),
    [
        ("{event: [promote], cron: [nightly]}", True),
        ("{event: [push], target: [production]}", True),
        ("{event: [tag], branch: [main]}", True),
        ("{event: [tag], branch: {exclude: [main]}}", False),
        ("{event: {exclude: [cron]}, cron: nightly}", True),
        ("{cron: nightly, target: production}", True),
        ("{event: [push, promote], target: [production]}", False),
        ("{event: [push, tag], branch: [main]}", False),
        ("{event: [tag], ref: [refs/tags/v*]}", False),
        ("{event: [tag], ref: [refs/heads/main]}", True),
        ("{event: [push], ref: [refs/tags/**]}", True),
        ("{event: [custom], ref: [refs/tags/**]}", False),
        ("{event: [promote, rollback], ref: [refs/tags/v1]}", False),
        ("{event: [cron], ref: [refs/tags/v1]}", True),
        ("{event: [pull_request], ref: [refs/tags/v1]}", True),
        ("{event: [custom], target: [production]}", True),
        ("{event: [cron], action: [opened]}", True),
        ("{event: [tag], branch: [v1.0.0]}", False),
        ("{event: [tag], branch: ['v*']}", False),
        ("{event: [push], ref: ['refs/*/v1']}", False),
        ("{event: [push], action: [opened]}", True),
        ("{event: [pull_request], action: [opened]}", False),
        ("{event: ['pu*'], target: {exclude: [production]}}", False),
    ],
)
def test_conditions_that_no_build_meets_together_are_found_in_triggers_and_steps(tree, conditions, never):
    ids = ["never-matches"] if never else []
    trigger = GOOD.replace("trigger:\n  event: [push]\n", f"trigger: {conditions}\n")
    step = f"{ANYTIME}  when: {conditions}\n"
    for text in (trigger, step):
        assert [id_ for _, _, id_ in found(tree(one(text))) if id_ != "no-trigger-event"] == ids


@pytest.mark.parametrize("line", ["pipeline:", "pipeline: ", "pipeline:\t", "pipeline:\r"])
def test_a_file_of_the_format_before_1_0_is_known_as_drone_knows_it(tree, line):
    files = {**one(f"{line}\n  build:\n    image: x\n"), "cart/default.yaml": "extends: ../shop/default.yaml\n"}
    assert found(tree(files)) == [("cart/default.yaml", 1, "legacy-format"), ("shop/default.yaml", 1, "legacy-format")]


def test_two_steps_of_one_name_are_lost_only_where_it_is_extended(tree):
    assert found(tree(one(LEGACY))) == [("shop/default.yaml", 1, "legacy-format")]
    assert ("shop/default.yaml", 4, "duplicate-key") in found(tree({"cart/default.yaml": "extends: shop/default.yaml\n"}))


SIGNATURE = f"---\nkind: signature\nhmac: {'0a' * 32}\n"


@pytest.mark.parametrize(
    ("own", "others", "place"),
    [
        ("extends: _shared/s.yaml\n", {"_shared/s.yaml": GOOD + SIGNATURE}, ("_shared/s.yaml", 10)),
        (
            "extends: _shared/t.yaml\n",
            {"_shared/t.yaml": "extends: ./s.yaml\n", "_shared/s.yaml": GOOD + SIGNATURE},
            ("_shared/s.yaml", 10),
        ),
        ("extends: _shared/s.yaml\n" + SIGNATURE, {"_shared/s.yaml": GOOD}, ("shop/default.yaml", 4)),
        (EXTENDING + SIGNATURE, {"_shared/s.yaml": "name: s\nimage: y\n"}, ("shop/default.yaml", 12)),
    ],
)
def test_a_signature_that_composing_leaves_out_is_found(tree, own, others, place):
    assert found(tree({**one(own), **others})) == [(*place, "stale-signature")]


def test_a_pipeline_without_a_name_is_another_one_to_the_runner_where_one_is_called_default(tree):
    unnamed, default = GOOD.replace("name: a\n", ""), GOOD.replace("name: a\n", "name: default\n")
    for text, said in (
        (f"{default}---\n{unnamed}", "default, as another one of the file, and the runner runs the first of them for both, and"),
        (f"{GOOD}---\n{unnamed}", "Drone calls it default, and its depends_on is lost; name it."),
    ):
        (finding,) = (one for one in examine(Tree(tree(one(text)))) if one.id == "unnamed-pipeline")
        assert said in finding.message


def test_a_signature_of_a_file_that_is_served_as_it_is_may_be_right_though_others_extend_it(tree):
    assert found(tree({**one(GOOD + SIGNATURE), "cart/default.yaml": "extends: shop/default.yaml\n"})) == []


@pytest.mark.parametrize("hmac", ["", "hmac: ''\n", "hmac: ~\n"])
def test_a_signature_without_an_hmac_blocks_the_build(tree, hmac):
    assert found(tree(one(f"{GOOD}---\nkind: signature\n{hmac}"))) == [
        ("shop/default.yaml", 9 if not hmac else 10, "stale-signature")
    ]
