"""Trees to compare."""

from pathlib import Path

from pipelines.tree.tree import Tree

GOOD = "kind: pipeline\nname: a\ntrigger:\n  event: [push]\nsteps:\n- name: x\n  image: y\n"


OTHER = GOOD.replace("image: y", "image: z")


EXTENDING = "kind: pipeline\nname: {}\ntrigger:\n  event: [push]\nsteps:\n- extends: _shared/s.yaml\n"


STEP = "name: s\nimage: s:1\n"


def write(root: Path, files: dict[str, str]) -> Tree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Tree(root)


def changed(found) -> set[tuple[str, str]]:
    return {(group.change.kind, str(case)) for group in found.groups for case in group.cases}
