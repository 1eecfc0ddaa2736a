"""A build shows its failure first: which step, its exit code, and the end of its log."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from builds.drone_db.models import Build
from builds.templatetags.builds import reason
from demo.sample_data import sample_builds
from tests import drones, hostile
from tests.builds.pages.conftest import reader

BUILD = "/admin/builds/build/{}/{}/"


@pytest.fixture
def admin(db, tmp_path: Path):
    sample_builds.make(tmp_path / "demo.sqlite3")
    with drones.connected(drones.sqlite_database(tmp_path / "demo.sqlite3")):
        yield reader("ann", is_superuser=True)


def page(admin, build: Build, path: str = "") -> str:
    return str(admin.get(BUILD.format(build.repo.slug, build.number) + path).content.decode())


def failure(text: str) -> str:
    found = re.search(r'<section class="failure".*?</section>', text, re.DOTALL)
    return found[0] if found else ""


def test_the_failed_step_its_exit_code_and_the_end_of_its_log_come_first(admin):
    build = Build.objects.filter(repo__slug="shop/checkout", status="failure").order_by("-number")[0]
    text = page(admin, build)
    box = failure(text)
    assert "<bdi>test</bdi> /\n<bdi>unit</bdi>" in box
    assert "exit code 1" in box
    assert "make: *** [Makefile:12: test] Error 1" in box
    assert box.count('class="line"') == 8
    assert text.index('class="failure"') < text.index('class="facts"')
    number = re.search(r'href="#(L\d+)">', box)
    assert number
    assert f'id="{number[1]}"' in text.replace(box, "")


def test_while_another_step_is_looked_at_the_failure_is_named_without_its_log(admin):
    build = Build.objects.filter(repo__slug="shop/checkout", status="failure").order_by("-number")[0]
    box = failure(page(admin, build, "-/step/1/1/"))
    assert "<bdi>test</bdi> /\n<bdi>unit</bdi>" in box
    assert 'class="line"' not in box


def test_the_way_to_the_log_of_a_failure_leads_there_from_every_page_of_its_build(admin):
    build = Build.objects.filter(repo__slug="shop/checkout", status="failure").order_by("-number")[0]
    there = re.search(r'class="open-log" href="([^"]*)"', page(admin, build, "-/configuration/"))
    assert there
    assert "make: *** [Makefile:12: test] Error 1" in admin.get(there[1].removesuffix("#log")).content.decode()
    assert 'class="open-log" href="#log"' in page(admin, build)


def test_a_failure_is_sent_once_and_its_log_not_read_again_while_another_pipeline_runs(db, tmp_path):
    file = hostile.database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        writer = hostile.Writer(connection)
        build = writer.build(950, build_status="running", build_event="push", build_finished=0)
        writer.stage(build, "unit", "failure", {"clone": "failure"})
        writer.stage(build, "slow", "running", {"sleep": "running"}, running=True, number=2)
    address = "/admin/builds/build/ismewen/edrone/950/"
    with drones.connected(drones.sqlite_database(file)):
        admin = reader("ann", is_superuser=True)
        assert """hx-vals='{"failure": "1-1-1", "follow": "yes"}'""" in admin.get(address).content.decode()
        live = f"{address}-/live/2/1/"
        assert f'href="{address}-/step/1/1/#L2">2</a>' in admin.get(live).content.decode()
        with CaptureQueriesContext(connections["drone"]) as queries:
            assert failure(admin.get(live, {"failure": "1-1-1"}).content.decode()) == ""
        assert not [query for query in queries if '"logs"' in query["sql"]]


def test_what_succeeded_or_waits_has_no_failure(admin):
    for status in ("success", "pending"):
        build = Build.objects.filter(status=status).select_related("repo").order_by("-id")[0]
        assert failure(page(admin, build)) == ""


def test_an_error_of_edrone_is_shown_without_what_drone_writes_before_it(admin):
    build = Build.objects.filter(status="error").select_related("repo")[0]
    assert build.error.startswith("linter: unsupported os: edrone: ")
    text = page(admin, build)
    assert "projects/edrone/default.yaml:10:3" in text
    assert "unsupported os" not in text
    assert 'class="failure"' in text
    assert "0 s" not in text
    assert "usually" not in text
    assert "unsupported os" not in admin.get("/admin/builds/build/?status=error").content.decode()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("linter: unsupported os: edrone: no file serves", "no file serves"),
        ("edrone: .drone.yml:5:3: no such file.", ".drone.yml:5:3: no such file."),
        ("linter: unsupported os: solaris", "linter: unsupported os: solaris"),
        ("yaml: line 3: edrone: x", "yaml: line 3: edrone: x"),
        (  # as Drone 1.10.1 wrote it: lists would show its first line alone
            "yaml: unmarshal errors:\n  line 6: cannot unmarshal !!map into []*yaml.Container",
            "yaml: unmarshal errors: line 6: cannot unmarshal !!map into []*yaml.Container",
        ),
    ],
)
def test_an_error_is_one_line_without_what_stands_before_words_of_edrone(error, words):
    assert reason(error) == words
