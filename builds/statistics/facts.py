"""The builds of one repository in columns, and as the bytes and texts that are kept of them. Pure.

Percentiles have to be exact, so the seconds of every build are kept, and not only sums. Columns are read a hundred times faster
than objects: the builds of a year are half a million. What is kept as JSON is flat, rows one after another: hundreds of thousands
of small lists would keep the garbage collector busy.

A day of a repository is kept by itself (`packed`), for the pages of that repository; days of all repositories are kept together
(`packed_together`), for the pages over many.
"""

import json
import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from builds.drone_db.vocabulary import BROKEN, DEPLOYMENTS, Event, Status

STATUSES = tuple(Status.values)  # their positions are stored: new words come last
EVENTS = tuple(Event.values)
OTHER = 255  # a word of a newer Drone
GOOD, BAD = STATUSES.index(Status.SUCCESS), tuple(map(STATUSES.index, BROKEN))
TIMED = ("success", "failure")  # an error is mostly found before anything runs
MOST = 2**31 - 1
NONE = -1  # in place of seconds

STEP = 8  # event, branch, stage, step, runs, failures, seconds, the longest run's seconds
FLAKY = 6  # number of the build that failed, of the green one, stage, step, event and branch of the green one
StepKey = tuple[str, str]  # stage, step


@dataclass(frozen=True)
class BuildRow:
    id: int
    repo_id: int
    number: int
    status: str
    event: str
    ref: str
    after: str
    deploy_to: str
    created: int
    started: int
    finished: int


@dataclass
class Facts:
    """Builds in the order of their numbers within a day. Numbers and seconds beyond 31 bits are cut to that."""

    status: bytearray = field(default_factory=bytearray)
    event: bytearray = field(default_factory=bytearray)
    day: "array[int]" = field(default_factory=lambda: array("H"))
    ref: "array[int]" = field(default_factory=lambda: array("i"))  # as of refs; all that are no branches are one
    number: "array[int]" = field(default_factory=lambda: array("i"))
    finished: "array[int]" = field(default_factory=lambda: array("i"))  # Unix seconds
    duration: "array[int]" = field(default_factory=lambda: array("i"))
    queue: "array[int]" = field(default_factory=lambda: array("i"))
    refs: dict[str, int] = field(default_factory=dict)  # each ref has a number
    targets: dict[str, list[int]] = field(default_factory=dict)  # positions of promotions and rollbacks, by target
    steps: list[Any] = field(default_factory=list)  # rows of STEP; a step may have several
    flaky: list[Any] = field(default_factory=list)  # rows of FLAKY

    @property
    def columns(self) -> "tuple[array[int], ...]":
        """The columns of more than one byte, as they are stored."""
        return (self.day, self.ref, self.number, self.finished, self.duration, self.queue)

    def add(self, build: BuildRow, day: int) -> None:
        if build.event in DEPLOYMENTS:
            self.targets.setdefault(build.deploy_to, []).append(len(self.status))
        self.status.append(code(build.status, STATUSES))
        self.event.append(code(build.event, EVENTS))
        self.day.append(day)
        self.ref.append(self.refs.setdefault(branch_of(build.ref), len(self.refs)))
        self.number.append(within(build.number))
        self.finished.append(within(build.finished))
        timed = build.status in TIMED and build.started > 0
        self.duration.append(within(build.finished - build.started) if timed and build.finished > 0 else NONE)
        self.queue.append(within(build.started - build.created) if timed and build.created > 0 else NONE)

    def add_step(self, build: BuildRow, key: StepKey, status: str, seconds: int) -> None:
        self.steps += (build.event, branch_of(build.ref), *key, 1, int(status in BROKEN), seconds, seconds)

    def add_flaky(self, failed: int, build: BuildRow, key: StepKey) -> None:
        """Add that a step failed in build number `failed`, and is green in this one."""
        self.flaky += (failed, build.number, *key, build.event, branch_of(build.ref))

    def append(self, other: "Facts") -> None:
        """Add the builds of a later time."""
        begin = len(self.status)
        self.status += other.status
        self.event += other.event
        numbers = [self.refs.setdefault(ref, len(self.refs)) for ref in other.refs]
        for ours, theirs in zip(self.columns, other.columns, strict=True):
            ours.extend(theirs)
        self.ref[begin:] = array("i", map(numbers.__getitem__, other.ref))
        for target, positions in other.targets.items():
            self.targets.setdefault(target, []).extend(begin + position for position in positions)
        self.steps += other.steps
        self.flaky += other.flaky

    def summed_steps(self, *, by_event_and_branch: bool) -> list[Any]:
        """Return rows of STEP, one for each step, or for each event and branch of it."""
        summed: dict[tuple[str, ...], list[int]] = {}
        for event, branch, stage, step, *sums in rows_of(self.steps, STEP):
            key = (event, branch, stage, step) if by_event_and_branch else ("", "", stage, step)
            add_sums(summed.setdefault(key, [0, 0, 0, 0]), *sums)
        return [value for key, sums in summed.items() for value in (*key, *sums)]

    def packed(self) -> dict[str, object]:
        """Return the columns of a BuildSummary."""
        good, finished = counts(self.status)
        return {
            "lowest": min(self.number),
            "highest": max(self.number),
            "good": good,
            "finished": finished,
            "builds": b"".join([self.status, self.event, *map(little, self.columns)]),
            "names": compact([list(self.refs), self.targets]),
            "steps": compact(self.summed_steps(by_event_and_branch=False)),
            "filtered_steps": compact(self.summed_steps(by_event_and_branch=True)),
            "flaky": compact(self.flaky),
        }


