"""The language by example: each case is a file, what it extends, and what Drone gets."""

import pytest
import yaml

STEP = "name: docker\nimage: plugins/docker\nsettings:\n  repo: x\n  tags: [latest]\n"
LIST = "- name: lint\n  image: lint\n- name: test\n  image: go\n"
PIPELINE = "kind: pipeline\nname: go\ntrigger:\n  event: [push]\nsteps:\n- name: a\n  image: a:1\n- name: b\n  image: b:1\n"
MANY = "kind: pipeline\nname: one\n---\nkind: pipeline\nname: two\n"

EXAMPLES = {
    "a document takes over a file": ("extends: pipeline.yaml\n", PIPELINE),
    "its own keys win": ("extends: pipeline.yaml\nname: mine\n", PIPELINE.replace("name: go", "name: mine")),
    "wherever extends stands in it": ("name: mine\nextends: pipeline.yaml\n", PIPELINE.replace("name: go", "name: mine")),
    "maps merge deeply": ("extends: step.yaml\nsettings: {repo: y}\n", STEP.replace("repo: x", "repo: y")),
    "lists replace": ("extends: step.yaml\nsettings: {tags: [mine]}\n", STEP.replace("latest", "mine")),
    "another kind of node replaces": (
        "extends: step.yaml\nsettings: none\n",
        "{name: docker, image: plugins/docker, settings: none}",
    ),
    "a map replaces a list": ("extends: step.yaml\nsettings: {tags: {a: 1}}\n", STEP.replace("[latest]", "{a: 1}")),
    "null deletes": ("extends: step.yaml\nsettings: {tags: null}\nimage:\n", "name: docker\nsettings: {repo: x}\n"),
    "null deletes what is not there": ("extends: step.yaml\nnothing: ~\nnew: {below: null}\n", STEP + "new: {}\n"),
    "null in quotes is text": ("extends: step.yaml\nimage: 'null'\n", STEP.replace("plugins/docker", "'null'")),
    "plus appends": ("extends: step.yaml\nsettings: {tags+: [mine]}\n", STEP.replace("[latest]", "[latest, mine]")),
    "plus before prepends": ("extends: step.yaml\nsettings: {+tags: [mine]}\n", STEP.replace("[latest]", "[mine, latest]")),
    "both": ("extends: step.yaml\nsettings: {+tags: [a], tags+: [z]}\n", STEP.replace("[latest]", "[a, latest, z]")),
    "plus where nothing is, is the list": (
        "extends: step.yaml\ncommands+: [a]\n+new: {list+: [b]}\n".replace("+new", "new"),
        STEP + "commands: [a]\nnew: {list: [b]}\n",
    ),
    "a quoted plus is a key": ('extends: step.yaml\n"c++": yes\n', STEP + '"c++": yes\n'),
    "a plus in what is extended is a key": ("extends: plus.yaml\nb: 1\n", "a+: [x]\nb: 1\n"),
    "the second of a list lies over the first": (
        "extends: [step.yaml, over.yaml]\nlast: own\n",
        STEP.replace("repo: x", "repo: over") + "last: own\n",
    ),
    "a list of one": ("extends: [step.yaml]\n", STEP),
    "steps merge by name": (
        "extends: pipeline.yaml\nsteps:\n- name: new\n  image: n\n- name: b\n  image: b:2\n- image: nameless\n",
        PIPELINE.replace("b:1", "b:2") + "- name: new\n  image: n\n- image: nameless\n",
    ),
    "services and volumes too": (
        "extends: lists.yaml\nservices: [{name: db, image: pg:2}]\nvolumes: [{name: w}, {name: v, temp: {}}]\n",
        "services: [{name: db, image: pg:2}]\nvolumes: [{name: v, temp: {}}, {name: w}]\ndepends_on: [a]\n",
    ),
    "other lists replace": (
        "extends: lists.yaml\nother: [{name: a}]\n".replace("other", "depends_on"),
        "services: [{name: db, image: pg:1}]\nvolumes: [{name: v}]\ndepends_on: [{name: a}]\n",
    ),
    "names that differ in case are two": (
        "extends: pipeline.yaml\nsteps: [{name: A, image: x}]\n",
        PIPELINE + "- name: A\n  image: x\n",
    ),
    "a step is removed": (
        "extends: pipeline.yaml\nsteps: [{name: a, extends: null}]\n",
        PIPELINE.replace("- name: a\n  image: a:1\n", ""),
    ),
    "removing what is not there is nothing": ("extends: pipeline.yaml\nsteps: [{name: zzz, extends: null}]\n", PIPELINE),
    "steps plus puts steps first": (
        "extends: pipeline.yaml\n+steps:\n- extends: step.yaml\n",
        {**yaml.safe_load(PIPELINE), "steps": [yaml.safe_load(STEP), *yaml.safe_load(PIPELINE)["steps"]]},
    ),
    "a new step has its plus and null resolved": (
        "extends: pipeline.yaml\nsteps: [{name: c, commands+: [x], image: null}]\n",
        PIPELINE + "- name: c\n  commands: [x]\n",
    ),
    "items are resolved before they merge by name": (
        "extends: pipeline.yaml\nsteps:\n- extends: step.yaml\n  name: b\n",
        PIPELINE.replace("image: b:1", "image: plugins/docker\n  settings:\n    repo: x\n    tags: [latest]"),
    ),
    "an item takes a step": (
        "kind: pipeline\nsteps:\n- extends: step.yaml\n- name: x\n",
        {"kind": "pipeline", "steps": [yaml.safe_load(STEP), {"name": "x"}]},
    ),
    "and changes it": (
        "steps:\n- extends: step.yaml\n  name: y\n  settings: {repo: null}\n",
        "steps:\n- name: y\n  image: plugins/docker\n  settings: {tags: [latest]}\n",
    ),
    "an item takes all steps of a list": (
        "steps:\n- name: x\n- extends: list.yaml\n- name: y\n",
        "steps:\n- name: x\n- {name: lint, image: lint}\n- {name: test, image: go}\n- name: y\n",
    ),
    "an item takes two steps merged": (
        "steps:\n- extends: [step.yaml, over.yaml]\n",
        {"steps": [yaml.safe_load(STEP.replace("repo: x", "repo: over"))]},
    ),
    "a list of one item can be changed": ("steps:\n- extends: one.yaml\n  image: two\n", "steps: [{name: one, image: two}]\n"),
    "lists extend in their items": (
        "- extends: list.yaml\n- extends: step.yaml\n",
        [*yaml.safe_load(LIST), yaml.safe_load(STEP)],
    ),
    "services extend": ("services:\n- extends: step.yaml\n", {"services": [yaml.safe_load(STEP)]}),
    "several documents are spliced in": ("extends: many.yaml\n", MANY),
    "between others": ("kind: a\n---\nextends: many.yaml\n---\nkind: z\n", "kind: a\n---\n" + MANY + "---\nkind: z\n"),
    "a chain": ("extends: chain.yaml\nc: 3\n", STEP + "b: 2\nc: 3\n"),
    "a relative path": ("extends: ./step.yaml\n", STEP),
    "a path is relative to the file that it is written in": ("extends: team/go.yaml\n", STEP + "team: yes\n"),
    "a quoted key is an ordinary key": (
        'extends: step.yaml\nsettings: {"extends": x.yaml}\n',
        {**yaml.safe_load(STEP), "settings": {"repo": "x", "tags": ["latest"], "extends": "x.yaml"}},
    ),
    "a key in the long form": ("? extends\n: step.yaml\n", STEP),
    "a flow map": ("{extends: step.yaml, image: other}\n", STEP.replace("plugins/docker", "other")),
    "merge keys are expanded": (
        "base: &b {x: 1, y: 2}\nextends: step.yaml\nown: {x: 0, <<: *b, y: 3}\n",
        STEP + "base: {x: 1, y: 2}\nown: {x: 1, y: 3}\n",
    ),
    "the first map of a merge list wins": (
        "extends: step.yaml\nown: {<<: [{a: 1}, {a: 2, b: 2}]}\n",
        STEP + "own: {a: 1, b: 2}\n",
    ),
    "merge keys twice": ("extends: step.yaml\nown: {<<: {a: 1}, a: 2, <<: {a: 3}}\n", STEP + "own: {a: 3}\n"),
    "merge keys below merge keys": ("extends: step.yaml\nown: {<<: {<<: {a: 1}, b: 2}}\n", STEP + "own: {a: 1, b: 2}\n"),
    "merge keys of what is extended": ("extends: merges.yaml\nlast: 1\n", "x: {a: 1}\ny: {a: 1, b: 2}\nlast: 1\n"),
    "a quoted merge key is a key": ('extends: step.yaml\n"<<": {a: 1}\n', STEP + '"<<": {a: 1}\n'),
    "aliases are written out": ("extends: step.yaml\na: &a [1]\nb: *a\n", STEP + "a: [1]\nb: [1]\n"),
    "doubled keys: the last wins": ("extends: step.yaml\nimage: a\nimage: b\n", STEP.replace("plugins/docker", "b")),
    "a merge key joins what Drone's structures join": (
        """
extends: step.yaml
<<: {environment: {A: 1, B: {from_secret: b}}, when: {branch: [main], event: tag}, resources: {limits: {cpu: 1}}}
environment: {B: 2, C: 3}
when: {event: [push]}
resources: {limits: {memory: 2}}
""",
        STEP
        + "environment: {A: 1, B: 2, C: 3}\nwhen: {branch: [main], event: [push]}\nresources: {limits: {cpu: 1, memory: 2}}\n",
    ),
    "null in what a merge key brings empties what stood before": (
        "extends: step.yaml\nenvironment: {A: 1}\n<<: {environment: null, environment: {B: 2}}\n",
        STEP + "environment: {B: 2}\n",
    ),
    "null within maps that are joined does, too": (
        "extends: step.yaml\nresources: {limits: {cpu: 1}}\nresources: {limits: null, limits: {memory: 2}}\n",
        STEP + "resources: {limits: {memory: 2}}\n",
    ),
    "a single value leaves what was excluded": (
        "extends: step.yaml\n<<: {when: {branch: {include: [a], exclude: [b]}, event: push}}\nwhen: {branch: main, event: tag}\n",
        STEP + "when: {branch: {include: [main], exclude: [b]}, event: tag}\n",
    ),
    "a list leaves nothing": (
        "extends: step.yaml\n<<: {when: {branch: {exclude: [b]}}}\nwhen: {branch: [main]}\n",
        STEP + "when: {branch: [main]}\n",
    ),
    "what was excluded is kept if what follows is no list": (
        "extends: step.yaml\nwhen: {branch: {exclude: [b], exclude: c}}\n",
        STEP + "when: {branch: {exclude: [b]}}\n",
    ),
    "a merge key that follows overrides joined keys too": (
        "extends: step.yaml\nenvironment: {A: 1, B: 2}\n<<: {environment: {B: 3, C: 4}}\n",
        STEP + "environment: {A: 1, B: 3, C: 4}\n",
    ),
    "doubled keys of items join": (
        """
trigger: {branch: [main]}
trigger: {event: [push]}
steps:
- extends: step.yaml
- {name: a, settings: {x: {a: 1}, y: 1}, settings: {x: {b: 2}}, build: {context: a}, build: {image: b}}
""",
        {
            "trigger": {"branch": ["main"], "event": ["push"]},
            "steps": [yaml.safe_load(STEP), {"name": "a", "settings": {"x": {"b": 2}, "y": 1}, "build": {"image": "b"}}],
        },
    ),
    "empty documents vanish": ("---\nextends: step.yaml\n---\n---\n# nothing\n", STEP),
    "tags stay": (
        "extends: step.yaml\na: !reference [b]\nc: !!python/object:os.system {d: e}\n",
        STEP + "a: !reference [b]\nc: !!python/object:os.system {d: e}\n",
    ),
    "a document may begin beside its separator": ("--- {extends: step.yaml}\n", STEP),
    "a byte order mark": ("\ufeffextends: step.yaml\n", STEP),
    "carriage returns and comments": (
        "# a\r\nextends: step.yaml # b\r\n# c\r\nimage: d\r\n",
        STEP.replace("plugins/docker", "d"),
    ),
}
OTHERS = {
    "step": STEP, "list": LIST, "pipeline": PIPELINE, "many": MANY,
    "over": "settings:\n  repo: over\n", "plus": "a+: [x]\n", "one": "- name: one\n  image: one\n",
    "lists": "services: [{name: db, image: pg:1}]\nvolumes: [{name: v}]\ndepends_on: [a]\n",
    "chain": "extends: step.yaml\nb: 2\n", "team__go": "extends: ./deep/base.yaml\nteam: yes\n",
    "team__deep__base": "extends: ../../step.yaml\n", "merges": "x: &x {a: 1}\ny: {<<: *x, b: 2}\n",
}  # fmt: skip


