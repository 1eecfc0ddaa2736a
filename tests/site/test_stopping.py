"""Requests that wait for a build do not hold up the end of the server."""

import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from builds.browsing.waiting import EndOfBuilds
from tests.server import running, wait_until

BUILDS = "/api/repos/ismewen/edrone/builds"


def test_who_waits_and_who_comes_later_answers_at_once(monkeypatch):
    monkeypatch.setattr("builds.browsing.waiting.still_unfinished", set)
    monkeypatch.setattr("builds.browsing.waiting.close_old_connections", lambda: None)
    end = EndOfBuilds(2)
    thread = threading.Thread(target=end.wait, args=(1, 300))
    thread.start()
    wait_until(lambda: end.waiting)
    end.stop()
    thread.join(60)
    assert not thread.is_alive()
    end.wait(1, 300)


@pytest.mark.slow
def test_a_server_that_is_told_to_end_answers_who_waits_and_ends(tmp_path: Path):
    with running(tmp_path) as server:
        token = server.manage("createtoken", "admin").stdout.strip()
        headers, answers = {"Authorization": f"Bearer {token}"}, list[requests.Response]()
        found = requests.get(f"{server.url}{BUILDS}?status=blocked", headers=headers, timeout=60).json()
        waits = f"{server.url}{BUILDS}/{found[0]['number']}?wait=300"  # for an approval that never comes

        def ask() -> None:
            with suppress(requests.ConnectionError):  # on a busy machine one may come too late to be taken
                answers.append(requests.get(waits, headers=headers, timeout=300))

        threads = [threading.Thread(target=ask) for _ in range(10)]
        for thread in threads:
            thread.start()
        time.sleep(3)  # they wait by now, or most of them
        server.process.terminate()
        for thread in threads:
            thread.join(120)
        assert server.process.wait(120) == 0
    assert len(answers) >= len(threads) / 2
    assert {(answer.status_code, answer.json()["status"]) for answer in answers} == {(200, "pending")}
    assert "killed" not in server.printed().casefold()
