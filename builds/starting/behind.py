"""How far behind a deployed commit is: the pushes of a branch that Drone built since.

What is counted are distinct commits among the builds of event push of that branch, as Drone's rows tell; commits that were pushed
together count once, and those that no build was made for do not count. No forge is asked.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import F, Q

from builds.drone_db.models import Build, Repo
from builds.drone_db.newest import newest_numbers
from builds.drone_db.vocabulary import Event

WINDOW = 300  # newest builds of a repository that are looked through
BRANCH = "refs/heads/"


@dataclass(frozen=True)
class Pushes:
    """The commits of a branch that Drone built, newest first, as far as they are among the newest builds."""

    branch: str
    commits: Sequence[str]

    def since(self, commit: str) -> int | None:
        """Return how many commits came after one; None where it is not among them."""
        return self.commits.index(commit) if commit in self.commits else None

    def between(self, old: str, new: str) -> int | None:
        """Return how many commits `new` is ahead of `old` (negative: behind); None where one is not among them."""
        before, after = self.since(old), self.since(new)
        return None if before is None or after is None else before - after


def pushes(repos: Collection[Repo], ref: str = "") -> dict[int, Pushes]:
    """Return the commits of each repository's default branch, or of a branch `ref`, in two queries."""
    numbers = newest_numbers([repo.id for repo in repos])
    refs = {repo.id: ref or BRANCH + repo.default_branch for repo in repos}
    within = [Q(repo_id=repo_id, number__gt=number - WINDOW, ref=refs[repo_id]) for repo_id, number in numbers.items()]
    commits = defaultdict[int, dict[str, None]](dict)  # in order, each once, where it was pushed first
    if within:
        rows = Build.objects.filter(reduce(or_, within), event=Event.PUSH.value).order_by("repo_id", (F("number") + 0).asc())
        for repo_id, after in rows.values_list("repo_id", "after"):
            commits[repo_id].setdefault(after)
    return {repo_id: Pushes(refs[repo_id].removeprefix(BRANCH), tuple(reversed(commits[repo_id]))) for repo_id in refs}
