"""Who can do what where, and why: the rows of the page People and access, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from builds.access.drone_people import DroneSummary, logins_in, summaries
from builds.access.forge_accounts import forge_accounts, is_used, users_with_login
from builds.access.models import Grant, Level
from builds.access.token_models import ApiToken
from builds.drone_db.errors import DroneDatabaseUnavailable
from web.localized import localized

Membership = User.groups.through
ON_A_PAGE = 25
MOST_RIGHTS = 20  # of one person that are shown; the list of grants has them all


@dataclass(frozen=True)
class Right:
    """One thing that somebody may do, and why."""

    level: str
    where: str
    why: str
    only: str = ""
    grant: int = 0  # the id of a grant that can be removed here; 0: none


@dataclass(frozen=True)
class AccessRow:
    """A person or a group."""

    holder: User | Group
    rights: Sequence[Right]
    more: int = 0  # rights that are not shown
    note: str = ""  # why what Drone says does not count
    login: str = ""  # at the forge
    tokens: int = 0  # valid ones
    members: int = 0  # of a group


@dataclass(frozen=True)
class PeopleQuery:
    """The filters of the page, and where it goes on."""

    q: str = ""  # a part of a name, a group's name, or a login at the forge
    slug: str = ""  # a repository: who can do something there
    after: str = ""  # the name on which the page before ended


@dataclass(frozen=True)
class PeoplePage:
    rows: list[AccessRow]
    next: str = ""  # the cursor of the next page; empty at the end
    drone_away: str = ""  # why Drone's database does not answer, in the reader's language


def people(query: PeopleQuery) -> PeoplePage:
    """Return a page of people by name."""
    away = ""
    users = User.objects.order_by("username")
    if query.after:
        users = users.filter(username__gt=query.after)
    if query.q:
        members = Membership.objects.filter(group__name__icontains=query.q).values("user_id")
        named = Q(username__icontains=query.q) | Q(pk__in=members)
        users = users.filter(named | Q(pk__in=users_with_login(icontains=query.q)))
    if query.slug:
        try:
            logins = logins_in(query.slug) if is_used() else []
        except DroneDatabaseUnavailable as error:
            logins, away = [], localized(error)
        users = users.filter(who_can_see(query.slug, logins))
    page, has_more = one_page(users)
    try:
        drone = summaries(forge_accounts([user.pk for user in page]), query.slug)
    except DroneDatabaseUnavailable as error:
        drone, away = {}, localized(error)
    return PeoplePage(rows_of(page, drone, query.slug), page[-1].username if has_more else "", away)


def one_page(rows: QuerySet[Any]) -> tuple[list[Any], bool]:
    """Return the first rows, and whether there are more."""
    first = list(rows[: ON_A_PAGE + 1])
    return first[:ON_A_PAGE], len(first) > ON_A_PAGE


def who_can_see(slug: str, logins: Iterable[str]) -> Q:
    """Return the condition that somebody has a right on a repository. What Drone says is looked at once more for each row."""
    patterns = patterns_covering(slug)
    of_groups = Membership.objects.filter(group__grants__pattern__in=patterns).values("user_id")
    granted = Q(pk__in=Grant.objects.filter(pattern__in=patterns, user__isnull=False).values("user_id")) | Q(pk__in=of_groups)
    logins = list(logins)
    return Q(is_superuser=True) | granted | (Q(pk__in=users_with_login(**{"in": logins})) if logins else Q())


def patterns_covering(slug: str) -> list[str]:
    """Return all patterns of grants that cover a repository: `*`, those of its namespaces, and itself."""
    parts = slug.split("/")
    return ["*", *("/".join(parts[:number]) + "/*" for number in range(1, len(parts))), slug]


def rows_of(users: Sequence[User], drone: Mapping[int, DroneSummary], slug: str) -> list[AccessRow]:
    ids = [user.pk for user in users]
    groups: dict[int, dict[int, str]] = defaultdict(dict)
    for user_id, group_id, name in Membership.objects.filter(user_id__in=ids).values_list("user_id", "group_id", "group__name"):
        groups[user_id][group_id] = name
    grants = grants_for(Q(user_id__in=ids) | Q(group_id__in={pk for names in groups.values() for pk in names}), slug)
    valid = ApiToken.objects.filter(user_id__in=ids, expires__gt=timezone.now()).order_by()
    tokens = dict(valid.values_list("user_id").annotate(Count("pk")))
    return [
        row_of(user, [*rights_by_grants(user, grants, groups[user.pk]), *rights_at_drone(drone.get(user.pk), slug)],
               drone.get(user.pk), tokens.get(user.pk, 0))
        for user in users
    ]  # fmt: skip


def grants_for(condition: Q, slug: str) -> list[Grant]:
    grants = Grant.objects.filter(condition)
    return list(grants.filter(pattern__in=patterns_covering(slug)) if slug else grants)


def row_of(user: User, rights: list[Right], drone: DroneSummary | None, tokens: int) -> AccessRow:
    note, login = (drone.sentence, drone.login) if drone else ("", "")
    return AccessRow(user, *first_rights(rights), note, login, tokens)


def first_rights(rights: list[Right]) -> tuple[list[Right], int]:
    """Return the rights that are shown, and how many are not."""
    return rights[:MOST_RIGHTS], max(0, len(rights) - MOST_RIGHTS)


def rights_by_grants(user: User, grants: Iterable[Grant], groups: Mapping[int, str]) -> list[Right]:
    own = [right_of(grant, _("grant"), grant.pk) for grant in grants if grant.user_id == user.pk]
    of_groups = [
        right_of(grant, _("group %(name)s") % {"name": groups[grant.group_id]})
        for grant in grants
        if grant.group_id is not None and grant.group_id in groups
    ]
    everything = (
        [Right(str(Level.DEPLOY.label), "*", _("superuser, who may also change everything here"))] if user.is_superuser else []
    )
    return [*everything, *own, *of_groups]


def rights_at_drone(drone: DroneSummary | None, slug: str) -> list[Right]:
    if drone is None:
        return []
    why = _("Drone: %(login)s") % {"login": drone.login}
    if drone.admin:
        return [Right(str(Level.DEPLOY.label), "*", _("Drone: %(login)s is an administrator there") % {"login": drone.login})]
    return [
        Right(
            str(level.label),
            slug or ngettext("%(number)s repository", "%(number)s repositories", number) % {"number": number},
            why,
        )
        for level, number in sorted(drone.repos.items(), reverse=True)
    ]


def right_of(grant: Grant, why: str, pk: int = 0) -> Right:
    return Right(str(grant.get_level_display()), grant.pattern, why, grant.only, pk)


def groups(query: PeopleQuery) -> PeoplePage:
    """Return a page of groups by name, with what their members may do."""
    named: QuerySet[Any] = Group.objects.order_by("name").annotate(members=Count("user"))
    if query.after:
        named = named.filter(name__gt=query.after)
    if query.q:
        named = named.filter(name__icontains=query.q)
    if query.slug:
        named = named.filter(pk__in=Grant.objects.filter(pattern__in=patterns_covering(query.slug)).values("group_id"))
    page, has_more = one_page(named)
    grants = grants_for(Q(group_id__in=[group.pk for group in page]), query.slug)
    rows = []
    for group in page:
        rights = [right_of(grant, _("grant"), grant.pk) for grant in grants if grant.group_id == group.pk]
        rows.append(AccessRow(group, *first_rights(rights), members=group.members))
    return PeoplePage(rows, page[-1].name if has_more else "")
