"""Made-up histories of a Drone server: builds, edits, restarts, twins, and a database that is locked at times."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from configs.client import drone_request
from configs.records import recorder, recording_connections, rows
from configs.records.models import ConfigFile, ConfigText, LastError, ServedConfig
from tests.conftest import Drone, push

FIELDS = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["push", "promote"]),  # a custom build with an action would be an operation
        "action": st.sampled_from(["", "check"]),
        "after": st.sampled_from(["", "c0ffee"]),
        "params": st.sampled_from([{}, {"A": "1"}, {"A": "2"}]),
    }
)
TREES = st.sampled_from(["kind: pipeline\n", "kind: pipeline\nname: x\n", "kind: repository\n", "", None])
Identity = tuple[Any, ...]


class History(RuleBasedStateMachine):
    """Drone and edrone, beside a model of what each build must get."""

    root: Path

    def __init__(self) -> None:
        super().__init__()
        for table in (ServedConfig, ConfigFile, ConfigText, LastError):
            table.objects.all().delete()
        rows.stored_files.clear()
        recorder.reading.close()
        recorder.writing.close()
        self.drone = Drone()
        self.clock = 1_000_000
        self.failing = False
        self.builds: list[dict[str, Any]] = []
        self.kept: dict[Identity, str | None] = {}
        self.unbound: set[Identity] = set()
        self.cached: dict[Identity, str | None] = {}
        self.late: dict[Identity, str | None] = {}
        self.bound: dict[int, str | None] = {}
        self.edit("kind: pipeline\nname: first\n")

    @rule(text=TREES)
    def edit(self, text: str | None) -> None:
        """Somebody changes the tree: other steps, the repository's own file, nothing, or no file at all."""
        file = self.root / "default.yaml"
        file.unlink(missing_ok=True)
        if text is not None:
            file.write_text(text)
        self.today = "error" if not text else None if text == "kind: repository\n" else text

    @rule(fail=st.booleans())
    def database(self, *, fail: bool) -> None:
        """Another process locks edrone's database, or gives it free."""
        self.failing = fail

    @rule(fields=FIELDS, later=st.sampled_from([0, 200]))
    def trigger(self, fields: dict[str, Any], later: int) -> None:
        """A build is triggered, in the same second as the one before or later."""
        self.clock += later
        self.new({"created": self.clock} | fields)

    @precondition(lambda self: self.builds)
    @rule(data=st.data())
    def twin(self, data: st.DataObject) -> None:
        """The last build is triggered a second time in its second."""
        if (last := self.builds[-1])["created"] == self.clock:
            self.new(last)

    @precondition(lambda self: self.builds)
    @rule(data=st.data())
    def restart(self, data: st.DataObject) -> None:
        """A build is restarted: a new one, which gets today's tree."""
        number = data.draw(st.integers(0, len(self.builds) - 1))
        self.clock += 200
        self.new(self.builds[number] | {"created": self.clock, "parent": number + 1, "trigger": "ann"})

    def new(self, build: dict[str, Any]) -> None:
        self.builds.append(build)
        given = self.ask(build)
        if self.failing and self.today != "error":
            assert given == self.today
        elif identity(build) in self.kept:  # which can be read while another process writes
            assert given == self.kept[identity(build)]
        else:
            assert given == self.today
            if given != "error" and not self.failing:
                self.kept[identity(build)] = self.cached[cache_key(build)] = given
                self.unbound.add(identity(build))

    @precondition(lambda self: self.builds)
    @rule(data=st.data())
    def stage_starts(self, data: st.DataObject) -> None:
        """A runner takes a stage of some build, however long ago that was triggered."""
        number = data.draw(st.integers(1, len(self.builds)))
        build = self.builds[number - 1]
        given = self.ask(build, number)
        same, cached = identity(build), cache_key(build)
        if number in self.bound:
            expected = self.bound[number]
        else:
            expected = self.kept[same] if same in self.kept else self.late.get(same, self.cached.get(cached, self.today))
        assert given == expected  # also while another process writes: what was served can be read
        if number not in self.bound and given != "error" and not self.failing:
            self.bound[number] = given
            if same not in self.unbound:  # it has a record of its own
                self.cached[cached] = given
                self.late[same] = given  # an equal build that edrone did not see either finds it
            self.unbound.discard(same)

    def ask(self, build: dict[str, Any], number: int = 0) -> str | None:
        fields = {name: value for name, value in build.items() if name != "created"}
        request = push(**(fields | {"repo_id": 1, "number": number, "build_id": number}))
        recorder.reading.close()
        recorder.writing.close()
        with locked() if self.failing else free():
            answer = self.drone.post(drone_request.body(request, created=build["created"]))
        if answer.status_code == 204:
            return None
        text = str(answer.json()["Data"])
        return "error" if "edrone-error" in text else text

    @invariant()
    def a_build_has_one_record_and_errors_have_none(self) -> None:
        rows = ServedConfig.objects.exclude(build_id=None).values_list("build_id", "number")
        assert sorted(rows) == [(number, number) for number in sorted(self.bound)]
        assert not any(b"edrone-error" in bytes(text.content) for text in ConfigText.objects.all())


def identity(build: dict[str, Any]) -> Identity:
    return (*cache_key(build), tuple(build["params"].items()), build.get("parent"), build.get("trigger"))


def cache_key(build: dict[str, Any]) -> Identity:
    return tuple(build[name] for name in ("created", "event", "action", "after"))


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of the database, as another process that writes."""
    holder = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.close()


@contextmanager
def free() -> Iterator[None]:
    yield


@pytest.mark.usefixtures("records")
def test_every_history_gives_each_build_one_text(tree, monkeypatch):
    monkeypatch.setattr(History, "root", tree({}), raising=False)
    monkeypatch.setattr(recording_connections, "STATEMENT", 0.03)
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=settings().max_examples // 5,
            stateful_step_count=20,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
