"""Templates are read and changed by people: no line is longer than a screen is wide, and no file that they name is missing."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

ROOT = Path(__file__).parents[2]
LONGEST = 120  # characters of a line
TEMPLATES = [path for app in ("builds", "web") for path in (ROOT / app).rglob("*.html")]


def test_there_are_templates():
    assert len(TEMPLATES) > 30


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_of_a_template_is_too_long(path):
    assert [line for line in path.read_text().splitlines() if len(line) > LONGEST] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_that_a_template_names_are_there(path):
    missing = [name for name in re.findall(r"{% static ['\"]([^'\"]+)", path.read_text()) if not finders.find(name)]
    assert not missing