def nodes(text: str):
    """Read a text as nodes, with tags and without order of keys."""

    def plain(node):
        if isinstance(node, yaml.ScalarNode):
            return node.tag, node.value
        if isinstance(node, yaml.SequenceNode):
            return node.tag, [plain(item) for item in node.value]
        return node.tag, sorted((plain(key), plain(value)) for key, value in node.value)

    return [plain(node) for node in yaml.compose_all(text, Loader=yaml.CSafeLoader)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_composes(composed, name):
    top, expected = EXAMPLES[name]
    text = composed(top, **OTHERS).text
    assert nodes(text) == nodes(expected if isinstance(expected, str) else yaml.safe_dump(expected))


def test_the_order_of_steps_is_that_of_the_base_then_the_new_ones(composed):
    text = composed("extends: p.yaml\nsteps: [{name: z}, {name: b, x: 1}, {name: y}]\n", p="steps: [{name: a}, {name: b}]\n").text
    assert [step["name"] for step in yaml.safe_load(text)["steps"]] == ["a", "b", "z", "y"]


def test_it_names_all_files_a_text_came_from_in_the_order_they_are_read(composed):
    assert composed("extends: team/go.yaml\n", **OTHERS).sources == (
        "top.yaml",
        "team/go.yaml",
        "team/deep/base.yaml",
        "step.yaml",
    )


def test_a_file_that_is_used_many_times_is_read_once(composed):
    top = "steps:\n" + "".join(f"- extends: step.yaml\n  name: n{number}\n" for number in range(100))
    result = composed(top, **OTHERS)
    assert len(yaml.safe_load(result.text)["steps"]) == 100
    assert result.sources == ("top.yaml", "step.yaml")
