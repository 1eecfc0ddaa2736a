"""The user name of somebody who signs in with a provider for the first time. Pure.

It ends with the provider: `ada@github` is not `ada`, whom an administrator made, nor `ada@oidc`. And it looks like no other: of
letters only a to z and Chinese characters are kept, accents and capitals are not, and who would still get a taken name gets a
number.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

LONGEST = 120  # characters; Django's names have 150, and the provider and a number come after these
CHINESE = "\u4e00-\u9fff"
OTHERS = re.compile(rf"[^a-z0-9.@+_{CHINESE}-]+")


def candidates(login: str, provider: str) -> Iterator[str]:
    """Yield the names to try, the best first."""
    stem = plain(login)
    yield f"{stem}@{provider}"
    for number in count(2):
        yield f"{stem}-{number}@{provider}"


def plain(login: str) -> str:
    apart = unicodedata.normalize("NFKD", login[:LONGEST])  # Python sorts accents on one letter in quadratic time
    letters = "".join(character for character in apart if not unicodedata.combining(character)).lower()
    return OTHERS.sub("-", letters).strip("-@.")[:LONGEST] or "user"
