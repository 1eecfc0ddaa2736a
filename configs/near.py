"""What somebody may have meant by a name that is not there. Pure.

difflib's time grows with the product of both lengths, and with the number of names: of long names and very many nothing is said.
"""

import difflib
from collections.abc import Iterable, Sequence
from itertools import islice

LONGEST = 300  # characters: a path; longer names are no slips of a finger
MOST = 1000  # names that are compared
MOST_LISTED = 20  # names in one message


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Find the name that is most like another; empty where none is. Small and capital letters are the same."""
    if len(name) > LONGEST:
        return ""
    names = {each.casefold(): each for each in islice(known, MOST) if len(each) <= LONGEST}
    near = difflib.get_close_matches(name.casefold(), names, n=1, cutoff=cutoff)
    return names[near[0]] if near else ""


def few(names: Sequence[str]) -> list[str]:
    """List names; of very many the first."""
    return list(names) if len(names) <= MOST_LISTED else [*names[:MOST_LISTED], "…"]
