"""What changes, told: as text, and as the comment of a merge request."""

import re
from collections.abc import Iterable, Iterator

from configs.check.report import one_line
from configs.compare.comparing import BREAKS, CHANGES, MENDED, STAYS_BROKEN, Compared, Group, names

LONGEST_COMMENT = 65_000  # characters; GitHub takes 65,536, others more
LONGEST_DIFF = 300  # lines of one diff in a comment
MOST_NAMES = 20  # named in a line
WORDS = {CHANGES: "changes", BREAKS: "newly breaks", MENDED: "mended", STAYS_BROKEN: "broken before and after"}


def summary(found: Compared) -> str:
    """Say it in one line."""
    changed = found.of(CHANGES, BREAKS, MENDED, STAYS_BROKEN)
    if not changed:
        return f"None of {found.count:,} pipelines changes."
    verb = "pipeline changes" if found.count == 1 else "pipelines change"
    parts = [shortened(list(names(changed)))]
    for kind, word in ((BREAKS, "newly broken"), (MENDED, "mended")):
        if cases := found.of(kind):
            parts.append(f"{len(cases):,} {word}")
    if cases := [case for group in found.groups if group.change.opens for case in group.cases]:
        parts.append(f"{len(cases):,} that more people may start")
    return f"{len(changed):,} of {found.count:,} {verb}: {'; '.join(parts)}"


def shortened(listed: list[str]) -> str:
    """Name not too many."""
    shown = ", ".join(map(one_line, listed[:MOST_NAMES]))
    return shown if len(listed) <= MOST_NAMES else f"{shown}, and {len(listed) - MOST_NAMES:,} more repositories"


def text(found: Compared) -> Iterator[str]:
    """Write everything."""
    yield summary(found)
    for group in ordered(found):
        yield f"\n== {heading(group)}"
        for name in names(group.cases):
            yield f"   {one_line(name)}"
        for said in filter(None, (group.change.error, group.change.remark)):
            yield f"   {one_line(said)}"
        if group.change.diff:
            yield "\n".join(map(harmless, group.change.diff.rstrip("\n").split("\n")))


def harmless(line: str) -> str:
    """Write a line of a file so that it does nothing to a terminal."""
    return "\t".join(map(one_line, line.split("\t")))


def ordered(found: Compared) -> list[Group]:
    """Put first what breaks, then what is mended."""
    rank = [BREAKS, MENDED, CHANGES, STAYS_BROKEN]
    return sorted(found.groups, key=lambda group: rank.index(group.change.kind))


def heading(group: Group) -> str:
    """Say what happens to how many."""
    count = len(group.cases)
    alike = "" if count == 1 else f" {count:,} pipelines alike"
    word = WORDS[group.change.kind]
    return f"{word}{alike}:" if alike else f"{word}:"


def markdown(found: Compared) -> Iterator[str]:
    """Write a comment that no forge refuses for its length."""
    head = f"**{escaped(summary(found).rstrip())}**" if found.groups else summary(found)
    used, groups = len(head), ordered(found)
    yield head
    for index, group in enumerate(groups):
        block = "\n".join(section(group))
        used += len(block) + 1
        if used > LONGEST_COMMENT:
            left = len(groups) - index
            what = "change is" if left == 1 else "changes are"
            yield f"\n{left:,} more {what} left out, since the comment would be too long; `manage.py compareprojects` prints all."
            return
        yield block


def section(group: Group) -> Iterator[str]:
    """Write one group: what breaks is open, what merely changes is folded."""
    title = f"{heading(group)} {escaped(shortened(list(names(group.cases))))}"
    yield f"\n<details{' open' if group.change.kind == BREAKS else ''}><summary>{title}</summary>\n"
    for said in filter(None, (group.change.error, group.change.remark)):
        yield from fenced([one_line(said)[:2000]], "")
    if group.change.diff:
        lines = group.change.diff.rstrip("\n").split("\n")
        yield from fenced(lines[:LONGEST_DIFF], "diff")
        if len(lines) > LONGEST_DIFF:
            yield f"\n… and {len(lines) - LONGEST_DIFF:,} more lines."
    yield "\n</details>"


def fenced(lines: Iterable[str], language: str) -> Iterator[str]:
    """Write lines as they are, between fences that are not in them."""
    content = "\n".join(lines)
    longest = max(map(len, re.findall("`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}\n{content}\n{fence}\n"


def escaped(value: str) -> str:
    """Write text so that Markdown and HTML show it as it is."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]#~|@])", lambda found: f"&#{ord(found[0])};", value)
