"""docs/drone.md has the sections that are cited, and says for each where its facts come from."""

import re
from pathlib import Path

from tests.server import ROOT

TEXT = (ROOT / "docs" / "drone.md").read_text()
SECTIONS = re.split(r"^##+ (?=\d)", TEXT, flags=re.MULTILINE)[1:]
NUMBERS = [section.split()[0].rstrip(".") for section in SECTIONS]
CITATION = re.compile(r"docs/drone\.md (\d(?:\.\d+)?(?:(?:, | and | to )\d(?:\.\d+)?)*)")


def citing() -> list[Path]:
    folders = ("pipelines", "texts", "drone_api", "configs", "builds", "web", "edrone_site", "demo", "tests", "docs")
    return [path for folder in folders for end in ("py", "md") for path in (ROOT / folder).rglob(f"*.{end}")]


def test_every_cited_section_is_there():
    for path in citing():
        for numbers in CITATION.findall(path.read_text()):
            for number in re.findall(r"\d(?:\.\d+)?", numbers):
                assert number in NUMBERS, f"{path.relative_to(ROOT)}: docs/drone.md {number}"


def test_each_section_names_its_sources():
    parents = {number.split(".")[0] for number in NUMBERS if "." in number}
    assert [
        number for number, text in zip(NUMBERS, SECTIONS, strict=True) if number not in parents and "Sources: " not in text
    ] == []


def test_section_numbers_are_unique():
    assert len(NUMBERS) == len(set(NUMBERS)) > 20
