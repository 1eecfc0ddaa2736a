"""What changes, told: as text, and as the comment of a merge request."""

import re
from collections.abc import Iterable, Iterator

from pipelines.check.report import one_line
from pipelines.compare.comparing import BREAKS, CHANGES, FIXED, REWRITTEN, STAYS_BROKEN, Compared, Group, names

LONGEST_COMMENT = 65_000  # characters; GitHub takes 65,536, others more
LONGEST_DIFF = 300  # lines of one diff in a comment
LONGEST_LINE = 2000  # characters of one line of a diff in a comment
LEAST = 5000  # characters of a diff; where there is less room, it is left out as a whole
BESIDE = 5000  # characters of a section that are not its diff or its title
MOST_NAMES = 20  # named in a line
WHOLE = "`manage.py compareprojects` prints all"
WORDS = {CHANGES: "changes", BREAKS: "newly breaks", FIXED: "fixed", STAYS_BROKEN: "broken before and after"}


def summary(compared: Compared) -> str:
    changed = compared.of(CHANGES, BREAKS, FIXED, STAYS_BROKEN)
    same = len(compared.of(REWRITTEN))
    if not changed:
        return f"None of {compared.count:,} pipelines changes" + (f"; {rewritten(same)}." if same else ".")
    verb = "pipeline changes" if compared.count == 1 else "pipelines change"
    parts = [shortened(list(names(changed)))]
    for kind, word in ((BREAKS, "newly broken"), (FIXED, "fixed")):
        if cases := compared.of(kind):
            parts.append(f"{len(cases):,} {word}")
    if cases := [case for group in compared.groups if group.change.opens for case in group.cases]:
        parts.append(f"{len(cases):,} that more people may start")
    if same:
        parts.append(rewritten(same))
    return f"{len(changed):,} of {compared.count:,} {verb}: {'; '.join(parts)}"


def rewritten(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'} written otherwise and {'means' if count == 1 else 'mean'} the same"


def shortened(listed: list[str]) -> str:
    """Return names in one line; of very many the first."""
    shown = ", ".join(map(one_line, listed[:MOST_NAMES]))
    return shown if len(listed) <= MOST_NAMES else f"{shown}, and {len(listed) - MOST_NAMES:,} more repositories"


def text(compared: Compared) -> Iterator[str]:
    yield summary(compared)
    if compared.remark:
        yield one_line(compared.remark)
    for group in ordered(compared):
        yield f"\n== {heading(group)}"
        for name in names(group.cases):
            yield f"   {one_line(name)}"
        for sentence in filter(None, (group.change.error, group.change.remark)):
            yield f"   {one_line(sentence)}"
        if group.change.diff:
            yield "\n".join(map(harmless, group.change.diff.rstrip("\n").split("\n")))
    if same := compared.of(REWRITTEN):
        yield f"\n{rewritten(len(same))}: {shortened(list(names(same)))} (--text shows how)"


def harmless(line: str) -> str:
    """Return a line of a file without what a terminal would act on."""
    return "\t".join(map(one_line, line.split("\t")))


def ordered(compared: Compared) -> list[Group]:
    """Return the groups with another meaning, what breaks first, then what is fixed."""
    rank = [BREAKS, FIXED, CHANGES, STAYS_BROKEN]
    groups = [group for group in compared.groups if group.change.kind in rank]
    return sorted(groups, key=lambda group: rank.index(group.change.kind))


def heading(group: Group) -> str:
    count = len(group.cases)
    alike = "" if count == 1 else f" {count:,} pipelines alike"
    word = WORDS[group.change.kind]
    return f"{word}{alike}:" if alike else f"{word}:"


def markdown(compared: Compared) -> Iterator[str]:
    """Yield a comment that is short enough for any forge."""
    head = f"**{escaped(summary(compared).rstrip())}**" if compared.groups else summary(compared)
    if compared.remark:
        head += f"\n\n{escaped(one_line(compared.remark))}"
    folded = ""
    if same := compared.of(REWRITTEN):
        listed = escaped(shortened(list(names(same))))
        folded = f"\n<details><summary>{rewritten(len(same))}</summary>\n\n{listed}\n\n</details>"
    used, groups = len(head) + len(folded) + 1, ordered(compared)
    yield head
    for index, group in enumerate(groups):
        block = "\n".join(section(group, LONGEST_COMMENT - used))
        used += len(block) + 1
        if used > LONGEST_COMMENT:
            left = len(groups) - index
            what = "change is" if left == 1 else "changes are"
            yield f"\n{left:,} more {what} left out, since the comment would be too long; {WHOLE}."
            break
        yield block
    if folded:
        yield folded


def section(group: Group, room: int) -> Iterator[str]:
    """Yield one group: what breaks is open, what only changes is folded; the diff is cut to `room` characters."""
    title = f"{heading(group)} {escaped(shortened(list(names(group.cases))))}"
    yield f"\n<details{' open' if group.change.kind == BREAKS else ''}><summary>{title}</summary>\n"
    for sentence in filter(None, (group.change.error, group.change.remark)):
        yield from fenced([one_line(sentence)[:2000]], "")
    if group.change.diff:
        lines = group.change.diff.rstrip("\n").split("\n")
        shown = fitting(lines[:LONGEST_DIFF], max(room - len(title) - BESIDE, LEAST))
        yield from fenced(shown, "diff")
        if shown != lines:
            yield f"\n… {len(shown):,} of {len(lines):,} lines are shown; {WHOLE}."
    yield "\n</details>"


def fitting(lines: list[str], room: int) -> list[str]:
    """Return as many lines as `room` characters hold; very long lines are cut."""
    shown: list[str] = []
    for line in lines:
        shown.append(line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…")
        room -= len(shown[-1]) + 1
        if room < 0:
            return shown[:-1]
    return shown


def fenced(lines: Iterable[str], language: str) -> Iterator[str]:
    """Yield lines between fences that do not occur in them."""
    content = "\n".join(lines)
    longest = max(map(len, re.findall("`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{language}\n{content}\n{fence}\n"


def escaped(value: str) -> str:
    """Escape what Markdown and HTML would act on."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]#~|@])", lambda match: f"&#{ord(match[0])};", value)
