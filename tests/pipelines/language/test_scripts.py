"""A script stays the script that was written: after substitution, too, composed text says what the files said."""

import gzip
import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, example, given, settings

from pipelines.language.compose import compose
from pipelines.language.errors import ComposeError
from pipelines.language.tokens import is_open
from tests.envsubst import SubstitutionError, substituted
from tests.pipelines.language.conftest import Folder, composed_from
from tests.pipelines.language.made_scripts import files
from tests.pipelines.language.test_drone import split_as_drone_does

VALUES = [
    "",
    "v",
    '"',
    "'",
    "#",
    " #",
    "c: d",
    "c: ",
    "- c",
    "two\nlines",
    "two\rlines",
    '"\n\\',
    "  blank",
    "blank  ",
    "\\",
    "\\n",
    "|",
    "[c",
    "a",
    "~",
    "é",
]
ROOT = Path(__file__).parents[3]
PROJECTS = ROOT / "projects"
FOLDERS = ("projects", "tests/recorded", "tests/sample", "tests/pipelines/check/valid")
EVERY_FILE = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.y*ml"))]


def nodes(text):
    """Read a text as nodes with their tags, maps in the order of their keys; None where it is not YAML."""
    try:
        return [tree_of(node) for node in yaml.compose_all(text, Loader=yaml.CSafeLoader) if node]
    except yaml.YAMLError:
        return None


def tree_of(node):
    if isinstance(node, yaml.ScalarNode):
        return node.tag, node.value, "block" if node.style in {"|", ">"} else "scalar"
    if isinstance(node, yaml.SequenceNode):
        return node.tag, [tree_of(item) for item in node.value]
    return node.tag, [(tree_of(key), tree_of(value)) for key, value in node.value]


def shape(parts):
    """Leave out what scalars say: two texts of one shape have the same scalars at the same places."""
    if isinstance(parts, list):
        return [shape(part) for part in parts]
    tag, value, *style = parts
    if isinstance(tag, tuple):
        return shape(tag), shape(value)
    return style[0] if style else (tag, shape(value))


def run(text, values):
    """Give what a runner reads: substituted, each line ended, parsed; None where the stage fails."""
    try:
        text = substituted(text, values)
    except SubstitutionError:
        return None
    return nodes(text if text.endswith("\n") else f"{text}\n")


def environments(text):
    """Give values to the variables of a text, one in turn all the values that there are."""
    for value in VALUES if "X" in text else []:
        yield {"X": value, "Y": "y"}
    for value in VALUES if "Y" in text else [""]:
        yield {"X": "x", "Y": value}


@settings(max_examples=2 * settings().max_examples)
@given(files())
@example("a: |\n\n  C:\\bin\\new\n")
def test_what_a_step_says_is_what_its_own_file_says(text):
    assume(nodes(text) is not None)
    as_root = composed_from("extends: base.yaml\nlast: x\n", base=text).text
    as_step = composed_from("steps:\n- name: before\n- extends: base.yaml\n  last: x\n- name: z\n", base=text).text
    for values in environments(text):
        own = run(text, values)
        if own is None or shape(own) != shape(nodes(text)):
            continue  # what a value adds to the structure is not a scalar of the file
        last = tuple(("tag:yaml.org,2002:str", word, "scalar") for word in ("last", "x"))
        root, step = run(as_root, values), run(as_step, values)
        assert root and root[0][1] == [*own[0][1], last], (values, as_root)  # noqa: PT018
        assert step and step[0][1][0][1][1][1][1] == [*own[0][1], last], (values, as_step)  # noqa: PT018


@given(files(), files())
def test_what_is_merged_says_what_each_file_says(base, own):
    assume(nodes(base) is not None and nodes(own) is not None)
    text = composed_from(f"extends: base.yaml\n{own}", base=base).text
    for values in environments(base + own):
        says_the_same(text, [base, f"extends: base.yaml\n{own}"], values)


