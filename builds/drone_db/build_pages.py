"""Pages of builds, newest first, as fast at the end as at the beginning and never a scan of the whole table.

edrone cannot add an index to Drone's tables. Drone has indexes on the primary key, (repository, number), (repository, ref),
author, sender, and on the builds that are pending or running (docs/drone.md 5.2). A page is found in one of these ways:

1. Pending and running builds are few and have an index: all of them are read and sorted.
2. The newest builds of some repositories, without a filter, are found along the index of each (builds/drone_db/newest.py).
3. Otherwise the newest builds below the cursor are filtered until the page is full.
4. If that does not fill the page, and an index that fits the filters selects few builds, the rest comes from that index.
   Otherwise the page ends early, with a cursor to continue from.

The queries of 3 and 4 share WINDOW.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from enum import Enum
from functools import reduce
from operator import or_
from typing import Literal

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from builds.drone_db.models import Build, Stage
from builds.drone_db.newest import newest_builds
from builds.drone_db.vocabulary import UNFINISHED, Status

WINDOW = 49_500  # rows that the queries of one page may read together; with the page's own rows they stay under 50,000
QUERIES = 3  # where there is an index: along the key, counting in the index, through the index
FURTHEST = 10**9  # builds that a page by number may leave out


class Everything(Enum):
    """All repositories, those included that Drone has deleted since: said in so many words, so that no list is all by mistake."""

    ALL = "all"


ALL: Literal[Everything.ALL] = Everything.ALL
RepoIds = Collection[int] | Literal[Everything.ALL]
SEARCHED = ("title", "message", "author_login", "author_name", "ref", "deploy_to", "after")


@dataclass(frozen=True)
class Filters:
    """Filters of a list of builds. Several values of one filter are alternatives; an empty filter matches everything."""

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
        condition = Q()
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "status" and Status.BLOCKED in value:
                condition &= Q(status__in=set(value) - {Status.BLOCKED}) | waits_for_approval()
            elif field.type == tuple[str, ...] and value:
                condition &= Q(**{f"{field.name}__in": value})
        if self.author:
            condition &= Q(author_login__icontains=self.author) | Q(author_name__icontains=self.author)
        if self.since is not None:
            condition &= Q(created__gte=self.since)
        if self.until is not None:
            condition &= Q(created__lt=self.until)
        if self.q:
            condition &= reduce(or_, (Q(**{f"{name}__icontains": self.q}) for name in SEARCHED))
        return condition


def waits_for_approval() -> Q:
    """Return the condition that a stage waits for approval. Drone's index of unfinished builds serves it."""
    blocked = Stage.objects.filter(build_id=OuterRef("id"), status=Status.BLOCKED.value)
    return Q(Exists(blocked), status__in=UNFINISHED)


@dataclass(frozen=True)
class Page:
    builds: list[Build]
    next: int | None  # the cursor to continue from; None at the end. Even a short or empty page may have one


def of_repository(repo_id: int, filters: Filters, before: int | None, limit: int, offset: int = 0) -> Page:
    """Return builds of a repository by number; `before` is the last number of the previous page."""
    index = Q(ref__in=filters.ref) if filters.ref else None
    return BuildQuery("number", Q(repo_id=repo_id), filters, index).page(before, limit, offset)


def of_repositories(visible: RepoIds, filters: Filters, before: int | None, limit: int, offset: int = 0) -> Page:
    """Return builds of several repositories by id; `before` is the last id of the previous page.

    Args:
        visible: the ids of the repositories, or ALL.
        filters: the filters of the list.
        before: the cursor; None for the newest.
        limit: builds on a page.
        offset: builds to leave out at the start, for pages by number; slower with each.
    """
    if not visible:
        return Page([], None)
    base = Q() if visible is ALL else Q(repo_id__in=visible)
    index = None
    if filters.author_login:
        index = Q(author_login__in=filters.author_login)
    elif filters.sender:
        index = Q(sender__in=filters.sender)
    elif visible is not ALL:
        index = base
        if before is None and filters == Filters() and (builds := newest_builds(visible, offset + limit + 1, WINDOW)) is not None:
            return BuildQuery("id", base, filters, index).page_from(builds[offset:], limit)
    return BuildQuery("id", base, filters, index).page(before, limit, offset)


