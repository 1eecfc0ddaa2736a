"""Examine a tree in a process of its own: what to examine comes from standard input, and what is found goes to standard output.

Both as JSON: `root`, `namespaces` and `trusted` as of `look_into`; `findings` and `once` as lists of the fields of a finding.
"""

import json
import sys
from pathlib import Path

from pipelines.check.examine import look_into
from pipelines.tree.tree import Tree

if __name__ == "__main__":
    wanted = json.load(sys.stdin)
    found = look_into(Tree(Path(wanted["root"])), wanted["namespaces"], trusted=wanted["trusted"])
    json.dump({"findings": found.findings, "once": found.once}, sys.stdout)
