"""Freezes that are made and lifted are told once, to those who may see a repository that freeze and subscription share."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.management.commands import db_worker

from builds.access.models import Grant, Level
from builds.freezes.access import narrower, seen_patterns, wider_than
from builds.freezes.actions import NotYours, lift, make
from builds.freezes.models import Freeze
from builds.notices import tasks
from builds.notices.delivery import deliver
from builds.notices.models import Channel, Notice
from builds.notices.notices_page import notices_for
from builds.notices.tasks import enqueue_due
from tests import hostile
from tests.builds.api import Api, body
from tests.builds.conftest import person
from tests.builds.notices.conftest import channel, subscribe
from tests.builds.notices.receivers import Receiver, answer

END = datetime(2099, 12, 24, 17, tzinfo=UTC)


@pytest.fixture
def team(db: None, receiver: Receiver) -> Channel:
    return channel(f"json://{receiver.url.partition('://')[2]}/")


@pytest.fixture
def ops(db: None) -> Any:
    return person("ops", is_superuser=True)


def freeze(user: Any, **fields: Any) -> Freeze:
    return make(user, Freeze(**{"pattern": "shop/*", "targets": "production", "reason": "stock-taking"} | fields))


def work() -> None:
    """Let the queue and its worker do what is due."""
    enqueue_due()
    with mock.patch.object(db_worker, "close_old_connections"):  # they are the test's
        call_command("db_worker", batch=True, startup_delay=False, queue_name="notices", interval=0, verbosity=0)
    tasks.sender.close()


def titles(receiver: Receiver) -> list[str]:
    return [notice["title"] for notice in receiver.notices]


def test_made_and_lifted_are_told_once_each(team, ops, receiver):
    subscribe(team, "shop/cart")
    made = freeze(ops, ends=END)
    work()
    assert lift(ops, made)
    assert not lift(ops, Freeze.objects.get())
    work()
    work()
    assert titles(receiver) == ["Frozen: production of shop/*", "Freeze lifted: production of shop/*"]
    first, second = receiver.notices
    assert f"until {END:%Y-%m-%d %H:%M} UTC\n“stock-taking”\nby ops\n" in first["message"]
    assert (first["event"], first["repository"], first["build"]) == ("frozen", "shop/*", 0)
    assert [(each["status"], each["type"]) for each in (first, second)] == [("holds", "warning"), ("lifted", "success")]
    assert first["link"] == "https://edrone.example.com/admin/builds/freezes/"


def test_a_planned_freeze_is_told_when_it_is_made(team, ops, receiver):
    subscribe(team)
    begins = END - timedelta(days=2)
    freeze(ops, begins=begins, branches="release/*")
    work()
    [told] = receiver.notices
    assert told["title"] == "Frozen: production, branches release/* of shop/*"
    assert told["message"].startswith(f"from {begins:%Y-%m-%d %H:%M} UTC until it is lifted\n")
    assert told["status"] == "planned"


def test_what_is_refused_is_not_told(team, receiver):
    subscribe(team)
    runner = person("runner", Level.RUN, "*")
    with pytest.raises(NotYours):
        freeze(runner)
    made = Freeze.objects.create(pattern="shop/*", targets="x", reason="r", username="ops")
    with pytest.raises(NotYours):
        lift(runner, made)
    assert not Notice.objects.exists()


def test_rest_and_commands_tell_too(team, ops, receiver):
    subscribe(team)
    number = body(Api(ops).post("/api/freezes", {"pattern": "shop/*", "targets": "a", "reason": "r"}))["id"]
    assert Api(ops).delete(f"/api/freezes/{number}").status_code == 204
    call_command("freeze", "shop/*", "b", "--reason", "r")
    call_command("unfreeze", str(Freeze.objects.order_by("-pk")[0].pk))
    work()
    assert [title.partition(":")[0] for title in titles(receiver)] == ["Frozen", "Freeze lifted"] * 2


@pytest.mark.parametrize(
    ("grant", "subscription", "frozen", "told"),
    [
        ("shop/*", "*", "shop/*", True),
        ("shop/cart", "*", "shop/*", True),
        ("shop/cart", "shop/cart", "*", True),
        ("*", "shop/*", "shop/cart", True),
        ("shop/cart", "shop/*", "shop/cart", True),
        ("shop/cart", "*", "shop/secret", False),
        ("shop/*", "*", "secret/*", False),
        ("shop/cart", "shop/secret", "shop/*", False),  # of what both name they see nothing
        ("*", "shop/*", "platform/*", False),
        ("shop/*", "*", "shopping/*", False),
        (None, "*", "*", False),
    ],
)
def test_a_pattern_meets_a_pattern_and_nobody_learns_of_what_they_may_not_see(
    grant, subscription, frozen, told, team, ops, receiver
):
    reader = person("reader", Level.VIEW, grant) if grant else person("reader")
    subscribe(team, subscription, reader)
    freeze(ops, pattern=frozen)
    work()
    assert bool(receiver.got) is told
    if told:
        assert notices_for(reader, administers=False).count() == 1
    else:
        assert not Notice.objects.exclude(state="dropped").exists()


def test_the_list_of_notices_hides_freezes_of_what_one_may_not_see(team, ops):
    reader = person("reader", Level.VIEW, "shop/cart")
    subscribe(team, "*", reader)
    for pattern in ("*", "shop/*", "shop/cart", "shop/secret", "secret/*", "shop/deep/*"):
        freeze(ops, pattern=pattern)
    assert set(notices_for(reader, administers=False).values_list("slug", flat=True)) == {"*", "shop/*", "shop/cart"}
    assert Notice.objects.filter(seen_patterns(person("nobody"), "slug")).count() == 0


def test_who_lost_the_grant_or_the_wish_before_it_is_sent_is_told_nothing(team, ops, receiver):
    reader = person("reader", Level.VIEW, "shop/*")
    row = subscribe(team, "*", reader)
    freeze(ops)
    Grant.objects.filter(user=reader).delete()
    work()
    assert Notice.objects.get().state == "dropped"
    row.topics = ["failed"]
    row.save()
    freeze(ops)
    assert Notice.objects.count() == 1
    assert receiver.got == []


def test_the_reason_is_harmless(team, ops, receiver):
    subscribe(team)
    freeze(ops, reason="@everyone <!channel> https://evil.example \u202e" + hostile.TEXT.replace("\0", "")[:200])
    work()
    [told] = receiver.notices
    text = json.dumps(told["message"].rpartition("\n")[0], ensure_ascii=False)
    assert not any(bad in text for bad in ("@", "<", "://", "\u202e", "\x1b"))


def test_lifted_does_not_overtake_made(team, ops, receiver, sender):
    subscribe(team)
    made = freeze(ops)
    receiver.answer = answer(500)
    deliver(team.pk, sender.send)
    lift(ops, made)
    receiver.answer = answer()
    Channel.objects.update(rests_until=None)
    deliver(team.pk, sender.send)
    assert len(receiver.got) == 1  # the one that was refused
    Notice.objects.update(due=timezone.now())
    deliver(team.pk, sender.send)
    assert titles(receiver)[1:] == ["Frozen: production of shop/*", "Freeze lifted: production of shop/*"]


def test_patterns_have_in_common_the_narrower_one():
    assert narrower("*", "shop/*") == narrower("shop/*", "*") == "shop/*"
    assert narrower("shop/*", "shop/cart") == "shop/cart"
    assert narrower("shop/cart", "shop/cart2") == narrower("shop/*", "shopping/*") == ""
    assert wider_than("shop/deep/cart") == ["*", "shop/*", "shop/deep/*"]
