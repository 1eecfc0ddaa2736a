"""Where each part came from, as showconfig --explain prints it."""

from pipelines.language.origins import annotated

TOP = """# top
extends: _shared/pipeline.yaml
name: shop
steps:
- name: build
  image: go:2
- name: last
  commands:
  - |
    one
    two
"""
PIPELINE = """kind: pipeline
name: base
steps:
- extends: ./build.yaml
- name: test
  image: go:1
"""
BUILD = "name: build\nimage: go:1\nsettings: {a: 1}\n"
EXPLAINED = """# projects/_shared/pipeline.yaml:1
kind: pipeline
# projects/top.yaml:3
name: shop
# projects/_shared/pipeline.yaml:3
steps:
# projects/_shared/build.yaml:1, with projects/top.yaml:5
- name: build
  # projects/top.yaml:6
  image: go:2
  # projects/_shared/build.yaml:3
  settings: {a: 1}
# projects/_shared/pipeline.yaml:5
- name: test
  image: go:1
# projects/top.yaml:7
- name: last
  commands:
  - |
    one
    two
"""


def test_each_step_and_key_says_where_it_came_from(composed):
    result = composed(TOP, _shared__pipeline=PIPELINE, _shared__build=BUILD)
    assert annotated(result.text, result.origins) == EXPLAINED
    assert result.sources == ("top.yaml", "_shared/pipeline.yaml", "_shared/build.yaml")


def test_a_document_that_is_kept_says_so_too(composed):
    kept = 'kind: x\ntext: "a\n\n  b"\nmap: {c: "d\n  e", f: g}\nblock: |\n  # text\n\nlast: {\n  x: y }\n'
    result = composed(f"{kept}---\nextends: a.yaml\n", a="name: a\n")
    explained = annotated(result.text, result.origins)
    assert [line for line in explained.split("\n") if line.startswith("# p")] == [
        "# projects/top.yaml:1", "# projects/top.yaml:2", "# projects/top.yaml:5", "# projects/top.yaml:7", "# projects/top.yaml:10", "# projects/a.yaml:1"
    ]  # fmt: skip
    assert (
        "".join(line for line in explained.splitlines(keepends=True) if not line.lstrip().startswith("# projects/"))
        == result.text
    )


def test_a_file_that_extends_nothing_has_nothing_to_explain(composed):
    result = composed("kind: pipeline\n")
    assert annotated(result.text, result.origins) == "kind: pipeline\n"


def test_what_stands_in_one_line_may_come_from_several_files(composed):
    base = "kind: pipeline\nsteps:\n- name: one\n  commands: [x]\n  settings: {a: 1}\n"
    found = composed("extends: base.yaml\nsteps:\n- name: one\n  commands+: [z]\n  settings: {d: 0777}\n", base=base)
    shown = annotated(found.text, found.origins)
    assert "# projects/base.yaml:4, with projects/top.yaml:4\n  commands: [x, z]\n" in shown
    assert "# projects/base.yaml:5, with projects/top.yaml:5\n  settings: {a: 1, d: 0777}\n" in shown
