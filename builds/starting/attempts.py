"""Finds the builds that deploy something: promotions, rollbacks, and operations whose head names a target input.

Drone has no index of events. Its table `latest` names the newest promotion or rollback of each target; of operations it names
none. So three places are looked at, each bounded, and docs/deployments.md says so:

1. The newest WINDOW builds of each repository, or WINDOW_OF_ONE, along the index on (repository, number): whoever started them,
   and wherever.
2. Drone's table `latest`, of targets that 1 does not find, and from there WINDOW builds back (latest.py): promotions and
   rollbacks, however old.
3. edrone's audit records: operations that were started here, however old.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from django.db.models import Q

from builds.drone_db.masking import MASK, masked
from builds.drone_db.models import Build, Latest, Repo
from builds.drone_db.newest import newest_numbers
from builds.drone_db.vocabulary import DEPLOYMENTS, Event, LatestType, Status
from builds.starting import operations
from builds.starting.latest import latest_promotions
from builds.starting.models import AuditRecord, Outcome, Verb
from pipelines.errors import ConfigError, TreeUnavailable

WINDOW = 1000  # newest builds of each repository that are looked through
WINDOW_OF_ONE = 10_000  # of a repository that is looked at alone
MOST_RECORDS = 1000  # audit records that are read
LONGEST_TARGET = 500  # characters, as Drone's column of targets


@dataclass(frozen=True)
class Attempt:
    """A build that deployed to a target, or tried to: the columns that say where, and whether another one did the same."""

    pk: int
    repo_id: int
    number: int
    status: str
    event: str
    action: str
    deploy_to: str
    params: Mapping[str, str]
    after: str


COLUMNS = ("id", "repo_id", "number", "status", "event", "action", "deploy_to", "params", "after")


def attempts(repos: Collection[Repo], window: int = WINDOW) -> dict[int, dict[str, list[Attempt]]]:
    """Return the deployments of repositories by target, in seven queries at most whatever their number.

    The newest deployment comes first, and so does the target that was deployed to last.
    """
    if not repos:
        return {}
    inputs = TargetInputs(repos)
    by_build: dict[tuple[int, int], tuple[str, Attempt]] = {}

    def note(rows: Iterable[Attempt]) -> None:
        for row in rows:
            if target := inputs.target_of(row):
                by_build[row.repo_id, row.number] = target, row

    note(newest(repos, inputs, window))
    seen = {(repo_id, target) for (repo_id, _), (target, _row) in by_build.items()}
    for target, row in started_here(repos, inputs):
        by_build[row.repo_id, row.number] = target, row
    older = set(latest_promotions([repo.id for repo in repos], seen)) - {row.pk for _, row in by_build.values()}
    if older:
        note(Attempt(*row) for row in Build.objects.filter(id__in=older).order_by().values_list(*COLUMNS))
    result = defaultdict[int, dict[str, list[Attempt]]](dict)
    for (repo_id, _), (target, row) in sorted(by_build.items(), key=lambda item: item[0], reverse=True):
        result[repo_id].setdefault(target, []).append(row)
    return dict(result)


def newest(repos: Collection[Repo], inputs: "TargetInputs", window: int) -> Iterable[Attempt]:
    """Read what may be a deployment among the newest builds of repositories, in two queries."""
    numbers = newest_numbers([repo.id for repo in repos])
    within = [Q(repo_id=repo_id, number__gt=number - window) for repo_id, number in numbers.items()]
    if not within:
        return []
    kinds = Q(event__in=DEPLOYMENTS) | Q(event=Event.CUSTOM.value, action__in=inputs.operations)
    rows = Build.objects.filter(reduce(or_, within), kinds).order_by().values_list(*COLUMNS)
    return [Attempt(*row) for row in rows]


def started_here(repos: Collection[Repo], inputs: "TargetInputs") -> Iterable[tuple[str, Attempt]]:
    """Read the operations that edrone started, each with its target, in two queries.

    The answer's id and time are compared as well: numbers begin again where a repository, or Drone, is set up anew. Drone forgets
    the inputs of a build of which it made an error (docs/drone.md 2.1); the audit record has its target.
    """
    ids = {repo.slug: repo.id for repo in repos}
    records = AuditRecord.objects.filter(
        slug__in=ids, operation__in=inputs.operations, verb__in=(Verb.CREATE, Verb.RESTART), outcome=Outcome.DONE
    ).exclude(build=None)
    answers = records.order_by("-id").values_list("slug", "build", "answer__id", "answer__created", "target")
    started = {(ids[slug], number, pk, created): target for slug, number, pk, created, target in answers[:MOST_RECORDS]}
    if not started:
        return
    rows = Build.objects.filter(id__in={pk for _, _, pk, _ in started if pk}).order_by().values_list(*COLUMNS, "created")
    for *columns, created in rows:
        row = Attempt(*columns)
        if (key := (row.repo_id, row.number, row.pk, created)) in started:
            recorded = started[key] if row.status == Status.ERROR and started[key] != MASK else ""
            if target := inputs.target_of(row) or recorded:
                yield target, row


class TargetInputs:
    """Which input of which operation says where it deploys to, read from today's tree."""

    def __init__(self, repos: Collection[Repo], *, needs_tree: bool = False) -> None:
        """Take the repositories; with `needs_tree`, no operation counts as gone while the tree itself is away."""
        self.repos, self.needs_tree = {repo.id: repo for repo in repos}, needs_tree
        self.known: dict[tuple[int, str], str] = {}

    @cached_property
    def operations(self) -> set[str]:
        """Return the names of the operations that have a target in any of the repositories."""
        return {entry.name for repo in self.repos.values() for entry in operations.with_target(repo)}

    def input_of(self, repo_id: int, name: str) -> str:
        """Return the target input of an operation; empty where it has none, or the operation is gone or broken.

        Raises:
            TreeUnavailable: with `needs_tree`.
        """
        key = repo_id, name
        if key not in self.known:
            try:
                self.known[key] = operations.operation(self.repos[repo_id], name).target
            except ConfigError as error:
                if self.needs_tree and isinstance(error, TreeUnavailable):
                    raise
                self.known[key] = ""
        return self.known[key]

    def target_of(self, build: Attempt | Build) -> str:
        """Return where a build deploys to; empty where it is no deployment, or the value looks secret."""
        if build.event in DEPLOYMENTS:
            return build.deploy_to
        if build.event != Event.CUSTOM or not build.action:
            return ""
        name = self.input_of(build.repo_id, build.action)
        value = build.params.get(name, "") if name else ""
        return value[:LONGEST_TARGET] if value and masked({name: value})[name] == value else ""


