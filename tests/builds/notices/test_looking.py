"""What is found out by looking at Drone's builds: each thing once, whenever edrone looks, and nothing lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.crypto import get_random_string

from builds.drone_db.masking import MASK
from builds.drone_db.models import Build
from builds.extensions.hints import Hint, bind_hinted
from builds.notices import looking, seen_builds
from builds.notices.keeping import forget
from builds.notices.looking import Hinter, look, look_if_due
from builds.notices.models import Notice, Position
from builds.notices.tree_errors import new_errors
from builds.starting.models import AuditRecord, Outcome
from configs.records.models import LastError, ServedConfig
from configs.records.pruning import prune
from configs.records.rows import note
from tests import drones
from tests.builds.conftest import person
from tests.builds.notices.conftest import channel, plan_of, subscribe
from tests.builds.notices.rows import PostgresRows, Rows

NOW = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgres"])
def rows(request: pytest.FixtureRequest, db: None, tmp_path: Path, settings: Any) -> Iterator[Rows]:
    """Drone's builds, in each of its databases."""
    written: Rows
    if request.param == "sqlite":
        written = Rows(drones.recorded_sqlite(tmp_path / "drone.sqlite"))
        settings.DRONE_DATABASE = drones.sqlite_database(written.path)
    else:
        name = f"rows_{get_random_string(12)}"
        settings.DRONE_DATABASE = drones.recorded_postgres(request.getfixturevalue("postgres"), "2.28.2", name)
        written = PostgresRows(settings.DRONE_DATABASE)
    with drones.connected(settings.DRONE_DATABASE):
        yield written


@pytest.fixture
def team(rows: Rows) -> Any:
    made = channel()
    subscribe(made)
    see()
    return made


def see() -> None:
    Position.objects.get_or_create(pk=1)
    while look(timezone.now()):
        pass


def told() -> list[tuple[str, str, int]]:
    return list(Notice.objects.order_by("id").values_list("topic", "slug", "number"))


def test_what_ended_before_anybody_subscribed_is_told_to_nobody(rows):
    rows.run("failure")
    held = rows.start()
    rows.stage(held, "blocked")
    see()
    subscribe(channel())
    see()
    see()
    assert told() == []
    rows.end(held, "failure")  # it ran when the subscription was made; the build before had failed too
    see()
    assert told() == []


def test_a_notice_of_an_operation_says_which(rows, team):
    rows.run("failure", event="custom", action="smoke-test")
    rows.run("failure")
    see()
    assert list(Notice.objects.order_by("id").values_list("operation", flat=True)) == ["smoke-test", ""]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ("success success", []),
        ("failure", ["failed"]),
        ("error", ["failed"]),
        ("success failure failure error", ["failed"]),
        ("failure success success", ["failed", "fixed"]),
        ("failure killed success", ["failed", "fixed"]),
        ("failure killed failure", ["failed"]),
        ("killed declined skipped success", []),
        ("failure success failure success", ["failed", "fixed", "failed", "fixed"]),
    ],
)
@pytest.mark.parametrize("often", [True, False])
def test_what_changes_is_told_once_and_still_failing_never(team, rows, statuses, expected, often):
    for status in statuses.split():
        build = rows.start()
        if often:
            see()
        rows.end(build, status)
        if often:
            see()
            see()
    see()
    assert [topic for topic, _, _ in told()] == expected


def test_only_builds_of_one_line_are_compared(team, rows):
    rows.run("failure")
    rows.run("success", ref="refs/heads/develop")
    rows.run("success", event="cron", cron="nightly")
    rows.run("success", slug="shop/checkout")
    rows.run("failure", event="cron", cron="nightly")
    rows.run("failure", event="cron", cron="weekly")
    see()
    assert told() == [("failed", "shop/cart", 1), ("failed", "shop/cart", 4), ("failed", "shop/cart", 5)]


@pytest.mark.parametrize("event", ["pull_request", "promote"])
def test_the_action_of_a_build_that_is_no_operation_makes_no_other_line(team, rows, event):
    for status, action in (("failure", "opened"), ("failure", "synchronized"), ("success", "synchronized")):
        rows.run(status, event=event, action=action, ref="refs/pull/7/head")
    see()
    assert told() == [("failed", "shop/cart", 1), ("fixed", "shop/cart", 3)]


def test_each_operation_has_a_line_of_its_own(team, rows):
    for status, action in (("failure", "check"), ("success", "clean"), ("failure", "clean")):
        rows.run(status, event="custom", action=action)
    see()
    assert told() == [("failed", "shop/cart", 1), ("failed", "shop/cart", 3)]


