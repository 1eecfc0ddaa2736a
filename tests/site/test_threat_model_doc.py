"""docs/threat-model.md names tests that there are, for each of its claims."""

import re

import pytest

from tests.server import ROOT

PAGE = (ROOT / "docs" / "threat-model.md").read_text()
NAMED = re.compile(r"`(test_\w+)`")
KNOWN = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
}
NOTHING = "\N{EN DASH}"  # of a row that promises nothing
TABLES = {
    "Who may use which address": "what others get",
    "What each secret opens": "but cannot",
    "Who can become whom": "cannot become, and what stands in the way",
    "Whom edrone calls": "what bounds it",
}


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(title: str) -> list[dict[str, str]]:
    lines = [
        re.split(r" \| ?", line.removeprefix("| ").removesuffix("|").strip())
        for line in section(title).splitlines()
        if line.startswith("|")
    ]
    head, _, *below = lines
    return [dict(zip(head, row, strict=True)) for row in below]


def paragraphs(text: str) -> list[str]:
    return text.strip().split("\n\n")


def test_every_test_that_it_names_is_there():
    assert set(NAMED.findall(PAGE)) - KNOWN == set()


@pytest.mark.parametrize("title", TABLES)
def test_each_row_that_promises_something_names_its_tests(title: str):
    found = rows(title)
    assert len(found) >= 5
    for row in found:
        proofs = NAMED.findall(row["proven by"])
        assert proofs or row["proven by"] == NOTHING, row
        if row[TABLES[title]] != NOTHING:
            assert proofs, row
        assert re.sub(r"`test_\w+`|[, ]", "", row["proven by"]) in {"", NOTHING}, "nothing but names"


def test_each_attacker_is_answered_by_tests():
    found = paragraphs(section("Attackers"))
    assert len(found) >= 17
    for text in found:
        assert text.startswith("**"), text[:60]
        assert NAMED.search(text.rsplit("(", 1)[-1]), text[:60]


@pytest.mark.parametrize(
    "stolen", ["API token", "cookie of a session", "channel of notices", "account at the provider", "copy of edrone's database"]
)
def test_what_may_be_stolen_has_a_row(stolen: str):
    assert any(stolen in line for line in PAGE.splitlines() if line.startswith("| "))
