"""Decides what a user may do to a repository, for REST and the admin pages alike."""

from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.db.models.functions import Left
from django.db.models.lookups import In

from builds.access.models import Grant, Level
from builds.drone_db.build_pages import ALL, RepoIds
from builds.drone_db.models import Repo


def may(user: Any, level: Level, slug: str, what: str = "") -> bool:
    """Return whether a user may do this to a repository.

    Args:
        user: Django's user; anonymous and inactive users may do nothing, superusers everything.
        level: the level that is required.
        slug: the repository's full name.
        what: the operation, or the target of a promotion or rollback; empty for a normal build. A grant with `only`
            allows only what one of its patterns matches; it never limits viewing.
    """
    if user.is_superuser:
        return bool(user.is_active)
    return any(
        grant.level >= level and grant.covers(slug) and (level == Level.VIEW or allows(grant, what)) for grant in grants_of(user)
    )


def visible(user: Any, slug: str = "slug") -> Q:
    """Return the condition that selects the repositories a user may see: `may` as a query.

    Args:
        user: as for `may`.
        slug: the field that holds the repository's full name.
    """
    if sees_all(user):
        return Q(pk__isnull=False)
    patterns = {grant.pattern for grant in grants_of(user)}
    prefixes = [pattern[:-1] for pattern in sorted(patterns) if pattern.endswith("*")]
    condition = Q(**{f"{slug}__in": sorted(patterns)})
    # Not LIKE, which takes large for small letters on SQLite. And one condition for all of a length: SQLite refuses a thousand.
    for length, alike in groupby(sorted(prefixes, key=len), key=len):
        condition |= Q(In(Left(slug, length), list(alike)))
    return condition


def level_of(user: Any, slug: str) -> Level | None:
    """Return the highest level of a user on a repository, limited or not; None where the user may not see it."""
    if user.is_superuser:
        return Level.DEPLOY if user.is_active else None
    return max((Level(grant.level) for grant in grants_of(user) if grant.covers(slug)), default=None)


def allows(grant: Grant, what: str) -> bool:
    return not grant.only or any(fnmatchcase(what, pattern) for pattern in grant.patterns if what)


def grants_of(user: Any) -> list[Grant]:
    """Return the grants of a user and their groups. They are read once per user object, so once per request."""
    if not user.is_active:
        return []
    grants: list[Grant] | None = getattr(user, "edrone_grants", None)
    if grants is None:
        of_groups = Q(group__in=user.groups.through.objects.filter(user_id=user.pk).values("group_id"))
        grants = user.edrone_grants = list(Grant.objects.filter(Q(user_id=user.pk) | of_groups).order_by())
    return grants


def visible_ids(user: Any) -> RepoIds:
    """Return the ids of the repositories that a user may see."""
    return ALL if sees_all(user) else frozenset(Repo.objects.filter(visible(user)).values_list("pk", flat=True))


def sees_all(user: Any) -> bool:
    return bool(user.is_superuser and user.is_active) or any(grant.pattern == "*" for grant in grants_of(user))
