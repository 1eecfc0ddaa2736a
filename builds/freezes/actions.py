"""Making and lifting freezes, for pages, REST and commands alike."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from builds.access.models import Level, covers
from builds.access.rules import token_allows, token_of
from builds.freezes.access import covering, may_freeze, not_included
from builds.freezes.models import Freeze
from builds.freezes.reading import not_over
from texts.errors import EdroneError
from texts.sentence import Sentence

MOST = 200  # freezes of one person that are not over: Drone waits while all are read, at every build
STATES = {"holds": _("holds"), "planned": _("planned"), "over": _("over"), "lifted": _("lifted")}
changed = Signal()  # a freeze was made, or lifted; sent in the transaction that does it


class NotYours(EdroneError):
    """A deploy grant is missing."""

    status = 403


class NotThere(EdroneError):
    status = 404


def checked(freeze: Freeze) -> Freeze:
    """Refuse what freezes nothing.

    Raises:
        ValidationError: by field.
    """
    freeze.full_clean(exclude=["user"])
    return freeze


def make(user: Any, freeze: Freeze) -> Freeze:
    """Store a freeze in a user's name.

    Raises:
        ValidationError: by field; or there are too many.
        NotYours: no deploy grants cover it.
    """
    freeze.user, freeze.username = user, user.get_username()
    checked(freeze)
    refuse_others(user, freeze)
    if not_over().filter(user=user).count() >= MOST:
        many = gettext("You have %(most)s freezes that hold or are planned, as many as anybody may have. Lift some first.")
        raise ValidationError({"pattern": many % {"most": MOST}})
    store(freeze)
    return freeze


def store(freeze: Freeze) -> None:
    with transaction.atomic():
        freeze.save(force_insert=True)
        changed.send(Freeze, freeze=freeze)


def lift(user: Any, freeze: Freeze) -> bool:
    """Lift a freeze; return False where it was lifted, or over, before.

    Raises:
        NotYours: no deploy grants cover it.
    """
    refuse_others(user, freeze)
    return lifted(freeze, user.get_username())


def lifted(freeze: Freeze, username: str) -> bool:
    now = timezone.now()
    if freeze.state(now) == "over":
        return False
    freeze.lifted, freeze.lifted_by = now, username[:150]
    with transaction.atomic():
        done = Freeze.objects.filter(pk=freeze.pk, lifted=None).update(lifted=now, lifted_by=freeze.lifted_by)
        if done:
            changed.send(Freeze, freeze=freeze)
    return bool(done)


def refuse_others(user: Any, freeze: Freeze) -> None:
    if may_freeze(user, freeze):
        return
    token = token_of(user)
    if token and token.pattern and not covers(token.pattern, freeze.pattern):
        raise NotYours(
            Sentence(
                "Forbidden: this token is for the repositories %(pattern)s only. Make a token for all of %(what)s.",
                pattern=token.pattern,
                what=freeze.pattern,
            )
        )
    if not token_allows(user, Level.DEPLOY, freeze.pattern):
        raise NotYours(
            Sentence(
                "Forbidden: this token may not do what needs the level %(level)s. Make a token with a higher one.",
                level=Sentence("deploy"),
            )
        )
    raise NotYours(missing_grant(user, freeze))


def missing_grant(user: Any, freeze: Freeze) -> Sentence:
    values = {"user": user.get_username(), "what": freeze.pattern}
    grants = covering(user, freeze)
    if not grants:
        return Sentence(
            "Forbidden: %(user)s needs a deploy grant that covers all of %(what)s. Ask an edrone administrator.", **values
        )
    if freeze.branches:
        return Sentence(
            "Forbidden: %(user)s needs a deploy grant for all of %(what)s that is not limited to operations or targets, "
            "since this freeze is also of branches. Ask an edrone administrator.",
            **values,
        )
    return Sentence(
        "Forbidden: %(user)s needs a deploy grant for all of %(what)s that includes “%(names)s”. Ask an edrone administrator.",
        **values,
        names=", ".join(not_included(grants, freeze)),
    )


def messages_of(error: ValidationError, words: Mapping[str, str] | None = None) -> str:
    """Return all that is wrong in one line, for each field what is most precise; `words`: other names of fields."""
    return " ".join(f"{(words or {}).get(name, name)}: {texts[-1]}" for name, texts in error.message_dict.items())
