"""When each file of the tree last changed, by git, where the tree lies in a clone."""

import os
from dataclasses import dataclass
from pathlib import Path

from pipelines.git import GitError, git
from texts.characters import encodable

MOST_COMMITS = 5000  # older ones say nothing
FORMAT = "%x01%H%x02%ct%x02%an%x02%s"


@dataclass(frozen=True)
class LastCommit:
    commit: str
    time: int  # Unix seconds
    author: str
    subject: str


def last_changes(root: Path) -> dict[str, LastCommit]:
    """Return the newest commit that touched each file, by path in the tree; nothing where there is no git, or no history."""
    folder = Path(os.path.realpath(root))
    try:
        log = git(
            folder, "-c", "core.quotepath=off", "-c", "log.showSignature=false", "log", f"--max-count={MOST_COMMITS}",
            f"--format={FORMAT}", "--name-only", "--no-renames", "--relative", "--", ".",
        )  # fmt: skip
    except GitError:
        return {}
    changes: dict[str, LastCommit] = {}
    for entry in log.split("\x01")[1:]:
        heading, _, names = entry.partition("\n")
        commit, seconds, author, subject = [*heading.split("\x02"), "", "", ""][:4]
        change = LastCommit(commit, int(seconds) if seconds.isdigit() else 0, encodable(author), encodable(subject))
        for name in names.split("\n"):
            if name:
                changes.setdefault(name, change)
    return changes
