"""A tree without a mistake, to put one in."""

from pipelines.check.examine import examine
from pipelines.tree.tree import Tree

GOOD = "kind: pipeline\nname: a\ntrigger:\n  event: [push]\nsteps:\n- name: x\n  image: y\n"


FIRST = GOOD.replace("name: a\n", "name: b\n", 1)


STEP = "name: x\nimage: y\n"


ANYTIME = GOOD.replace("trigger:\n  event: [push]\n", "")


EXEC = GOOD.replace("kind: pipeline\n", "kind: pipeline\ntype: exec\n").replace("  image: y\n", "  commands: [make]\n")


SSH = EXEC.replace("exec", "ssh")


DIGITALOCEAN = EXEC.replace("exec", "digitalocean")


SERVER = "server: {host: h, user: u, password: p}\n"


EXTENDING = GOOD + "- extends: _shared/s.yaml\n  name: z\n"


Files = dict[str, str | bytes]


def one(text: str | bytes) -> Files:
    """Make a tree of one file."""
    return {"shop/default.yaml": text}


OPERATION = "shop/_operations/check.yaml"


def operation(head: str) -> Files:
    """Make a tree of one operation."""
    return {OPERATION: head + ANYTIME}


def found(root) -> list[tuple[str, int, str]]:
    return [(finding.path, finding.line, finding.id) for finding in examine(Tree(root))]
