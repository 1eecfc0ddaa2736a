"""The page Notices, as each kind of reader, and with what a hostile form holds."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from builds.access.models import Level
from builds.notices.models import Channel, Notice, State, Subscription
from builds.notices.sealing import unseal
from tests.builds.conftest import person
from tests.builds.notices.conftest import channel, subscribe
from tests.conftest import every_row

pytestmark = pytest.mark.django_db
PAGE = "/admin/builds/notices/"
SECRET = "planted-secret-of-a-channel"
MAKE = {"do": "make", "name": "team", "kind": "json", "address": f"https://example.com/{SECRET}"}


def client_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.fixture
def administrator(db: None) -> Client:
    return client_of(person("admin", is_superuser=True))


@pytest.fixture
def viewer(db: None) -> Client:
    return client_of(person("viewer", Level.VIEW, "shop/*"))


def post(client: Client, **fields: Any) -> Any:
    return client.post(PAGE, fields, follow=True)


def test_an_administrator_makes_tries_changes_and_deletes_a_channel(administrator, caplog):
    caplog.set_level("INFO", "edrone.notices")
    answer = post(administrator, **MAKE)
    assert b"The channel team was made. Test it now." in answer.content
    made = Channel.objects.get()
    assert (made.kind, made.language, made.site) == ("json", "en", "http://testserver")
    assert unseal(made.sealed) == f"jsons://example.com/{SECRET}"
    page = post(administrator, do="try", id=made.pk).content
    assert b"A test is on its way to team" in page
    assert b'hx-trigger="every 2s"' in page  # until it is over
    Notice.objects.update(state="sent")
    assert b'hx-trigger="every 2s"' not in administrator.get(PAGE).content
    assert Notice.objects.get().topic == "test"
    post(administrator, do="replace", id=made.pk, address="https://example.com/other")
    made.refresh_from_db()
    assert unseal(made.sealed) == "jsons://example.com/other"
    post(administrator, do="delete", id=made.pk)
    assert not Channel.objects.exists()
    assert not Notice.objects.exists()
    lines = [entry.getMessage() for entry in caplog.records if entry.name == "edrone.notices"]
    assert lines == [f"did={do} by=admin channel=team kind=json" for do in ("make", "try", "replace", "delete")]


def test_an_address_is_never_shown_again_nor_kept_readably(administrator, logged):
    pages = [post(administrator, **MAKE), post(administrator, **MAKE)]  # the second is refused
    pages += [post(administrator, **MAKE | {"name": "other", "kind": "slack"})]
    pages += [post(administrator, do="replace", id=Channel.objects.get().pk, address=f"slack://{SECRET}")]
    pages += [administrator.get(PAGE)]
    assert Channel.objects.count() == 1
    assert not any(SECRET in page.content.decode() for page in pages)
    assert SECRET not in every_row() + logged.getvalue()
    assert not LogEntry.objects.exists()
    assert not {Channel, Notice, DBTaskResult} & set(admin.site._registry)  # noqa: SLF001 - Django has no other way to ask


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "name: This field is required."),
        ({"name": "n" * 101}, "name: Ensure this value has at most 100 characters (it has 101)."),
        ({"name": "a\0b"}, "name: Null characters are not allowed."),
        ({"kind": "carrier pigeon"}, "kind: “carrier pigeon” is unknown; there are "),
        (
            {"kind": "slack"},
            "address: This is no address of a channel of the kind Slack. Write: https://hooks.slack.com/services/",
        ),
        ({"address": "file:///etc/passwd"}, "address: This is no address of a channel of the kind JSON webhook."),
        ({"address": "https://example.com/ü"}, "address: An address has at most 2000 characters, all of them ASCII"),
        ({"address": "json://example.com/?redirect=yes"}, "address: After its question mark the address may only say method."),
    ],
)
def test_what_makes_no_channel_is_said_in_one_sentence(changed, sentence, administrator):
    answer = post(administrator, **MAKE | changed)
    assert sentence in answer.content.decode()
    assert not Channel.objects.exists()


def test_a_mistake_in_another_form_leaves_the_events_that_a_subscription_proposes(administrator):
    channel()
    checked = re.compile(r'name="topics" value="(\w+)" checked')
    assert checked.findall(post(administrator, **MAKE | {"address": "nowhere"}).content.decode()) == ["failed", "fixed"]
    assert checked.findall(post(administrator, do="subscribe", topics="deployed").content.decode()) == ["deployed"]


@pytest.mark.parametrize("do", ["make", "try", "replace", "delete"])
def test_only_administrators_change_channels(do, viewer):
    made = channel()
    answer = viewer.post(PAGE, MAKE | {"do": do, "id": made.pk, "name": "other"})
    assert answer.status_code == 403
    assert Channel.objects.get().sealed == made.sealed
    assert not Notice.objects.exists()


def test_people_subscribe_and_unsubscribe_for_themselves_only(viewer, administrator):
    made = channel()
    wanted = {"do": "subscribe", "pattern": "shop/*", "channel": made.pk, "topics": ["fixed", "failed", "failed"]}
    assert "Notices about shop/* now go to team." in post(viewer, **wanted).content.decode()
    row = Subscription.objects.get()
    assert (row.user.username, row.topics) == ("viewer", ["failed", "fixed"])
    assert "You have a subscription of these repositories to this channel already." in post(viewer, **wanted).content.decode()
    assert b"shop/*" not in administrator.get(PAGE).content
    assert administrator.post(PAGE, {"do": "unsubscribe", "id": row.pk}).status_code == 404
    post(viewer, do="unsubscribe", id=row.pk)
    assert not Subscription.objects.exists()


def test_who_subscribes_twice_at_once_is_told_that_the_subscription_is_there(viewer, monkeypatch):
    made, checks = channel(), Subscription.full_clean

    def be_overtaken(row: Subscription) -> None:
        checks(row)
        monkeypatch.setattr(Subscription, "full_clean", checks)
        Subscription.objects.create(user=row.user, channel=row.channel, pattern=row.pattern, topics=row.topics)

    monkeypatch.setattr(Subscription, "full_clean", be_overtaken)
    answer = post(viewer, do="subscribe", pattern="shop/*", channel=made.pk, topics=["failed"])
    assert "You have a subscription of these repositories to this channel already." in answer.content.decode()
    assert Subscription.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"pattern": "shop"}, "“shop” is not a valid repository pattern"),
        ({"pattern": ""}, "repositories: This field is required."),
        ({"topics": []}, "events: This field is required."),
        ({"topics": ["everything"]}, "events: “everything” is unknown; there are failed, "),
        ({"channel": 99}, "channel: There is no such channel."),
        ({"channel": "x"}, "channel: There is no such channel."),
    ],
)
def test_what_is_no_subscription_is_said_in_one_sentence(changed, sentence, viewer):
    wanted = {"do": "subscribe", "pattern": "shop/*", "channel": channel().pk, "topics": ["failed"]}
    assert sentence in post(viewer, **wanted | changed).content.decode()
    assert not Subscription.objects.exists()


def told(to: Channel, slug: str, state: str, **fields: Any) -> Notice:
    title = f"Failed: {slug} #1"
    return Notice.objects.create(
        channel=to, topic="failed", about=f"{slug} {state}", slug=slug, number=1, title=title, body="push", state=state,
        path="/admin/builds/build/x/y/1/", ended=timezone.now(), **fields,
    )  # fmt: skip


def test_what_was_told_and_what_could_not_be_is_shown_to_whoever_may_see_it(viewer, administrator):
    mine, other = channel(), channel(name="other")
    told(mine, "shop/cart", State.SENT)
    told(mine, "shop/failed", State.FAILED, problem="it answered with 500")
    told(mine, "bank/vault", State.SENT)
    told(other, "shop/elsewhere", State.SENT)
    assert "shop/cart" not in viewer.get(PAGE).content.decode()  # nothing is subscribed
    subscribe(mine, "shop/*", User.objects.get(username="viewer"))
    page = viewer.get(PAGE).content.decode()
    assert "Failed: shop/cart #1" in page
    assert "Could not be sent" in page
    assert "<bdi>it answered with 500</bdi>" in page
    assert "bank/vault" not in page
    assert "shop/elsewhere" not in page
    page = administrator.get(PAGE).content.decode()
    assert all(name in page for name in ("shop/cart", "shop/failed", "bank/vault", "shop/elsewhere"))


def test_who_is_nobody_gets_nothing(db):
    assert Client().get(PAGE).status_code == 302
    assert client_of(person("outsider")).get(PAGE).status_code == 403


def test_names_are_shown_harmlessly(administrator):
    made = channel(name='<b>"x"\u202e\x1b')
    subscribe(made, "*", User.objects.get(username="admin"))
    page = administrator.get(PAGE).content.decode()
    assert "<b>&quot;" not in page
    assert '<b>"x"' not in page
    assert "U+202E" in page


def test_the_page_asks_as_much_for_many_rows_as_for_few(administrator):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            administrator.get(PAGE)
        return len(captured)

    admin = User.objects.get(username="admin")
    subscribe(channel(name="first"), "*", admin)
    few = queries()
    for number in range(20):
        made = channel(name=f"channel {number}")
        subscribe(made, f"shop/{number}", admin)
        for state in State.values:
            told(made, f"shop/{number}", state)
    assert queries() == few


def test_it_is_there_in_chinese(administrator):
    channel(failures=2, problem="it answered with 500")
    administrator.cookies["django_language"] = "zh-hans"
    assert administrator.get(PAGE).status_code == 200
