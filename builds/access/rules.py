"""May this user do this to this repository? REST and the admin ask here and nowhere else."""

from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.db.models.functions import Left
from django.db.models.lookups import In

from builds.access.models import Grant, Level
from builds.drone_db.models import Repo


def may(user: Any, level: Level, slug: str, what: str = "") -> bool:
    """May a user do this to a repository?

    Args:
        user: of Django; an anonymous or inactive one may do nothing, a superuser everything.
        level: what is to be done.
        slug: the repository's full name.
        what: the operation, or the target of a promotion or rollback; empty: an ordinary build. A grant with `only`
            allows what one of its patterns matches, and nothing else; to seeing it makes no difference.
    """
    if user.is_superuser:
        return bool(user.is_active)
    return any(
        grant.level >= level and grant.covers(slug) and (level == Level.VIEW or allows(grant, what)) for grant in grants_of(user)
    )


def visible(user: Any, slug: str = "slug") -> Q | None:
    """Give the condition of the repositories that a user may see: `may` for whole lists.

    Args:
        user: as for `may`.
        slug: how the query names the repository's full name.

    Returns:
        None where the user sees all.
    """
    if user.is_superuser and user.is_active:
        return None
    patterns = {grant.pattern for grant in grants_of(user)}
    if "*" in patterns:
        return None
    prefixes = [pattern[:-1] for pattern in sorted(patterns) if pattern.endswith("*")]
    condition = Q(**{f"{slug}__in": sorted(patterns)})
    # Not LIKE, which takes large for small letters on SQLite. And one condition for all of a length: SQLite refuses a thousand.
    for length, alike in groupby(sorted(prefixes, key=len), key=len):
        condition |= Q(In(Left(slug, length), list(alike)))
    return condition


def level_of(user: Any, slug: str) -> Level | None:
    """Give the highest level that a user has on a repository, be it limited or not; None: not even seeing."""
    if user.is_superuser:
        return Level.DEPLOY if user.is_active else None
    return max((Level(grant.level) for grant in grants_of(user) if grant.covers(slug)), default=None)


def allows(grant: Grant, what: str) -> bool:
    """Does `only` leave this to the grant?"""
    return not grant.only or any(fnmatchcase(what, pattern) for pattern in grant.patterns if what)


def grants_of(user: Any) -> list[Grant]:
    """Give the grants of a user and of the user's groups; read once for each user object, so once a request."""
    if not user.is_active:
        return []
    found: list[Grant] | None = getattr(user, "edrone_grants", None)
    if found is None:
        of_groups = Q(group__in=user.groups.through.objects.filter(user_id=user.pk).values("group_id"))
        found = user.edrone_grants = list(Grant.objects.filter(Q(user_id=user.pk) | of_groups).order_by())
    return found


def visible_ids(user: Any) -> frozenset[int] | None:
    """Give the ids of the repositories that a user may see; None: all that there are."""
    condition = visible(user)
    return None if condition is None else frozenset(Repo.objects.filter(condition).values_list("pk", flat=True))
