"""The guides in docs/zh have what their English twins have."""

import re
from pathlib import Path

import pytest

from tests.server import ROOT

CHINESE = sorted((ROOT / "docs" / "zh").glob("*.md"))
BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.name)
def test_a_chinese_guide_has_the_blocks_headings_tables_and_code_of_its_english_twin(page: Path):
    chinese, english = page.read_text(), (ROOT / "docs" / page.name).read_text()
    assert BLOCK.findall(chinese) == BLOCK.findall(english)
    prose, twin = BLOCK.sub("", chinese), BLOCK.sub("", english)
    assert re.findall(r"^#+ ", prose, re.MULTILINE) == re.findall(r"^#+ ", twin, re.MULTILINE)
    assert [row.count(" | ") for row in rows(prose)] == [row.count(" | ") for row in rows(twin)]
    assert set(re.findall(r"`[^`]+`", prose)) == set(re.findall(r"`[^`]+`", twin))


def rows(text: str) -> list[str]:
    return re.findall(r"^\|.*$", text, re.MULTILINE)


def test_what_newcomers_and_users_of_the_pages_need_is_in_chinese():
    assert [page.stem for page in CHINESE] == [
        "README", "browsing", "connecting", "deployments", "freezes", "notices", "operations", "own-files", "people", "settings",
        "shared-steps", "signing-in", "statistics", "tree", "troubleshooting", "upgrading",
    ]  # fmt: skip
