"""Decides what a user may do to a repository, for REST and the admin pages alike.

A user may what a grant says, or what Drone says (drone_rights.py), and no more than the token that asks (token_models.py).
"""

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any

from django.db.models import Q
from django.db.models.functions import Left
from django.db.models.lookups import In

from builds.access.drone_rights import drone_rights
from builds.access.models import Grant, Level, covers
from builds.access.token_models import ApiToken
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
    if not token_allows(user, level, slug):
        return False
    if user.is_superuser:
        return bool(user.is_active)
    return granting(user, level, slug, what) is not None or (drone_level(user, slug) or 0) >= level


def granting(user: Any, level: Level, slug: str, what: str = "") -> Grant | None:
    """Return the grant by which a user may do this, arguments as of `may`; None for superusers, and where Drone says so alone."""
    if user.is_superuser:
        return None
    allowing = (grant for grant in grants_of(user) if grant.level >= level and grant.covers(slug))
    return next((grant for grant in allowing if level == Level.VIEW or allows(grant, what)), None)


def visible(user: Any, slug: str = "slug") -> Q:
    """Return the condition that selects the repositories a user may see: `may` as a query.

    Args:
        user: as for `may`.
        slug: the field that holds the repository's full name.
    """
    token = token_of(user)
    within = matching([token.pattern], slug) if token and token.pattern else Q(pk__isnull=False)
    if owner_sees_all(user):
        return within
    return matching({grant.pattern for grant in grants_of(user)}, slug, drone_rights(user).levels) & within


def matching(patterns: Collection[str], slug: str, names: Iterable[str] = ()) -> Q:
    """Return the condition that a field holds one of these names, or a name that one of the patterns covers."""
    prefixes = [pattern[:-1] for pattern in sorted(patterns) if pattern.endswith("*")]
    condition = Q(**{f"{slug}__in": sorted({*patterns, *names})})
    # Not LIKE, which takes large for small letters on SQLite. And one condition for all of a length: SQLite refuses a thousand.
    for length, alike in groupby(sorted(prefixes, key=len), key=len):
        condition |= Q(In(Left(slug, length), list(alike))) if length else Q(pk__isnull=False)
    return condition


def level_of(user: Any, slug: str) -> Level | None:
    """Return the highest level of a user on a repository, limited or not; None where the user may not see it."""
    if not token_allows(user, Level.VIEW, slug):
        return None
    token = token_of(user)
    level = owner_level(user, slug)
    return Level(min(level, token.level)) if level and token and token.level else level


def owner_level(user: Any, slug: str) -> Level | None:
    """Return the highest level of a user on a repository, whatever token asks."""
    if user.is_superuser:
        return Level.DEPLOY if user.is_active else None
    level = max((Level(grant.level) for grant in grants_of(user) if grant.covers(slug)), default=None)
    if level == Level.DEPLOY:
        return level
    return max(filter(None, (level, drone_level(user, slug))), default=None)


def drone_level(user: Any, slug: str) -> Level | None:
    """Return the level that Drone gives a user on a repository."""
    rights = drone_rights(user)
    return Level.DEPLOY if rights.admin else rights.levels.get(slug)


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
    token = token_of(user)
    return owner_sees_all(user) and not (token and token.pattern not in {"", "*"})


def owner_sees_all(user: Any) -> bool:
    return (
        bool(user.is_superuser and user.is_active)
        or any(grant.pattern == "*" for grant in grants_of(user))
        or drone_rights(user).admin
    )


def has_rights(user: Any) -> bool:
    """Return whether a user may see any repository at all, whatever token asks."""
    return owner_sees_all(user) or bool(grants_of(user)) or bool(drone_rights(user).levels)


def token_of(user: Any) -> ApiToken | None:
    """Return the API token that asks for a user; None on pages."""
    return getattr(user, "edrone_token", None)


def token_allows(user: Any, level: Level, slug: str) -> bool:
    """Return whether the token that asks is for this level and repository."""
    token = token_of(user)
    return token is None or (level <= (token.level or Level.DEPLOY) and (not token.pattern or covers(token.pattern, slug)))
