"""`/api/notices`, as each kind of user and token."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from builds.access.models import Level
from builds.access.token_models import make_token
from builds.notices.models import TEST, Channel, Notice, State, Subscription, Topic
from builds.notices.sealing import unseal
from tests.builds.api import Api, body
from tests.builds.conftest import person
from tests.builds.notices.conftest import channel, subscribe
from tests.server import ROOT

pytestmark = pytest.mark.django_db
NOTICES = "/api/notices"
CHANNELS, SUBSCRIPTIONS = f"{NOTICES}/channels", f"{NOTICES}/subscriptions"
SECRET = "planted-secret-of-a-channel"
MAKE = {"name": "team", "kind": "json", "address": f"https://example.com/{SECRET}"}


@pytest.fixture
def viewer(db: None) -> Api:
    return Api(person("viewer", Level.VIEW, "shop/*"))


def narrow(user: User, **limits: Any) -> Api:
    return Api(token=make_token(user, "narrow", **limits).text)


def test_an_administrator_makes_tries_changes_and_deletes_a_channel(api):
    answer = api.post(CHANNELS, MAKE)
    made = Channel.objects.get()
    assert (answer.status_code, body(answer)) == (
        201,
        {"id": made.pk, "name": "team", "kind": "json", "failures": 0, "problem": ""},
    )
    assert (unseal(made.sealed), made.language, made.site) == (f"jsons://example.com/{SECRET}", "en", "http://testserver")
    tried = api.post(f"{CHANNELS}/{made.pk}/test")
    assert (tried.status_code, body(tried)["event"], body(tried)["state"]) == (202, "test", "waiting")
    assert body(api.get(NOTICES))[0]["id"] == body(tried)["id"]
    assert api.post(f"{CHANNELS}/{made.pk}", {"address": "https://example.com/other"}).status_code == 200
    assert unseal(Channel.objects.get().sealed) == "jsons://example.com/other"
    misspelt = api.post(f"{CHANNELS}/{made.pk}", {"adress": "https://example.com/other"})
    assert "“adress” has no place in the body; there is address." in body(misspelt)["message"]
    assert api.delete(f"{CHANNELS}/{made.pk}").status_code == 204
    assert api.delete(f"{CHANNELS}/{made.pk}").status_code == 404


def test_no_answer_has_an_address(api, logged):
    answers = [api.post(CHANNELS, MAKE), api.post(CHANNELS, MAKE), api.post(CHANNELS, MAKE | {"kind": "mail", "name": "x"})]
    answers += [api.get(CHANNELS), api.get(NOTICES)]
    assert [answer.status_code for answer in answers] == [201, 400, 400, 200, 200]
    assert SECRET not in "".join(answer.content.decode() for answer in answers) + logged.getvalue()


@pytest.mark.parametrize("member", MAKE)
def test_a_text_that_no_column_holds_makes_no_channel(member, api):
    answer = api.post(CHANNELS, MAKE | {member: "a\ud800"})
    assert answer.status_code == 400
    assert body(answer)["message"].startswith(f"{member}: ")
    assert api.post(CHANNELS, MAKE | {member: "a\0"}).status_code == 400
    assert not Channel.objects.exists()


def test_links_lead_only_to_names_that_edrone_has(api):
    answer = api.post(CHANNELS, MAKE, Host="evil.example")
    assert answer.status_code == 400
    assert "ALLOWED_HOSTS" in body(answer)["message"]


def test_others_see_the_channels_names_and_change_none(viewer):
    made = channel(failures=3, problem="it answered with 500")
    assert body(viewer.get(CHANNELS)) == [{"id": made.pk, "name": "team", "kind": "json"}]
    for answer in (
        viewer.post(CHANNELS, MAKE | {"name": "other"}), viewer.post(f"{CHANNELS}/{made.pk}", {"address": "json://x"}),
        viewer.post(f"{CHANNELS}/{made.pk}/test"), viewer.delete(f"{CHANNELS}/{made.pk}"),
    ):  # fmt: skip
        assert answer.status_code == 403
    assert Client().get(CHANNELS).status_code == 401


def test_people_subscribe_and_unsubscribe_for_themselves_only(viewer, api):
    made = channel()
    wanted = {"repositories": "shop/*", "channel": made.pk, "events": ["fixed", "failed"]}
    answer = viewer.post(SUBSCRIPTIONS, wanted)
    row = Subscription.objects.get()
    shape = {"id": row.pk, "repositories": "shop/*", "channel": made.pk, "channel_name": "team", "events": ["failed", "fixed"]}
    assert (answer.status_code, body(answer)) == (201, shape)
    assert body(viewer.get(SUBSCRIPTIONS)) == [shape]
    assert body(api.get(SUBSCRIPTIONS)) == []
    assert viewer.post(SUBSCRIPTIONS, wanted).status_code == 400
    assert api.delete(f"{SUBSCRIPTIONS}/{row.pk}").status_code == 404
    assert viewer.delete(f"{SUBSCRIPTIONS}/{row.pk}").status_code == 204


@pytest.mark.parametrize("page", ["docs/notices.md", "docs/zh/notices.md"])
def test_the_documents_name_every_event(page):
    (named,) = [line for line in (ROOT / page).read_text().splitlines() if line.startswith("`events`")]
    assert set(re.findall(r"`(\w+)`", named)) == {*Topic.values, TEST, "event", "events"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"repositories": "shop"}, "is not a valid repository pattern"),
        ({"repositories": ["shop/*"]}, "repositories must be a string."),
        ({"repositories": None}, "repositories must be a string."),
        ({"repositories": 5}, "repositories must be a string."),
        ({"channel": 10**30}, "channel: There is no such channel."),
        ({"channel": True}, "channel must be the number of a channel."),
        ({"events": "failed"}, "events must be a list of strings."),
        ({"events": [1, {}]}, "events must be a list of strings."),
        ({"events": [5]}, "events must be a list of strings."),
        ({"events": ["melted"]}, "events: “melted” is unknown; there are failed, "),
        ({"repositories": "shop/\ud800"}, "is not a valid repository pattern"),
        ({"channel": "\ud800"}, "channel: There is no such channel."),
        ({"events": ["\ud800"]}, "is unknown; there are failed, "),
        ({"\ud800": []}, "has no place in the body"),
        ({"event": []}, "“event” has no place in the body; there are repositories, channel, events."),
    ],
)
def test_what_is_no_subscription_is_400_with_one_sentence(wrong, words, viewer):
    wanted = {"repositories": "shop/*", "channel": channel().pk, "events": ["failed"]}
    answer = viewer.post(SUBSCRIPTIONS, wanted | wrong)
    assert answer.status_code == 400
    assert words in body(answer)["message"]
    assert not Subscription.objects.exists()


def test_a_narrowed_token_lets_nothing_be_told_that_it_may_not_read(db):
    admin, made = person("admin", is_superuser=True), channel()
    wanted = {"repositories": "*", "channel": made.pk, "events": ["failed"]}
    for limits, statuses in (
        ({"pattern": "shop/*"}, (403, 403)), ({"level": Level.VIEW}, (403, 403)), ({"level": Level.RUN}, (201, 403)), ({}, (201, 201)),
    ):  # fmt: skip
        Subscription.objects.all().delete()
        Channel.objects.exclude(pk=made.pk).delete()
        asking = narrow(admin, **limits)
        answers = asking.post(SUBSCRIPTIONS, wanted), asking.post(CHANNELS, MAKE | {"name": "other"})
        assert tuple(answer.status_code for answer in answers) == statuses, limits
    asking = narrow(admin, pattern="shop/*")
    assert asking.post(SUBSCRIPTIONS, wanted | {"repositories": "shop/cart"}).status_code == 201
    elsewhere = Subscription.objects.get(pattern="*")
    assert [row["repositories"] for row in body(asking.get(SUBSCRIPTIONS))] == ["shop/cart"]
    assert asking.delete(f"{SUBSCRIPTIONS}/{elsewhere.pk}").status_code == 404


def test_notices_are_listed_to_whoever_may_see_them_page_by_page(viewer, api):
    made, other = channel(), channel(name="other")
    for number in range(3):
        Notice.objects.create(
            channel=made,
            topic="failed",
            about=f"{number}",
            slug="shop/cart",
            number=number,
            title="t",
            body="b",
            state=State.SENT,
        )
    Notice.objects.create(channel=made, topic="failed", about="x", slug="bank/vault", title="t", body="b", state=State.FAILED)
    Notice.objects.create(channel=other, topic="failed", about="x", slug="shop/cart", title="t", body="b")
    assert body(viewer.get(NOTICES)) == []
    subscribe(made, "shop/*", User.objects.get(username="viewer"))
    first = viewer.get(f"{NOTICES}?per_page=2")
    assert [row["build"] for row in body(first)] == [2, 1]
    address = first.headers["Link"].partition("<")[2].partition(">")[0].removeprefix("http://testserver")
    assert [row["build"] for row in body(viewer.get(address))] == [0]
    assert len(body(api.get(NOTICES))) == 5
    assert [row["repository"] for row in body(api.get(f"{NOTICES}?state=failed"))] == ["bank/vault"]
    assert "is no state" in body(api.get(f"{NOTICES}?state=x"))["message"]


@pytest.mark.parametrize("address", [f"{CHANNELS}/x", f"{CHANNELS}/{10**30}", f"{SUBSCRIPTIONS}/x"])
def test_numbers_that_are_none_are_refused(address, api):
    assert api.delete(address).status_code == 400


@pytest.mark.parametrize("address", [f"{CHANNELS}/9223372036854775807", f"{SUBSCRIPTIONS}/-1"])
def test_what_is_not_there_is_404(address, api):
    assert api.delete(address).status_code == 404
