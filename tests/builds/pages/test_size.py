"""Pages stay small, whatever is in what they show."""

import json
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builds.drone_db.models import Build
from builds.drone_server import client as drone_client
from builds.logs import stream
from configs.records import rows
from configs.records.models import ServedConfig
from configs.records.rows import AnsweredRequest
from configs.records.rules import keep
from demo.standin.http import Response, serving
from pipelines.resolve.resolve import resolve
from pipelines.tree.tree import Tree
from tests import drones, hostile
from tests.builds.pages.conftest import reader
from tests.builds.pages.test_pages import LIST
from tests.builds.served.test_api import request_of
from tests.hostile import RUNNING

MOST = 300_000  # bytes of a page
LINES = {
    "long": "x" * 20_000,
    "coloured": "".join(f"\x1b[{31 + number % 6}mx" for number in range(600)),
    "hidden": "a\u202e" * 2000,
}


def stream_of(lines: list[str]) -> Response:
    events = [json.dumps({"pos": pos, "out": f"{out}\n", "time": pos}) for pos, out in enumerate(lines)]
    return Response(200, "".join(f"data: {event}\n\n" for event in events).encode())


@pytest.mark.slow
@pytest.mark.parametrize("kind", LINES)
def test_the_lines_of_a_running_step_come_in_pieces_of_bounded_size_and_all_come(kind, viewer, settings: Any):
    count = 100
    with serving(lambda _: stream_of([LINES[kind]] * count)) as server:
        settings.DRONE_SERVER, settings.DRONE_TOKEN = server.url, "token"
        drone_client.slots.cache_clear()
        path, seen = f"{LIST}ismewen/edrone/{RUNNING}/-/step/1/2/", 0
        while seen < count:
            answer = viewer.get(path)
            page = answer.content.decode()
            assert len(answer.content) < MOST
            numbers = [int(number) for number in re.findall(r'id="L(\d+)"', page)]
            assert numbers == list(range(seen + 1, seen + 1 + len(numbers)))
            assert numbers
            seen = numbers[-1]
            assert ('hx-trigger="load, every 2s"' in page) == (seen < count)  # what is left is asked for at once
            path = re.findall(r'hx-get="([^"]+/after/\d+/)"', page)[0]
        assert path.endswith(f"/after/{count}/")
    drone_client.slots.cache_clear()


@pytest.mark.parametrize(
    ("most", "words"),
    [
        (20, "No output yet; Drone is asked again every 2 seconds."),
        (1, "Drone has not answered within a second; it is asked again every 2 seconds."),
    ],
)
def test_a_running_step_without_lines_says_so_and_is_asked_for_again(viewer, settings: Any, monkeypatch, most: int, words: str):
    """The first time Drone says at once that it has no line yet, or says nothing for longer than is waited."""
    waits, lines = [3 if most == 1 else 0, 0], [Response(200, b": ping\n\n"), stream_of(["first"])]

    def answer(_: Any) -> Response:
        wait, line = waits.pop(0), lines.pop(0)
        time.sleep(wait)
        return line

    monkeypatch.setattr(stream, "SECONDS", most)
    with serving(answer) as server:
        settings.DRONE_SERVER, settings.DRONE_TOKEN = server.url, "token"
        drone_client.slots.cache_clear()
        page = viewer.get(f"{LIST}ismewen/edrone/{RUNNING}/-/step/1/2/").content.decode()
        assert words in page
        assert 'hx-trigger="every 2s"' in page
        (path,) = re.findall(r'hx-get="([^"]+/after/0/)"', page)
        monkeypatch.setattr(stream, "SECONDS", 20)
        page = viewer.get(path).content.decode()
        assert (words in page, "first" in page) == (False, True)
        assert "This step is running. New lines appear automatically." in page
    drone_client.slots.cache_clear()


def test_lines_of_a_running_step_come_also_after_very_many_empty_ones(viewer, settings: Any):
    events = [json.dumps({"pos": pos, "out": out, "time": 0}) for pos, out in enumerate([""] * 2500 + ["x\n", ""])]
    stream = Response(200, "".join(f"data: {event}\n\n" for event in events).encode())
    with serving(lambda _: stream) as server:
        settings.DRONE_SERVER, settings.DRONE_TOKEN = server.url, "token"
        drone_client.slots.cache_clear()
        path, seen = f"{LIST}ismewen/edrone/{RUNNING}/-/step/1/2/", []
        for _ in range(3):
            page = viewer.get(path).content.decode()
            seen += re.findall(r'id="L(\d+)"', page)
            path = re.findall(r'hx-get="([^"]+/after/\d+/)"', page)[0]
        assert seen == ["2501"]
        assert path.endswith("/after/2502/")
        assert 'hx-trigger="every 2s"' in page
    drone_client.slots.cache_clear()


def step(length: int) -> str:
    return "".join(f"  - echo {number} 'some of the text of a step'\n" for number in range(length))


