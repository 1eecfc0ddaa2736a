"""Which user of edrone somebody is who signs in elsewhere.

The account at the provider decides, by its id there: never a name, never a mail address.
Who is new gets a user without any rights.
"""

import logging
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from builds.signing_in.errors import INACTIVE, OF_SOMEBODY_ELSE, SignInError
from builds.signing_in.forges import FORMS
from builds.signing_in.known import PROXY, Identity
from builds.signing_in.names import candidates
from texts.characters import printable, shortened, storable

logger = logging.getLogger("edrone.signing_in")
BACKEND = "builds.signing_in.backend.ElsewhereBackend"
HOURS = 12  # of a session, after which the provider is asked again whether this is still so


def sign_in(request: HttpRequest, identity: Identity) -> None:
    """Begin a session.

    Raises:
        SignInError: the user is not active.
    """
    user = user_of(identity)
    if not user.is_active:
        raise SignInError(INACTIVE, HTTPStatus.FORBIDDEN, reason=f"{user.get_username()} is not active")
    login(request, user, BACKEND)
    request.session.set_expiry(timezone.now() + timedelta(hours=HOURS))  # a time: a number begins anew whenever it is saved
    logger.info("%s signed in as %s", name_in_log(identity), user.get_username())


def connect(user: Any, identity: Identity) -> None:
    """Let a user sign in with this account from now on.

    Raises:
        SignInError: another user does.
    """
    account, _ = SocialAccount.objects.get_or_create(provider=identity.provider, uid=identity.uid, defaults={"user": user})
    if account.user_id != user.pk:
        raise SignInError(OF_SOMEBODY_ELSE, HTTPStatus.CONFLICT, reason="the account belongs to another user")
    keep(account, identity)
    logger.info("%s was connected to %s", name_in_log(identity), user.get_username())


def disconnect(account: SocialAccount) -> None:
    """Let nobody sign in with this account, and take away the groups that came with it."""
    if account.provider not in {*FORMS, PROXY}:  # these name no groups: a group github:… is made by hand
        account.user.groups.remove(*groups_from(account.provider))
    account.delete()


def user_of(identity: Identity) -> User:
    """Return the user of an account at a provider; make one for an account that nobody has."""
    for _ in range(3):  # two browsers of one person may come at once
        account = SocialAccount.objects.select_related("user").filter(provider=identity.provider, uid=identity.uid).first()
        if account is None:
            try:
                account = first_time(identity)
            except IntegrityError:
                continue
        keep(account, identity)
        user: User = account.user
        return user
    raise SignInError(OF_SOMEBODY_ELSE, HTTPStatus.CONFLICT)


@transaction.atomic
def first_time(identity: Identity) -> SocialAccount:
    names = candidates(identity.login, identity.provider)
    free = next(name for name in names if not User.objects.filter(username__iexact=name).exists())
    user = User.objects.create_user(free)  # without a password
    return SocialAccount.objects.create(user=user, provider=identity.provider, uid=identity.uid)


@transaction.atomic
def keep(account: SocialAccount, identity: Identity) -> None:
    """Keep the login of today, and set the groups that the provider names; groups made by hand stay."""
    account.extra_data = {"login": shortened(storable(identity.login))}
    account.save()  # also where nothing changed: it writes when somebody signed in last
    if identity.provider in FORMS:
        take_login(account)
    if identity.groups is None:
        return
    all_of_it = groups_from(identity.provider)
    wanted = {group for group in all_of_it if group.name.partition(":")[2] in identity.groups}
    held = set(account.user.groups.filter(pk__in=[group.pk for group in all_of_it]))
    account.user.groups.remove(*(held - wanted))
    account.user.groups.add(*(wanted - held))
    if held != wanted:
        names = ", ".join(sorted(printable(shortened(group.name)) for group in wanted)) or "none"
        logger.info("%s has the groups that %s names: %s", account.user.get_username(), identity.provider, names)


def take_login(account: SocialAccount) -> None:
    """Forget the login of the account that had it before: at a forge it belongs to one person at a time, in whatever case."""
    others = SocialAccount.objects.filter(provider=account.provider, extra_data__login__iexact=account.extra_data["login"])
    others.exclude(pk=account.pk).update(extra_data={})


def groups_from(provider: str) -> list[Group]:
    """Return the groups whose members a provider names: `oidc:devs` has those whose claim says `devs`."""
    start = f"{provider}:"
    groups = Group.objects.filter(name__startswith=start)
    return [group for group in groups if group.name.startswith(start)]  # SQLite finds them in any case


def logins(user: Any) -> tuple[str, ...]:
    """Return the names by which Drone may know a user: the user's own, and the logins of connected accounts."""
    if not settings.SIGN_IN:
        return (user.get_username(),)
    accounts = SocialAccount.objects.filter(user_id=user.pk).values_list("extra_data", flat=True)
    return (user.get_username(), *(str(known["login"]) for known in accounts if "login" in known))


def name_in_log(identity: Identity) -> str:
    return f"{printable(shortened(identity.login))} of {identity.provider}"
