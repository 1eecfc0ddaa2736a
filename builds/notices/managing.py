"""What people change: their subscriptions, and for administrators the channels."""

import logging
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from builds.notices.models import TEST, Channel, Notice, State, Subscription, Topic
from builds.notices.sealing import seal
from builds.notices.wording import of_test
from configs.endpoint.request_log import Fields
from configs.records.own_database import save_new
from texts.characters import shortened

logger = logging.getLogger("edrone.notices")
PERMISSION = "builds.change_channel"  # of Django's; superusers have it
MOST = 100  # subscriptions of one person


def subscribe(user: Any, pattern: str, channel: Channel, topics: list[str]) -> Subscription:
    """Make a subscription.

    Raises:
        ValidationError: there is one already, or there are too many.
    """
    if Subscription.objects.filter(user=user).count() >= MOST:
        raise ValidationError(_("You have %(most)s subscriptions, as many as anybody may have.") % {"most": MOST})
    row = Subscription(user=user, pattern=pattern, channel=channel, topics=[topic for topic in Topic.values if topic in topics])
    save_new(row)
    return row


def make_channel(by: Any, name: str, kind: str, address: str, site: str) -> Channel:
    """Make a channel, whose notices are in the language that is active.

    Raises:
        ValidationError: somebody was faster with this name.
    """
    try:
        with transaction.atomic():
            channel = Channel.objects.create(
                name=name, kind=kind, sealed=seal(address), site=site, language=translation.get_language() or "en"
            )
    except IntegrityError:
        raise ValidationError(_("There is a channel of this name already.")) from None
    log("make", by, channel)
    return channel


def replace_address(by: Any, channel: Channel, address: str, site: str) -> None:
    """Give a channel another address; what waits for it is tried at once."""
    Channel.objects.filter(pk=channel.pk).update(sealed=seal(address), site=site, failures=0, problem="", rests_until=None)
    Notice.objects.filter(channel=channel, state=State.WAITING).update(due=timezone.now())
    log("replace", by, channel)


def delete_channel(by: Any, channel: Channel) -> None:
    """Delete a channel with its subscriptions and notices."""
    channel.delete()
    log("delete", by, channel)


def try_channel(by: Any, channel: Channel, site: str) -> Notice:
    """Let a test be sent to a channel, also while it rests."""
    Channel.objects.filter(pk=channel.pk).update(site=site, rests_until=None)
    with translation.override(channel.language):
        title, body, path = of_test(channel.name)
    log("try", by, channel)
    return Notice.objects.create(channel=channel, topic=TEST, about=uuid.uuid4().hex, title=title, body=body, path=path)


def log(did: str, by: Any, channel: Channel) -> None:
    """Log who did what to a channel; never its address."""
    logger.info(Fields(did=did, by=by.get_username(), channel=shortened(channel.name), kind=channel.kind))
