"""How notices are sent: to real servers on this machine, as bad as services can be."""

import logging
import os
import threading
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from builds.access.models import Grant, Level
from builds.notices import delivery, sending, tasks
from builds.notices.addresses import KINDS, apprise_address
from builds.notices.delivery import deliver, next_notice, pause_after
from builds.notices.keeping import correct_times, forget, give_up
from builds.notices.managing import replace_address, try_channel
from builds.notices.models import Channel, Notice, State
from builds.notices.sealing import seal, unseal
from builds.notices.tasks import enqueue_due
from configs.endpoint.drone_server import known
from tests.builds.access.drone_people import drone_user, signed_in
from tests.builds.conftest import person
from tests.builds.notices import receivers
from tests.builds.notices.conftest import channel, plan_of, subscribe
from tests.builds.notices.receivers import answer, header
from tests.conftest import every_row

pytestmark = pytest.mark.django_db
PUSH = {"slug": "shop/cart", "number": 7, "status": "failure"}


def json_address(url: str) -> str:
    return apprise_address(KINDS["json"], url)


def notice(to: Channel, about: str = "build 1", **fields: Any) -> Notice:
    values = {"topic": "failed", "title": "Failed: shop/cart #7", "body": "push", "path": "/admin/builds/build/shop/cart/7/"}
    return Notice.objects.create(channel=to, about=about, **values | PUSH | fields)


@pytest.fixture
def team(receiver: receivers.Receiver) -> Channel:
    made = channel(json_address(f"{receiver.url}/hook"))
    subscribe(made)
    return made


def state(of: Notice) -> tuple[str, str]:
    of.refresh_from_db()
    return of.state, of.problem


def make_due(made: Channel) -> None:
    Channel.objects.filter(pk=made.pk).update(rests_until=None)
    Notice.objects.filter(channel=made).update(due=timezone.now())


def test_a_notice_is_sent_once_with_what_programs_need(team, receiver, sender):
    sent = notice(team)
    deliver(team.pk, sender.send)
    deliver(team.pk, sender.send)
    assert state(sent) == ("sent", "")
    link = "https://edrone.example.com/admin/builds/build/shop/cart/7/"
    assert receiver.got == [
        (
            "/hook",
            {
                "version": "1.0", "title": "Failed: shop/cart #7", "message": f"push\n{link}", "attachments": [], "type": "failure",
                "id": sent.pk, "event": "failed", "repository": "shop/cart", "build": 7, "operation": "", "status": "failure", "link": link,
                "time": int(sent.created.timestamp()),
            },
        )
    ]  # fmt: skip


def test_a_mail_has_one_subject_and_no_other_headers_whatever_its_texts_hold(mails, sender):
    address = f"mailto://127.0.0.1:{mails.port}?from=edrone@example.com&to=team@example.com"
    team = channel(apprise_address(KINDS["mail"], address), kind="mail")
    subscribe(team)
    notice(team, title="Failed: shop/cart #7 (ünï)", body="“one” ‹b›\n.\nBcc: x@y.example")
    deliver(team.pk, sender.send)
    [mail] = mails.mails
    assert header(mail, "Subject") == "Failed: shop/cart #7 (ünï)"
    assert header(mail, "To").strip("<>") == "team@example.com"
    assert mail["Bcc"] is None
    text = mail.get_payload(decode=True).decode()
    assert mail.get_content_type() == "text/plain"
    assert "“one” ‹b›" in text
    assert "https://edrone.example.com/admin/builds/build/shop/cart/7/" in text


def test_an_address_that_was_stored_with_its_scheme_in_capitals_works(receiver, sender):
    team = channel(f"JSON://{receiver.url.removeprefix('http://')}/hook")
    subscribe(team)
    sent = notice(team)
    deliver(team.pk, sender.send)
    assert receiver.notices[0]["id"] == sent.pk


