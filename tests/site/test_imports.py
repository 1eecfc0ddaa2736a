"""Imports go one way: edrone_site → builds → configs."""

import ast
from pathlib import Path

import pytest

from tests.server import ROOT

MAY_NOT = {"configs": {"builds", "edrone_site"}, "builds": {"edrone_site"}}
MODULES = sorted(path for app in MAY_NOT for path in (ROOT / app).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Name the first part of everything that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_nothing_from_above(path: Path):
    assert not imported(path) & MAY_NOT[path.relative_to(ROOT).parts[0]]
