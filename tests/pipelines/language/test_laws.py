"""What is true of every text."""

import re

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.language.compose import compose
from pipelines.language.errors import ComposeError
from pipelines.language.origins import annotated
from tests.pipelines.language.conftest import Folder, composed_from
from tests.pipelines.language.strategies import documents, names

MARKER = re.compile(r"^(---|\.\.\.)", re.MULTILINE)


def read(text):
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def laid_over(base, own):
    """Merge as the manual says, on loaded values."""
    result = dict(base)
    for key, value in own.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = laid_over(result[key] if isinstance(result.get(key), dict) else {}, value)
        else:
            result[key] = value
    return result


@given(documents())
def test_the_made_up_texts_mean_what_they_are_said_to_mean(made):
    text, meaning = made
    assert read(text) == [meaning]


@given(documents(), documents())
def test_a_document_without_extends_keeps_its_bytes(made, other):
    kept = f"# comment  \n{made[0]}# more\n\n"
    result = composed_from(f"{kept}---\nextends: other.yaml\n---\n{kept}", other=other[0])
    first, second, third = re.split(r"(?m)^---\n", result.text)
    assert first == kept
    assert third == kept
    assert read(second) == [other[1]]


@given(documents())
def test_a_document_that_only_extends_a_file_means_what_the_file_means(made):
    text, meaning = made
    result = composed_from("extends: other.yaml\n", other=text).text
    assert read(result) == [meaning]
    assert not MARKER.search(result)


@given(documents(), documents())
def test_extending_is_merging(base, own):
    result = composed_from(f"extends: base.yaml\n{own[0]}", base=base[0]).text
    assert read(result) == [laid_over(base[1], own[1])]


@given(documents(), documents(), documents())
def test_extending_what_extends_is_merging_what_was_composed(a, b, c):
    middle = composed_from(f"extends: a.yaml\n{b[0]}", a=a[0]).text
    whole = composed_from(f"extends: b.yaml\n{c[0]}", a=a[0], b=f"extends: a.yaml\n{b[0]}").text
    assert whole == composed_from(f"extends: middle.yaml\n{c[0]}", middle=middle).text
    assert read(whole) == [laid_over(read(middle)[0], c[1])]


@given(documents(), documents())
def test_a_list_is_the_second_over_the_first(a, b):
    assert read(composed_from("extends: [a.yaml, b.yaml]\n", a=a[0], b=b[0]).text) == [laid_over(a[1], b[1])]


steps = st.lists(documents(st.sampled_from(["image", "a", "b"])), max_size=4)


def as_steps(made, chosen):
    """Write documents as steps with names."""
    named = [(name, text, meaning) for name, (text, meaning) in zip(chosen, made, strict=False)]
    lines = [
        f"- name: {name}\n" + "".join(f"  {line}\n" if line else "\n" for line in text[:-1].split("\n"))
        for name, text, _ in named
    ]
    return "steps:\n" + "".join(lines) if lines else "steps: []\n", [{"name": name, **meaning} for name, _, meaning in named]


@given(steps, steps, st.permutations("pqrst"), st.permutations("pqrst"))
def test_steps_merge_by_name(base, own, base_names, own_names):
    base_text, base_steps = as_steps(base, base_names)
    own_text, own_steps = as_steps(own, own_names)
    expected = {step["name"]: step for step in base_steps}
    for step in own_steps:
        expected[step["name"]] = laid_over(expected.get(step["name"], {}), step)
    result = composed_from(f"extends: base.yaml\n{own_text}", base=base_text).text
    assert read(result) == [{"steps": list(expected.values())}]


@given(documents(), documents())
def test_every_part_is_found_where_it_is_said_to_come_from(base, own):
    files = {"top.yaml": f"# top\nextends: base.yaml\n{own[0]}", "base.yaml": base[0]}
    result = compose("top.yaml", files["top.yaml"], Folder(files))
    composed, sources = result.text.split("\n"), {path: text.split("\n") for path, text in files.items()}
    for origin in result.origins:
        here = composed[origin.line - 1][origin.column - 1 :]
        there = sources[origin.place.path][origin.place.line - 1]
        key = re.match(r"\"?(?:key one|image|8080|y-z|~x|[abcé])\"?(?=:)", here)
        if key:
            assert key.group().strip('"') in there
    assert {origin.line for origin in result.origins}.issuperset(
        number for number, line in enumerate(composed, 1) if re.match(r"(?:[abcé]|image|key one):", line)
    )


@given(documents(), documents())
def test_explaining_does_not_change_what_it_means(base, own):
    result = composed_from(f"extends: base.yaml\n{own[0]}---\n{own[0]}", base=base[0])
    explained = annotated(result.text, result.origins)
    assert read(explained) == read(result.text)
    assert explained.count("# projects/") >= len(read(result.text)[0])


soup = st.lists(
    st.sampled_from(
        [
            "extends: ",
            "extends:",
            " a.yaml",
            " b.yaml",
            "\n",
            "\n  ",
            "\n- ",
            "\n    ",
            "name: ",
            "x",
            "null",
            "steps:",
            "steps+:",
            "kind: x",
            "k+: ",
            "[",
            "]",
            "{",
            "}",
            ", ",
            "'",
            '"',
            "|",
            "|+",
            ">",
            "\n---\n",
            "\n...\n",
            "&x ",
            "*x",
            "<<: ",
            "!t ",
            "? ",
            ": ",
            "# c",
            "\t",
            "é",
            "🚀",
            "\u2028",
            "\x85",
            "\r\n",
            "\r",
            "%YAML 1.1\n",
            "---",
            "0777",
            "\ufeff",
            " ",
            "\x07",
            "${A}",
            "-",
            "--- |\n",
            "! ",
            '"extends": ',
            "{extends: a.yaml}",
        ]
    ),
    max_size=30,
).map("".join)
texts = st.one_of(
    soup, soup.map("extends: b.yaml\n{}".format), st.binary(max_size=80).map(lambda data: data.decode("latin-1")), st.text()
)


@settings(max_examples=5 * settings().max_examples)
@given(texts, texts)
@example("extends: b.yaml\n--- |\n text", "a: b")
@example("extends: b.yaml\n---\n|\n text", "a: b")
@example("extends: \ud800", "")
def test_whatever_is_written_is_composed_or_named(top, base):
    files = {"top.yaml": f"extends: a.yaml\n{top}", "a.yaml": base, "b.yaml": "steps:\n- name: x\n"}
    for path, text in files.items():
        try:
            result = compose(path, text, Folder(files))
        except ComposeError as error:
            assert re.match(r"projects/(top|a|b)\.yaml:\d+:\d+: .", str(error), re.DOTALL)
        else:
            assert result.text is text or len(read_events(result.text)) > 0


def read_events(text):
    return [event for event in yaml.parse(text, Loader=yaml.CSafeLoader) if isinstance(event, yaml.DocumentStartEvent)]


@given(st.dictionaries(names, st.just("1"), min_size=1))
def test_quoted_keys_stay_quoted(pairs):
    base = "".join(f"'{key}': {value}\n" for key, value in pairs.items())
    assert composed_from("extends: base.yaml\n", base=base).text == base
