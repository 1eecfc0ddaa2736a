"""Pages of builds, newest first, as fast at the end as at the beginning and never a scan of the whole table.

edrone cannot add an index to Drone's tables. There are: the primary key, (repository, number), (repository, ref), author,
sender, and the builds that are pending or running (docs/drone.md 5.2). A page is looked for in three ways:

1. Builds that are pending or running are few and have an index: all of them are read and sorted.
2. The newest builds of some repositories, without a filter, are found along the index of each (builds/drone_db/newest.py).
3. Otherwise the newest builds below the cursor are gone through, until the page is full.
4. Where that does not fill it and an index serves the filters, the rest comes from there, if it leads to few builds. Else
   the page ends early, with a cursor to go on from.

The readings of 3 and 4 share WINDOW.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from builds.drone_db import newest
from builds.drone_db.models import Build, Stage
from builds.drone_db.vocabulary import Status

WINDOW = 49_500  # rows that the readings of one page may take together; with the page's own rows they stay under 50,000
READINGS = 3  # where there is an index: along the key, counting in the index, through the index
FURTHEST = 10**9  # builds that a page by number may leave out
UNFINISHED = {Status.PENDING.value, Status.RUNNING.value}  # the words of Drone's partial index
WAITING = Status.BLOCKED.value  # no build has it: one that waits for approval is pending, and stages of it are blocked
SEARCHED = ("title", "message", "author_login", "author_name", "ref", "deploy_to", "after")


@dataclass(frozen=True)
class Filters:
    """What a list of builds is narrowed to; several values for one are alternatives, none is no filter."""

    status: tuple[str, ...] = ()  # blocked: builds of which a stage waits for approval
    event: tuple[str, ...] = ()
    ref: tuple[str, ...] = ()  # refs/heads/B for a branch, refs/tags/T for a tag
    deploy_to: tuple[str, ...] = ()
    author_login: tuple[str, ...] = ()
    author: str = ""  # a part of the author's name or login, in any case
    sender: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # commits, in full
    since: int | None = None  # created then or later, Unix seconds
    until: int | None = None  # created before, Unix seconds
    q: str = ""  # a part of title, message, author, ref, target or commit, in any case

    def condition(self) -> Q:
        found = Q()
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "status" and WAITING in value:
                found &= Q(status__in=set(value) - {WAITING}) | waits_for_approval()
            elif field.type == tuple[str, ...] and value:
                found &= Q(**{f"{field.name}__in": value})
        if self.author:
            found &= Q(author_login__icontains=self.author) | Q(author_name__icontains=self.author)
        if self.since is not None:
            found &= Q(created__gte=self.since)
        if self.until is not None:
            found &= Q(created__lt=self.until)
        if self.q:
            parts = Q()
            for name in SEARCHED:
                parts |= Q(**{f"{name}__icontains": self.q})
            found &= parts
        return found


def waits_for_approval() -> Q:
    """Write that a stage waits for somebody's approval; such builds are in the index of those that have not finished."""
    blocked = Stage.objects.filter(build_id=OuterRef("id"), status=Status.BLOCKED.value)
    return Q(Exists(blocked), status__in=UNFINISHED)


@dataclass(frozen=True)
class Page:
    builds: list[Build]
    next: int | None  # the cursor to go on from; None: this is the end. A page may be short, or empty, and yet have one


def of_repository(repo_id: int, filters: Filters, before: int | None, limit: int, offset: int = 0) -> Page:
    """Give builds of a repository by number; `before` is the number at which the page before ended."""
    index = Q(ref__in=filters.ref) if filters.ref else None
    return Reading("number", Q(repo_id=repo_id), filters, index).page(before, limit, offset)


def of_repositories(visible: Collection[int] | None, filters: Filters, before: int | None, limit: int, offset: int = 0) -> Page:
    """Give builds of several repositories by id, for which `before` is the id at which the page before ended.

    Args:
        visible: the ids of the repositories; None: all, those included that Drone has deleted since.
        filters: what else is asked for.
        before: the cursor; None for the newest.
        limit: builds on a page.
        offset: builds to leave out at the start, for pages by number; slower with each.
    """
    if visible is not None and not visible:
        return Page([], None)
    base = Q() if visible is None else Q(repo_id__in=visible)
    index = None
    if filters.author_login:
        index = Q(author_login__in=filters.author_login)
    elif filters.sender:
        index = Q(sender__in=filters.sender)
    elif visible is not None:
        index = base
        if before is None and filters == Filters() and (found := newest.of(visible, offset + limit + 1, WINDOW)) is not None:
            return Reading("id", base, filters, index).cut(found[offset:], limit)
    return Reading("id", base, filters, index).page(before, limit, offset)


