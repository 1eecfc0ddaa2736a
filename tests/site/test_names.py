"""One thing a word: a class name exists once in the house (CONTRIBUTING.md, «Words»)."""

import ast
from collections import defaultdict

from tests.server import ROOT
from tests.site.test_imports import MAY_IMPORT

PACKAGES = (*MAY_IMPORT, "benchmarks")
PRESCRIBED = {"Command", "DatabaseWrapper", "Media", "Meta", "Migration"}  # by Django


def test_a_class_name_exists_once():
    places: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef) and node.name not in PRESCRIBED:
                    places[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert "BuildRequest" in places
    assert not {name: lines for name, lines in places.items() if len(lines) > 1}
