"""The records of the demonstration: what each sample build was served, who started it, the last error."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from builds.drone_db.models import Build
from builds.served.error_place import error_place, lines_at
from builds.starting.models import AuditRecord, Verb
from builds.starting.only_failed import rest_of
from configs.records.models import LastError, ServedConfig
from demo.forgetting import forget_records
from demo.sample_data import sample_builds
from demo.sample_records import make_records
from tests import drones


@pytest.fixture
def admin(records: None, tmp_path: Path):
    sample_builds.make(tmp_path / "demo.sqlite3")
    make_records(tmp_path / "demo.sqlite3")
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    with drones.connected(drones.sqlite_database(tmp_path / "demo.sqlite3")):
        yield client


def test_every_build_has_the_record_of_what_it_was_served(admin):
    asked = Build.objects.exclude(status__in=("error", "skipped"))
    assert ServedConfig.objects.count() == asked.count() > 500
    assert set(asked.values_list("id", flat=True)) == set(ServedConfig.objects.values_list("build_id", flat=True))
    newest = asked.filter(event="push", target="master", repo__slug="ismewen/edrone").latest("created")
    page = admin.get(f"/admin/builds/build/ismewen/edrone/{newest.number}/-/configuration/")
    assert "projects/edrone/master.yaml" in page.content.decode()


def test_who_started_a_build_by_hand_is_in_the_audit(admin):
    by_hand = Build.objects.filter(event__in=("promote", "rollback", "custom"))
    assert AuditRecord.objects.exclude(verb=Verb.RESTART).count() == by_hand.count() > 50
    one = by_hand.filter(event="rollback").latest("created")
    record = AuditRecord.objects.get(slug=one.repo.slug, build=one.number)
    assert (record.username, record.number, record.target) == (one.trigger, one.parent, "production")
    for page in ("builds/auditrecord/", "configs/servedconfig/", "configs/lasterror/"):
        assert 'class="results"' in admin.get(f"/admin/{page}").content.decode(), page
    assert "no such file" in admin.get("/admin/configs/lasterror/").content.decode()


def test_an_error_leads_to_the_line_that_it_names(admin):
    rejected = Build.objects.filter(status="error").select_related("repo")
    assert rejected
    for build in rejected:
        place = error_place(build)
        assert place
        assert "extends: _shared/test.yaml" in dict(lines_at(place, build))[place.line]
        page = admin.get(f"/admin/builds/build/{build.repo.slug}/{build.number}/-/configuration/").content.decode()
        assert 'id="error">' in page


@pytest.mark.usefixtures("admin")
def test_what_failed_of_builds_whose_image_was_refused_can_be_restarted():
    refused = Build.objects.filter(status="failure", stages__name="image", stages__status="failure")
    assert "shop/catalog" in {build.repo.slug for build in refused.select_related("repo")}
    for build in refused:
        rest = rest_of(build)
        assert (rest.runs, rest.left_out) == (("image", "deploy")[: build.stages.count() - 1], ("test",))


def test_they_are_forgotten_and_true_ones_are_not(admin):
    true = AuditRecord.objects.create(username="ann", means="administration", verb=Verb.CANCEL, slug="shop/cart")
    assert forget_records()
    assert list(AuditRecord.objects.all()) == [true]
    assert not ServedConfig.objects.exists()
    assert not LastError.objects.exists()
    assert not forget_records()
