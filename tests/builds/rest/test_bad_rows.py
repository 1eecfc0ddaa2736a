"""What nobody expects in Drone's tables: an answer or a clear error, never a failure of edrone."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from django.db import connections

from builds.access.models import Level
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import EVERYWHERE, REPO, person

pytestmark = pytest.mark.django_db


def columns(table: str) -> list[str]:
    with closing(sqlite3.connect(drones.RECORDED / "drone-2.28.2.sqlite")) as connection, connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if not row[5] and not row[3]]


KEPT = {
    "build_repo_id",
    "build_number",
    "repo_slug",
    "stage_build_id",
    "stage_number",
    "step_stage_id",
    "step_number",
    "build_ref",
    "build_config_id",
}


def test_nulls_in_every_column_read_as_defaults(change, api):
    for table in ("repos", "builds", "stages", "steps", "logs", "cron", "latest", "users", "perms"):
        for column in columns(table):
            if column not in KEPT:
                change(f"UPDATE {table} SET {column} = NULL")
    change("UPDATE builds SET build_status = 'success' WHERE build_number > 1")
    for path in EVERYWHERE:
        answer = api.get(path)
        assert answer.status_code == (
            404 if path.endswith(("1/config", "logs/1/1")) or ("latest" in path.rpartition("/")[2] and "builds" in path) else 200
        ), path
        if (
            answer.status_code == 200 and "logs" not in path and not path.endswith("/config")
        ):  # which has null for what there is not
            assert None not in values(body(answer)), path


def values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [found for one in value.values() for found in values(one)]
    if isinstance(value, list):
        return [found for one in value for found in values(one)]
    return [value]


def test_words_that_do_not_exist_yet_are_passed_on(change, api):
    change(
        "UPDATE builds SET build_status = 'frozen', build_event = 'merge_queue' WHERE build_id = 1",
        "UPDATE stages SET stage_status = 'thawing' WHERE stage_build_id = 1",
        "UPDATE repos SET repo_visibility = 'secretive' WHERE repo_id = 1",
    )
    build = body(api.get(f"{REPO}/builds/1"))
    assert (build["status"], build["event"], build["stages"][0]["status"]) == ("frozen", "merge_queue", "thawing")
    assert body(api.get(REPO))["visibility"] == "secretive"


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "{", "[1,2]", '{"A":1}', '{"A":null}', '"x"', "[" * 100_000])
def test_json_columns_hold_anything(change, api, text):
    change(
        f"UPDATE builds SET build_params = '{text[:4000]}' WHERE build_id = 1",
        f"UPDATE stages SET stage_depends_on = '{text}', stage_labels = '{text}' WHERE stage_build_id = 1",
        f"UPDATE steps SET step_depends_on = '{text}'",
    )
    answer = api.get(f"{REPO}/builds/1")
    assert answer.status_code == 200
    build = body(answer)
    assert build.get("params", {}) in ({}, {"A": "1"}, {"A": "null"})
    assert build["stages"][0].get("depends_on", []) in ([], ["1", "2"])


def test_halves_of_characters_in_json_columns_are_replaced(change, api):
    change(
        r"""UPDATE builds SET build_params = '{"A":"x\ud800","\udfff":"y","C":"\ud83d\ude80"}' WHERE build_id = 1""",
        r"""UPDATE stages SET stage_depends_on = '["\udc00"]', stage_labels = '{"\ud800":"\ud800"}'""",
        r"""UPDATE steps SET step_depends_on = '["\ud800"]'""",
    )
    build = body(api.get(f"{REPO}/builds/1"))
    assert build["params"] == {"A": "x\ufffd", "\ufffd": "y", "C": "🚀"}
    assert (build["stages"][0]["depends_on"], build["stages"][0]["labels"]) == (["\ufffd"], {"\ufffd": "\ufffd"})
    for path in EVERYWHERE:
        assert api.get(path).status_code in {200, 404}, path


@pytest.mark.slow
@pytest.mark.parametrize("value", ["1e30", "9e999", "'99999999999999999999'", "x'ff'"])
def test_numbers_that_no_column_of_drones_holds_read_as_defaults(api, tmp_path, value):
    copy = tmp_path / "drone.sqlite"
    copy.write_bytes((drones.RECORDED / "drone-2.28.2.sqlite").read_bytes())
    with closing(sqlite3.connect(copy)) as connection, connection, drones.connected(drones.sqlite_database(copy)):
        for table, key in (("repos", "repo_id"), ("builds", "build_id"), ("stages", "stage_id"), ("steps", "step_id")):
            for column in integers(table):
                connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {key} = 1")
                connection.commit()
                for path in EVERYWHERE:
                    assert api.get(path).status_code in {200, 404}, (column, path)


def integers(table: str) -> list[str]:
    with closing(sqlite3.connect(drones.RECORDED / "drone-2.28.2.sqlite")) as connection, connection:
        rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return [row[1] for row in rows if row[2] in {"INTEGER", "NUMBER"} and not row[5]]


def test_blobs_in_columns_of_text(api, tmp_path):
    copy = tmp_path / "drone.sqlite"
    copy.write_bytes((drones.RECORDED / "drone-2.28.2.sqlite").read_bytes())
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute(
            "UPDATE builds SET build_message = x'ff00fe', build_params = x'7b2241223a2231227d', build_started = 'soon' WHERE build_id = 1"
        )
        connection.execute("UPDATE repos SET repo_branch = x'6d61696e' WHERE repo_id = 1")
    with drones.connected(drones.sqlite_database(copy)):
        build = body(api.get(f"{REPO}/builds/1"))
        assert build["message"] == "\ufffd\0\ufffd"
        assert build["params"] == {"A": "1"}
        assert build["started"] == 0
        assert body(api.get(REPO))["default_branch"] == "main"
        assert api.get("/api/builds?per_page=100").status_code == 200


@pytest.mark.parametrize(
    ("log", "given"),
    [
        (b"null\n", b"null\n"),
        (b"[]", b"[]"),
        (b'[{"pos":0,"out":"caf\xc3\xa9\\n","time":1}]\n', b'[{"pos":0,"out":"caf\xc3\xa9\\n","time":1}]\n'),
        (b"plain\ntext", b'[{"pos":0,"out":"plain\\n","time":0},{"pos":1,"out":"text","time":0}]'),
        (b"\xff\xfe", '[{"pos":0,"out":"\ufffd\ufffd","time":0}]'.encode()),
        (b"", b"[]"),
        (b"[it begins and ends so]", b'[{"pos":0,"out":"[it begins and ends so]","time":0}]'),
    ],
)
def test_logs_hold_anything(change, api, log, given):
    drone = connections["drone"].vendor
    blob = f"'\\x{log.hex()}'" if drone == "postgresql" else f"x'{log.hex()}'"
    change(f"UPDATE logs SET log_data = {blob} WHERE log_id = 1")
    answer = api.get(f"{REPO}/builds/1/logs/1/1")
    assert answer.status_code == 200
    assert b"".join(answer) == given
    assert answer.headers["Content-Type"] == "application/json"


def test_a_log_of_16_megabytes_comes_whole(change, api):
    line = b'{"pos":1,"out":"' + b"x" * 1000 + b'","time":1}'
    log = b"[" + b",".join([line] * (16 * 1024 * 1024 // len(line))) + b"]\n"
    blob = f"'\\x{log.hex()}'" if connections["drone"].vendor == "postgresql" else f"x'{log.hex()}'"
    change(f"UPDATE logs SET log_data = {blob} WHERE log_id = 1")
    assert api.get(f"{REPO}/builds/1/logs/1/1").content == log


def test_a_step_without_a_log_says_why(change, api):
    change("DELETE FROM logs", "UPDATE steps SET step_status = 'running' WHERE step_number = 2")
    ended = api.get(f"{REPO}/builds/1/logs/1/1")
    assert ended.status_code == 404
    assert "Set DRONE_SERVER and DRONE_TOKEN" in body(ended)["message"]
    running = api.get(f"{REPO}/builds/1/logs/1/2")
    assert running.status_code == 404
    assert "has not ended" in body(running)["message"]


def test_builds_without_a_repository_break_nothing(change, api):
    change("DELETE FROM repos WHERE repo_id = 1")
    assert api.get(f"{REPO}/builds/1").status_code == 404
    listed = body(api.get("/api/builds?per_page=100"))
    assert {build["slug"] for build in listed if build["repo_id"] == 1} == {""}
    assert {one["slug"] for one in body(api.get("/api/user/builds"))} == {"octocat/hello", "shop/cart"}
    some = Api(person("some", Level.VIEW, "ismewen/*"))
    assert body(some.get("/api/builds")) == []
