"""Trees to compare."""

import shutil

import pytest

from pipelines.compare.comparing import compare
from tests.pipelines.compare.examples import GOOD, write


@pytest.fixture
def compared(tmp_path):
    """Compare two trees, given as files; returns what changes as kind and name."""

    def run(base, head, namespaces=(), slugs=()):
        for name in ("base", "head"):
            shutil.rmtree(tmp_path / name, ignore_errors=True)
        before, after = (
            write(tmp_path / name, {"default.yaml": GOOD, **files}) for name, files in (("base", base), ("head", head))
        )
        return compare(before, after, namespaces, slugs)

    return run
