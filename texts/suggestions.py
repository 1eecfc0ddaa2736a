"""“Did you mean …?” for a name that is not there. Pure.

difflib compares two names of 200 letters in up to a hundredth of a second. So only those that have most letters in common are
compared; for long names nothing is suggested.
"""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from heapq import nlargest
from itertools import islice

LONGEST = 150  # characters
MOST = 2000  # names that are looked at
MOST_COMPARED = 10  # names
MOST_LISTED = 20  # names in one message


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the known name that is most like another; empty where none is. Small and capital letters are the same.

    `cutoff` is the least likeness, from 0 to 1, as difflib measures it.
    """
    return nearest_of(name, tuple(islice(known, MOST)), cutoff) if len(name) <= LONGEST else ""


@lru_cache(maxsize=64)
def nearest_of(name: str, known: tuple[str, ...], cutoff: float) -> str:
    """Return the same, once for all who ask alike: thousands of files may extend one that is gone."""
    matcher = SequenceMatcher(b=name.casefold())
    likely: list[tuple[float, str]] = []
    for candidate in known:
        matcher.set_seq1(candidate[: LONGEST + 1].casefold())
        if len(candidate) <= LONGEST and matcher.real_quick_ratio() >= cutoff:
            likely.append((matcher.quick_ratio(), candidate))
    best, likeness = "", cutoff
    for upper_bound, candidate in nlargest(MOST_COMPARED, likely):
        matcher.set_seq1(candidate.casefold())
        if upper_bound >= likeness and (ratio := matcher.ratio()) >= likeness and (ratio > likeness or not best):
            best, likeness = candidate, ratio
    return best


def few(names: Sequence[str]) -> list[str]:
    """Return names for a message; of very many the first."""
    return list(names) if len(names) <= MOST_LISTED else [*names[:MOST_LISTED], "…"]
