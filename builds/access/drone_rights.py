"""What Drone says of a person: what its user of that login may do, read once a request as grants are (docs/people.md).

Drone asks the forge again only while a person uses Drone, so what it says has an age. When it has listed a person's repositories,
its rows say `read` and were not yet asked about (`synced` is 0); when the person then opens one, Drone asks what else they may.
Sources: store/batch2/batch.go, handler/api/acl/repo.go.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.conf import settings
from django.db.models import Case, IntegerField, Q, Value, When
from django.utils.translation import gettext_noop

from builds.access.binding import state_of
from builds.access.drone_bindings import BindingState
from builds.access.forge_accounts import ForgeAccount, forge_account
from builds.access.models import Level
from builds.drone_db.errors import DroneDatabaseLacks
from builds.drone_db.people import DroneUser
from configs.endpoint.drone_server import known
from texts.sentence import Sentence

DAY = 86_400  # seconds
LEVELS = {level.value: level for level in Level}


class Standing(Enum):
    """Whether what Drone says counts, and if not, why."""

    NOT_ASKED = "not asked"  # switched off, or the person did not sign in with the forge
    COUNTS = "counts"
    NO_LOGIN = gettext_noop("edrone does not know the login of this account. Sign in to edrone with the forge once.")
    UNKNOWN = gettext_noop("Drone has no user “%(login)s”. Sign in to Drone once.")
    INACTIVE = gettext_noop("Drone's user “%(login)s” is not active.")
    MACHINE = gettext_noop("Drone's user “%(login)s” is a machine, which nobody can be.")
    NEVER_THERE = gettext_noop("Drone's user “%(login)s” has never signed in to Drone. Sign in there once.")
    OWN_TOKEN = gettext_noop("“%(login)s” is the login of edrone's own token (DRONE_TOKEN), which nobody can be.")
    TOKEN_UNKNOWN = gettext_noop(
        "edrone does not know the login of DRONE_TOKEN yet, so “%(login)s” is no administrator here. "
        "Wait until Drone's API answers."
    )
    WAITING = gettext_noop(
        "This account, or Drone's user “%(login)s”, was somebody else before. "
        "An edrone administrator decides, under People and access."
    )
    REFUSED = gettext_noop("An edrone administrator refused to take this account for Drone's user “%(login)s”.")
    NOT_READABLE = gettext_noop(
        "edrone may not read what Drone says of “%(login)s”. An administrator runs what `manage.py dronegrants` prints."
    )


@dataclass(frozen=True)
class DroneRights:
    """What a person may do because Drone says so."""

    standing: Standing = Standing.NOT_ASKED
    login: str = ""  # of the account at the forge
    admin: bool = False  # of Drone: may do everything
    levels: Mapping[str, Level] = field(default_factory=dict)  # full name of a repository → level
    stale: int = 0  # repositories of which Drone's word is too old to count

    @property
    def unknown(self) -> bool:
        """Whether nobody can tell now what the person may do."""
        return self.standing in {Standing.TOKEN_UNKNOWN, Standing.NOT_READABLE}

    @property
    def sentence(self) -> str:
        """What the person has to know or do; empty where all is well."""
        if self.standing == Standing.COUNTS:
            return OPEN_DRONE if self.stale and not self.admin else ""
        return "" if self.standing == Standing.NOT_ASKED else Sentence(self.standing.value, login=self.login)


OPEN_DRONE = Sentence(
    "What Drone says of some of your repositories is too old to count. Open Drone once, and there the repositories that you miss."
)
NOTHING = DroneRights()


def drone_rights(user: Any) -> DroneRights:
    """Return what Drone says of a user; read once per user object, so once per request.

    Raises:
        DroneDatabaseUnavailable: Drone's database does not answer.
    """
    if not (settings.EDRONE_GRANTS_FROM_DRONE and user.is_active):
        return NOTHING
    rights: DroneRights | None = getattr(user, "edrone_drone_rights", None)
    if rights is None:
        account = forge_account(user)
        rights = user.edrone_drone_rights = rights_of(account) if account else NOTHING
    return rights


def rights_of(account: ForgeAccount) -> DroneRights:
    """Read Drone's user of this login with all that it may do, in one query."""
    try:
        rows = list(rows_of(account.login))
    except DroneDatabaseLacks:
        return DroneRights(Standing.NOT_READABLE, account.login)
    if not rows:
        return unknown_to_drone(account)
    pk, _login, active, machine, last_login, admin, *_rest = rows[0]
    standing = standing_of(active, machine, last_login, account.login, admin=admin)
    if standing == Standing.COUNTS:
        standing = OF_BINDING[state_of(account, pk)]
    if standing != Standing.COUNTS:
        return DroneRights(standing, account.login)
    # Without a name the repository was deleted, or came back as another one.
    perms = [(slug, level, stale) for *_user, slug, level, stale in rows if slug]
    levels = {slug: LEVELS[level] for slug, level, _ in perms if level}
    return DroneRights(standing, account.login, admin, levels, sum(stale for _slug, _level, stale in perms))


