"""The blocks of code of every document, and which of them are commands."""

import re
from dataclasses import dataclass

from tests.server import ROOT

BLOCK = re.compile(
    r"^(?: *<!-- not run by a test: (?P<reason>[^\n]+) -->\n)?^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
PROGRAM = re.compile(
    r"^(\$ |\.venv/bin/|manage\.py|python|curl|drone|git|make|pip|psql|pg_dump|kubectl|helm|docker|systemctl|sudo)\b",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    page: str  # such as docs/api.md
    number: int  # from 0, within its page
    language: str
    text: str  # without the indentation of the block
    reason: str  # why no test runs it; empty: one does

    @property
    def has_commands(self) -> bool:
        return self.language in {"console", "sh"} or (not self.language and bool(PROGRAM.search(self.text)))

    @property
    def commands(self) -> list[str]:
        """What a reader types; a command that goes on over several lines is one."""
        lines = self.text.replace("\\\n", "").splitlines()
        if self.language == "console":
            return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [line for line in lines if line]


def blocks_of(page: str) -> list[Block]:
    return [
        Block(
            page,
            number,
            found["language"],
            re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            found["reason"] or "",
        )
        for number, found in enumerate(BLOCK.finditer((ROOT / page).read_text()))
    ]


def documents() -> list[str]:
    """In English: the Chinese ones have the same blocks (tests/site/test_readme.py, tests/site/test_chinese_guides.py)."""
    return ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


# Documents whose commands a test of their subject types; those of all others are typed by tests/e2e/test_papers.py.
TYPED_BY = {
    "docs/migrating.md": "tests/pipelines/importing/test_the_move.py",
    "docs/checks.md": "tests/site/test_blocks_of_documents.py",
    "docs/shared-steps.md": "tests/site/test_blocks_of_documents.py",
}
