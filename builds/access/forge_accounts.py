"""The accounts at the forge with which people signed in. The only place that reads the tables of django-allauth for this."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import OuterRef, Subquery

from builds.access.drone_bindings import BindingState, DroneBinding


@dataclass(frozen=True)
class ForgeAccount:
    """Who somebody is at the forge that Drone uses."""

    provider: str
    uid: str  # the forge's id of its user, which never passes to somebody else
    login: str  # at the last sign-in; empty before the first, and once somebody else has come with it
    drone_user_id: int | None = None  # the user of Drone that it is bound to


def forge_account(user: Any) -> ForgeAccount | None:
    return forge_accounts([user.pk]).get(user.pk)


def users_with_login(**condition: Any) -> Any:
    """Return the ids of users whose login at the forge fits: `in`, `icontains`, as of Django; for use inside another query."""
    if not is_used():
        return []
    from allauth.socialaccount.models import SocialAccount  # noqa: PLC0415 - only where it is installed

    fits = {f"extra_data__login__{name}": value for name, value in condition.items()}
    return SocialAccount.objects.filter(provider=settings.EDRONE_DRONE_FORGE, **fits).values("user_id")


def is_used() -> bool:
    return bool(settings.EDRONE_GRANTS_FROM_DRONE and apps.is_installed("allauth.socialaccount"))


def forge_accounts(user_ids: Collection[int]) -> dict[int, ForgeAccount]:
    """Return the accounts of users at the forge that Drone uses, by the user's id.

    Of several of a user the one that was connected first counts.
    """
    if not is_used():
        return {}
    from allauth.socialaccount.models import SocialAccount  # noqa: PLC0415 - only where it is installed

    rows = SocialAccount.objects.filter(user_id__in=user_ids, provider=settings.EDRONE_DRONE_FORGE).order_by("-pk")
    bound = DroneBinding.objects.filter(provider=OuterRef("provider"), uid=OuterRef("uid"), state=BindingState.BOUND)
    rows = rows.annotate(bound_to=Subquery(bound.values("drone_user_id")[:1]))
    return {
        user_id: ForgeAccount(provider, uid, login_of(data), bound_to)
        for user_id, provider, uid, data, bound_to in rows.values_list("user_id", "provider", "uid", "extra_data", "bound_to")
    }


def login_of(data: Any) -> str:
    login = (data.get("login") or data.get("username")) if isinstance(data, dict) else ""
    return login if isinstance(login, str) else ""
