"""Binds accounts at the forge to users of Drone; what cannot be bound waits for a decision (drone_bindings.py)."""

import logging
from collections.abc import Collection, Iterable

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from builds.access.drone_bindings import BindingState, DroneBinding
from builds.access.forge_accounts import ForgeAccount
from texts.characters import one_line, printable, shortened

logger = logging.getLogger(__name__)


def state_of(account: ForgeAccount, drone_user_id: int) -> BindingState:
    """Return whether an account is bound to a user of Drone; bind the two where neither is bound to anything."""
    if account.drone_user_id == drone_user_id:
        return BindingState.BOUND
    rows = touching([account], [drone_user_id])
    state = judged(account, drone_user_id, rows)
    if any((row.uid, row.drone_user_id) == (account.uid, drone_user_id) for row in rows):
        return state
    try:
        with transaction.atomic():
            DroneBinding.objects.create(
                provider=account.provider, uid=account.uid, login=account.login[:250], drone_user_id=drone_user_id, state=state
            )
    except DatabaseError as error:  # it cannot be written, or another request was first, which counts from the next one on
        logger.warning("Nobody is bound to Drone's user %s now: %s", drone_user_id, one_line(error))
        return BindingState.WAITING
    does = "counts as" if state == BindingState.BOUND else "waits for a decision whether it counts as"
    logger.info("%s of %s %s Drone's user %s", printable(shortened(account.login)), account.provider, does, drone_user_id)
    return state


def touching(accounts: Collection[ForgeAccount], drone_user_ids: Collection[int]) -> list[DroneBinding]:
    """Read what binds any of these accounts, or any of these users of Drone."""
    any_of_them = Q(uid__in=[account.uid for account in accounts]) | Q(drone_user_id__in=drone_user_ids)
    return list(DroneBinding.objects.filter(any_of_them, provider__in={account.provider for account in accounts}))


def judged(account: ForgeAccount, drone_user_id: int, rows: Iterable[DroneBinding]) -> BindingState:
    """Return whether an account is bound to a user of Drone, or would be at its first request."""
    relevant = [row for row in rows if row.provider == account.provider and account.uid == row.uid]
    relevant += [row for row in rows if row.provider == account.provider and drone_user_id == row.drone_user_id]
    for row in relevant:
        if (row.uid, row.drone_user_id) == (account.uid, drone_user_id):
            return BindingState(row.state)
    return BindingState.WAITING if any(row.state == BindingState.BOUND for row in relevant) else BindingState.BOUND


@transaction.atomic
def accept(binding: DroneBinding) -> None:
    """Bind these two, and neither to anything else any more; who was bound so far waits for a decision if they come back."""
    of_one = Q(uid=binding.uid) | Q(drone_user_id=binding.drone_user_id)
    bound = DroneBinding.objects.filter(of_one, provider=binding.provider, state=BindingState.BOUND)
    bound.exclude(pk=binding.pk).delete()
    decide(binding, BindingState.BOUND)


def refuse(binding: DroneBinding) -> None:
    decide(binding, BindingState.REFUSED)


def reconsider(binding: DroneBinding) -> None:
    """Let a refused account wait for a decision once more."""
    decide(binding, BindingState.WAITING)


def decide(binding: DroneBinding, state: BindingState) -> None:
    DroneBinding.objects.filter(pk=binding.pk).update(state=state, since=timezone.now())
