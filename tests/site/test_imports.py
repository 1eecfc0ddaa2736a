"""Imports go one way, no folders import each other in a circle, and the libraries know no Django (CONTRIBUTING.md)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.server import ROOT

MAY_IMPORT = {
    "texts": set(),
    "pipelines": {"texts"},
    "drone_api": {"texts"},
    "web": {"texts"},
    "configs": {"pipelines", "web", "drone_api", "texts"},
    "builds": {"configs", "pipelines", "web", "drone_api", "texts"},
    "demo": {"builds", "configs", "pipelines", "web", "drone_api", "texts"},
    "edrone_site": {"demo", "builds", "configs", "pipelines", "web", "drone_api", "texts"},
}
LIBRARIES = ("texts", "pipelines", "drone_api")
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in MAY_IMPORT
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
}


def imports(path: Path) -> Iterator[str]:
    """Name every module of ours that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            module = name if name in FILES else name.rpartition(".")[0]
            if module in FILES:
                yield module


ARROWS = sorted({(module, imported) for module, path in FILES.items() for imported in imports(path)})


def package(module: str) -> str:
    return module.partition(".")[0]


def folder(module: str) -> str:
    return str(FILES[module].parent.relative_to(ROOT))


def test_every_folder_is_in_the_graph():
    assert {package(module) for module in FILES} == MAY_IMPORT.keys()
    assert ("configs.endpoint.views", "pipelines.resolve.resolve") in ARROWS


def test_imports_go_one_way():
    assert not [
        f"{module} imports {imported}"
        for module, imported in ARROWS
        if package(imported) not in MAY_IMPORT[package(module)] | {package(module)}
    ]


def test_no_folders_import_each_other_in_a_circle():
    between: dict[tuple[str, str], list[str]] = {}
    for module, imported in ARROWS:
        if folder(module) != folder(imported):
            between.setdefault((folder(module), folder(imported)), []).append(f"{module} imports {imported}")
    graph: dict[str, set[str]] = {}
    for importing, imported in between:
        graph.setdefault(importing, set()).add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]  # each folder is imported by the next
        pytest.fail("\n".join(line for imported, importing in pairwise(circle) for line in between[importing, imported]))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_can_be_imported_without_django(library: str):
    modules = [module for module in FILES if package(module) == library]
    assert modules
    code = f"import sys; sys.modules['django'] = None\nimport {', '.join(modules)}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