def says_the_same(text, sources, values):
    """Fail unless each scalar of a composed text becomes what it becomes in one of its sources."""
    before = set()
    for source in sources:
        as_written, read = nodes(source), run(source, values)
        if read is None or shape(read) != shape(as_written):
            return  # what a value adds to the structure is not a scalar of the file
        before |= set(paired(as_written, read))
    as_written, read = nodes(text), run(text, values)
    assert read, (values, text)
    assert shape(read) == shape(as_written), (values, text)
    assert set(paired(as_written, read)) <= before, (values, text)


def paired(before, after):
    """Pair each scalar as written with what it became."""
    if isinstance(before, list):
        return [pair for one, other in zip(before, after, strict=True) for pair in paired(one, other)]
    if isinstance(before[0], tuple):
        return [*paired(before[0], after[0]), *paired(before[1], after[1])]
    return [(before, after)] if isinstance(before[1], str) else paired(before[1], after[1])


@pytest.mark.parametrize("file", EVERY_FILE, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_of_ours_says_the_same_when_it_is_extended(file):
    tree = {str(path.relative_to(PROJECTS)): path.read_bytes().decode() for path in EVERY_FILE if path.is_relative_to(PROJECTS)}
    path = str(file.relative_to(PROJECTS)) if file.is_relative_to(PROJECTS) else "base.yaml"
    for document in split_as_drone_does(file.read_bytes().decode().removeprefix("\ufeff")):
        root = nodes(document)
        if not root or not isinstance(root[0][1], list):
            continue  # nothing, or a word
        is_map = bool(root[0][1]) and isinstance(root[0][1][0][0], tuple)
        top = f"extends: '{path}'\nname: other\n" if is_map else f"steps:\n- extends: '{path}'\n"
        result = compose("top.yaml", top, Folder({**tree, path: document, "top.yaml": top}))
        sources = [top, document, *(tree[source] for source in result.sources[2:])]
        for value in VALUES:
            values = dict.fromkeys(re.findall(r"\$\{#?(\w+)", result.text), value)
            says_the_same(result.text, sources, values)


CASES = {
    "block-begins-with-empty-line": (
        "paths", ["\nprintf '%s\\n' 'C:\\bin\\new\\table'\nprintf 'one\\n' | grep -c '\\bone\\b'\n"],
    ),
    "kept-blank-lines-at-the-end": ("digits", ["grep -E '\\d+\\w' file\n\n\n"]),
    "several-lines-in-quotes": ("quoted", ["grep '\\d' a b", 'printf "one\\n" two', "echo plain text \\d"]),
    "half-of-the-backslashes": ("halved", ["\nprintf 'C:\\new'\n", "C:\\new", "grep '\\d'"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_script_that_once_changed_stays(name):
    base = (Path(__file__).parent / "scripts" / f"{name}.yaml").read_text()
    text = composed_from("extends: base.yaml\nname: other\n", base=base).text
    step = yaml.load(substituted(text, {}), Loader=yaml.CSafeLoader)["steps"][0]
    assert (step["name"], step["commands"]) == CASES[name]


@pytest.mark.parametrize("open_", ["'${X:-'", '"a ${X:-b"', "${X#", "|\n  ${X:-\n  a\n", "a ${X/b/", '"${X:-${Y}"', "$$${X:-"])
def test_a_variable_that_would_go_on_in_the_next_value_is_named(open_):
    with pytest.raises(ComposeError, match=r"^projects/base.yaml:2:4: a \$\{ is not closed within this value; close it"):
        composed_from("extends: base.yaml\n", base=f"k: l\na: {open_}\nb: '}}'\n")


@pytest.mark.parametrize("closed", ["$${X:-", "$${", "${X:-${Y}}", "$$$${X", "${X} }", "{{ x }}", "${}", "${ X", "${a[0]"])
def test_what_no_runner_takes_for_a_variable_may_be_open(closed):
    assert composed_from("extends: base.yaml\n", base=f"a: '{closed}'\n").text == f"a: '{closed}'\n"


def test_a_recorded_text_that_runners_take_is_closed():
    recorded = gzip.decompress((ROOT / "tests/recorded/substitution.jsonl.gz").read_bytes()).splitlines()
    taken = [case["in"] for case in map(json.loads, recorded) if "out" in case]
    assert [text for text in taken if is_open(text)] == []
    assert len(taken) > 900


AS_WRITTEN = """\
kind: pipeline
steps:
- name: 'it''s'
  image: "go:1"
  below:
    one
  empty:
  list: [a, 'b', "c",
    d]
  map: {a: 1, "b": }
  ? long key
  : value
  ? - in a list
    - of keys
  : - a: 1
      b: 2
  commands:
  - |-
    first

      second \\

    third
  - >2+
      folded
    text

  - several
    lines
  - "in \\
    quotes \\x41"
- - nested
  - - more
"""


def test_it_is_written_as_the_author_wrote_it():
    composed = composed_from("extends: base.yaml\n", base=AS_WRITTEN.replace('"b": }', '"b": null}')).text
    assert composed == AS_WRITTEN.replace('"b": }', '"b": null}')


def test_the_lines_of_a_value_keep_their_distance_from_their_key():
    base = "a:\n      - |2\n           x\n         y\n\n      - p\n          q\n      - 'r\n\n s'\n"
    text = composed_from("steps:\n- extends: base.yaml\n  b: c\n", base=base).text
    assert text == "steps:\n- a:\n  - |2\n       x\n     y\n  - p\n      q\n  - 'r\n\n   s'\n  b: c\n"


def test_a_block_that_ends_with_its_file_has_the_line_end_that_runners_give_it():
    base = "commands:\n- |\n  one\n  two"
    assert composed_from("steps:\n- extends: base.yaml\n- b\n", base=base).text == f"steps:\n- {indent(base)}\n- b\n"
    assert composed_from("extends: base.yaml\n", base=base).text == base


def indent(text):
    return text.replace("\n", "\n  ")


def test_line_ends_of_windows_change_nothing():
    base = "a: |\r\n  x \\\\\r\n\r\n   y\r\nb: 'c\r\n  d'\r\n"
    text = composed_from("steps:\n- extends: base.yaml\n", base=base).text
    assert nodes(substituted(text, {}))[0][1][0][1][1][0] == nodes(substituted(base, {}))[0]


def test_between_brackets_stays_what_was_there_and_nothing_else_gets_there():
    base = 'x: &x ${X}\na: ["${X}", *x]\nb: ["${X}", \'c\']\nd: {e: "${X}"}\n'
    text = composed_from("extends: base.yaml\nb+: [d]\nd: {f: '${X}'}\n", base=base).text
    assert text == 'x: ${X}\na:\n- "${X}"\n- ${X}\nb: ["${X}", \'c\', d]\nd: {e: "${X}", f: \'${X}\'}\n'


@pytest.mark.parametrize("simple", ["a", "go test ./...", "'it''s, '", '"a, b"'])
def test_a_simple_value_of_an_alias_keeps_a_list_between_brackets(simple):
    base = f'x: &x {simple}\nc: [*x, "y${{A}}"]\n'
    text = composed_from("extends: base.yaml\nz: z\n", base=base).text
    for values in ({"A": 'a", "b'}, {"A": ""}):
        assert nodes(substituted(text, values))[0][1][1] == nodes(substituted(base, values))[0][1][1]


@pytest.mark.parametrize("value", ['"${A}"', "a${A}", "a, b", "a]", "'${A}'", "|\n  a", '"a\\\\"', "a\n  b", "a:b"])
def test_any_other_value_of_an_alias_makes_it_a_list_of_lines(value):
    text = composed_from("extends: base.yaml\nz: z\n", base=f"x: &x {value}\nc: [*x]\n").text
    assert "c:\n-" in text


@pytest.mark.parametrize(
    "style", ["'a\r${A}\n\n     b'", '"a\r${A}\n\n     b"', "'a\r      ${A}\n\n     b'", "a\r      ${A}\n\n     b"]
)
def test_a_carriage_return_before_a_variable_that_may_be_empty_is_refused(style):
    with pytest.raises(ComposeError, match=r"base\.yaml:2:3: a \$\{ follows a carriage return that no line feed follows; end"):
        composed_from("extends: base.yaml\nz: z\n", base=f"c:\n- {style}\n")


@pytest.mark.parametrize("rest", [' # "', '\n# "', '\n\n  # a\n  # "b"'])
@pytest.mark.parametrize("backslashes", [2, 6])
def test_a_text_that_ends_in_a_comment_once_its_backslashes_are_halved_is_refused(rest, backslashes):
    base = f'c:\n- "dir C:{chr(92) * backslashes}"{rest}\n'
    with pytest.raises(ComposeError, match=r"base\.yaml:2:3: runners turn two backslashes into one, so this text does not end"):
        composed_from("extends: base.yaml\nz: z\n", base=base)


@pytest.mark.parametrize(
    "line", ['"dir C:\\\\\\\\" # "', '"dir C:" # "', '"dir C:\\\\" # c', "'dir C:\\\\' # \"", '"dir \\"" # "']
)
def test_a_text_that_ends_at_its_quote_may_have_any_comment(line):
    text = composed_from("extends: base.yaml\nz: z\n", base=f"c:\n- {line}\n").text
    assert text == f"c:\n- {line.partition(' #')[0]}\nz: z\n"


@pytest.mark.parametrize("value", ["'a\r \n\n'", "a\n\n           \r \n\n         b"])
def test_what_would_be_read_differently_is_refused_with_what_to_do(value):
    with pytest.raises(ComposeError, match="no carriage return at the end of each line"):
        composed_from("steps:\n- extends: base.yaml\n", base=f"    - commands:\n       - {value}\n")


def test_a_key_that_drone_would_take_for_a_separator_is_written_behind_a_question_mark():
    text = composed_from("steps:\n- extends: base.yaml\n---\nextends: [base.yaml]\n", base="{---a: 1, ...b: 2, c: 3}\n").text
    assert text == "steps:\n- {---a: 1, ...b: 2, c: 3}\n---\n{---a: 1, ...b: 2, c: 3}\n"
    assert composed_from("extends: base.yaml\nd: |\n  e\n", base="{---a: 1}\n").text == "? ---a\n: 1\nd: |\n  e\n"


@pytest.mark.parametrize("name", ["a b", "- a", "it's", "#x", "8080", "[x]"])
def test_a_key_whose_plus_goes_is_that_key(name):
    base = composed_from(f"extends: base.yaml\n? +{name}\n: [b]\n", base="z: y\n").text
    assert list(yaml.load(base, Loader=yaml.BaseLoader).items())[-1] == (name, ["b"])


@pytest.mark.parametrize(
    "base",
    [
        "a: !<tag:a.b,2000:x%20y> z\n",
        "a: !!str\nb: !x {c: !!str '', d: !y%2C [e]}\n",
        "!!map\na: !!seq\n- ! '12'\n- !!map\n  b: !!str |\n    c\n",
        "? !!str a\n: b\n!c d: !<!e!f> g\n",
    ],
)
def test_tags_stay_where_they_stood(base):
    assert composed_from("extends: base.yaml\n", base=base).text == base


def test_null_that_is_not_written_is_written_where_it_has_to_be():
    base = "a: &a\nb: [*a, {c: , d}]\ne: &e !!str\nf: {g: *e}\n? *a\n: h\n"
    text = composed_from("extends: base.yaml\n", base=base).text
    assert text == "a:\nb:\n-\n- {c: null, d: null}\ne: !!str\nf:\n  g: !!str\n?\n: h\n"