def unknown_to_drone(account: ForgeAccount) -> DroneRights:
    """Return why an account is nobody at Drone: edrone may not know its login, as ForgeAccount says."""
    return DroneRights(Standing.UNKNOWN if account.login else Standing.NO_LOGIN, account.login)


def rows_of(login: str) -> Any:
    """Return Drone's user of this login in this case, once for each of its permissions, and once where it has none."""
    if not login or "\0" in login:
        return []
    fields = ("id", "login", "active", "machine", "last_login", "admin", "perms__repo__slug", "perm_level", "perm_stale")
    rows = DroneUser.objects.filter(login=login).annotate(perm_level=level_of_perm("perms__"), perm_stale=is_stale("perms__"))
    return (row for row in rows.values_list(*fields) if row[1] == login)  # SQLite finds a login in any case


def standing_of(active: bool, machine: bool, last_login: int, login: str, *, admin: bool) -> Standing:
    """Return whether a user of Drone counts, before its binding is looked at."""
    if not active:
        return Standing.INACTIVE
    if machine:
        return Standing.MACHINE
    if last_login <= 0:
        return Standing.NEVER_THERE
    if settings.DRONE_TOKEN and login == known.login:
        return Standing.OWN_TOKEN
    if settings.DRONE_TOKEN and not known.login and admin:
        return Standing.TOKEN_UNKNOWN
    return Standing.COUNTS


OF_BINDING = {BindingState.BOUND: Standing.COUNTS, BindingState.WAITING: Standing.WAITING, BindingState.REFUSED: Standing.REFUSED}


def oldest() -> int:
    """Return the time before which Drone's word does not count, in Unix seconds."""
    return int(time.time()) - settings.EDRONE_PERMS_MAX_AGE * DAY


def level_of_perm(prefix: str = "") -> Case:
    """Return the level that a row of `perms` gives, in SQL; 0 for none. Writing counts only where the forge was asked lately.

    Args:
        prefix: the way from the queried model to `perms`.
    """
    asked, listed = Q(synced__gte=max(oldest(), 1)), Q(synced=0, updated__gte=oldest())
    return number(
        prefix,
        (asked & Q(admin=True), Level.DEPLOY),
        (asked & Q(write=True), Level.RUN),
        ((asked | listed) & (Q(read=True) | Q(write=True) | Q(admin=True)), Level.VIEW),
    )


def is_stale(prefix: str = "") -> Case:
    """Return whether a row would give more if Drone asked the forge again, in SQL: 1 or 0."""
    old = Q(synced__gt=0, synced__lt=oldest())
    return number(prefix, (old | Q(synced=0) & (Q(updated__lt=oldest()) | Q(write=True) | Q(admin=True)), 1))


def number(prefix: str, *cases: tuple[Q, int]) -> Case:
    """Return the number of the first condition that holds, else 0; the conditions are about fields of `perms`."""
    whens = [When(below(prefix, condition), then=Value(int(value))) for condition, value in cases]
    return Case(*whens, default=Value(0), output_field=IntegerField())


def below(prefix: str, condition: Any) -> Any:
    """Return a condition, or one part of it, on the fields of a related model."""
    if not isinstance(condition, Q):
        name, value = condition
        return prefix + name, value
    return Q.create([below(prefix, child) for child in condition.children], condition.connector, negated=condition.negated)
