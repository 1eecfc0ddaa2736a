"""`/api/notices`: subscriptions, channels, and what was told."""

from typing import Any

from django.core.exceptions import DisallowedHost, ValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.models import Level, covers
from builds.access.rules import matching, token_of
from builds.notices import managing
from builds.notices.forms import AddressForm, ChannelForm, SubscriptionForm, problems_of
from builds.notices.models import Channel, Notice, State, Subscription
from builds.notices.notices_page import notices_for, site_of, subscriptions_of
from builds.rest.base import ApiView, whole
from builds.rest.errors import BadRequest
from builds.rest.json_body import StrictJson, body_of, is_text, refuse_other_members
from builds.rest.paging import cursor, next_link, position_of
from builds.rest.parameters import per_page_of, texts
from builds.rest.shapes import Shape
from texts.characters import shortened

LIST = "notices"


class NoticesView(ApiView):
    """What was told, or is to be."""

    parameters = frozenset({"state", "cursor", "per_page"})
    alternatives = frozenset({"state"})

    def get(self, request: Request) -> Response:
        """List a page of notices, newest first."""
        query = request.query_params
        rows = notices_for(request.user, administers=administers(request)).order_by("-id")
        if states := texts(query, "state"):
            for state in states:
                if state not in State.values:
                    raise BadRequest(f"“{shortened(state)}” is no state; there are {', '.join(State.values)}.")
            rows = rows.filter(state__in=states)
        before = position_of(LIST, query)
        if before is not None:
            rows = rows.filter(id__lt=before)
        size = per_page_of(query)
        page = list(rows[: size + 1])
        more = {"Link": next_link(request, cursor(LIST, page[size - 1].pk))} if len(page) > size else {}
        return Response([notice_shape(row) for row in page[:size]], headers=more)


class SubscriptionsView(ApiView):
    """The user's own subscriptions."""

    parser_classes = (StrictJson,)

    def get(self, request: Request) -> Response:
        return Response([subscription_shape(row) for row in within_token(request).select_related("channel")])

    def post(self, request: Request) -> Response:
        """Subscribe: `{"repositories": "shop/*", "channel": 1, "events": ["failed", "fixed"]}`."""
        body = fields_of(request, "repositories", "channel", "events")
        data = {"pattern": body.get("repositories", ""), "channel": body.get("channel", ""), "topics": body.get("events", [])}
        refuse_beyond_token(request, str(data["pattern"]))
        form = valid(SubscriptionForm(data))
        return Response(subscription_shape(done(managing.subscribe, request.user, **form.cleaned_data)), 201)


class SubscriptionView(ApiView):
    def delete(self, request: Request, number: str) -> Response:
        one(within_token(request), number, "subscription").delete()
        return Response(status=204)


class ChannelsView(ApiView):
    """The channels; their addresses are shown to nobody."""

    parser_classes = (StrictJson,)

    def get(self, request: Request) -> Response:
        of_administrators = administers(request)
        return Response([channel_shape(row, of_administrators) for row in Channel.objects.all()])

    def post(self, request: Request) -> Response:
        """Make a channel: `{"name": "team", "kind": "slack", "address": "https://hooks.slack.com/…"}`."""
        administrators_only(request)
        form = valid(ChannelForm(fields_of(request, "name", "kind", "address")))
        return Response(
            channel_shape(done(managing.make_channel, request.user, **form.cleaned_data, site=address_of_edrone(request)), True),
            201,
        )


class ChannelView(ApiView):
    parser_classes = (StrictJson,)

    def post(self, request: Request, number: str) -> Response:
        """Replace its address: `{"address": …}`."""
        administrators_only(request)
        channel = one(Channel.objects.all(), number, "channel")
        form = AddressForm(fields_of(request, "address"))
        form.kind = channel.kind
        managing.replace_address(request.user, channel, valid(form).cleaned_data["address"], address_of_edrone(request))
        channel.refresh_from_db()
        return Response(channel_shape(channel, True))

    def delete(self, request: Request, number: str) -> Response:
        """Delete it with its subscriptions and notices."""
        administrators_only(request)
        managing.delete_channel(request.user, one(Channel.objects.all(), number, "channel"))
        return Response(status=204)


