"""Reading the head of an operation, and taking it off."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import Unusable
from pipelines.language.errors import ComposeError
from pipelines.operations.head import read_head, read_operation
from pipelines.operations.head_removal import cut
from pipelines.operations.operation import Input, Operation
from pipelines.resolve.resolve import resolve
from pipelines.tree.tree import Tree as TreeFiles
from tests.conftest import push

PATH = "edrone/_operations/check.yaml"
FULL = """# what it is for
kind: operation
title: Check
description: "Looks: nothing more"
level: deploy
inputs:
  TARGET: {description: where to, type: choice, options: [staging, production, 1.10], default: staging}
  REPLICAS: {type: number, default: 0777, required: true}
  FORCE: {type: boolean, default: "true"}
  NOTE:
  EMPTY: {default: ""}
"""
PIPELINE = "kind: pipeline\r\nname: x # \u2028 é\n\n\nsteps: []  \n---\nkind: pipeline\nname: y"


def read(head: str) -> Operation:
    return read_operation("check", PATH, head)


def test_a_head_says_what_the_operation_is_for_and_what_it_takes():
    assert read(FULL) == Operation(
        name="check",
        path=PATH,
        title="Check",
        description="Looks: nothing more",
        level="deploy",
        inputs=(
            Input("TARGET", "choice", "where to", default="staging", options=("staging", "production", "1.10")),
            Input("REPLICAS", "number", required=True, default="0777"),
            Input("FORCE", "boolean", default="true"),
            Input("NOTE"),
            Input("EMPTY", default=""),
        ),
    )


def test_without_a_head_anything_may_be_given_and_with_one_what_it_says():
    assert read("") == Operation("check", PATH, level="run", inputs=None)
    assert read("kind: operation") == Operation("check", PATH, level="run", inputs=())
    assert read("kind: operation\ninputs:\n") == Operation("check", PATH, level="run", inputs=())


@pytest.mark.parametrize(
    ("default", "message"),
    [
        ("x" * 5000, 'with the default of the input "A" the parameters are too long: 5008 characters as JSON'),
        ('"a\\0b"', 'the default of the input "A" holds the character NUL'),
    ],
)
def test_a_default_that_no_build_could_have_is_a_mistake(default, message):
    with pytest.raises(ComposeError, match=message):
        read(f"kind: operation\ninputs: {{A: {{default: {default}}}}}\n")


def test_inputs_that_are_one_variable_on_windows_are_a_mistake():
    with pytest.raises(ComposeError, match='2:17: the inputs "A" and "a" are the same variable on Windows'):
        read("kind: operation\ninputs: {A: {}, a: {}}\n")


@pytest.mark.parametrize("head", ["", "kind: operation\n---\n"])
def test_an_operation_cannot_leave_it_to_the_repository(tree, head):
    """Drone would run the repository's own file, which may deploy."""
    root = tree({PATH: f"{head}kind: repository\n"})
    with pytest.raises(Unusable, match=rf"projects/{PATH}: an operation is a pipeline, and cannot leave it to the repository"):
        resolve(push(event="custom", action="check"), TreeFiles(root))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("titel: x", "2:1: the head of an operation has no key `titel`; did you mean `title`?"),
        ("zzz: x", "2:1: the head of an operation has no key `zzz`; it has kind, title, description, level, target, inputs."),
        ("title: x\ntitle: y", "3:1: the head of an operation has `title` twice."),
        ("title: [x]", "2:8: a text is needed, and this is a list."),
        ("title:", '2:7: a text is needed, and this is null; write "" for an empty one.'),
        ("level: admin", "2:8: `admin` is not run or deploy; write one of them."),
        ("level: deploi", "2:8: `deploi` is not run or deploy; did you mean `deploy`?"),
        ("inputs: {override: {}}", '2:10: the input "override" is reserved, because edrone reads it as the reason for overriding a freeze.'),
        ("inputs: [A]", "2:9: inputs is a map of names, and this is a list."),
        ("inputs: {A: text}", '2:13: the input "A" is a map of description, required, default, type, options; this is a single value.'),
        ("inputs: {A: {tipe: number}}", '2:14: the input "A" has no key `tipe`; did you mean `type`?'),
        ("inputs: {A: {type: environment}}", "2:20: `environment` is not string or number or boolean or choice"),
        ("inputs: {A: {type: choice}}", '2:10: the input "A" is a choice, and needs options: [one, other].'),
        ("inputs: {A: {options: [x]}}", '2:23: the input "A" has options, so its type must be choice.'),
        ("inputs: {A: {type: choice, options: x}}", "2:37: options is a list of what can be chosen"),
        ("inputs: {A: {type: choice, options: []}}", "2:37: options is a list of what can be chosen, with one item at least."),
        ("inputs: {A: {type: choice, options: [x, x]}}", "2:41: each of the options is another text"),
        ('inputs: {A: {type: choice, options: [x, ""]}}', "2:41: each of the options is another text, and none is empty."),
        ("inputs: {A: {type: choice, options: [x, {y: z}]}}", "2:41: a text is needed, and this is a map."),
        ("inputs: {A: {type: choice, options: [x], default: y}}", '2:51: the default of the input "A" must be one of x.'),
        ("inputs: {A: {type: number, default: ten}}", '2:37: the default of the input "A" must be a number, such as 3 or 0.5.'),
        ("inputs: {A: {type: boolean, default: yes}}", '2:38: the default of the input "A" must be true or false.'),
        ("inputs: {A: {required: maybe}}", "2:24: `maybe` is not true or false"),
        ("inputs: {A: {default: }}", '2:23: a text is needed, and this is null; write "" for an empty one.'),
        ("inputs: {A: , A: }", '2:15: the input "A" is there twice.'),
        ("inputs: {PATH: }", '2:10: the input "PATH" is reserved, because changing it could keep steps from finding programs and files.'),
        ("inputs: {path: }", '2:10: the input "path" is reserved'),
        ("inputs: {branch: }", '2:10: the input "branch" is reserved, because Drone uses it itself.'),
        ("inputs: {DRONE_BRANCH: }", '2:10: the input "DRONE_BRANCH" is reserved, because Drone and other programs set names that begin with DRONE_.'),
        ("inputs: {EDRONE_ACTOR: }", '2:10: the input "EDRONE_ACTOR" is reserved'),
        ("inputs: {PLUGIN_TAGS: }", '2:10: the input "PLUGIN_TAGS" is reserved'),
        ("inputs: {1A: }", '2:10: the input "1A" cannot be an environment variable: use letters, digits and _, and do not start with a digit.'),
        ("inputs: {A-B: }", '2:10: the input "A-B" cannot be an environment variable'),
        ("inputs: {é: }", '2:10: the input "é" cannot be an environment variable'),
        (f"inputs: {{{'A' * 101}: }}", "is longer than 100 characters."),
        ("inputs: {[A]: }", "2:10: a text is needed, and this is a list."),
        ("extends: _shared/x.yaml", "1:1: the head of an operation cannot extend; its pipeline can."),
        ("title: [", "is not YAML"),
        ("title: *x", "the alias *x stands for nothing"),
        ("...\nkind: pipeline", "2:1: the head of an operation ends with a line ---, and not with `...`."),
        ("kind: pipeline", "has `kind` twice"),
    ],
)  # fmt: skip
def test_each_mistake_in_a_head_has_its_place_and_says_what_to_do(head, message):
    with pytest.raises(ComposeError) as caught:
        read(f"kind: operation\n{head}\n")
    assert str(caught.value).startswith(f"projects/{PATH}:")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "head", ["- kind: operation", "kind: operation\n---\na: b", "{a: {kind: operation}}", "[[[[kind: operation]]]]"]
)
def test_what_only_looks_like_a_head_is_refused_by_name(head):
    with pytest.raises(ComposeError):
        read(head)


