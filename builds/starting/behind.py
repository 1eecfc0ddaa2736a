"""How far behind a deployed commit is: the pushes of a branch that Drone built since.

What is counted are distinct commits among the builds of event push of that branch, as Drone's rows tell; commits that were pushed
together count once, and those that no build was made for do not count. Restarts push nothing: they do not count either. No forge
is asked.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
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
    """The commits of a branch that Drone built, as far as they are among the newest builds."""

    branch: str
    commits: Mapping[str, int]  # newest first, each with the number of the build that was made when it was pushed last
    parents: Mapping[int, int]  # of the newest builds, those of restarts, promotions and rollbacks: number → parent's number

    def since(self, commit: str) -> int | None:
        """Return how many commits came after one; None where it is not among them."""
        return list(self.commits).index(commit) if commit in self.commits else None

    def between(self, old: str, new: str) -> int | None:
        """Return how many commits `new` is ahead of `old` (negative: behind); None where one is not among them."""
        before, after = self.since(old), self.since(new)
        return None if before is None or after is None else before - after

    def all_newer(self, build: Build) -> bool:
        """Return whether a build of the branch, or the oldest of its parents, was made before all of these commits came."""
        number, parent = build.number, build.parent
        while 0 < parent < number:
            number, parent = parent, self.parents.get(parent, 0)
        return build.ref == BRANCH + self.branch and number < min(self.commits.values(), default=0)


def pushes(repos: Collection[Repo], ref: str = "") -> dict[int, Pushes]:
    """Return the commits of each repository's default branch, or of a branch `ref`, in two queries."""
    numbers = newest_numbers([repo.id for repo in repos])
    refs = {repo.id: ref or BRANCH + repo.default_branch for repo in repos}
    pushed = Q(event=Event.PUSH.value, parent=0)
    within = [
        Q(pushed & Q(ref=refs[repo_id]) | Q(parent__gt=0), repo_id=repo_id, number__gt=number - WINDOW)
        for repo_id, number in numbers.items()
    ]
    commits = defaultdict[int, dict[str, int]](dict)
    parents = defaultdict[int, dict[int, int]](dict)
    if within:
        rows = Build.objects.filter(reduce(or_, within)).order_by("repo_id", (F("number") + 0).desc())
        for repo_id, number, parent, after in rows.values_list("repo_id", "number", "parent", "after"):
            if parent:
                parents[repo_id][number] = parent
            else:
                commits[repo_id].setdefault(after, number)
    return {repo_id: Pushes(name.removeprefix(BRANCH), commits[repo_id], parents[repo_id]) for repo_id, name in refs.items()}