@dataclass(frozen=True)
class BuildQuery:
    """The query behind one list of builds."""

    key: str  # the field that orders them and that cursors hold
    base: Q  # whose builds
    filters: Filters
    index: Q | None  # the filters that an index other than the key's serves

    def page(self, before: int | None, limit: int, offset: int) -> Page:
        below = Q() if before is None else Q(**{f"{self.key}__lt": before})
        offset = min(offset, FURTHEST)
        if self.filters.status and set(self.filters.status) <= UNFINISHED | {Status.BLOCKED}:
            return self.page_from(self.sorted_rows(below)[offset : offset + limit + 1], limit)
        if self.filters == Filters() and self.base == self.scope():
            return self.along_key(below, limit, offset)
        top = self.newest_key(below)
        return Page([], None) if top is None else self.within_window(below, top - self.most_rows, limit, offset)

    @property
    def most_rows(self) -> int:
        """The rows that one query may read."""
        return WINDOW if self.index is None else max(WINDOW // QUERIES, 1)

    def along_key(self, below: Q, limit: int, offset: int) -> Page:
        """Read along the key's index, which holds only builds of this list."""
        ordered = self.matching(below).order_by(f"-{self.key}")
        if offset:  # skipped in the index alone, which holds the keys
            first = list(ordered.values_list(self.key, flat=True)[offset : offset + 1])
            ordered = ordered.filter(**{f"{self.key}__lte": first[0]}) if first else ordered.none()
        return self.page_from(ordered[: limit + 1], limit)

    def within_window(self, below: Q, bottom: int, limit: int, offset: int) -> Page:
        """Filter the builds with keys above `bottom`, then continue in the index of the filters, if there is one."""
        ordered = self.matching(below & Q(**{f"{self.key}__gt": bottom})).order_by(f"-{self.key}")
        rows, left = self.past_offset(ordered, limit, offset) if offset else (list(ordered[: limit + 1]), 0)
        older = Q(**{f"{self.key}__lte": bottom})
        if len(rows) > limit or (oldest := self.newest_key(older)) is None:
            return self.page_from(rows, limit)
        if self.index is not None and self.is_selective(self.index):
            return self.page_from([*rows, *self.sorted_rows(older)[left : left + limit + 1 - len(rows)]], limit)
        return Page(rows, oldest + 1)

    def past_offset(self, ordered: QuerySet[Build], limit: int, offset: int) -> tuple[list[Build], int]:
        """Skip builds, reading only their keys; return the rest, and how many are still to be skipped."""
        keys = list(ordered.values_list(self.key, flat=True)[: offset + limit + 1])
        if len(keys) <= offset:
            return [], offset - len(keys)
        return list(ordered.filter(**{f"{self.key}__in": keys[offset:]})), 0

    def page_from(self, rows: Iterable[Build], limit: int) -> Page:
        """Return a page; there is a next one if there is a row more than `limit`."""
        builds = list(rows)
        return Page(builds[:limit], getattr(builds[limit - 1], self.key) if len(builds) > limit else None)

    def matching(self, within: Q) -> QuerySet[Build]:
        return Build.objects.filter(self.base & within & self.filters.condition())

    def sorted_rows(self, within: Q) -> QuerySet[Build]:
        """Order by an expression, so that the database finds the rows by another index than the key's, and sorts them."""
        return self.matching(within).order_by((F(self.key) + 0).desc())

    def newest_key(self, within: Q) -> int | None:
        """Return the key of the newest build, whether it matches the filters or not."""
        key: int | None = (
            Build.objects.filter(self.scope() & within).order_by(f"-{self.key}").values_list(self.key, flat=True).first()
        )
        return key

    def scope(self) -> Q:
        """Return what the key is unique in: a repository, or everything."""
        return self.base if self.key == "number" else Q()

    def is_selective(self, index: Q) -> bool:
        """Return whether the index selects few enough rows to read and sort them."""
        return Build.objects.filter(self.scope() & index)[: self.most_rows + 1].count() <= self.most_rows