HEADS = [
    "kind: operation\n---\n", "---\nkind: operation\n---\n", "# comment\n\nkind: operation\n--- # and a comment\n",
    "\ufeffkind: operation\n---\n", "kind: operation\r\n---\r\n", "# comment\n---\n# more\nkind: operation\ntitle: |\n  a\n  --- b\n---\n",
    "{kind: operation, title: x}\n---\n", '"kind": "operation"\n---\n', "title: x\nkind: !!str operation\n...\n---\n", "--- {kind: operation}\n---\n",
]  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("pipeline", [PIPELINE, "x\n", "# comment\nkind: pipeline\n", "---\nkind: pipeline\n", "kind: [\n"])
def test_what_follows_the_head_is_served_byte_for_byte(head, pipeline, tree):
    root = tree({PATH: (head + pipeline).encode()})
    found = resolve(push(event="custom", action="check"), TreeFiles(root))
    assert found.yaml == pipeline
    assert found.operation
    assert found.operation.inputs == ()


@pytest.mark.parametrize(
    "text",
    [
        PIPELINE,
        "kind: pipeline # kind: operation\n",
        "# kind: operation\nkind: pipeline\n---\nkind: secret\n",
        "kind: pipeline\nkinds: operation\n",
    ],
)
def test_a_file_without_a_head_is_served_whole(text, tree):
    found = resolve(push(event="custom", action="check"), TreeFiles(tree({PATH: text.encode()})))
    assert found.yaml == text
    assert found.operation == Operation("check", PATH)