def test_an_address_that_was_stored_and_would_be_refused_now_is_not_used(team, receiver, sender):
    Channel.objects.update(sealed=seal(f"json://{receiver.url.removeprefix('http://')}/hook#?verify=no"))
    sent = notice(team)
    deliver(team.pk, sender.send)
    assert state(sent) == ("waiting", delivery.UNUSABLE)
    assert receiver.got == []


def test_mail_that_is_refused_waits(mails, sender):
    mails.refuses = 550
    team = channel(f"mailto://127.0.0.1:{mails.port}?from=edrone@example.com&to=team@example.com", kind="mail")
    subscribe(team)
    sent = notice(team)
    deliver(team.pk, sender.send)
    assert state(sent)[0] == "waiting"
    mails.refuses = 0
    make_due(team)
    deliver(team.pk, sender.send)
    assert state(sent)[0] == "sent"


MAILING = "from=edrone@example.com&to=ann@example.com,gone@example.com&cc=wei@example.com&bcc=eve@example.com"
SOME = "it took the notice for some of its recipients only"


@pytest.fixture
def mailing(mails: receivers.MailServer) -> Channel:
    """A channel with several recipients, of whom the mail server refuses one."""
    mails.refuses, mails.refused = 550, "gone@"
    made = channel(apprise_address(KINDS["mail"], f"mailto://127.0.0.1:{mails.port}?{MAILING}"), kind="mail")
    subscribe(made)
    return made


def test_a_recipient_who_is_refused_lets_nobody_else_get_the_mail_again(mailing, mails, sender):
    sent = notice(mailing)
    for _ in range(3):
        deliver(mailing.pk, sender.send)
        assert state(sent) == ("waiting", SOME)
        assert sorted(mails.recipients) == ["ann@example.com", "eve@example.com", "wei@example.com"]
        make_due(mailing)
    mails.refuses = 0
    deliver(mailing.pk, sender.send)
    assert state(sent) == ("sent", "")
    assert mails.recipients[3:] == ["gone@example.com"]
    assert sent.reached == []


def test_a_recipient_who_is_refused_makes_no_other_notice_wait(mailing, mails, sender):
    first, second, other = (
        notice(mailing, topic="failed"),
        notice(mailing, topic="deployed"),
        notice(mailing, "build 2", number=8),
    )
    for _ in range(3):
        deliver(mailing.pk, sender.send)
    assert [state(one) for one in (first, second, other)] == [("waiting", SOME)] * 3
    assert len(mails.recipients) == 9
    mailing.refresh_from_db()
    assert (mailing.failures, mailing.rests_until) == (0, None)


def test_who_has_it_does_not_get_it_again_where_the_channel_gets_another_address(mailing, mails, sender):
    sent = notice(mailing)
    deliver(mailing.pk, sender.send)
    replace_address(User(), mailing, f"mailto://127.0.0.1:{mails.port}?{MAILING.replace('gone@', 'max@')}", mailing.site)
    make_due(mailing)
    deliver(mailing.pk, sender.send)
    assert state(sent) == ("sent", "")
    assert mails.recipients[3:] == ["max@example.com"]


def test_who_has_it_when_the_mail_server_hangs_does_not_get_it_again(mailing, mails, monkeypatch):
    monkeypatch.setattr(sending, "LONGEST", 4.0)
    fresh = sending.Sender()
    fresh.send({"address": "json://127.0.0.1:1/", "title": "", "body": "", "type": "info", "fields": {}, "reached": []})
    mails.refuses, mails.takes = 0, 1
    sent = notice(mailing)
    deliver(mailing.pk, fresh.send)
    assert state(sent) == ("waiting", sending.TOO_LONG)
    assert len(mails.recipients) == 1
    mails.takes = 1000
    make_due(mailing)
    monkeypatch.setattr(sending, "LONGEST", 60.0)
    deliver(mailing.pk, fresh.send)
    assert state(sent) == ("sent", "")
    assert sorted(mails.recipients) == ["ann@example.com", "eve@example.com", "gone@example.com", "wei@example.com"]
    fresh.close()