def test_an_error_of_which_drone_forgot_the_schedule_counts_for_each(team, rows):
    for status, cron in (("success", "nightly"), ("error", ""), ("success", "nightly"), ("error", ""), ("failure", "nightly")):
        rows.run(status, event="cron", cron=cron)
    rows.run("success", event="cron", cron="weekly")
    see()
    assert told() == [
        ("failed", "shop/cart", 2),
        ("fixed", "shop/cart", 3),
        ("failed", "shop/cart", 4),
        ("fixed", "shop/cart", 6),
    ]


def test_a_build_that_ends_after_a_newer_one_changes_nothing(team, rows):
    older, newer = rows.start(), rows.start()
    rows.end(newer, "success")
    see()
    rows.end(older, "failure")
    see()
    rows.run("success")
    see()
    assert told() == []


@pytest.mark.parametrize(
    ("status", "title"),
    [
        ("success", "Deployed to production: shop/cart #1"),
        ("failure", "Deployment to production failed: shop/cart #1"),
        ("error", "Deployment to production failed: shop/cart #1"),
        ("killed", "Deployment to production cancelled: shop/cart #1"),
        ("declined", None),
        ("skipped", None),
    ],
)
def test_each_deployment_is_told_when_it_has_ended(team, rows, status, title):
    rows.run(status, event="promote", deploy="production")
    see()
    titles = list(Notice.objects.filter(topic="deployed").values_list("title", flat=True))
    assert titles == [title] * bool(title)


def test_an_operation_with_a_target_is_a_deployment(team, rows, tree):
    tree(
        {
            "cart/_operations/ship.yaml": "kind: operation\ntarget: TO\ninputs:\n  TO: {required: true}\n---\nkind: pipeline\nname: a\n",
            "cart/_operations/check.yaml": "kind: pipeline\nname: a\n",
        }
    )
    rows.run("success", event="custom", action="ship", params='{"TO": "staging"}')
    rows.run("success", event="custom", action="check", params='{"TO": "staging"}')
    see()
    assert [notice.title for notice in Notice.objects.all()] == ["Deployed to staging: shop/cart #1"]


SHIP = "kind: operation\ntarget: TO\ninputs:\n  TO: {required: true}\n---\nkind: pipeline\nname: a\n"


def test_while_the_tree_is_away_only_operations_wait_and_nothing_is_lost_or_told_twice(team, rows, tree, caplog):
    root = tree({"cart/_operations/ship.yaml": SHIP, "cart/_operations/check.yaml": "kind: pipeline\nname: a\n"})
    away = root.with_name("away")
    root.rename(away)
    rows.run("failure", event="custom", action="ship", params='{"TO": "staging"}')
    rows.run("failure", event="custom", action="check", params='{"TO": "staging"}')
    rows.run("success", event="promote", deploy="production")
    blocked = rows.start(event="custom", action="ship", params='{"TO": "staging"}')
    rows.stage(blocked, "blocked")
    for _ in range(3):
        see()
    assert told() == [("deployed", "shop/cart", 3), ("waiting", "shop/cart", 4)]
    assert "Notices of 2 builds wait for the tree" in caplog.text
    away.rename(root)
    for _ in range(3):
        see()
    assert told()[2:] == [("failed", "shop/cart", 1), ("deployed", "shop/cart", 1), ("failed", "shop/cart", 2)]
    assert Position.objects.get().unfinished == [blocked]


def test_while_the_tree_is_away_nothing_waits_that_it_says_nothing_about(rows, tree):
    tree({}).rename(tree({}).with_name("away"))
    subscribe(channel(), topics=["failed", "fixed"])
    see()
    rows.run("failure", event="custom", action="ship")
    see()
    assert told() == [("failed", "shop/cart", 1)]


@pytest.mark.parametrize(
    ("target", "another", "titles"),
    [
        ("staging", 0, ["Deployment to staging failed: shop/cart #1"]),
        (MASK, 0, []),
        ("staging", 1, []),  # of a Drone that was set up anew
    ],
)
def test_of_an_operation_that_drone_made_an_error_of_the_audit_record_knows_the_target(target, another, titles, team, rows, tree):
    tree({"cart/_operations/ship.yaml": SHIP})
    build = rows.run("error", event="custom", action="ship", params="null")
    AuditRecord.objects.create(
        username="bob", means="m", verb="create", slug="shop/cart", operation="ship", target=target, outcome=Outcome.DONE, build=1,
        answer={"id": build, "created": Build.objects.get(pk=build).created + another},
    )  # fmt: skip
    see()
    assert list(Notice.objects.filter(topic="deployed").values_list("title", flat=True)) == titles


def test_what_waits_for_approval_is_told_once_and_in_order(team, rows):
    build = rows.start(event="promote", deploy="production")
    rows.stage(build, "blocked")
    see()
    see()
    assert told() == [("waiting", "shop/cart", 1)]
    assert Notice.objects.get().title == "Waiting for approval: shop/cart #1, to production"
    rows.set_stages(build, "pending")
    see()
    rows.end(build, "failure")
    see()
    assert [topic for topic, _, _ in told()] == ["waiting", "failed", "deployed"]