BYTES = 24  # of a build in packed form


def unpacked(builds: bytes | memoryview, names: str, flaky: str, steps: str) -> Facts:
    """Return the facts of a row; steps have no event and branch where those without are given."""
    facts = of_bytes(builds)
    refs, facts.targets = json.loads(names)
    facts.refs = numbered(refs)
    facts.flaky, facts.steps = json.loads(flaky), json.loads(steps)
    return facts


def packed_together(repos: Mapping[int, Facts]) -> dict[str, object]:
    """Return the columns of a BuildBlock."""
    columns = [[getattr(facts, name) for facts in repos.values()] for name in COLUMNS]
    return {
        "counts": compact([number for repo_id, facts in repos.items() for number in (repo_id, *counts(facts.status))]),
        "builds": b"".join(part if isinstance(part, bytearray) else little(part) for column in columns for part in column),
        "names": compact(
            [[repo_id, len(facts.status), list(facts.refs), facts.targets, facts.flaky] for repo_id, facts in repos.items()]
        ),
        "steps": compact([facts.summed_steps(by_event_and_branch=False) for facts in repos.values()]),
        "filtered_steps": compact([facts.summed_steps(by_event_and_branch=True) for facts in repos.values()]),
    }


def unpacked_together(
    builds: bytes | memoryview, names: str, steps: str, wanted: Collection[int] | None = None
) -> Iterator[tuple[int, Facts]]:
    """Yield the facts of each repository, or of those that are wanted; see `unpacked`."""
    together = of_bytes(builds)
    columns: list[Any] = [getattr(together, name) for name in COLUMNS]
    begin = 0
    for (repo_id, count, refs, targets, flaky), its_steps in zip(json.loads(names), json.loads(steps), strict=True):
        end = begin + count
        if wanted is None or repo_id in wanted:
            parts = (column[begin:end] for column in columns)
            yield repo_id, Facts(*parts, numbered(refs), targets, its_steps, flaky)  # type: ignore[call-arg]
        begin = end


COLUMNS = ("status", "event", "day", "ref", "number", "finished", "duration", "queue")


def of_bytes(builds: bytes | memoryview) -> Facts:
    count = len(builds) // BYTES
    facts = Facts(bytearray(builds[:count]), bytearray(builds[count : 2 * count]))
    position = 2 * count
    for column in facts.columns:
        size = count * column.itemsize
        column.frombytes(builds[position : position + size])
        if sys.byteorder == "big":
            column.byteswap()
        position += size
    return facts


def rows_of(flat: Iterable[Any], width: int) -> Iterator[tuple[Any, ...]]:
    return zip(*[iter(flat)] * width, strict=True)


def numbered(refs: Iterable[str]) -> dict[str, int]:
    return {ref: number for number, ref in enumerate(refs)}


def branch_of(ref: str) -> str:
    """Return the ref of a branch; nothing of other refs, by which nobody can ask."""
    return ref if ref.startswith("refs/heads/") else ""


def little(column: "array[int]") -> bytes:
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return column.tobytes()


def code(word: str, words: Sequence[str]) -> int:
    return words.index(word) if word in words else OTHER


def within(number: int) -> int:
    return min(max(number, 0), MOST)


def counts(status: bytearray) -> tuple[int, int]:
    """Return how many builds ended in success, and how many have a result at all."""
    good = status.count(GOOD)
    return good, good + sum(map(status.count, BAD))


def add_sums(sums: list[int], runs: int, failures: int, seconds: int, longest: int) -> None:
    sums[0] += runs
    sums[1] += failures
    sums[2] += seconds
    sums[3] = max(sums[3], longest)


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
