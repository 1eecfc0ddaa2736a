"""Regular expressions keep to what each supported Python matches alike."""

import re

from tests.server import ROOT
from tests.site.test_imports import MAY_IMPORT

POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")  # ends too early before Python 3.11.5 (python/cpython#106052)


def test_no_group_is_possessive():
    files = [file for package in MAY_IMPORT for file in (ROOT / package).rglob("*.py")]
    assert ROOT / "pipelines/check/envsubst.py" in files
    assert [str(file.relative_to(ROOT)) for file in files if POSSESSIVE_GROUP.search(file.read_text())] == []
