"""The kind of each document, against PyYAML's own reading of the whole."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.language.kinds import kinds


def by_loading(text: str) -> list[str]:
    """Read the kinds from the node graph; for texts that are known to be shallow."""
    found = []
    for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
        if isinstance(node, yaml.ScalarNode) and not node.value:
            continue
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        values = [value.value for key, value in pairs if key.value == "kind" and isinstance(value, yaml.ScalarNode)]
        found.append(values[-1] if values else "")
    return found


@pytest.mark.parametrize(
    "text",
    [
        "kind: a\n",
        "kind: a\nkind: b\n",
        "kind: a\n---\nkind: b\n---\n",
        "steps:\n- kind: x\nkind: a\n",
        "steps: {kind: x}\n",
        "? {kind: x}\n: y\nkind: a\n",
        "? [kind]\n: kind\n",
        "a: kind\nb: x\n",
        "x: &k kind\n*k : y\nkind: a\n",
        "kind: &v a\nx: *v\n",
        "kind: [a]\n",
        "- kind: a\n",
        "- - kind\n- a\n",
        "kind\n",
        "''\n",
        "",
        "{kind: a}\n--- {kind: b}\n...\n",
        "kind: ''\n",
    ],
)
def test_it_reads_what_pyyaml_reads(text):
    assert kinds(text) == by_loading(text)


values = st.recursive(
    st.sampled_from(["kind", "a", "repository", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "a", "b"]), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, max_size=3), st.booleans())
def test_it_reads_generated_documents_as_pyyaml_does(documents, flow):
    text = yaml.safe_dump_all(documents, default_flow_style=flow)
    assert kinds(text) == by_loading(text)


@pytest.mark.parametrize("text", ["kind: repository\nx: " + "[" * 500_000, "{a: " * 100_000, "- " * 200_000, "? " * 200_000])
def test_a_very_deep_file_is_refused_without_harm(text):
    with pytest.raises(yaml.YAMLError, match="inside each other|nesting depth"):  # PyYAML 6.0.4 counts levels itself
        kinds(text)
