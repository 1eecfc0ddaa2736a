"""What is forgotten with the sample builds: all that edrone's own database holds of them, and nothing else."""

import dataclasses
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections

from builds.drone_db.models import Build
from builds.notices.models import Channel, Notice, Position
from builds.starting.audit import find_earlier, save_success, start_record
from builds.starting.commands import BuildCommand, Caller
from builds.starting.models import AuditRecord, Verb
from builds.statistics.models import SummedDay
from configs.records.models import Announcement, LastError, ServedConfig
from demo.forgetting import forget_demonstration
from demo.sample_data import sample_builds
from demo.sample_records import has_records
from edrone_site.demonstration import end_demonstration, forget_former_builds, keep_or_make_sample_builds
from tests import drones

CHECK = BuildCommand(Verb.CREATE, branch="master", operation="check")


@pytest.fixture
def file(records: None, tmp_path: Path, settings) -> Iterator[Path]:
    settings.EDRONE_DEMO_FILE, settings.EDRONE_DEMO, settings.RECORD_PREFIX = tmp_path / "demo.sqlite3", True, "demonstration, "
    with drones.connected(drones.sqlite_database(settings.EDRONE_DEMO_FILE)):
        yield settings.EDRONE_DEMO_FILE


@pytest.fixture
def ann(file) -> Caller:
    return Caller(User.objects.create_superuser("ann"), "administration", "key")


def start(caller: Caller, number: int = 900) -> AuditRecord:
    """Write what is recorded where somebody starts a build."""
    record = start_record(caller, CHECK, "ismewen/edrone", None, {})
    save_success(record, 200, {"number": number, "status": "pending"})
    Announcement.objects.create(kind="override", record=record.pk, build="0" * 32)
    return record


def counts() -> tuple[int, int, int]:
    return AuditRecord.objects.count(), ServedConfig.objects.count(), LastError.objects.count()


def test_sample_builds_that_are_made_anew_have_their_records_once(file, ann):
    keep_or_make_sample_builds()
    made = counts()
    record = start(ann)
    assert find_earlier(ann, CHECK, "ismewen/edrone") == record
    keep_or_make_sample_builds()
    assert counts() == (made[0] + 1, *made[1:])  # kept
    file.unlink()
    keep_or_make_sample_builds()
    assert counts() == made
    assert find_earlier(ann, CHECK, "ismewen/edrone") is None
    assert not Announcement.objects.exists()


def test_sample_builds_without_records_are_made_anew(file):
    keep_or_make_sample_builds()
    made, inode = counts(), file.stat().st_ino
    AuditRecord.objects.all().delete()  # another server has forgotten them, or the start was killed
    keep_or_make_sample_builds()
    assert counts() == made
    assert file.stat().st_ino != inode


def test_records_of_former_sample_builds_do_not_pass_for_those_of_the_present_ones(file):
    keep_or_make_sample_builds()
    made = counts()
    sample_builds.make(file)  # as a run on another database of edrone's own does
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE builds SET build_created = build_created + 1")  # a second has passed
    keep_or_make_sample_builds()
    assert counts() == made
    assert has_records(file)  # the builds are new, too


def test_a_damaged_file_is_made_anew(file):
    keep_or_make_sample_builds()
    made = counts()
    connections["drone"].close()
    file.write_text("no database")
    keep_or_make_sample_builds()
    assert counts() == made
    assert has_records(file)


@pytest.mark.parametrize("forget", [end_demonstration, forget_former_builds])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_drone_of_ones_own_leaves_nothing_of_it(file, ann, settings, forget: Callable[[], None], is_there):
    keep_or_make_sample_builds()
    start(ann)
    channel = Channel.objects.create(name="team", kind="email", language="en", site="https://edrone.example.com")
    for slug in ("shop/cart", "own/repository"):
        Notice.objects.create(channel=channel, topic="failed", about=f"build 1 of {slug}", slug=slug, title="x", body="x")
    Position.objects.create(pk=1, newest=Build.objects.latest("id").id)
    if not is_there:
        file.unlink()
    settings.EDRONE_DEMO, settings.RECORD_PREFIX = False, ""
    true = start(dataclasses.replace(ann, key="another"))
    forget()
    assert list(AuditRecord.objects.all()) == [true]
    assert counts()[1:] == (0, 0)
    assert list(Announcement.objects.values_list("record", flat=True)) == [true.pk]
    assert not SummedDay.objects.exists()
    assert list(Notice.objects.values_list("slug", flat=True)) == ["own/repository"]
    assert Position.objects.get().newest is None
    assert file.exists() == (is_there and forget is forget_former_builds)  # a demonstration may run beside a server


def test_a_database_that_never_had_one_is_left_alone(records, ann):
    SummedDay.objects.create(day=20_000, first_id=1, last_id=1, builds=1)
    AuditRecord.objects.create(username="ann", means="administration", verb=Verb.CANCEL, slug="shop/cart")
    forget_demonstration(had_builds=False)
    assert SummedDay.objects.exists()
    assert AuditRecord.objects.exists()


def test_a_demonstration_in_the_state_folder_says_nothing_of_a_database_elsewhere(file, settings):
    keep_or_make_sample_builds()
    AuditRecord.objects.all().delete()
    ServedConfig.objects.all().delete()
    LastError.objects.all().delete()
    settings.EDRONE_DEMO, settings.RECORD_PREFIX, settings.DATABASE_IN_STATE = False, "", False
    before = SummedDay.objects.count()
    end_demonstration()
    forget_former_builds()
    assert SummedDay.objects.count() == before > 0
    assert file.exists()  # the demonstration goes on where it was


def test_records_of_a_demonstration_say_so(ann):
    assert start(ann).means == "demonstration, administration"