class ChannelTestView(ApiView):
    """A test of a channel."""

    parser_classes = (StrictJson,)

    def post(self, request: Request, number: str) -> Response:
        """Let a test be sent; the list of notices says what came of it."""
        administrators_only(request)
        fields_of(request)
        channel = one(Channel.objects.all(), number, "channel")
        return Response(notice_shape(managing.try_channel(request.user, channel, address_of_edrone(request))), 202)


def administers(request: Request) -> bool:
    """Return whether the user may change channels, and the token is not narrowed."""
    token = token_of(request.user)
    narrowed = token is not None and (token.pattern not in {"", "*"} or (token.level or Level.DEPLOY) < Level.DEPLOY)
    return bool(request.user.has_perm(managing.PERMISSION)) and not narrowed


def administrators_only(request: Request) -> None:
    if not administers(request):
        raise PermissionDenied("Forbidden: channels are made by administrators, with a token that is not narrowed.")


def within_token(request: Request) -> QuerySet[Subscription]:
    """Return the user's subscriptions of repositories that the token is for."""
    token = token_of(request.user)
    return subscriptions_of(request.user).filter(matching([token.pattern if token and token.pattern else "*"], "pattern"))


def refuse_beyond_token(request: Request, pattern: str) -> None:
    """Refuse repositories that the token is not for: what it may not read itself must not be told to a channel."""
    token = token_of(request.user)
    if token and token.pattern and not covers(token.pattern, pattern):
        raise PermissionDenied(f"Forbidden: this token is for the repositories {token.pattern} only.")


WHAT = {"events": "a list of strings", "channel": "the number of a channel"}


def fits(name: str, value: Any) -> bool:
    match name:
        case "events":
            return isinstance(value, list) and all(map(is_text, value))
        case "channel":
            return isinstance(value, str)
    return is_text(value)


def fields_of(request: Request, *names: str) -> dict[str, Any]:
    members = ", ".join(f'"{name}": …' for name in names)
    body = body_of(request, f"{{{members}}}")
    refuse_other_members(body, names)
    for name, value in body.items():
        if not fits(name, value):
            raise BadRequest(f"{name} must be {WHAT.get(name, 'a string')}.")
    return body


def valid(form: Any) -> Any:
    if not form.is_valid():
        raise BadRequest(" ".join(problems_of(form)))
    return form


def done(action: Any, *arguments: Any, **named: Any) -> Any:
    try:
        return action(*arguments, **named)
    except ValidationError as error:
        raise BadRequest(" ".join(error.messages)) from None


def address_of_edrone(request: Request) -> str:
    try:
        return site_of(request._request)  # noqa: SLF001 - Django's own
    except DisallowedHost:
        raise BadRequest("Notices link to edrone as it is addressed here: use one of the names in ALLOWED_HOSTS.") from None


def one(rows: QuerySet[Any], number: str, what: str) -> Any:
    row = rows.filter(pk=whole(number, what)).first()
    if row is None:
        raise NotFound(f"Not Found: there is no {what} {shortened(number)}.")
    return row


def subscription_shape(row: Subscription) -> Shape:
    return {
        "id": row.pk,
        "repositories": row.pattern,
        "channel": row.channel_id,
        "channel_name": row.channel.name,
        "events": row.topics,
    }


def channel_shape(row: Channel, of_administrators: bool) -> Shape:
    """Return a channel as JSON; how it does is for administrators."""
    shape = {"id": row.pk, "name": row.name, "kind": row.kind}
    return shape | ({"failures": row.failures, "problem": row.problem} if of_administrators else {})


def notice_shape(row: Notice) -> Shape:
    """Return a notice as JSON; times are Unix seconds, 0 for not yet."""
    return {
        "id": row.pk,
        "channel": row.channel_id,
        "event": row.topic,
        "repository": row.slug,
        "build": row.number,
        "operation": row.operation,
        "status": row.status,
        "title": row.title,
        "body": row.body,
        "state": row.state,
        "attempts": row.attempts,
        "problem": row.problem,
        "created": int(row.created.timestamp()),
        "ended": int(row.ended.timestamp()) if row.ended else 0,
    }
