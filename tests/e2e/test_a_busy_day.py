"""A day of a busy company, made short: people start builds and deploy, repeat what failed, the tree is edited, edrone is restarted.

An hour lasts SECONDS_OF_AN_HOUR. At the end: one build one YAML, no build started twice, no audit record lost.
"""

import json
import random
import shutil
import sqlite3
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import requests

from tests.e2e.running import Server, serving
from tests.e2e.test_starting import BUILDS, Site, site
from tests.server import ROOT

SECONDS_OF_AN_HOUR = 3.0
HOURS = 24
PEOPLE = 6
RESTARTS_AT = (6, 13, 20)  # o'clock
KEY = "DAY_KEY"  # a parameter by which a build is known again everywhere


class Day:
    """What was wanted, and what everybody saw."""

    def __init__(self, started: Site, tree: Path) -> None:
        self.started, self.tree = started, tree
        self.answered: dict[str, int] = {}  # by key, the number of the build that was started
        # By key and the second in which it was triggered, what Drone was given: a start that made no build may be repeated.
        self.texts: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.over = threading.Event()
        ask = started.drone.source.ask

        def watched(content: bytes) -> str:
            text = ask(content)
            build = json.loads(content)["build"]
            self.texts[build["params"][KEY], build["created"]].add(text)
            return text

        started.drone.source.ask = watched  # type: ignore[method-assign]
        started.drone.source.caching = False  # so that every stage asks again

    def person(self, number: int) -> None:
        """Start builds and promote them, one after another; whatever fails is asked again with its key."""
        chance, count, deployable = random.Random(number), 0, 0
        while not self.over.is_set():
            count += 1
            key = f"{number}-{count}"
            if deployable and chance.random() < 0.3:
                path = f"{BUILDS}/{deployable}/promote?target=staging"
            else:
                path = f"{BUILDS}?branch={chance.choice(['master', 'develop', 'feature'])}"
            made = self.insist(f"{path}&{KEY}={key}", key)
            deployable = made or deployable
            if chance.random() < 0.2:  # somebody presses the button twice
                assert self.insist(f"{path}&{KEY}={key}", key) == made

    def insist(self, path: str, key: str) -> int:
        """Ask until there is an answer; gives the build's number, 0 where no pipeline of the branch can be promoted."""
        seen: list[str] = []
        for _ in range(200):
            try:
                answer = self.started.call("POST", path, headers={"Idempotency-Key": key})
            except requests.ConnectionError as error:
                seen.append(type(error).__name__)
            else:
                if answer.status_code == 200:
                    self.answered[key] = answer.json()["number"]
                    return self.answered[key]
                if answer.status_code == 422 and "promote" in path:
                    return 0
                seen.append(f"{answer.status_code} {answer.text[:200]}")
            time.sleep(0.1)
        raise AssertionError(f"{path} never came through: {seen[-3:]}")

    def editor(self) -> None:
        """Change a shared step again and again, at once, as git-sync does."""
        shared = self.tree / "_shared" / "test.yaml"
        text = shared.read_text()
        for number in range(1_000_000):
            if self.over.wait(0.05):
                return
            new = shared.with_name(".new")
            new.write_text(text.replace("make test", f"make test RUN={number}"))
            new.rename(shared)


def test_a_busy_day(tmp_path: Path):
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "projects", tree)
    with ExitStack() as restarts, site(tmp_path, seconds=0.05, EDRONE_PROJECTS=str(tree)) as started:
        day = Day(started, tree)
        failed: list[BaseException] = []

        def guarded(work: Any, *arguments: Any) -> None:
            try:
                work(*arguments)
            except BaseException as error:  # noqa: BLE001 - told to the test below
                failed.append(error)
                day.over.set()

        threads = [threading.Thread(target=guarded, args=(day.person, number)) for number in range(PEOPLE)]
        threads.append(threading.Thread(target=guarded, args=(day.editor,)))
        for thread in threads:
            thread.start()
        settings = settings_of(started.edrone)
        begun = time.monotonic()
        for hour in RESTARTS_AT:
            day.over.wait(max(0.0, begun + hour * SECONDS_OF_AN_HOUR - time.monotonic()))
            assert started.edrone.stop() == 0
            started.edrone = restarts.enter_context(serving(tmp_path / f"restarted-{hour}", **settings))
        day.over.wait(max(0.0, begun + HOURS * SECONDS_OF_AN_HOUR - time.monotonic()))
        day.over.set()
        for thread in threads:
            thread.join()
        assert not failed, failed
        time.sleep(2)  # the last stages start; those that began while edrone was down wait for ever, as Drone's do
        records = rows(
            tmp_path / "state" / "edrone.sqlite3", "SELECT key, outcome, build FROM builds_auditrecord WHERE build IS NOT NULL"
        )
        assert started.edrone.stop() == 0
    builds: dict[str, list[int]] = defaultdict(list)
    given: dict[str, int] = {}
    for number, params, created in rows(
        tmp_path / "drone.sqlite", "SELECT build_number, build_params, build_created FROM builds"
    ):
        if key := (json.loads(params or "null") or {}).get(KEY):
            builds[key].append(number)
            given[key] = len(day.texts[key, created])
    ((promotions,),) = rows(
        tmp_path / "drone.sqlite", "SELECT count(*) FROM builds WHERE build_number > 20 AND build_event = 'promote'"
    )
    assert min(len(day.answered), promotions) > HOURS, "nothing much happened"
    assert len(set().union(*day.texts.values())) > HOURS, "nobody noticed the edits"
    assert {key: [number] for key, number in day.answered.items()} == builds, "each build was started once"
    assert {key: texts for key, texts in given.items() if texts != 1} == {}, "one build, one YAML"
    assert {(key, "done", number) for key, number in day.answered.items()} == set(records), "no audit record is lost"
    print(f"{len(builds)} builds, {len(set().union(*day.texts.values()))} different texts")  # noqa: T201


def settings_of(server: Server) -> dict[str, str]:
    """Give the variables with which a server was started."""
    whole = Path(f"/proc/{server.process.pid}/environ").read_bytes().decode().split("\0")
    return {name: value for name, _, value in (line.partition("=") for line in whole if line)}


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        return connection.execute(sql).fetchall()
