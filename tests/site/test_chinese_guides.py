"""The guides in docs/zh have what their English twins have."""

import re
from pathlib import Path

import pytest

from tests.server import ROOT

CHINESE = sorted((ROOT / "docs" / "zh").glob("*.md"))
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


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


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.name)
def test_the_links_of_a_chinese_guide_lead_somewhere(page: Path):
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text()):
        linked = (page.parent / target).resolve() if target else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), f"{target}#{anchor}"


def test_what_a_newcomer_needs_is_in_chinese():
    assert [page.stem for page in CHINESE] == ["connecting", "operations", "settings", "shared-steps", "tree", "troubleshooting"]
