"""What goes on at a company (company.py) on a busy day, and what was seen of it."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import requests

from demo.standin.database import Row
from tests.e2e.company import KEY, OWN, Company
from tests.e2e.test_faults import start, stop
from tests.e2e.test_starting import BUILDS
from tests.server import wait_until

LATER = 6.0  # seconds after PostgreSQL is back, in which a process may still meet a connection that had died, and rest
REASON = "Stock-taking"  # of the freeze
UNANSWERED = "Another build of the same commit has not been answered yet"  # which is tried again
# Of a build that was answered unrecorded, as while PostgreSQL is away: there is none, or that of the build before.
NO_RECORD = ("edrone has no record of what", "does not show by name which pipelines ran")


class Seen(NamedTuple):
    """What guest saw of a repository."""

    begun: float
    ended: float
    status: int
    listed: int  # builds, in the list of all that one may see


class Day:
    """What was wanted, and what everybody saw."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.begun: dict[str, float] = {}  # by key, when it was first asked for
        self.answered: dict[str, int] = {}  # by key, the number of the build that was started
        self.lost: set[str] = set()  # keys of starts whose end nobody knows, since PostgreSQL ended meanwhile
        self.not_made: dict[str, float] = {}  # by key of a promotion that no pipeline is for, when that was answered
        self.restarted: dict[str, str] = {}  # by key of a restart of only what failed, the key of the build that failed
        self.no_record: set[str] = set()  # keys of restarts that were refused, since that build was not recorded
        # By key and the second in which it was triggered, what Drone was given: a start that made no build may be repeated.
        self.texts: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.asked: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)  # when it was, in Unix seconds
        self.away: list[tuple[float, float]] = []  # when PostgreSQL was
        self.granted: list[list[float]] = []  # of guest: when a grant was begun to be given, was there, began to go, was gone
        self.seen: list[Seen] = []
        self.frozen = list[Row]()  # builds that Drone's own page started while they were
        self.overridden: dict[str, str] = {}  # by key, the reason
        self.refused: set[str] = set()  # keys of those that Drone refused all the same
        self.at_drone = 0  # builds of production that Drone's own page started
        self.over = threading.Event()
        text = company.drone.source.text

        def watched(build: Any, repo: Row) -> str:
            begun, asked = time.time(), (key_of(build["params"], build["event"], build["parent"]), build["created"])
            given = text(build, repo)
            self.asked[asked].append((begun, time.time()))
            self.texts[asked].add(given)
            return given

        company.drone.source.text = watched  # type: ignore[method-assign]

    # What goes on all day, a thread each.

    def person(self, number: int) -> None:
        """Start one build after another and wait for its end; whatever fails is asked again with its key."""
        chance, count, deployable = random.Random(number), 0, 0
        while not self.over.is_set():
            count += 1
            key = f"{number}-{count}"
            path = f"{self.wanted(chance, deployable)}&{KEY}={key}"
            made = self.insist(path, key)
            deployable = made or deployable
            if made and chance.random() < 0.2:  # somebody presses the button twice
                assert self.insist(path, key) in {made, 0}
            if made:
                self.wait_for(made)
                self.restart_what_failed(made, key)

    def restart_what_failed(self, number: int, key: str) -> None:
        """Run again what failed of a build, and what waited for it; whoever asks twice gets the same build."""
        if set(self.company.stages(number).values()) >= {"success", "failure"}:
            again = restart_key(key, number)
            self.restarted[again] = key
            path = f"{BUILDS}/{number}?only=failed"
            if made := self.insist(path, again):
                assert self.insist(path, again) in {made, 0}
                self.wait_for(made)

    @staticmethod
    def wanted(chance: random.Random, deployable: int) -> str:
        branch, draw = chance.choice(["master", "develop", "feature"]), chance.random()
        if deployable and draw < 0.3:
            return f"{BUILDS}/{deployable}/promote?target=staging"
        if draw < 0.4:
            return f"{BUILDS}?branch={branch}&action=check&TARGET=staging"
        return f"{BUILDS}?branch={branch}&FAIL={'yes' if draw < 0.5 else 'image' if draw < 0.8 else 'no'}"

    def insist(self, path: str, key: str) -> int:
        """Ask until there is an answer; gives the build's number, 0 where nothing can be promoted or restarted, or its end is not on record."""
        seen: list[str] = []
        begun = self.begun.setdefault(key, time.time())
        for _ in range(300):
            try:
                answer = self.company.call("wei", "POST", path, headers={"Idempotency-Key": key})
            except requests.ConnectionError as error:
                seen.append(type(error).__name__)
            else:
                if answer.status_code == 200:
                    self.answered[key] = answer.json()["number"]
                    return self.answered[key]
                if answer.status_code == 422 and "promote" in path:
                    self.not_made[key] = time.time()
                    return 0
                if answer.status_code == 409 and any(reason in answer.text for reason in NO_RECORD):
                    self.no_record.add(key)
                    return 0
                if answer.status_code == 409 and UNANSWERED not in answer.text and any(back >= begun for _, back in self.away):
                    if key not in self.answered:
                        self.lost.add(key)
                    return 0
                seen.append(f"{answer.status_code} {answer.text[:200]}")
            time.sleep(0.1)
        raise AssertionError(f"{path} never came through: {seen[-3:]}")

    def wait_for(self, number: int) -> None:
        while not self.over.is_set():
            answer = self.company.call("wei", "GET", f"{BUILDS}/{number}?wait=5")
            if answer.ok and answer.json()["finished"]:
                return
            assert answer.status_code in {200, 502, 503}, answer.text
            time.sleep(0.02)

    def editor(self) -> None:
        """Change two shared steps again and again, each at once, as git-sync does."""
        shared = self.company.tree / "_shared"
        texts = {shared / f"{name}.yaml": (shared / f"{name}.yaml").read_text() for name in ("test", "docker")}
        for number in range(1_000_000):
            if self.over.wait(0.3):
                return
            for path, text in texts.items():
                new = shared / ".new"
                new.write_text(text.replace("make test", f"make test RUN={number}").replace("/docker\n", f"/docker:{number}\n"))
                new.rename(path)

    def owner(self) -> None:
        """Start builds of a repository with a file of its own, at Drone's own page."""
        for number in range(1_000_000):
            if self.over.wait(0.7):
                return
            self.company.at_drone(f"/api/repos/{OWN}/builds?branch=master&{KEY}=own-{number}")

    def guest(self) -> None:
        """Look at what there is, and try to start something."""
        while not self.over.wait(0.15):
            begun = time.time()
            status = self.company.call("guest", "GET", BUILDS).status_code
            listed = self.company.call("guest", "GET", "/api/builds")
            self.seen.append(Seen(begun, time.time(), status, len(listed.json()) if listed.ok else 0))
            tried = self.company.call("guest", "POST", f"{BUILDS}?branch=guest&{KEY}=guest")
            assert tried.status_code in {403, 404, 502, 503}, tried.text

    # What happens at some hours.

    def comes(self) -> None:
        begun = time.time()
        self.company.manage("grant", "guest", "ismewen/*", "view")
        self.granted.append([begun, time.time()])

    def goes(self) -> None:
        begun = time.time()
        self.company.manage("revoke", "guest", "ismewen/*")
        self.granted[-1] += [begun, time.time()]

    def freeze(self) -> None:
        wanted = {"pattern": "ismewen/*", "targets": "production", "reason": REASON}
        made = self.company.call("wei", "POST", "/api/freezes", json=wanted)
        assert made.status_code == 201, made.text
        for _ in range(2):  # each server looks, so that it knows the freeze should the database go away
            self.promote_at_drone(self.frozen)
        refused = self.company.call("wei", "POST", f"{BUILDS}/{self.deployable()}/promote?target=production&{KEY}=refused")
        assert (refused.status_code, REASON in refused.text) == (409, True), refused.text

    def override(self) -> None:
        def started() -> bool:
            key = f"override-{len(self.overridden)}"
            self.overridden[key] = f"It is urgent: {key}"
            path = f"{BUILDS}/{self.deployable()}/promote?target=production&{KEY}={key}&override={self.overridden[key]}"
            status = self.status_of(self.insist(path, key))
            if status == "error":  # edrone's database was too slow for Drone's validation, which then knows of no override
                self.refused.add(key)
                del self.answered[key]
            return status != "error"

        wait_until(started, "production is deployed to in spite of the freeze")

    def lift(self) -> None:
        for each in self.company.call("wei", "GET", "/api/freezes").json():
            assert self.company.call("wei", "DELETE", f"/api/freezes/{each['id']}").status_code == 204

        def is_free() -> bool:  # a process whose database was too slow goes by the list that it read last
            builds = list[Row]()
            self.promote_at_drone(builds)
            return bool(builds[0]["status"] == "pending")

        wait_until(is_free, "production is free again")

    def restart_postgresql(self) -> None:
        """End it at once under load; what was frozen stays so."""
        self.away.append((time.time(), float("inf")))
        stop(self.company.postgres)
        self.promote_at_drone(self.frozen)
        start(self.company.postgres)
        wait_until(lambda: self.company.call("wei", "GET", BUILDS).ok, "the API is back")
        self.away[-1] = (self.away[-1][0], time.time())

    def promote_at_drone(self, builds: list[Row]) -> None:
        self.at_drone += 1
        key = f"drone-{self.at_drone}"
        builds.append(self.company.at_drone(f"{BUILDS}/{self.deployable()}/promote?target=production&{KEY}={key}"))

    def deployable(self) -> int:
        """Give the newest build with a pipeline for promotions."""
        rows = self.company.rows.select(
            "SELECT max(build_number) FROM builds WHERE build_repo_id = 1 AND build_source = 'develop'"
        )
        return int(rows[0][0])

    def status_of(self, number: int) -> str:
        rows = self.company.rows.select(f"SELECT build_status FROM builds WHERE build_repo_id = 1 AND build_number = {number}")
        return str(rows[0][0])

    def given(self, key: str) -> set[str]:
        """Give the texts that Drone was given for a build."""
        return set().union(*(texts for (each, _), texts in self.texts.items() if each == key))

    def times(self, key: str) -> list[tuple[float, float]]:
        """Give when Drone asked for them."""
        return [time for (each, _), times in self.asked.items() if each == key for time in times]

    def was_away(self, begun: float, ended: float) -> bool:
        """Tell whether PostgreSQL was, in a time of Unix seconds."""
        return any(begun <= back + LATER and gone <= ended for gone, back in self.away)


def key_of(params: Mapping[str, str], event: str, parent: int) -> str:
    """Give the key of a build, empty where it has none. A restart inherits that of its parent, by which it is told apart."""
    key = params.get(KEY, "")
    return restart_key(key, parent) if key and parent and event == "custom" else key


def restart_key(key: str, parent: int) -> str:
    return f"{key}-again-{parent}"