def target_of(repo: Repo, build: Build) -> str:
    """Return where one build deploys to; empty where it is no deployment."""
    return TargetInputs([repo]).target_of(build)


def target_for_good(build: Build) -> str:
    """Return where one build deploys to, as `target_of`, for what is said of it once and never again.

    The audit record comes first: Drone forgets the inputs of a build of which it made an error (docs/drone.md 2.1).

    Raises:
        TreeUnavailable: only the tree could tell.
    """
    return target_started(build) or TargetInputs([build.repo], needs_tree=True).target_of(build)


def target_started(build: Build) -> str:
    """Return the target of an operation that edrone started; empty where it started none, or the value looks secret."""
    if not operations.name_of(build):
        return ""
    records = AuditRecord.objects.filter(slug=build.repo.slug, build=build.number, verb__in=(Verb.CREATE, Verb.RESTART))
    # As in `started_here`: of several builds with this number, this one.
    same = records.filter(answer__id=build.id, answer__created=build.created)
    target = same.values_list("target", flat=True).first()
    return target if target and target != MASK else ""


def targets(repo: Repo) -> list[str]:
    """Return the targets that builds of a repository were deployed to, or tried to."""
    latest = Latest.objects.filter(repo_id=repo.id, type=LatestType.DEPLOYMENT.value)
    return sorted({*latest.values_list("name", flat=True), *attempts([repo], WINDOW_OF_ONE).get(repo.id, {})})