PIPELINES = {
    "some lines": step(200),
    "many lines": step(1000),
    "very many lines": step(15_000),
    "one long line": f"  - echo {'<' * 700_000}\n",
    "hidden signs": "  - echo " + "a\u2066" * 100_000 + "\n",
}


@pytest.mark.parametrize("kind", PIPELINES)
def test_a_long_configuration_is_shown_in_part_and_given_whole_as_a_file(kind, admin, outsider, tree: Any):
    build = Build.objects.get(repo_id=1, number=2)
    head = "kind: pipeline\nname: {}\nsteps:\n- name: one\n  image: alpine\n  commands:\n"
    rows.stored_files.clear()
    texts = [head.format("before") + PIPELINES[kind].replace("echo", "true"), head.format("after") + PIPELINES[kind]]
    last = request_of(build)
    for text, asked in zip(texts, (replace(last, after="0" * 40, created=last.created - 9), last), strict=True):
        root = tree({"edrone/default.yaml": text})
        keep(AnsweredRequest(asked, resolve(asked, Tree(root)), "abc123"), None)
    path = f"{LIST}ismewen/edrone/{build.number}/-/configuration/"
    served = ServedConfig.objects.order_by("id").last()
    assert served
    for answer in (admin.get(path), admin.get(f"/admin/configs/servedconfig/{served.pk}/change/")):
        assert answer.status_code == 200
        assert len(answer.content) < MOST
        page = answer.content.decode()
        assert 'class="nt"' in page or 'class="l"' in page, "in colours at least at the beginning"
        assert ("Only the beginning is shown here." in page) == (kind != "some lines")
    whole = admin.get(f"{path}file/")
    assert whole.content.decode() == texts[1]
    assert whole["Content-Disposition"].startswith("attachment")
    assert f'href="{path}file/"' in admin.get(path).content.decode()
    assert outsider.get(f"{path}file/").status_code == 404
    assert admin.get(f"{LIST}ismewen/edrone/1/-/configuration/file/").status_code == 404


def test_names_and_messages_full_of_signs_do_not_make_a_page_large(db: None, tmp_path: Path):
    signs = "a\u202e" * 5000
    file = hostile.database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        writer = hostile.Writer(connection)
        build = writer.build(950, build_status="success", build_message=signs, build_author=signs)
        writer.stage(build, signs, "success", {f"{number}{signs}": "success" for number in range(250)})
        for number in range(951, 1051):
            writer.build(number, build_message=signs, build_author=signs, build_source=signs, build_target=signs, build_ref=signs)
    with drones.connected(drones.sqlite_database(file)):
        client = reader("admin", is_superuser=True)
        for path in (f"{LIST}ismewen/edrone/950/", LIST, "/admin/", "/admin/builds/repo/ismewen/edrone/"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert len(answer.content) < MOST, path
            assert '<span class="hidden-sign">U+202E</span>' in answer.content.decode()


@pytest.mark.parametrize(
    ("next_run", "said"), [(0, "unknown"), (1_600_000_000, "overdue since <time"), (4_000_000_000, "<td>\n<time")]
)
def test_a_schedule_that_should_have_come_is_overdue(next_run, said, db: None, tmp_path: Path):
    file = hostile.database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM cron")
        connection.execute(
            "INSERT INTO cron (cron_repo_id, cron_name, cron_expr, cron_next, cron_prev, cron_event, cron_branch, cron_disabled,"
            " cron_created, cron_updated, cron_version) VALUES (1, 'nightly', '0 0 * * * *', ?, 0, 'push', 'master', 0, 0, 0, 0)",
            [next_run],
        )
    with drones.connected(drones.sqlite_database(file)):
        page = reader("admin", is_superuser=True).get("/admin/builds/repo/ismewen/edrone/-/branches/").content.decode()
    schedules = page.partition("Schedules</h2>")[2].partition("</table>")[0]
    assert said in schedules


def test_of_a_log_with_very_many_lines_the_last_are_shown_and_the_file_has_all(db: None, tmp_path: Path):
    path = hostile.database(tmp_path / "drone.sqlite")
    log = b"x\n" * 1_000_000
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE logs SET log_data = ?", [log])
    with drones.connected(drones.sqlite_database(path)):
        client = reader("admin", is_superuser=True)
        answer = client.get(f"{LIST}ismewen/edrone/1/-/step/1/1/")
        page = answer.content.decode()
        assert len(answer.content) < MOST
        assert "1000000 lines" in page
        assert 'id="L1000000"' in page
        for number in (1, 500_000):
            part = client.get(f"{LIST}ismewen/edrone/1/-/log/1/1/line/{number}/").content
            assert f'id="L{number}"' in part.decode()
            assert len(part) < MOST
        assert client.get(f"{LIST}ismewen/edrone/1/-/log/1/1/file/").content == log
