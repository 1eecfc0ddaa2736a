"""Logs of Drone's table: in pieces, one long one at a time, none that is too long."""

import json
import re
import time
import tracemalloc
from typing import Any

import pytest
from django.db import connections

from builds.access.models import Level
from builds.drone_db.models import Step
from builds.drone_db.queries import log_piece
from builds.logs import stored_log
from tests.builds.api import Api, body
from tests.builds.conftest import Change, person
from tests.builds.pages.conftest import reader

LOG = "/api/repos/ismewen/edrone/builds/1/logs/1/1"
BUILD = "/admin/builds/build/ismewen/edrone/1/"
PAGE, LOG_PAGE = f"{BUILD}-/step/1/1/", f"{BUILD}-/log/1/1/"
LONG = b"[" + b",".join(b'{"pos":%d,"out":"line %d\\n","time":1}' % (pos, pos) for pos in range(60_000)) + b"]\n"


def write(change: Change, log: bytes) -> None:
    blob = f"'\\x{log.hex()}'" if connections["drone"].vendor == "postgresql" else f"x'{log.hex()}'"
    change(f"UPDATE logs SET log_data = {blob} WHERE log_id = 1")


@pytest.fixture
def long_log(change: Change) -> None:
    assert len(LONG) > stored_log.SHORT
    write(change, LONG)


def test_pieces_are_the_whole(long_log: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stored_log, "SHORT", 70_001)
    with stored_log.stored_log(Step.objects.get(pk=1)) as data:
        assert data == LONG


def test_a_long_log_is_in_memory_once(long_log: None):
    tracemalloc.start()
    with stored_log.stored_log(Step.objects.get(pk=1)) as data:
        kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert data
    assert kept < 1.5 * len(data)


def test_a_log_that_is_deleted_while_it_is_read_is_none(change: Change, long_log: None, monkeypatch: pytest.MonkeyPatch):
    def deleting(*of: Any) -> bytes:
        piece = log_piece(*of)
        change("DELETE FROM logs WHERE log_id = 1")
        return piece

    monkeypatch.setattr(stored_log, "log_piece", deleting)
    assert Api(person("viewer", Level.VIEW)).get(LOG).status_code == 404


def test_a_long_log_waits_for_another_and_then_says_so(long_log: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stored_log, "SECONDS", 0.01)
    with stored_log.stored_log(Step.objects.get(pk=1)):
        answer = Api(person("viewer", Level.VIEW)).get(LOG)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert body(answer)["message"] == "edrone is reading other long logs. Try again in a moment."
        page = reader("admin", is_superuser=True).get(PAGE).content.decode()
        assert "edrone is reading other long logs." in page
        assert 'hx-trigger="every 3s"' in page
    assert Api(person("second", Level.VIEW)).get(LOG).content == LONG


def test_a_log_that_is_too_long_is_refused_before_it_is_read(long_log: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stored_log, "LARGEST", len(LONG) - 1)
    monkeypatch.setattr(stored_log, "log_piece", None)
    answer = Api(person("viewer", Level.VIEW)).get(LOG)
    assert answer.status_code == 502
    assert body(answer)["message"].startswith(f"This log has {len(LONG)} bytes. edrone reads logs of up to {len(LONG) - 1} bytes")


def test_null_is_no_log(change: Change):
    change("UPDATE logs SET log_data = NULL WHERE log_id = 1")
    admin = reader("admin", is_superuser=True)
    for path, status in ((PAGE, 200), (BUILD, 200), (f"{LOG_PAGE}line/1/", 404), (f"{LOG_PAGE}file/", 404)):
        assert admin.get(path).status_code == status
    assert "Drone&#x27;s database has no log of this step." in admin.get(PAGE).content.decode()
    assert "Drone&#x27;s database has no log of this step." in admin.get(f"{LOG_PAGE}find/?q=x").content.decode()
    assert Api(person("viewer", Level.VIEW)).get(LOG).status_code == 404


@pytest.mark.parametrize("log", [b"null", b"null\n", b"[]", b""])
def test_a_log_without_lines_says_that_the_step_printed_nothing(change: Change, log: bytes):
    write(change, log)
    admin = reader("admin", is_superuser=True)
    page = admin.get(PAGE).content.decode()
    assert "This step printed nothing." in page
    assert 'id="L1"' not in page
    assert "No matches" in admin.get(f"{LOG_PAGE}find/?q=null").content.decode()
    assert admin.get(f"{LOG_PAGE}file/").content == b""


def test_a_log_that_the_runner_may_still_send_is_asked_for_again(change: Change):
    now = int(time.time())
    change(
        "UPDATE logs SET log_id = 99999 WHERE log_id = 1", f"UPDATE steps SET step_status = 'killed', step_stopped = {now - 5}"
    )
    admin, again = reader("admin", is_superuser=True), f'hx-get="{LOG_PAGE}" hx-trigger="every 3s"'
    page = admin.get(PAGE).content.decode()
    assert "The runner may still be sending it." in page
    assert again in page
    change(f"UPDATE steps SET step_stopped = {now - 601}")
    page = admin.get(PAGE).content.decode()
    assert "Drone&#x27;s database has no log of this step." in page
    assert again not in page
    change("UPDATE logs SET log_id = 1 WHERE log_id = 99999", f"UPDATE steps SET step_stopped = {now - 5}")
    log = admin.get(LOG_PAGE, headers={"HX-Request": "true"}).content.decode()
    assert 'id="L1"' in log
    assert again not in log


def test_lines_keep_the_numbers_that_they_had_while_the_step_ran_where_the_runner_dropped_the_first(change: Change):
    first, last = 5001, 8000
    lines = [{"pos": number - 1, "out": f"line {number}\n", "time": 1} for number in range(first, last + 1)]
    write(change, json.dumps(lines).encode())
    admin = reader("admin", is_superuser=True)
    page = admin.get(PAGE).content.decode()
    assert "dropped the first 5000 lines" in page
    assert f'data-first="{first}"' in page
    ((gap_first, gap_last),) = re.findall(r'class="gap" data-first="(\d+)" data-last="(\d+)"', page)
    assert gap_first == str(first)
    assert shown(page) == {str(number): f"line {number}" for number in range(int(gap_last) + 1, last + 1)}
    part = admin.get(f"{LOG_PAGE}line/{first}/?within={gap_first}-{gap_last}", headers={"HX-Request": "true"}).content.decode()
    assert shown(part)[str(first)] == f"line {first}"
    assert admin.get(f"{LOG_PAGE}line/{first - 1}/").status_code == 404
    assert admin.get(f"{LOG_PAGE}find/?q=line+7777", headers={"Accept": "application/json"}).json()["lines"] == [7777]


def shown(page: str) -> dict[str, str]:
    """Return the lines of a page, by their numbers."""
    return dict(re.findall(r'id="L(\d+)"[^>]*><a[^>]*>\d+</a><span\s+class="text">([^<]*)', page))
