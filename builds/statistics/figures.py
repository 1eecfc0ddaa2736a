"""The numbers of a period, from the builds that were collected. Pure; docs/statistics.md defines each."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from builds.drone_db.vocabulary import RESULTS, Status
from builds.statistics.collected import Builds, OfRepo
from builds.statistics.facts import MOST, NONE, STATUSES, counts

LISTED = 10  # steps and repositories
MOST_PAIRS = 20  # builds of a flaky step that are listed


@dataclass(frozen=True)
class Numbers:
    """Builds and their times; seconds are None where no build counts."""

    builds: int
    good: int
    finished: int
    p50: int | None
    p95: int | None

    @property
    def bad(self) -> int:
        return self.finished - self.good

    @property
    def success(self) -> float | None:
        """Per cent of the finished builds."""
        return 100 * self.good / self.finished if self.finished else None


@dataclass(frozen=True)
class StepNumbers:
    repo_id: int
    stage: str
    step: str
    runs: int
    failures: int
    seconds: int  # of all runs together
    longest: int

    @property
    def mean(self) -> float:
        return self.seconds / self.runs

    @property
    def failing(self) -> float:
        return 100 * self.failures / self.runs


@dataclass(frozen=True)
class FlakyStep:
    repo_id: int
    stage: str
    step: str
    failures: int
    runs: int
    pairs: list[tuple[int, int]]  # the build that failed, the first green one after it; the newest first


@dataclass(frozen=True)
class Figures:
    numbers: Numbers
    statuses: dict[str, int]
    queue_p95: int | None
    deployments: int
    failed_deployments: int  # promotions that failed, or that the next deployment rolled back
    promotions: int
    rollbacks: int
    restored: list[int]  # seconds from red to green, of each time
    buckets: dict[int, Numbers]  # by first day
    repos: dict[int, Numbers]
    steps: list[StepNumbers]
    flaky: list[FlakyStep]

    @property
    def restore_p50(self) -> int | None:
        return percentile(Counter(self.restored), 50)

    def slowest_steps(self) -> list[StepNumbers]:
        return sorted(self.steps, key=lambda step: (-step.mean, step.repo_id, step.stage, step.step))[:LISTED]

    def failing_steps(self) -> list[StepNumbers]:
        failing = [step for step in self.steps if step.failures]
        return sorted(failing, key=lambda step: (-step.failures, -step.failing, step.repo_id, step.stage, step.step))[:LISTED]


def figures_of(builds: Builds) -> Figures:
    statuses = dict.fromkeys(STATUSES, 0)
    durations = Counter[int]()
    buckets = {}
    for begin, bucket in builds.buckets.items():
        seconds = Counter(bucket.duration)
        buckets[begin] = numbers(bucket.status, seconds)
        durations.update(seconds)
        for code, word in enumerate(STATUSES):
            statuses[word] += bucket.status.count(code)
    to_targets = [deployments for repo in builds.repos.values() for deployments in repo.deployments.values()]
    deployments = sum(map(len, to_targets))
    rollbacks = sum(deployment >> 1 & 1 for to_target in to_targets for deployment in to_target)
    return Figures(
        Numbers(
            sum(each.builds for each in buckets.values()),
            statuses[Status.SUCCESS],
            sum(statuses[word] for word in RESULTS),
            *percentiles(durations, (50, 95)),
        ),
        {word: count for word, count in statuses.items() if count},
        percentile(Counter(builds.queue), 95),
        deployments,
        sum(map(failed_promotions, to_targets)),
        deployments - rollbacks,
        rollbacks,
        [seconds for repo in builds.repos.values() for seconds in restored(repo.pushes)],
        buckets,
        {repo_id: of_repo(repo) for repo_id, repo in builds.repos.items() if repo.status},
        [StepNumbers(*key, *sums) for key, sums in builds.steps.items()],
        flaky_steps(builds.flaky, builds.steps),
    )


def numbers(status: bytearray, durations: Mapping[int, int]) -> Numbers:
    return Numbers(len(status), *counts(status), *percentiles(durations, (50, 95)))


def of_repo(repo: OfRepo) -> Numbers:
    """Count the builds of a repository, which are few: sorting them is faster than counting equal durations first."""
    ran = sorted(repo.duration)
    ran = ran[bisect_right(ran, NONE) :]
    p50, p95 = (ran[-(-share * len(ran) // 100) - 1] if ran else None for share in (50, 95))
    return Numbers(len(repo.status), *counts(repo.status), p50, p95)


def percentiles(counts: Mapping[int, int], shares: tuple[int, ...]) -> list[int | None]:
    """Return nearest-rank percentiles: the smallest value that so many per cent of the values do not exceed."""
    values = sorted(value for value in counts if value != NONE)
    totals = list(accumulate(counts[value] for value in values))
    if not values:
        return [None for _ in shares]
    return [values[bisect_left(totals, -(-share * totals[-1] // 100))] for share in shares]


def percentile(counts: Mapping[int, int], share: int) -> int | None:
    return percentiles(counts, (share,))[0]


def failed_promotions(deployments: list[int]) -> int:
    """Count the promotions to a target that failed, or that the next deployment rolled back."""
    failed, is_undone = 0, False
    for deployment in sorted(deployments, reverse=True):
        if deployment & 2:
            is_undone = True
        else:
            failed += is_undone or not deployment & 1
            is_undone = False
    return failed


def restored(pushes: list[int]) -> Iterator[int]:
    """Yield how long a branch was red each time: from the end of the first red build to that of the next green one."""
    red_since = None
    for push in sorted(pushes):
        finished = push >> 1 & MOST
        if not push & 1:
            red_since = finished if red_since is None else red_since
        elif red_since is not None:
            yield max(finished - red_since, 0)
            red_since = None


def flaky_steps(
    flaky: Mapping[tuple[int, str, str], Mapping[int, int]], steps: Mapping[tuple[int, str, str], list[int]]
) -> list[FlakyStep]:
    found = [
        FlakyStep(*key, len(pairs), steps.get(key, [0])[0], sorted(pairs.items(), reverse=True)) for key, pairs in flaky.items()
    ]
    return sorted(found, key=lambda step: (-step.failures, step.repo_id, step.stage, step.step))