@given(st.text(st.sampled_from("ab:-#\n\r\t \ufeff'\"{}[]|>é"), max_size=60))
def test_parting_and_joining_gives_the_file_again(text):
    whole = f"kind: operation\n---\n{text}"
    parts = cut(whole)
    assert parts.head == "kind: operation\n"
    assert parts.pipeline == text
    assert parts.padded == f"\n---\n{text}"


@given(st.text(st.sampled_from("kind: operat\n-# "), max_size=80))
def test_no_text_is_ever_lost(text):
    parts = cut(text)
    assert text.endswith(parts.pipeline)
    assert text.startswith(parts.head)
    assert parts.head or parts.pipeline == parts.padded == text


@pytest.mark.parametrize("text", ["kind: operation\n", "kind: operation\n---\n", "kind: operation\n---\n# nothing\n\n---\n"])
def test_a_head_without_a_pipeline_is_an_error(text, tree):
    with pytest.raises(Unusable, match="has the head of an operation, and no pipeline after it"):
        resolve(push(event="custom", action="check"), TreeFiles(tree({PATH: text})))


def test_a_head_further_down_or_elsewhere_is_an_error(tree):
    head = "kind: operation\n"
    root = tree(
        {
            PATH: f"kind: pipeline\n---\n{head}",
            "edrone/master.yaml": f"{head}---\nkind: pipeline\n",
            "edrone/a.yaml": "# kind: operation\n",
        }
    )
    with pytest.raises(Unusable, match="must be the first document of its file"):
        resolve(push(event="custom", action="check"), TreeFiles(root))
    with pytest.raises(Unusable, match=r"projects/edrone/master.yaml: `kind: operation` belongs in a file in _operations/"):
        resolve(push(), TreeFiles(root))
    assert resolve(push("a"), TreeFiles(root)).yaml == "# kind: operation\n"


def test_the_pipeline_may_extend_and_places_are_those_of_the_file(tree):
    files = {
        PATH: "kind: operation\ntitle: x\n---\nkind: pipeline\nname: x\nsteps:\n- extends: _shared/a.yaml\n",
        "_shared/a.yaml": "name: a\nimage: b\n",
    }
    found = resolve(push(event="custom", action="check"), TreeFiles(tree(files)))
    assert found.yaml == "kind: pipeline\nname: x\nsteps:\n- name: a\n  image: b\n"
    assert found.sources == (PATH, "_shared/a.yaml")
    assert found.origins[0].place == (PATH, 4, 1)
    root = tree({PATH: files[PATH].replace("a.yaml", "b.yaml")})
    with pytest.raises(Unusable, match=rf"projects/{PATH}:7:3: extends \"_shared/b.yaml\": no such file"):
        resolve(push(event="custom", action="check"), TreeFiles(root))


def test_an_operation_that_is_extended_comes_without_its_head(tree):
    files = {
        "_operations/check.yaml": "kind: operation\ntitle: all\n---\nkind: pipeline\nname: x\nsteps:\n- {name: a, image: b}\n",
        PATH: "kind: operation\ntitle: ours\n---\nextends: _operations/check.yaml\nname: y\n",
    }
    found = resolve(push(event="custom", action="check"), TreeFiles(tree(files)))
    assert found.yaml
    assert "operation" not in found.yaml
    assert found.operation
    assert found.operation.title == "ours"


def test_a_head_says_which_input_is_its_target():
    assert read("kind: operation\ntarget: PLACE\ninputs: {PLACE: }").target == "PLACE"
    assert read("kind: operation\ninputs: {TARGET: }").target == ""


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("kind: operation\ntarget: TARGE\ninputs: {TARGET: }", 'the target "TARGE" is not the name of an input; did you mean `TARGET`?'),
        ("kind: operation\ntarget: X\ninputs: {TARGET: , NOTE: }", "is not the name of an input; write one of TARGET, NOTE."),
        ("kind: operation\ntarget: TARGET", "is not the name of an input; the operation has none."),
        ("kind: operation\ntarget: [TARGET]\ninputs: {TARGET: }", "a text is needed"),
        ("kind: operation\ntarget:\ninputs: {TARGET: }", "a text is needed"),
    ],
)  # fmt: skip
def test_a_target_that_is_no_input_is_refused_with_its_line(head, message):
    with pytest.raises(ComposeError, match=re.escape(message)) as refused:
        read(head)
    assert str(refused.value).startswith(f"projects/{PATH}:2:")


def test_a_mistake_in_an_input_is_not_a_mistake_of_the_target_too():
    _, mistakes = read_head("check", PATH, "kind: operation\ntarget: TARGET\ninputs: {TARGET: {type: text}}")
    assert len(mistakes) == 1
