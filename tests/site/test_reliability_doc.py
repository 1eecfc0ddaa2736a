"""docs/reliability.md names tests that there are, and names each test of a fault."""

import re

import pytest

from tests.server import ROOT

TABLE = [line for line in (ROOT / "docs" / "reliability.md").read_text().splitlines() if line.startswith("| ")]
ROWS = [line.strip("| ").split(" | ") for line in TABLE[1:]]  # without its head
NAMED = [re.findall(r"`(test_\w+)`", row[-1]) for row in ROWS]
THERE = {
    path.relative_to(ROOT / "tests").as_posix(): re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    for path in (ROOT / "tests").rglob("test_*.py")
}
FAULTS = [
    "PostgreSQL (edrone's own) ended", "Drone's database gone", "Drone down", "the disk of SQLite full", "the tree unmounted", "a worker killed",
    "SIGTERM during a start", "clock 10 minutes off", "200 clients", "1,000 requests a second", "24 simulated hours",
    "a tree of 1,000 projects", "`git pull`", "5,000 connections", "again and again", "takes 0.84 s", "with both databases frozen",
    "(validation)", "senders of notices", "a service that hangs", "wait for a build", "connections of pages and the API cut",
    "a provider that people sign in with", "provider down", "key of an OpenID Connect provider",
]  # fmt: skip


def test_each_row_names_one_test_that_is_there():
    known = {name for names in THERE.values() for name in names}
    assert [names for names in NAMED if len(names) != 1 or names[0] not in known] == []
    assert len({names[0] for names in NAMED}) == len(NAMED)


def test_each_test_of_a_fault_has_a_row():
    files = ("test_faults.py", "test_faults_of_signing_in.py", "test_a_busy_day.py")
    assert {name for file in files for name in THERE[f"e2e/{file}"]} <= {name for names in NAMED for name in names}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_that_was_asked_about_has_a_row(fault: str):
    assert any(fault in row[0] for row in ROWS)