@dataclass(frozen=True)
class Reading:
    """How the builds of one list are found."""

    key: str  # the field that orders them and that cursors hold
    base: Q  # whose builds
    filters: Filters
    index: Q | None  # what an index serves, beside the key's own

    def page(self, before: int | None, limit: int, offset: int) -> Page:
        """Give the page below a cursor."""
        below = Q() if before is None else Q(**{f"{self.key}__lt": before})
        offset = min(offset, FURTHEST)
        if self.filters.status and set(self.filters.status) <= UNFINISHED | {WAITING}:
            return self.cut(self.sorted(below)[offset : offset + limit + 1], limit)
        if self.filters == Filters() and self.base == self.scope():
            return self.straight(below, limit, offset)
        top = self.newest(below)
        return Page([], None) if top is None else self.bounded(below, top - self.share, limit, offset)

    @property
    def share(self) -> int:
        """Give the rows that one reading may take."""
        return WINDOW if self.index is None else max(WINDOW // READINGS, 1)

    def straight(self, below: Q, limit: int, offset: int) -> Page:
        """Read along the key, whose index leads to nothing but the builds that are wanted."""
        ordered = self.matching(below).order_by(f"-{self.key}")
        if offset:  # passed over in the index alone, which the keys are in
            first = list(ordered.values_list(self.key, flat=True)[offset : offset + 1])
            ordered = ordered.filter(**{f"{self.key}__lte": first[0]}) if first else ordered.none()
        return self.cut(ordered[: limit + 1], limit)

    def bounded(self, below: Q, bottom: int, limit: int, offset: int) -> Page:
        """Go through the window above `bottom`, then look in the index of the filters, where there is one."""
        ordered = self.matching(below & Q(**{f"{self.key}__gt": bottom})).order_by(f"-{self.key}")
        rows, left = self.passed_over(ordered, limit, offset) if offset else (list(ordered[: limit + 1]), 0)
        older = Q(**{f"{self.key}__lte": bottom})
        if len(rows) > limit or (oldest := self.newest(older)) is None:
            return self.cut(rows, limit)
        if self.index is not None and self.leads_to_few(self.index):
            return self.cut([*rows, *self.sorted(older)[left : left + limit + 1 - len(rows)]], limit)
        return Page(rows, oldest + 1)

    def passed_over(self, ordered: QuerySet[Build], limit: int, offset: int) -> tuple[list[Build], int]:
        """Leave out builds at the start, reading keys once; also say how many are still to be left out."""
        keys = list(ordered.values_list(self.key, flat=True)[: offset + limit + 1])
        if len(keys) <= offset:
            return [], offset - len(keys)
        return list(ordered.filter(**{f"{self.key}__in": keys[offset:]})), 0

    def cut(self, rows: Iterable[Build], limit: int) -> Page:
        """Make the page of one row more than it has; without that row it is the last."""
        found = list(rows)
        if len(found) > limit:
            return Page(found[:limit], getattr(found[limit - 1], self.key))
        return Page(found, None)

    def matching(self, within: Q) -> QuerySet[Build]:
        """Narrow the builds by everything."""
        return Build.objects.filter(self.base & within & self.filters.condition())

    def sorted(self, within: Q) -> QuerySet[Build]:
        """Order so that the database must find the rows by another index than the key's, and sort them."""
        return self.matching(within).order_by((F(self.key) + 0).desc())

    def newest(self, within: Q) -> int | None:
        """Give the key of the newest build, whatever else it is."""
        key: int | None = (
            Build.objects.filter(self.scope() & within).order_by(f"-{self.key}").values_list(self.key, flat=True).first()
        )
        return key

    def scope(self) -> Q:
        """Give what the key counts in: a repository, or everything."""
        return self.base if self.key == "number" else Q()

    def leads_to_few(self, index: Q) -> bool:
        """Are the rows that the index leads to few enough to be read and sorted?"""
        return Build.objects.filter(self.scope() & index)[: self.share + 1].count() <= self.share
