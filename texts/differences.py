"""Two texts compared line by line, as `diff -u` does, in bounded time. Pure.

difflib looks, for each run of lines that it finds in both, at all pairs of equal lines that are left: texts of a few thousand
lines that repeat each other in another order take minutes. Two versions of a pipeline take next to nothing.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from io import StringIO
from itertools import accumulate

MOST_STEPS = 1_000_000  # lines and pairs of lines that are looked at: some 0.1 s
AROUND = 3  # lines that are shown before and after a change


class TooDifferent(Exception):
    """Comparing two texts would take too long."""


class BoundedMatcher(SequenceMatcher[str]):
    """A SequenceMatcher that counts its steps, and gives up."""

    b2j: dict[str, list[int]]  # of each line of the newer text where it stands, unless it is on every hundredth line

    def __init__(self, older: Sequence[str], newer: Sequence[str]) -> None:
        super().__init__(None, older, newer)
        self.steps = 0
        self.pairs = [0, *accumulate(1 + len(self.b2j.get(line, ())) for line in older)]  # of the lines before each

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """Find the longest run in both; errors as of `unified`."""
        self.steps += self.pairs[len(self.pairs) - 1 if ahi is None else ahi] - self.pairs[alo]
        if self.steps > MOST_STEPS:
            raise TooDifferent
        return super().find_longest_match(alo, ahi, blo, bhi)


def unified(older: Sequence[str], newer: Sequence[str], older_name: str, newer_name: str) -> Iterator[str]:
    """Yield the lines of a difference, each with its end; none where both are equal.

    Raises:
        TooDifferent: before the first of them.
    """
    for number, group in enumerate(BoundedMatcher(older, newer).get_grouped_opcodes(AROUND)):
        if not number:
            yield f"--- {older_name}\n"
            yield f"+++ {newer_name}\n"
        first, last = group[0], group[-1]
        yield f"@@ -{span(first[1], last[2])} +{span(first[3], last[4])} @@\n"
        for tag, begin, end, new_begin, new_end in group:
            if tag == "equal":
                yield from (f" {line}" for line in older[begin:end])
            else:
                yield from (f"-{line}" for line in older[begin:end])
                yield from (f"+{line}" for line in newer[new_begin:new_end])


def lines_of(text: str) -> list[str]:
    """Return the lines as diff counts them, each with its end: it knows no other line ends than a line feed."""
    return StringIO(text).readlines()


def ended(line: str) -> str:
    """Return a line of a difference as `diff -u` ends it."""
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def span(begin: int, end: int) -> str:
    """Return the range of some lines, as `diff -u` writes it."""
    length = end - begin
    return str(begin + 1) if length == 1 else f"{begin + (length > 0)},{length}"