def test_a_room_that_is_refused_lets_no_other_room_get_the_notice_again(receiver, sender):
    """Other services have several recipients too, such as rooms of Mattermost."""
    made = channel(f"mmost://{receiver.url.removeprefix('http://')}/hooks/{'a' * 26}?channel=team,gone", kind="mattermost")
    subscribe(made)

    def refuse_gone(handler: Any) -> None:
        answer(404 if receiver.got[-1][1]["channel"] == "gone" else 200)(handler)

    receiver.answer = refuse_gone
    sent = notice(made)
    for _ in range(2):
        deliver(made.pk, sender.send)
        make_due(made)
    assert state(sent) == ("waiting", "it answered with 404")
    assert sorted(body["channel"] for body in receiver.notices) == ["gone", "gone", "team"]


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (answer(500), "it answered with 500"),
        (answer(404, b"x" * 100_000), "it answered with 404"),
        (answer(302, Location="http://127.0.0.1:1/elsewhere"), "it answered with 302, a redirect, which is not followed"),
        (answer(307, Location="/again"), "it answered with 307, a redirect, which is not followed"),
    ],
)
def test_what_a_service_does_not_take_waits_longer_each_time(behaviour, problem, team, receiver, sender):
    receiver.answer = behaviour
    sent = notice(team)
    before = timezone.now()
    deliver(team.pk, sender.send)
    assert state(sent) == ("waiting", problem)
    assert len(receiver.got) == 1
    assert before + timedelta(seconds=10) <= sent.due <= timezone.now() + timedelta(seconds=10)
    deliver(team.pk, sender.send)  # it rests
    assert len(receiver.got) == 1
    make_due(team)
    deliver(team.pk, sender.send)
    assert state(sent)[0] == "waiting"
    assert before + timedelta(seconds=20) <= sent.due
    team.refresh_from_db()
    assert (team.failures, team.problem) == (2, problem)
    receiver.answer = answer()
    make_due(team)
    deliver(team.pk, sender.send)
    assert state(sent) == ("sent", "")
    team.refresh_from_db()
    assert (team.failures, team.problem, team.rests_until) == (0, "", None)


def test_pauses_grow_up_to_half_an_hour():
    pauses = [pause_after(failures).total_seconds() for failures in range(1, 200)]
    assert pauses[:4] == [10, 20, 40, 80]
    assert sorted(pauses) == pauses
    assert pauses[-1] == 1800


@pytest.mark.parametrize("behaviour", [receivers.drip, receivers.hang])
def test_a_service_that_hangs_is_left_and_the_next_notice_is_sent(behaviour, team, receiver, monkeypatch):
    monkeypatch.setattr(sending, "LONGEST", 2.0)
    fresh = sending.Sender()
    fresh.send(
        {"address": "json://127.0.0.1:1/", "title": "", "body": "", "type": "info", "fields": {}, "reached": []}
    )  # it has started
    receiver.answer = behaviour
    first = notice(team)
    deliver(team.pk, fresh.send)
    assert state(first) == ("waiting", sending.TOO_LONG)
    receiver.answer = answer()
    monkeypatch.setattr(sending, "LONGEST", 60.0)
    make_due(team)
    deliver(team.pk, fresh.send)
    assert state(first) == ("sent", "")
    fresh.close()


