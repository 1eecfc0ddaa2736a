"""Every link of a document leads to a file that is there and to a heading in it, and the indexes lead to every document."""

import re
from pathlib import Path

import pytest

from tests.server import ROOT

PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")


def prose(page: Path) -> str:
    return BLOCK.sub("", page.read_text())


def links(page: Path) -> list[tuple[Path, str]]:
    """Give the file and the heading of each link."""
    return [((page.parent / target).resolve() if target else page, anchor) for target, anchor in LINK.findall(prose(page))]


def anchors(page: Path) -> set[str]:
    """Give the anchors that GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_file_and_a_heading(page: Path):
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target.relative_to(ROOT)}#{anchor}"


def reached_from(page: Path) -> set[Path]:
    return {target for target, _ in links(page)}


def test_the_index_leads_to_every_document():
    index = ROOT / "docs" / "README.md"
    assert {*(ROOT / "docs").glob("*.md"), ROOT / "docs" / "zh" / "README.md"} - {index} <= reached_from(index)
    assert index in reached_from(ROOT / "README.md")


def test_the_chinese_index_leads_to_every_chinese_document():
    index = ROOT / "docs" / "zh" / "README.md"
    assert set((ROOT / "docs" / "zh").glob("*.md")) - {index} <= reached_from(index)
    assert index in reached_from(ROOT / "README.zh.md")