def test_several_subscriptions_of_a_channel_are_told_once_and_another_channel_too(team, rows):
    subscribe(team, "shop/*")
    subscribe(team, "shop/cart")
    other = channel(name="other")
    subscribe(other, "shop/cart", topics=["fixed"])
    see()
    rows.run("failure")
    rows.run("success")
    see()
    assert sorted(Notice.objects.values_list("channel__name", "topic")) == [
        ("other", "fixed"),
        ("team", "failed"),
        ("team", "fixed"),
    ]


def test_only_repositories_and_events_that_somebody_wants_are_told(rows):
    subscribe(channel(), "shop/cart", topics=["fixed"])
    subscribe(channel(name="inactive"), "*", person("gone", is_superuser=True, is_active=False))
    see()
    rows.run("failure")
    rows.run("failure", slug="shop/checkout")
    rows.run("success")
    rows.run("success", slug="shop/checkout")
    see()
    assert told() == [("fixed", "shop/cart", 2)]


def test_more_builds_than_one_look_takes_are_all_seen(team, rows, monkeypatch):
    monkeypatch.setattr(seen_builds, "AT_ONCE", 7)
    monkeypatch.setattr(seen_builds, "OVERLAP", 5)
    for _ in range(20):
        rows.run("failure")
        rows.run("success")
    see()
    assert [topic for topic, _, _ in told()] == ["failed", "fixed"] * 20


def test_a_build_that_appears_after_a_newer_one_is_seen(team, rows):
    """Whoever takes the lower id may commit later."""
    reserved = rows.last = rows.last + 1
    rows.run("success", slug="shop/checkout")
    see()
    rows.end(rows.start(id=reserved), "failure")
    see()
    assert told() == [("failed", "shop/cart", 1)]


def test_builds_of_deleted_repositories_and_purged_builds_are_nobodys(team, rows):
    build = rows.start()
    see()
    rows.execute(f"DELETE FROM builds WHERE build_id = {build}")
    rows.run("failure", slug="shop/checkout", repo_id=999)
    see()
    see()
    assert told() == []
    assert Position.objects.get().unfinished == []


def test_another_drone_begins_anew_and_its_builds_are_told(team, rows):
    for _ in range(3):
        rows.run("failure")
    see()
    rows.execute("DELETE FROM builds")
    rows.last = 0
    see()
    rows.clock += 100
    rows.run("success", slug="shop/checkout")
    rows.run("failure", slug="shop/checkout")
    see()
    assert told()[-1] == ("failed", "shop/checkout", 2)


def test_where_the_newest_builds_were_purged_those_that_ran_are_still_told(team, rows):
    rows.run("success")
    running_now, held = rows.start(), rows.start(slug="ismewen/edrone")
    rows.run("success", slug="shop/checkout")
    see()
    rows.execute("DELETE FROM builds WHERE build_id = 4")
    rows.end(running_now, "failure")
    rows.stage(held, "blocked")
    see()
    see()
    assert told() == [("failed", "shop/cart", 2), ("waiting", "ismewen/edrone", 1)]
    rows.end(held, "failure")
    rows.run("failure", slug="shop/checkout")
    see()
    assert told()[2:] == [("failed", "ismewen/edrone", 1), ("failed", "shop/checkout", 2)]


def test_of_two_who_look_at_once_one_writes(team, rows):
    rows.run("failure")
    position = Position.objects.get()
    with mock.patch.object(Position.objects, "get", return_value=position):
        see()
        look(timezone.now())  # it read the position before the other one wrote
    assert len(told()) == 1
    assert Position.objects.get().version == position.version + 1


def test_where_writing_fails_the_next_look_tells_it(team, rows, monkeypatch):
    rows.run("failure")

    def fail(*_: Any, **__: Any) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patched:
        patched.setattr(looking, "about_waiting", fail)
        with pytest.raises(DatabaseError):
            see()
    see()
    assert told() == [("failed", "shop/cart", 1)]


@pytest.mark.parametrize("rows", ["sqlite"], indirect=True)
def test_while_drones_database_is_away_nothing_is_lost(team, rows, caplog):
    rows.run("failure")
    away = rows.path.with_suffix(".away")
    from django.db import connections  # noqa: PLC0415

    connections["drone"].close()
    rows.path.rename(away)
    see()
    assert "Notices wait for Drone's database" in caplog.text
    away.rename(rows.path)
    connections["drone"].close()
    see()
    assert told() == [("failed", "shop/cart", 1)]