def test_an_answer_without_an_end_is_cut_off(team, receiver, sender):
    receiver.answer = receivers.flood
    sent = notice(team)
    deliver(team.pk, sender.send)
    assert state(sent) == ("sent", "")
    with open(f"/proc/{sender.process.pid}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak < 150_000  # KB


def test_an_address_that_is_replaced_in_between_is_used_from_the_next_notice_on(team, receiver, sender):
    Channel.objects.update(sealed=seal("json://127.0.0.1:1/old"))
    notices = [notice(team), notice(team, "build 2", number=8)]
    addresses = []

    def send(message: dict[str, Any]) -> str:
        addresses.append(message["address"])
        replace_address(User(), team, "json://127.0.0.1:1/new", team.site)
        return ""

    deliver(team.pk, send)
    assert addresses == ["json://127.0.0.1:1/old", "json://127.0.0.1:1/new"]
    assert [state(one)[0] for one in notices] == ["sent", "sent"]


@pytest.mark.parametrize("reached", [[], ["somebody"]])
@pytest.mark.parametrize("age", [0, 1])
def test_what_failed_at_an_address_that_was_replaced_meanwhile_is_tried_at_the_new_one_at_once(age, reached, team):
    Channel.objects.update(failures=5, problem="it answered with 500")
    sent = notice(team, created=timezone.now() - timedelta(days=age), reached=reached)

    def hang(_message: Any) -> str:
        replace_address(User(), team, "json://127.0.0.1:1/new", team.site)
        return sending.TOO_LONG

    deliver(team.pk, hang)
    team.refresh_from_db()
    assert (team.failures, team.problem, team.rests_until) == (0, "", None)
    assert state(sent) == ("waiting", "")
    assert sent.due <= timezone.now()
    deliver(team.pk, lambda _: "")
    assert state(sent)[0] == "sent"


def test_after_a_day_it_is_given_up_and_shown(team, receiver, sender):
    receiver.answer = answer(500)
    old = notice(team, created=timezone.now() - timedelta(days=1))
    young = notice(team, "build 2", number=8, created=timezone.now() - timedelta(hours=23))
    for _ in range(2):
        make_due(team)
        deliver(team.pk, sender.send)
    assert state(old) == ("failed", "it answered with 500")
    assert state(young)[0] == "waiting"


def test_what_a_channel_that_fails_never_came_to_try_is_given_up_after_a_day(team):
    working = channel(name="working")
    now = timezone.now()
    old = now - timedelta(days=1, minutes=1)
    late, young, other = notice(team, created=old), notice(team, "build 2"), notice(working, created=old)
    Channel.objects.filter(pk=team.pk).update(failures=3, problem="it answered with 404")
    give_up(now)
    assert state(late) == ("failed", "it answered with 404")
    assert late.ended == now
    assert [state(young)[0], state(other)[0]] == ["waiting", "waiting"]


def test_one_notice_that_is_refused_does_not_hold_up_the_others(team, receiver, sender):
    bad = notice(team, title="bad")
    good = [notice(team, f"build {number}", number=number) for number in range(2, 6)]

    def refuse_bad(handler: Any) -> None:
        answer(400 if receiver.got[-1][1]["title"] == "bad" else 200)(handler)

    receiver.answer = refuse_bad
    deliver(team.pk, sender.send)
    Channel.objects.update(rests_until=None)  # half as long as the notice
    deliver(team.pk, sender.send)
    assert [state(one)[0] for one in good] == ["sent"] * 4
    assert state(bad) == ("waiting", "it answered with 400")


def test_several_notices_that_are_refused_do_not_hold_up_the_others(team, monkeypatch):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    for number in range(1, 4):
        notice(team, f"build {number}", number=number, title="bad")
    good = notice(team, "build 4", number=4, title="good")
    for _ in range(3):
        now += timedelta(seconds=60)
        deliver(team.pk, lambda message: "" if message["title"] == "good" else "it answered with 400")
    now += timedelta(seconds=60)
    deliver(team.pk, lambda message: "" if message["title"] == "good" else "it answered with 400")
    assert state(good)[0] == "sent"


def test_a_test_of_a_channel_that_fails_comes_first(team):
    for number in range(1, 4):
        notice(team, f"build {number}", number=number)
    tried = try_channel(User(), team, "https://edrone.example.com")
    deliver(team.pk, lambda _: "it answered with 404")
    assert state(tried) == ("failed", "it answered with 404")


def test_of_one_build_no_notice_overtakes_another(team, receiver, sender):
    first, second = notice(team, topic="waiting"), notice(team, topic="failed")
    other = notice(team, "build 2", number=8)
    Notice.objects.filter(pk=first.pk).update(due=timezone.now() + timedelta(minutes=1))
    deliver(team.pk, sender.send)
    assert (state(first)[0], state(second)[0], state(other)[0]) == ("waiting", "waiting", "sent")
    make_due(team)
    deliver(team.pk, sender.send)
    assert [body["event"] for body in receiver.notices] == ["failed", "waiting", "failed"]
    assert [body["build"] for body in receiver.notices] == [8, 7, 7]


def test_the_next_notice_is_found_without_comparing_each_that_waits_with_all_others(team):
    with CaptureQueriesContext(connection) as queries:
        assert next_notice(team.pk) is None
    assert "CORRELATED" not in plan_of(queries[0]["sql"])


@pytest.mark.parametrize("lost", ["grant", "active", "subscription", "pattern", "user", "topic"])
def test_who_lost_the_right_between_event_and_sending_is_told_nothing(lost, receiver, sender):
    team = channel(json_address(receiver.url))
    reader = person("reader", Level.VIEW, "shop/*")
    subscription = subscribe(team, "shop/*", reader)
    sent = notice(team)
    match lost:
        case "grant":
            Grant.objects.all().delete()
        case "active":
            User.objects.filter(pk=reader.pk).update(is_active=False)
        case "subscription":
            subscription.delete()
        case "pattern":
            subscription.pattern = "octocat/*"
            subscription.save()
        case "user":
            reader.delete()
        case "topic":
            subscription.topics = ["fixed"]
            subscription.save()
    deliver(team.pk, sender.send)
    assert state(sent) == ("dropped", "")
    assert receiver.got == []


def test_one_of_several_subscribers_who_may_see_it_is_enough(receiver, sender):
    team = channel(json_address(receiver.url))
    subscribe(team, "shop/*", person("nobody"))
    sent = notice(team)
    subscribe(team, "*", person("somebody", Level.VIEW, "shop/cart"))
    deliver(team.pk, sender.send)
    assert state(sent)[0] == "sent"


@pytest.mark.parametrize(("token_is_of", "outcome"), [("robot", "sent"), ("ann", "dropped")])
@pytest.mark.parametrize("about", [PUSH, {"topic": "frozen", "slug": "shop/*", "number": 0}])
def test_an_administrator_of_drone_is_told_once_it_is_known_whose_drones_token_is(
    token_is_of, outcome, about, rows, settings, receiver, sender, monkeypatch
):
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE, settings.DRONE_TOKEN = True, "github", "x" * 32
    monkeypatch.setattr(known, "login", "")
    drone_user(rows.execute, 7, "ann", admin=True)
    team = channel(json_address(receiver.url))
    subscribe(team, "shop/*", signed_in("ann", "ann"))
    sent = notice(team, **about)
    deliver(team.pk, sender.send)
    assert state(sent) == ("waiting", delivery.NOBODY_KNOWN)
    known.login = token_is_of
    make_due(team)
    deliver(team.pk, sender.send)
    assert state(sent)[0] == outcome
    assert len(receiver.got) == (outcome == "sent")


def test_a_deleted_channel_ends_its_waiting_notices_without_harm(team, receiver, sender):
    notice(team)
    enqueue_due()
    pk = team.pk
    team.delete()
    assert not Notice.objects.exists()
    deliver(pk, sender.send)
    work()
    assert receiver.got == []
    assert set(DBTaskResult.objects.values_list("status", flat=True)) == {"SUCCESSFUL"}


def test_a_channel_that_is_deleted_while_it_sends_is_no_error(team, receiver, sender):
    notice(team)
    notice(team, "build 2", number=8)

    def send(message: dict[str, Any]) -> str:
        Channel.objects.all().delete()
        return str(sender.send(message))

    deliver(team.pk, send)
    assert len(receiver.got) == 1


def work() -> None:
    """Let a worker do what is due, and end."""
    with mock.patch.object(db_worker, "close_old_connections"):  # they are the test's
        call_command("db_worker", batch=True, startup_delay=False, queue_name="notices", interval=0, verbosity=0)
    tasks.sender.close()


def test_the_queue_has_one_task_for_a_channel_and_another_where_one_is_due_sooner(team, receiver):
    notice(team)
    notice(team, "build 2", number=8)
    enqueue_due()
    enqueue_due()
    assert DBTaskResult.objects.count() == 1
    work()
    assert len(receiver.got) == 2
    enqueue_due()
    assert not DBTaskResult.objects.filter(status="READY").exists()
    receiver.answer = answer(500)
    notice(team, "build 3", number=9)
    enqueue_due()
    work()
    enqueue_due()
    [task] = DBTaskResult.objects.filter(status="READY")
    assert task.run_after > timezone.now() + timedelta(seconds=4)
    receiver.answer = answer()
    tried = try_channel(User(), team, "https://edrone.example.com")
    enqueue_due()
    work()
    assert state(tried)[0] == "sent"


def test_a_task_that_was_lost_with_its_worker_is_made_again(team, receiver):
    sent = notice(team)
    enqueue_due()
    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now())
    Channel.objects.update(held_until=timezone.now() + timedelta(seconds=80))
    enqueue_due()
    assert DBTaskResult.objects.count() == 1
    Channel.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    enqueue_due()
    work()
    assert state(sent)[0] == "sent"


