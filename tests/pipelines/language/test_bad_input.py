"""Mistakes: each is named with its place, what to do, and who extends the file that holds it."""

import pytest

from pipelines.errors import Unusable
from pipelines.language.errors import ComposeError

WHERE = (
    "extends may stand at the root of a document, in an item of a list at the root, and in an item of steps, services or volumes"
)
PIPELINE = "kind: pipeline\nname: x\nsteps:\n- name: a\n  image: b\n  commands: [c]\n"
STEP = "name: a\nimage: b\n"

MISTAKES = {
    # Paths
    "a typing mistake": ("kind: x\nsteps:\n  - extends: _shared/dcoker.yaml\n", {"_shared__docker": STEP},
                         'top.yaml:3:5: extends "_shared/dcoker.yaml": no such file; did you mean "_shared/docker.yaml"?'),
    "another case": ("extends: Docker.yaml\n", {"docker": STEP},
                     'top.yaml:1:1: extends "Docker.yaml": no such file; did you mean "docker.yaml"?'),
    "nothing like it": ("extends: zzzzzzzzz\n", {"docker": STEP}, 'top.yaml:1:1: extends "zzzzzzzzz": no such file.'),
    "a file that is extended misses one": (
        "a: 1\nb: 2\nextends: a.yaml\n", {"a": "x: 1\nextends: b.yaml\n", "b": "steps:\n- name: x\n- extends: zzzzzzzzz\n"},
        'b.yaml:3:3: extends "zzzzzzzzz": no such file. (extended from projects/a.yaml:2:1, extended from projects/top.yaml:3:1)'),
    "the second of a list": ("extends:\n- step.yaml\n- zzzzzzzzz\n", {"step": STEP}, 'top.yaml:3:3: extends "zzzzzzzzz": no such file.'),
    "out of the tree": ("extends: ../x.yaml\n", {}, 'top.yaml:1:1: extends "../x.yaml": leads out of the tree.'),
    "out of the tree by a detour": ("extends: _shared/../../x.yaml\n", {}, 'extends "_shared/../../x.yaml": leads out of the tree.'),
    "an absolute path": ("extends: /etc/passwd\n", {}, 'extends "/etc/passwd": write the path from the root of the tree, without a /'),
    "a folder": ("extends: _shared/\n", {}, 'extends "_shared/": is a folder, and a file is needed.'),
    "the root": ("extends: .\n", {}, 'extends ".": is a folder, and a file is needed.'),
    "NUL": ('extends: "a\\0b"\n', {}, "a path has neither backslashes nor control characters"),
    "a backslash": ("extends: a\\b.yaml\n", {}, "a path has neither backslashes nor control characters"),
    "a block": ("extends: |\n  step.yaml\n", {"step": STEP}, "a path has neither backslashes nor control characters"),
    "a long name": (f"extends: {'a' * 256}\n", {}, "has a part longer than 255 bytes."),
    # What extends is given
    "a map": ("extends: {a: b}\n", {}, "top.yaml:1:1: extends needs the path of a file, like _shared/docker.yaml, or a list of paths; this is a map."),
    "a list in a list": ("extends: [[a]]\n", {}, "top.yaml:1:11: extends needs the path of a file, like _shared/docker.yaml, or a list of paths; this is a list."),
    "an empty list": ("extends: []\n", {}, "top.yaml:1:1: extends has an empty list"),
    "empty text": ("extends: ''\n", {}, "this is empty text."),
    "a tag": ("extends: !reference x\n", {}, "this is a value with the tag !reference."),
    "null in a list": ("extends: [step.yaml, null]\n", {"step": STEP}, "top.yaml:1:22: extends needs the path"),
    "null at the root": ("extends: null\na: b\n", {}, "top.yaml:1:1: extends: null removes an item of steps, services or volumes"),
    "twice": ("extends: step.yaml\na: 1\nextends: step.yaml\n", {"step": STEP}, "top.yaml:3:1: extends stands twice in one map"),
    "twice around another": ("extends: a\nsteps: [{extends: a}]\nextends: a\n", {}, "top.yaml:3:1: extends stands twice in one map"),
    # Where it stands
    "in settings": ("steps:\n- name: x\n  settings:\n    extends: y.yaml\n", {}, f"top.yaml:4:5: {WHERE}"),
    "at another key of the root": ("kind: pipeline\ntrigger:\n  extends: y.yaml\n", {}, f"top.yaml:3:3: {WHERE}"),
    "in another list": ("depends_on:\n- extends: y.yaml\n", {}, f"top.yaml:2:3: {WHERE}"),
    "in a list in a list": ("- - extends: y.yaml\n", {}, f"top.yaml:1:5: {WHERE}"),
    "in a document beside a good one": ("extends: step.yaml\n---\na: {extends: y.yaml}\n", {"step": STEP}, f"top.yaml:3:5: {WHERE}"),
    "through a merge key": ("a: b\n<<: {extends: y.yaml}\n", {}, f"top.yaml:2:6: {WHERE}"),
    "through an alias": ("steps:\n- &s {extends: step.yaml}\n- *s\n", {"step": STEP},
                         "top.yaml:3:3: extends may not arrive through an alias, as it does through *s: write it out."),
    "through an alias of what holds it": ("steps: &s\n- {extends: step.yaml}\nservices: *s\n", {"step": STEP}, "top.yaml:3:11: extends may not arrive"),
    "through a merged alias": ("services:\n- &s {extends: step.yaml}\nsteps:\n- <<: *s\n", {"step": STEP}, "top.yaml:4:7: extends may not arrive"),
    "the key as an alias": ("x: &e extends\n*e : step.yaml\n# extends:\n", {"step": STEP}, "top.yaml:1:4: extends may not arrive through an alias"),
    # What is extended
    "a pipeline as a step": ("steps:\n- extends: p.yaml\n", {"p": PIPELINE},
                             'top.yaml:2:3: extends "p.yaml": is a whole pipeline, and a step is needed here; extend it at the root'),
    "a list as a pipeline": ("extends: l.yaml\na: b\n", {"l": "- a: b\n"}, 'top.yaml:1:1: extends "l.yaml": is a list; extend it in an item of steps'),
    "several documents with own keys": ("extends: m.yaml\na: b\n", {"m": "a: b\n---\nc: d\n"},
                                        'extends "m.yaml": has 2 documents; only a document that has nothing but this one extends can take them all.'),
    "several documents in a list": ("extends: [m.yaml, m.yaml]\n", {"m": "a: b\n---\nc: d\n"}, "has 2 documents"),
    "several documents as a step": ("steps: [{extends: m.yaml}]\n", {"m": "a: b\n---\nc: d\n"}, "has 2 documents"),
    "own keys over several items": ("steps:\n- extends: l.yaml\n  a: b\n", {"l": "- {a: b}\n- {c: d}\n"}, 'extends "l.yaml": holds 2 items, so it cannot be changed'),
    "own keys over none": ("steps:\n- extends: l.yaml\n  a: b\n", {"l": "[]\n"}, 'extends "l.yaml": holds 0 items'),
    "own keys over a word": ("steps:\n- extends: l.yaml\n  a: b\n", {"l": "[word]\n"}, 'extends "l.yaml": holds a single value'),
    "a word": ("extends: w.yaml\n", {"w": "hello\n"}, 'extends "w.yaml": is a single value, and a map or a list is needed.'),
    "comments only": ("extends: w.yaml\n", {"w": "# hello\n"}, 'extends "w.yaml": has no content.'),
    "not YAML": ("a: 1\nextends: w.yaml\n", {"w": "a: b\n  c: d\n"},
                 "w.yaml:2:4: is not YAML: mapping values are not allowed in this context. (extended from projects/top.yaml:2:1)"),
    "not YAML itself": ("extends: w.yaml\na: [\n", {}, "top.yaml:3:1: is not YAML: while parsing a flow node, did not find expected node content."),
    "a control character": ("extends: w.yaml\na: \x07b\n", {}, "top.yaml:2:4: is not YAML: control characters are not allowed."),
    # Merging
    "plus over a word": ("extends: s.yaml\nimage+: [x]\n", {"s": STEP}, "top.yaml:2:1: image is a single value at projects/s.yaml:2:1, and image+ needs a list there"),
    "plus over a map": ("extends: s.yaml\n+a: [x]\n", {"s": "a: {b: c}\n"}, "top.yaml:2:1: a is a map at projects/s.yaml:1:1"),
    "plus over null": ("extends: s.yaml\n+a: [x]\n", {"s": "a:\n"}, "top.yaml:2:1: a is null at projects/s.yaml:1:1"),
    "plus a word": ("extends: s.yaml\na+: x\n", {"s": "a: [b]\n"}, 'top.yaml:2:1: a+ needs a list; this is a single value (if the key is meant as it stands, quote it: "a+").'),
    "plus null": ("extends: s.yaml\na+: null\n", {"s": "a: [b]\n"}, "a+ needs a list; this is null"),
    "plus beside the key": ("extends: s.yaml\na: [x]\na+: [y]\n", {"s": "a: [b]\n"}, "top.yaml:3:1: a stands beside a+ in one map"),
    "plus before the key": ("extends: s.yaml\n+a: [y]\na: [x]\n", {"s": "a: [b]\n"}, "top.yaml:2:1: a stands beside +a in one map"),
    "extends plus": ("extends: s.yaml\nextends+: [s.yaml]\n", {"s": STEP}, "top.yaml:2:1: extends has no + form"),
    "a name twice": ("extends: p.yaml\nsteps:\n- name: a\n- name: a\n", {"p": PIPELINE}, 'top.yaml:4:3: "a" is already the name of an item at projects/top.yaml:3:3.'),
    "a name twice in what is extended": ("extends: p.yaml\nsteps: []\n", {"p": "steps:\n- name: a\n- name: a\n"},
                                         'p.yaml:3:3: "a" is already the name of an item at projects/p.yaml:2:3. (extended from projects/top.yaml:1:1)'),
    "a name twice by plus": ("extends: p.yaml\nsteps+:\n- name: a\n", {"p": PIPELINE}, 'top.yaml:3:3: "a" is already the name of an item at projects/p.yaml:4:3.'),
    "removed twice": ("extends: p.yaml\nsteps:\n- {name: a, extends: null}\n- {name: a, extends: null}\n", {"p": PIPELINE}, 'top.yaml:4:3: "a" is removed already at projects/top.yaml:3:3.'),
    "a step extended twice": ("steps:\n- extends: s.yaml\n- extends: s.yaml\n", {"s": "name: a\n"}, 'top.yaml:3:3: "a" is already the name of an item at projects/top.yaml:2:3; give one of them another `name`.'),
    "a step extended beside one of its name": ("steps:\n- name: a\n- extends: s.yaml\n", {"s": "name: a\n"}, 'top.yaml:3:3: "a" is already the name of an item at projects/top.yaml:2:3'),
    "a name twice where only an item extends": ("steps:\n- extends: s.yaml\n- name: a\n", {"s": "name: a\n"}, 'top.yaml:3:3: "a" is already the name of an item at projects/s.yaml:1:1.'),
    "removed and there": ("extends: p.yaml\nsteps:\n- {name: a, extends: null}\n- name: a\n", {"p": PIPELINE}, 'top.yaml:3:3: "a" is removed here, and is also at projects/top.yaml:4:3.'),
    "removed with other keys": ("extends: p.yaml\nsteps:\n- {name: a, image: b, extends: null}\n", {"p": PIPELINE}, "top.yaml:3:3: extends: null removes the item of a name"),
    "removed without a name": ("extends: p.yaml\nsteps:\n- {extends: null}\n", {"p": PIPELINE}, "top.yaml:3:3: extends: null removes the item of a name"),
    "removed from nothing": ("steps:\n- {name: a, extends: null}\n", {}, 'top.yaml:2:3: "a" cannot be removed here'),
    "removed from a list": ("- {name: a, extends: null}\n", {}, 'top.yaml:1:3: "a" cannot be removed here'),
    "removed by plus": ("extends: p.yaml\nsteps+: [{name: a, extends: null}]\n", {"p": PIPELINE}, 'top.yaml:2:10: "a" cannot be removed here'),
    "a merge key over a word": ("extends: s.yaml\na: {<<: word}\n", {"s": STEP}, "top.yaml:2:9: << needs a map or a list of maps; this is a single value."),
    "a merge key over a list of words": ("extends: s.yaml\na: {<<: [word]}\n", {"s": STEP}, "<< needs a map or a list of maps"),
    "a merge key over an alias of a list": ("b: &b [{c: d}]\nextends: s.yaml\na: {<<: *b}\n", {"s": STEP}, "top.yaml:3:9: << needs a map, and *b is none."),
    # Aliases
    "an alias of nothing": ("extends: s.yaml\na: *b\n", {"s": STEP}, "top.yaml:2:4: the alias *b stands for nothing"),
    "an alias of another document": ("a: &b c\n---\nextends: s.yaml\na: *b\n", {"s": STEP}, "top.yaml:4:4: the alias *b stands for nothing"),
    "an alias in itself": ("extends: s.yaml\na: &a [*a]\n", {"s": STEP}, "top.yaml:2:8: the alias *a contains itself."),
    # Cycles
    "itself": ("a: b\nextends: top.yaml\n", {}, 'top.yaml:2:1: extends "top.yaml": the files extend one another in a circle: top.yaml → top.yaml.'),
    "itself by another way": ("extends: ./x/../top.yaml\n", {}, "in a circle: top.yaml → top.yaml."),
    "two files": ("extends: a.yaml\n", {"a": "steps: [{extends: top.yaml}]\n"}, 'a.yaml:1:10: extends "top.yaml": the files extend one another in a circle: top.yaml → a.yaml → top.yaml.'),
    "a circle that it is not in": ("extends: a.yaml\n", {"a": "extends: b.yaml\n", "b": "extends: a.yaml\n"}, "in a circle: a.yaml → b.yaml → a.yaml."),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_it_names_the_mistake(composed, name):
    top, others, expected = MISTAKES[name]
    with pytest.raises(ComposeError) as caught:
        composed(top, **others)
    assert expected in str(caught.value)
    assert str(caught.value).startswith("projects/")


def test_the_sentence_is_that_of_the_manual(composed):
    top = "kind: pipeline\nname: shop\nextends: edrone/master.yaml\n"
    files = {"edrone__master": "\n" * 10 + "steps:\n  - extends: _shared/dcoker.yaml\n", "_shared__docker": STEP}
    with pytest.raises(Unusable) as caught:
        composed(top, **files)
    assert str(caught.value) == (
        'projects/edrone/master.yaml:12:5: extends "_shared/dcoker.yaml": no such file; did you mean "_shared/docker.yaml"? '
        "(extended from projects/top.yaml:3:1)"
    )


def test_a_circle_of_ten_files_is_named_in_full(composed):
    names = [f"f{number}" for number in range(9)]
    files = {name: f"extends: {following}.yaml\n" for name, following in zip(names, [*names[1:], "top"], strict=True)}
    with pytest.raises(ComposeError) as caught:
        composed("extends: f0.yaml\n", **files)
    cycle = " → ".join(["top.yaml", *(f"{name}.yaml" for name in names), "top.yaml"])
    assert str(caught.value) == f'projects/f8.yaml:1:1: extends "top.yaml": the files extend one another in a circle: {cycle}.'