def test_it_is_looked_every_few_seconds_and_soon_after_an_event_by_one_of_all(db, monkeypatch):
    looks = []
    monkeypatch.setattr(looking, "look", lambda now: bool(looks.append(now)))  # type: ignore[func-returns-value]
    look_if_due(NOW)
    look_if_due(NOW + timedelta(seconds=1.5))
    assert looks == [NOW]
    hinter = Hinter()
    hinter.note()
    hinter.note()
    look_if_due(NOW + timedelta(seconds=1.5))
    look_if_due(NOW + timedelta(seconds=1.6))
    assert len(looks) == 2
    look_if_due(NOW + timedelta(seconds=5))
    look_if_due(NOW - timedelta(hours=1))  # the clock was set back
    assert len(looks) == 4


def test_an_event_of_drone_lets_the_workers_look_soon(team, rows, monkeypatch):
    monkeypatch.setattr(looking.hinter, "last", 0.0)
    build = Build.objects.get(pk=rows.start())
    bind_hinted([Hint("shop/cart", build.number, build.id)])
    assert Position.objects.get().hinted


class Asked:
    """What the configuration endpoint notes of an error."""

    def __init__(self, message: str, ref: str = "refs/heads/master", slug: str = "shop/cart") -> None:
        self.request = mock.Mock(slug=slug, event="push", ref=ref, target=ref.rpartition("/")[2], number=0, trigger="@hook")
        self.revision, self.message = "abc", message

    def fail(self) -> None:
        note(self, Exception(self.message))  # type: ignore[arg-type]


def test_an_error_of_the_tree_is_told_until_it_is_gone_and_comes_again(team, rows):
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    see()
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    see()
    assert told() == [("tree_error", "shop/cart", 0)]
    Asked("projects/cart/master.yaml:2:1: another").fail()
    see()
    assert len(told()) == 2
    serve_once()
    Asked("projects/cart/master.yaml:2:1: another").fail()
    see()
    see()
    assert len(told()) == 3


def test_an_error_of_the_tree_is_not_told_again_once_the_record_before_it_is_pruned(team, rows):
    serve_once()
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    see()
    prune(timezone.now())
    assert not ServedConfig.objects.exists()
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    see()
    assert told() == [("tree_error", "shop/cart", 0)]


def test_an_error_of_the_tree_that_was_sent_is_remembered_longer_than_other_notices(team, rows):
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    see()
    Notice.objects.update(state="sent", ended=timezone.now())
    forget(timezone.now() + timedelta(days=364))
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    see()
    assert Notice.objects.get().state == "sent"
    forget(timezone.now() + timedelta(days=366))
    see()
    assert Notice.objects.get().state == "waiting"


def test_a_channel_that_is_subscribed_later_is_told_of_an_error_that_others_know(team, rows):
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    see()
    subscribe(channel(name="later"))
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    see()
    assert sorted(Notice.objects.values_list("channel__name", flat=True)) == ["later", "team"]


def test_of_hundreds_of_errors_in_one_minute_each_is_told(team, rows, django_assert_max_num_queries):
    for number in range(300):
        Asked("projects/_shared/test.yaml:1:1: broken", slug=f"many/r{number}").fail()
    with django_assert_max_num_queries(20):
        see()
    assert len(told()) == 300
    Asked("projects/_shared/test.yaml:1:1: broken", slug="many/later").fail()
    see()
    assert told()[-1] == ("tree_error", "many/later", 0)


def test_after_an_error_of_the_time_when_the_clock_was_ahead_others_are_told(team, rows):
    see()
    Asked("projects/_shared/test.yaml:1:1: broken", slug="shop/ahead").fail()
    LastError.objects.update(time=timezone.now() + timedelta(hours=8))
    see()
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    see()
    assert told() == [("tree_error", "shop/ahead", 0), ("tree_error", "shop/cart", 0)]


def test_what_was_served_before_an_error_is_found_by_its_repository(db):
    """By its ref, it would be found among the records of all repositories that have a master."""
    with CaptureQueriesContext(connection) as queries:
        new_errors(NOW, NOW)
    plan = plan_of(queries[0]["sql"])
    assert "served_by_slug (slug=?)" in plan
    assert "served_by_ref" not in plan


def test_an_error_that_was_told_is_not_read_for_ever(team, rows):
    Asked("projects/cart/master.yaml:1:1: broken").fail()
    for minutes in range(3):
        look(timezone.now() + timedelta(minutes=minutes))
    version = Position.objects.get().version
    look(timezone.now() + timedelta(minutes=3))
    assert Position.objects.get().version == version
    assert len(told()) == 1


def serve_once() -> None:
    from configs.records.models import ConfigFile  # noqa: PLC0415

    file = ConfigFile.objects.create(digest="0" * 32, path="cart/master.yaml", sources=[], origins=b"")
    ServedConfig.objects.create(
        repo_id=3, slug="shop/cart", event="push", ref="refs/heads/master", created=1, served=timezone.now(), version="1",
        identity=None, without_created="0" * 32, cache_key="0" * 32, file=file,
    )  # fmt: skip