def test_a_failed_test_is_not_repeated_and_says_why(team, receiver, sender):
    receiver.answer = answer(403)
    tried = try_channel(User(), team, "https://edrone.example.com")
    deliver(team.pk, sender.send)
    assert state(tried) == ("failed", "it answered with 403")
    assert receiver.notices[0]["message"].startswith("Notices to the channel “team” arrive here.")


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_notice_once_and_in_order(receiver):
    team = channel(json_address(receiver.url))
    subscribe(team)
    for number in range(1, 21):
        notice(team, f"build {number}", number=number)
    senders = [sending.Sender(), sending.Sender()]

    def send(one: sending.Sender) -> None:
        for _ in range(20):
            deliver(team.pk, one.send)
        from django.db import connection  # noqa: PLC0415

        connection.close()

    threads = [threading.Thread(target=send, args=(one,)) for one in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in senders:
        one.close()
    assert [body["build"] for body in receiver.notices] == list(range(1, 21))


def test_a_worker_that_was_stopped_for_so_long_that_another_took_its_channel_sends_no_more(team):
    notice(team)
    notice(team, "build 2", number=8)
    until = timezone.now() + delivery.HELD
    messages: list[Any] = []

    def send(message: Any) -> str:
        messages.append(message)
        Channel.objects.filter(pk=team.pk).update(held_until=until)
        return ""

    deliver(team.pk, send)
    assert len(messages) == 1
    team.refresh_from_db()
    assert team.held_until == until


def test_a_worker_that_is_told_to_end_finishes_its_message_and_leaves_the_rest(team, receiver, sender):
    notices = [notice(team, f"build {number}", number=number) for number in range(1, 4)]

    def send(message: dict[str, Any]) -> str:
        delivery.stopping.set()
        return str(sender.send(message))

    deliver(team.pk, send)
    assert [state(one)[0] for one in notices] == ["sent", "waiting", "waiting"]
    team.refresh_from_db()
    assert team.held_until is None


def test_a_restart_of_the_database_while_a_notice_is_sent_does_not_send_it_twice(team, monkeypatch):
    sent, finish, failures = notice(team), delivery.finish, [OperationalError("terminating connection")] * 2

    def fail_at_first(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        finish(*arguments)

    monkeypatch.setattr(delivery, "finish", fail_at_first)
    monkeypatch.setattr(delivery, "AGAIN", 0.01)
    monkeypatch.setattr(delivery, "close_old_connections", lambda: None)  # they are the test's
    deliver(team.pk, lambda _: "")
    assert state(sent) == ("sent", "")


def test_a_cancelled_deployment_is_a_warning(team):
    kinds = {
        status: delivery.type_of(notice(team, status, topic="deployed", status=status))
        for status in ("killed", "success", "failure")
    }
    assert kinds == {"killed": "warning", "success": "success", "failure": "failure"}


def test_the_sending_process_that_dies_is_started_again(team, receiver, sender):
    sent = notice(team)
    sender.send({"address": "json://127.0.0.1:1/", "title": "", "body": "", "type": "info", "fields": {}, "reached": []})
    os.kill(sender.process.pid, 9)
    sender.process.wait()
    deliver(team.pk, sender.send)
    assert state(sent)[0] == "sent"


SECRET = "planted-secret-of-a-channel"


def test_addresses_are_encrypted_and_never_logged(receiver, sender, logged, caplog):
    team = channel(json_address(f"{receiver.url}/{SECRET}?token={SECRET}"))
    subscribe(team)
    receiver.answer = answer(500)
    notice(team)
    with caplog.at_level(logging.DEBUG):
        deliver(team.pk, sender.send)
        replace_address(User(), team, f"json://127.0.0.1:1/{SECRET}", team.site)
        team.refresh_from_db()
        deliver(team.pk, sender.send)
    assert SECRET in unseal(team.sealed)
    assert SECRET not in every_row()
    assert SECRET not in logged.getvalue() + caplog.text
    assert "a notice was not sent: it cannot be reached" in caplog.text


def test_after_secret_key_was_changed_the_address_has_to_be_given_anew(team, settings, receiver, sender):
    sent = notice(team)
    settings.SECRET_KEY = "another one, of more than thirty-two characters"
    deliver(team.pk, sender.send)
    assert state(sent) == ("waiting", delivery.RESEALED)
    Channel.objects.update(sealed=seal(json_address(receiver.url)))
    make_due(team)
    deliver(team.pk, sender.send)
    assert state(sent)[0] == "sent"


def test_the_sending_process_has_none_of_edrones_secrets(sender, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("DRONE_TOKEN", SECRET)
    fresh = sending.Sender()
    fresh.send({"address": "json://127.0.0.1:1/", "title": "", "body": "", "type": "info", "fields": {}, "reached": []})
    assert fresh.process
    with open(f"/proc/{fresh.process.pid}/environ", "rb") as environ:
        assert SECRET.encode() not in environ.read()
    fresh.close()


def test_old_notices_and_tasks_are_forgotten_and_what_waits_is_not(team):
    now = timezone.now()
    for days, kind in ((31, State.SENT), (31, State.FAILED), (31, State.DROPPED), (29, State.SENT)):
        notice(team, f"{days} {kind}", state=kind, ended=now - timedelta(days=days))
    notice(team, "waits", created=now - timedelta(days=40))
    for days, status in ((2, "SUCCESSFUL"), (2, "RUNNING"), (0, "FAILED")):
        DBTaskResult.objects.create(
            args_kwargs={"args": [1], "kwargs": {}}, task_path="x", backend_name="default", run_after=now, status=status,
            started_at=now - timedelta(days=days),
        )  # fmt: skip
    forget(now)
    assert sorted(Notice.objects.values_list("about", flat=True)) == ["29 sent", "waits"]
    assert list(DBTaskResult.objects.values_list("status", flat=True)) == ["FAILED"]


def test_nothing_waits_for_what_was_written_while_the_clock_was_ahead(team, receiver, sender):
    now = timezone.now()
    ahead = now + timedelta(hours=8)
    late = notice(team, created=ahead, due=ahead)
    Channel.objects.update(rests_until=ahead, held_until=ahead)
    correct_times(now)
    deliver(team.pk, sender.send)
    assert state(late) == ("sent", "")


def test_what_rests_or_is_held_by_another_worker_stays_so(team):
    now = timezone.now()
    longest = now + delivery.LONGEST_PAUSE
    notice(team, due=longest)
    Channel.objects.update(rests_until=longest, held_until=now + delivery.HELD)
    before = [*Notice.objects.values_list("due"), *Channel.objects.values_list("rests_until", "held_until")]
    correct_times(now)
    assert [*Notice.objects.values_list("due"), *Channel.objects.values_list("rests_until", "held_until")] == before
