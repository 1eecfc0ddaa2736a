"""Who may see, make and lift a freeze. A freeze stays when whoever made it loses the grant."""

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from django.db.models import Q

from builds.access.drone_rights import drone_rights
from builds.access.models import Grant, Level, covers, patterns_in
from builds.access.rules import grants_of, owner_sees_all, token_allows, token_of
from builds.freezes.models import Freeze


def may_freeze(user: Any, freeze: Freeze) -> bool:
    """Return whether a user may make or lift a freeze: deploy grants cover all that it names."""
    if not token_allows(user, Level.DEPLOY, freeze.pattern):
        return False
    if user.is_superuser:
        return bool(user.is_active)
    if granted(covering(user, freeze), freeze):
        return True
    rights = drone_rights(user)
    return rights.admin or rights.levels.get(freeze.pattern) == Level.DEPLOY


def covering(user: Any, freeze: Freeze) -> list[Grant]:
    """Return a user's deploy grants of all repositories of a freeze, limited or not."""
    return [grant for grant in grants_of(user) if grant.level >= Level.DEPLOY and covers(grant.pattern, freeze.pattern)]


def granted(grants: Collection[Grant], freeze: Freeze) -> bool:
    """Return whether grants of all its repositories allow together what a freeze names; branches need one without limits."""
    if freeze.branches:
        return any(not grant.only for grant in grants)
    return bool(grants) and not not_included(grants, freeze)


def not_included(grants: Collection[Grant], freeze: Freeze) -> list[str]:
    """Return the targets and operations of a freeze that none of these grants includes."""
    return [target for target in patterns_in(freeze.targets) if not any(includes(grant, target) for grant in grants)]


def includes(grant: Grant, target: str) -> bool:
    """Return whether a grant allows all that a pattern of targets matches."""
    return not grant.only or any(is_wider(pattern, target) for pattern in grant.patterns)


def is_wider(pattern: str, other: str) -> bool:
    """Return whether a pattern matches all that another one does; for certain only where `*` is its only wildcard."""
    if pattern in {"*", other}:
        return True
    is_name, is_simple = not set("*?[") & set(other), "[" not in other and not set("?[") & set(pattern)
    return (is_name or is_simple) and fnmatchcase(other, pattern)


def may_make(user: Any) -> bool:
    """Return whether there is anything at all that a user may freeze."""
    if user.is_superuser or any(grant.level >= Level.DEPLOY for grant in grants_of(user)):
        return bool(user.is_active)
    rights = drone_rights(user)
    return rights.admin or Level.DEPLOY in rights.levels.values()


def visible_freezes(user: Any, freezes: Iterable[Freeze], most: int | None = None) -> list[Freeze]:
    """Return the freezes of repositories that a user may see; a freeze of all repositories is everybody's who sees one."""
    seen = seen_by(user)
    wider = with_wider(seen)
    return list(islice((freeze for freeze in freezes if overlaps(freeze.pattern, seen, wider)), most))


def sees(user: Any, pattern: str) -> bool:
    """Return whether there may be a repository of this pattern that a user may see."""
    seen = seen_by(user)
    return overlaps(pattern, seen, with_wider(seen))


def overlaps(pattern: str, seen: Collection[str], wider: Collection[str]) -> bool:
    """Return whether a pattern has something in common with those that are seen; `wider` has these and what covers them."""
    return pattern in wider or any(each in seen for each in wider_than(pattern))


def seen_by(user: Any) -> set[str]:
    """Return the patterns of the repositories that a user may see."""
    token = token_of(user)
    seen = {"*"} if owner_sees_all(user) else {*(grant.pattern for grant in grants_of(user)), *drone_rights(user).levels}
    return {narrower(each, token.pattern) for each in seen} - {""} if token and token.pattern else seen


def narrower(one: str, other: str) -> str:
    """Return the pattern of what two patterns have in common, which is one of them; empty where they have nothing."""
    return other if covers(one, other) else one if covers(other, one) else ""


def seen_patterns(user: Any, field: str) -> Q:
    """Return the condition that a field holds a pattern that is as wide as what a user may see, or wider."""
    return Q(**{f"{field}__in": sorted(with_wider(seen_by(user)))})


def with_wider(patterns: Iterable[str]) -> set[str]:
    return {wider for pattern in patterns for wider in (pattern, *wider_than(pattern))}


def wider_than(pattern: str) -> list[str]:
    """Return the patterns that cover one, such as * and shop/* for shop/cart."""
    folders = pattern.split("/")[:-1]
    return ["/".join((*folders[:depth], "*")) for depth in range(len(folders) + 1)]
