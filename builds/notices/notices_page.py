"""The page Notices: what somebody is told of and by which way, what was told, and for administrators the channels."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from builds.access.people_actions import find
from builds.access.rules import visible
from builds.freezes.access import seen_patterns
from builds.notices import managing
from builds.notices.addresses import KINDS
from builds.notices.forms import AddressForm, ChannelForm, SubscriptionForm, problems_of
from builds.notices.models import TEST, Channel, Notice, State, Subscription, Topic
from texts.hidden_characters import plain
from web.pages import shown

LATELY = 25  # notices
MOST_FAILED = 50


@require_http_methods(["GET", "POST"])
def notices_page(request: HttpRequest) -> HttpResponseBase:
    refused = ""
    if request.method == "POST":
        action = ACTIONS.get(request.POST.get("do", ""))
        if action is None:
            raise Http404
        try:
            messages.success(request, action(request))
            return HttpResponseRedirect(reverse("admin:builds_notices"))
        except ValidationError as error:
            refused = " ".join(error.messages)
    return shown(request, "notices/notices.html", context(request, refused))


def context(request: HttpRequest, refused: str) -> dict[str, Any]:
    administers = request.user.has_perm(managing.PERMISSION)
    seen = notices_for(request.user, administers=administers)
    channels = list(Channel.objects.all())
    waiting = dict(Notice.objects.filter(state=State.WAITING).order_by().values_list("channel_id").annotate(Count("pk")))
    sent = request.POST if refused else {}
    subscribing = sent.get("do") == "subscribe"
    return {
        "title": gettext_lazy("Notices"),
        "refused": refused,
        "sent": sent,
        "sent_topics": request.POST.getlist("topics") if subscribing else [Topic.FAILED.value, Topic.FIXED.value],
        "subscriptions": subscriptions_of(request.user).select_related("channel"),
        "topics": Topic.choices,
        "labels": dict(Topic.choices) | {TEST: _("test")},
        "channels": channels,
        "waiting": waiting,
        "kinds": KINDS.values(),
        "titles": {kind.name: kind.title for kind in KINDS.values()},
        "administers": administers,
        "testing": administers and seen.filter(topic=TEST, state=State.WAITING).exists(),  # what comes of it is looked for
        "failed": seen.filter(state=State.FAILED).exclude(topic=TEST)[:MOST_FAILED],
        "lately": seen.exclude(~Q(topic=TEST), state=State.FAILED)[:LATELY],
    }


def notices_for(user: Any, *, administers: bool) -> QuerySet[Notice]:
    """Return the notices that somebody may read: of repositories that they see, and of channels that concern them."""
    rows = Notice.objects.select_related("channel")
    seen = visible(user) | (Q(topic=Topic.FROZEN) & seen_patterns(user, "slug"))
    if administers:
        return rows.filter(seen | Q(topic=TEST))
    mine = subscriptions_of(user).values("channel_id")
    return rows.filter(seen, channel_id__in=mine).exclude(topic=TEST)


def subscriptions_of(user: Any) -> QuerySet[Subscription]:
    return Subscription.objects.filter(user_id=user.pk)


def subscribe(request: HttpRequest) -> str:
    form = SubscriptionForm(request.POST)
    refuse_wrong(form)
    row = managing.subscribe(request.user, **form.cleaned_data)
    names = {"pattern": plain(row.pattern), "channel": plain(row.channel.name)}
    return _("Notices about %(pattern)s now go to %(channel)s.") % names


def unsubscribe(request: HttpRequest) -> str:
    row = find(subscriptions_of(request.user), request.POST.get("id", ""))
    row.delete()
    return _("The subscription to %(pattern)s was removed.") % {"pattern": plain(row.pattern)}


def make_channel(request: HttpRequest) -> str:
    form = ChannelForm(request.POST)
    refuse_wrong(form)
    channel = managing.make_channel(request.user, **form.cleaned_data, site=site_of(request))
    return _("The channel %(name)s was made. Test it now.") % {"name": plain(channel.name)}


def replace_address(request: HttpRequest) -> str:
    channel = channel_of(request)
    form = AddressForm(request.POST)
    form.kind = channel.kind
    refuse_wrong(form)
    managing.replace_address(request.user, channel, form.cleaned_data["address"], site_of(request))
    return _("The address of the channel %(name)s was replaced.") % {"name": plain(channel.name)}


def try_channel(request: HttpRequest) -> str:
    channel = channel_of(request)
    managing.try_channel(request.user, channel, site_of(request))
    return _("A test is on its way to %(name)s. Its result appears below in a few seconds.") % {"name": plain(channel.name)}


def delete_channel(request: HttpRequest) -> str:
    channel = channel_of(request)
    managing.delete_channel(request.user, channel)
    return _("The channel %(name)s was deleted, with its subscriptions and notices.") % {"name": plain(channel.name)}


SUBSCRIBERS: dict[str, Callable[[HttpRequest], str]] = {"subscribe": subscribe, "unsubscribe": unsubscribe}
ADMINISTRATORS: dict[str, Callable[[HttpRequest], str]] = {
    "make": make_channel,
    "replace": replace_address,
    "try": try_channel,
    "delete": delete_channel,
}


def administrators_only(action: Callable[[HttpRequest], str]) -> Callable[[HttpRequest], str]:
    def checked(request: HttpRequest) -> str:
        if not request.user.has_perm(managing.PERMISSION):
            raise PermissionDenied
        return action(request)

    return checked


ACTIONS = SUBSCRIBERS | {name: administrators_only(action) for name, action in ADMINISTRATORS.items()}


def channel_of(request: HttpRequest) -> Channel:
    channel: Channel = find(Channel.objects.all(), request.POST.get("id", ""))
    return channel


def site_of(request: HttpRequest) -> str:
    """Return where people reach edrone: as this administrator does."""
    return f"{request.scheme}://{request.get_host()}"


def refuse_wrong(form: Any) -> None:
    if not form.is_valid():
        raise ValidationError(problems_of(form))
