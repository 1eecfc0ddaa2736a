"""The builds of a period that count, collected day by day and repository by repository. Pure."""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from builds.statistics.facts import BAD, EVENTS, FLAKY, GOOD, STEP, Facts, add_sums, rows_of
from builds.statistics.periods import Period
from builds.statistics.selection import Selection

PUSH, ROLLBACK = (EVENTS.index(word) for word in ("push", "rollback"))
RESULT = frozenset({GOOD, *BAD})


@dataclass
class OfRepo:
    """The builds of a repository that count."""

    status: bytearray = field(default_factory=bytearray)
    duration: "array[int]" = field(default_factory=lambda: array("i"))
    # By target, each as one number, which is sorted and collected fast: that of the build, 1 for a rollback, 1 for success.
    deployments: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    # Those to the default branch, each as one number: that of the build, when it ended (31 bits), 1 for success.
    pushes: list[int] = field(default_factory=list)


@dataclass
class Bucket:
    """The builds that one bar of a chart stands for."""

    status: bytearray = field(default_factory=bytearray)
    duration: "array[int]" = field(default_factory=lambda: array("i"))


class Builds:
    """Collects the builds of a period that count, for `figures_of`."""

    def __init__(
        self, period: Period, selection: Selection, default_refs: Mapping[int, str], first_numbers: Mapping[int, int]
    ) -> None:
        """Begin with none.

        Args:
            period: that of the charts.
            selection: which builds count.
            default_refs: those of default branches, by repository.
            first_numbers: the lowest number of a build that Drone still has, by repository.
        """
        self.first, self.bucket = period.first, period.bucket
        self.selection, self.default_refs, self.first_numbers = selection, default_refs, first_numbers
        self.buckets = {begin: Bucket() for begin in range(period.first, period.last + 1, period.bucket)}
        self.queue = array("i")
        self.repos = defaultdict[int, OfRepo](OfRepo)
        self.steps: dict[tuple[int, str, str], list[int]] = {}  # by repository, stage, step
        self.flaky = defaultdict[tuple[int, str, str], dict[int, int]](dict)  # failed → green

    def add(self, repo_id: int, facts: Facts) -> None:
        facts = self.selection.of(facts)
        repo = self.repos[repo_id]
        repo.status += facts.status
        repo.duration += facts.duration
        self.queue += facts.queue
        self.add_to_buckets(facts)
        number, status, event = facts.number, facts.status, facts.event
        for target, positions in facts.targets.items():
            repo.deployments[target] += [
                number[position] << 2 | (event[position] == ROLLBACK) << 1 | (status[position] == GOOD)
                for position in positions
                if status[position] in RESULT
            ]
        default = facts.refs.get(self.default_refs.get(repo_id, ""))
        if default is not None:
            repo.pushes += [
                number << 32 | finished << 1 | (status == GOOD)
                for number, status, finished, event, ref in zip(
                    facts.number, facts.status, facts.finished, facts.event, facts.ref, strict=True
                )
                if ref == default and event == PUSH and status in RESULT
            ]
        for _, _, stage, step, runs, failures, seconds, longest in rows_of(facts.steps, STEP):
            sums = self.steps.get((repo_id, stage, step))
            if sums is None:
                self.steps[repo_id, stage, step] = [runs, failures, seconds, longest]
            else:
                add_sums(sums, runs, failures, seconds, longest)
        first_number = self.first_numbers.get(repo_id, 0)
        for failed, green, stage, step, _, _ in rows_of(facts.flaky, FLAKY):
            if failed < first_number:  # purged since
                continue
            known = self.flaky[repo_id, stage, step]
            known[failed] = min(green, known.get(failed, green))

    def add_to_buckets(self, facts: Facts) -> None:
        position = 0
        while position < len(facts.day):  # days rise
            begin = facts.day[position] - (facts.day[position] - self.first) % self.bucket
            end = bisect_left(facts.day, begin + self.bucket, position)
            self.buckets[begin].status += facts.status[position:end]
            self.buckets[begin].duration += facts.duration[position:end]
            position = end
