"""What Drone says of the people on a page of the administration, in two queries on Drone's database whatever their number."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Q

from builds.access.binding import judged, touching
from builds.access.drone_rights import (
    LEVELS,
    OF_BINDING,
    DroneRights,
    Standing,
    is_stale,
    level_of_perm,
    standing_of,
    unknown_to_drone,
)
from builds.access.forge_accounts import ForgeAccount
from builds.access.models import Level
from builds.drone_db.errors import DroneDatabaseLacks
from builds.drone_db.people import DroneUser, Perm

MOST = 2000  # people of one repository


@dataclass(frozen=True)
class DroneSummary:
    """What Drone says of one person."""

    login: str
    sentence: str = ""  # why it does not count, or what else the person has to know
    admin: bool = False
    repos: Mapping[Level, int] = field(default_factory=dict)  # level → number of repositories


def summaries(accounts: Mapping[int, ForgeAccount], slug: str = "") -> dict[int, DroneSummary]:
    """Return what Drone says, by the id of edrone's user; with `slug` of this repository only.

    Raises:
        DroneDatabaseUnavailable: Drone's database does not answer.
    """
    try:
        return {} if not accounts else read(accounts, slug)
    except DroneDatabaseLacks:
        reason = {pk: DroneRights(Standing.NOT_READABLE, account.login) for pk, account in accounts.items()}
        return {pk: DroneSummary(rights.login, rights.sentence) for pk, rights in reason.items()}


def read(accounts: Mapping[int, ForgeAccount], slug: str) -> dict[int, DroneSummary]:
    logins = {account.login for account in accounts.values() if account.login and "\0" not in account.login}
    users = {user.login: user for user in DroneUser.objects.filter(login__in=logins)}
    counts = repos_by_level([user.id for user in users.values()], slug)
    bindings = touching(list(accounts.values()), [user.id for user in users.values()])
    result = {}
    for pk, account in accounts.items():
        user = users.get(account.login)
        if user is None:
            result[pk] = DroneSummary(account.login, unknown_to_drone(account).sentence)
            continue
        standing = standing_of(user.active, user.machine, user.last_login, user.login, admin=user.admin)
        if standing == Standing.COUNTS:
            standing = OF_BINDING[judged(account, user.id, bindings)]
        if standing == Standing.COUNTS:
            levels = counts[user.id]
            stale = levels.get(None, 0)
            sentence = DroneRights(standing, account.login, user.admin, stale=stale).sentence
            repos = {level: number for level, number in levels.items() if level}
            result[pk] = DroneSummary(account.login, sentence, user.admin, repos)
        else:
            result[pk] = DroneSummary(account.login, DroneRights(standing, account.login).sentence)
    return result


def repos_by_level(user_ids: Iterable[int], slug: str) -> dict[int, Counter[Level | None]]:
    """Count the repositories of users of Drone by level; None are those of which its word is too old."""
    perms = Perm.objects.filter(user_id__in=list(user_ids), repo__id__isnull=False)
    if slug:
        perms = perms.filter(repo__slug=slug)
    rows = perms.annotate(level=level_of_perm(), stale=is_stale()).values_list("user_id", "level", "stale")
    counts: dict[int, Counter[Level | None]] = defaultdict(Counter)
    for user_id, level, stale, repos in rows.annotate(repos=Count("repo_id")).order_by():
        if level:
            counts[user_id][LEVELS[level]] += repos
        if stale:
            counts[user_id][None] += repos
    return counts


def logins_in(slug: str) -> list[str]:
    """Return the logins of Drone's users who have something to do with a repository, its administrators included.

    Raises:
        DroneDatabaseUnavailable: Drone's database does not answer.
    """
    people = DroneUser.objects.filter(
        Q(admin=True) | Q(id__in=Perm.objects.filter(repo__slug=slug).values("user_id")), active=True, last_login__gt=0
    )
    try:
        return list(people.values_list("login", flat=True)[:MOST])
    except DroneDatabaseLacks:
        return []
