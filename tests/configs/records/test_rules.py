"""One build, one text: Drone asks at the trigger, the tree is edited, and Drone asks again."""

import json
import os
import shutil
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection

from configs.client import drone_request
from configs.records import packing, recorder, rows, rules
from configs.records.identity import BuildKey
from configs.records.models import ConfigFile, ConfigText, LastError, ServedConfig
from tests.conftest import RECORDED, push, recorded, shown_error

pytestmark = pytest.mark.usefixtures("records")
NOW = 1_795_426_889
OLD, NEW = "kind: pipeline\nname: one\n---\nkind: pipeline\nname: two\n", "kind: pipeline\nname: new\n"
STARTED = sorted(file.stem.removesuffix("-stage-start") for file in RECORDED.glob("*-stage-start.json"))
ALL = sorted(file.stem for file in RECORDED.glob("*.json"))
# Some of the recorded builds are of operations.
FILES = dict.fromkeys(("default.yaml", "_operations/check.yaml", "_operations/deploy.yaml", "_operations/smoke.yaml"), OLD)


def ask(drone: Any, created: int = NOW, **fields: Any) -> Any:
    """Ask as Drone does for a build."""
    usual: dict[str, Any] = {"repo_id": 1, "after": "c0ffee", "trigger": "@hook"}
    return drone.post(drone_request.body(push(**(usual | fields)), created=created))


def text(answer: Any) -> str | None:
    assert answer.status_code in {200, 204}, answer.content
    return answer.json()["Data"] if answer.status_code == 200 else None


def changed_step(root: Any) -> None:
    (root / "default.yaml").write_text(OLD.replace("one", "changed"))


def removed_pipeline(root: Any) -> None:
    (root / "default.yaml").write_text(OLD.split("---\n", maxsplit=1)[0])


def deleted_file(root: Any) -> None:
    (root / "default.yaml").unlink()


def broken_yaml(root: Any) -> None:
    (root / "default.yaml").write_text("kind: [\nextends: _shared/none.yaml\n")


def swapped_link(root: Any) -> None:
    other = root.with_name("other")
    other.mkdir()
    (other / "default.yaml").write_text(NEW)
    root.rename(root.with_name("before"))
    root.symlink_to(other)


EDITS = (changed_step, removed_pipeline, deleted_file, broken_yaml, swapped_link)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("order", [1, -1])
def test_recorded_builds_get_the_same_bytes_two_hours_after_an_edit(edit, order, tree, drone):
    root = tree(dict(FILES))
    for name in STARTED:
        headers, body = recorded(name)
        with time_machine.travel(parsedate_to_datetime(headers["Date"]), tick=False):
            assert text(drone.send(body, headers)) == OLD
    edit(root)
    for name in STARTED[::order]:
        headers, body = recorded(f"{name}-stage-start")
        moment = parsedate_to_datetime(headers["Date"]) + timedelta(hours=2)
        with time_machine.travel(moment, tick=False):
            for _ in range(2):
                assert text(drone.post(body, now=moment)) == OLD
    numbers = {json.loads(recorded(f"{name}-stage-start")[1])["build"]["id"] for name in STARTED}
    assert set(ServedConfig.objects.values_list("build_id", flat=True)) == numbers
    assert ConfigText.objects.count() == 1


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_a_new_build_and_a_restart_get_todays_tree(edit, tree, drone):
    root = tree({"default.yaml": OLD})
    assert text(ask(drone)) == OLD
    edit(root)
    today = text(ask(drone, after="another"))
    assert today != OLD
    assert text(ask(drone, created=NOW + 60, parent=7, trigger="ann")) == today
    assert text(ask(drone, number=7, build_id=70)) == OLD
    assert text(ask(drone)) == OLD  # the very same build, asked for again


def test_a_repository_that_keeps_its_own_file_goes_on_doing_so(tree, drone):
    root = tree({"default.yaml": "kind: repository\n"})
    assert text(ask(drone)) is None
    (root / "default.yaml").write_text(NEW)
    assert text(ask(drone, number=7, build_id=70)) is None
    (record,) = ServedConfig.objects.select_related("file")
    assert (record.number, record.file.path, record.file.text) == (7, "default.yaml", None)


def test_builds_of_one_second_with_other_parameters_or_actions_are_others(tree, drone):
    root = tree({"default.yaml": "1\n"})
    asked: list[dict[str, Any]] = [
        {"event": "push", "params": {"A": "1"}},
        {"event": "push", "params": {"A": "2"}},
        {"event": "push", "action": "x"},
    ]
    for number, fields in enumerate(asked):
        (root / "default.yaml").write_text(f"{number}\n")
        assert text(ask(drone, **fields)) == f"{number}\n"
    (root / "default.yaml").write_text("today\n")
    for number, fields in reversed(list(enumerate(asked))):
        assert text(ask(drone, number=number + 1, build_id=number + 1, created=NOW + 1, **fields)) == f"{number}\n"
    assert ServedConfig.objects.count() == 3


def test_twins_share_a_text_and_have_a_record_each(tree, drone):
    root = tree({"default.yaml": OLD})
    assert [text(ask(drone)) for _ in range(2)] == [OLD, OLD]
    (root / "default.yaml").write_text(NEW)
    assert [text(ask(drone, number=number, build_id=number)) for number in (8, 7, 8)] == [OLD] * 3
    assert sorted(ServedConfig.objects.values_list("build_id", "number")) == [(7, 7), (8, 8)]
    assert text(ask(drone)) == OLD


def test_a_build_that_drones_cache_answered_gets_that_answer_from_edrone_too(tree, drone):
    root = tree({"default.yaml": OLD})
    assert text(ask(drone, params={"A": "1"})) == OLD
    (root / "default.yaml").write_text(NEW)
    assert text(ask(drone, number=9, build_id=9, params={"A": "2"})) == OLD
    assert text(ask(drone, number=8, build_id=8, params={"A": "1"})) == OLD
    assert sorted(ServedConfig.objects.values_list("number", flat=True)) == [8, 9]


def test_a_build_that_edrone_never_saw_gets_the_tree_once_and_for_all(tree, drone):
    root = tree({"default.yaml": OLD})
    assert text(ask(drone, number=7, build_id=70)) == OLD
    (root / "default.yaml").write_text(NEW)
    assert text(ask(drone, number=7, build_id=70)) == OLD
    (record,) = ServedConfig.objects.all()
    assert (record.late, record.identity, record.number) == (True, None, 7)


@pytest.mark.parametrize(("later", "same"), [(0, True), (180, True), (181, False), (-1, False)])
def test_drone_reads_the_clock_twice(later, same, tree, drone):
    root = tree({"default.yaml": OLD})
    ask(drone)
    (root / "default.yaml").write_text(NEW)
    assert text(ask(drone, number=7, build_id=70, created=NOW + later)) == (OLD if same else NEW)


def test_a_drone_that_was_set_up_anew_counts_from_one_again(tree, drone):
    root = tree({"default.yaml": OLD})
    ask(drone)
    ask(drone, number=1, build_id=1)
    (root / "default.yaml").write_text(NEW)
    ask(drone, after="decaf", created=NOW + 9)
    assert text(ask(drone, after="decaf", created=NOW + 9, number=1, build_id=1)) == NEW
    assert ServedConfig.objects.get(build_id=1).after == "decaf"


def test_a_new_drones_build_of_an_old_number_never_gets_another_repositorys_text(tree, drone):
    """Neither where edrone did not see its trigger, nor where both are pull requests of Gogs, which name no commit."""
    root = tree({"default.yaml": OLD})
    ask(drone)
    ask(drone, number=5, build_id=5)
    gogs: dict[str, Any] = {"event": "pull_request", "ref": "refs/pull/1/head", "after": "", "repo_id": 9}
    ask(drone, slug="o/one", **gogs)
    ask(drone, slug="o/one", number=1, build_id=77, **gogs)
    (root / "default.yaml").write_text(NEW)
    for _ in range(2):
        assert text(ask(drone, slug="shop/cart", after="decaf", created=NOW + 9, number=5, build_id=5)) == NEW
        assert text(ask(drone, slug="p/two", created=NOW + 5000, number=1, build_id=77, **gogs)) == NEW
    bound = ServedConfig.objects.exclude(build_id=None)
    assert sorted(bound.values_list("build_id", "slug")) == [(5, "shop/cart"), (77, "p/two")]


def test_one_bad_request_stops_nobody_elses_recording(tree, drone, monkeypatch, caplog):
    tree({"default.yaml": OLD})
    insert = rows.insert

    def refusing(row: rows.Row) -> bool:
        if row["after"] == "bad":
            raise UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed")
        return insert(row)

    monkeypatch.setattr(rules, "insert", refusing)
    for after in ("one", "bad", "two"):
        assert text(ask(drone, after=after)) == OLD
    assert set(ServedConfig.objects.values_list("after", flat=True)) == {"one", "two"}
    assert "answered, but not recorded: it cannot be recorded: 'utf-8' codec" in caplog.text


def test_a_files_name_that_is_not_utf8_is_shown_in_an_error(tree, drone):
    root = tree({"x/default.yaml": "kind: pipeline\nname: a\nsteps:\n- extends: _shared/dockr.yaml\n"})
    (root / "_shared").mkdir()
    Path(os.fsdecode(os.fsencode(root) + b"/_shared/dock\xe9r.yaml")).write_text("name: a\n")
    shown_error(ask(drone, slug="o/x"))
    assert "did you mean" in LastError.objects.get().message
    assert (recorder.reading.open_until, recorder.writing.open_until) == (0, 0)


def test_what_a_person_asks_is_answered_and_not_recorded(tree, drone):
    tree({"default.yaml": OLD})
    assert text(ask(drone, created=0)) == OLD
    tree({"default.yaml": ""})
    shown_error(ask(drone, created=0))
    assert not ServedConfig.objects.exists()
    assert not LastError.objects.exists()


def test_a_build_that_somebody_may_not_start_hides_no_error_of_the_tree(tree, drone, settings):
    root = tree({"default.yaml": ""})
    shown_error(ask(drone))
    (root / "default.yaml").write_text(NEW)
    settings.EDRONE_MANUAL_BUILDS_BY = ["edrone"]
    assert "may not start custom builds" in shown_error(ask(drone, event="custom", trigger="octocat"))
    assert LastError.objects.get().message.startswith("projects/default.yaml: is empty.")


def test_errors_are_never_served_again_and_the_last_of_each_repository_is_kept(tree, drone):
    root = tree({"default.yaml": ""})
    shown_error(ask(drone))
    shown_error(ask(drone, number=3, build_id=3))
    shown_error(ask(drone, slug="shop/cart"))
    errors = {error.slug: error for error in LastError.objects.all()}
    assert set(errors) == {"ismewen/edrone", "shop/cart"}
    assert errors["ismewen/edrone"].number == 3
    assert errors["ismewen/edrone"].message.startswith("projects/default.yaml: is empty.")
    assert not ServedConfig.objects.exists()
    (root / "default.yaml").write_text(NEW)
    assert text(ask(drone)) == NEW
    assert text(ask(drone, number=3, build_id=3)) == NEW


@pytest.mark.parametrize("content", ["a: 1\r\n", "\ufeffx: 1\n", "\x00\x07", "🚀 \u2028\n", "no line end"])
def test_a_text_is_kept_exactly(content, tree, drone):
    root = tree({"default.yaml": content})
    ask(drone)
    (root / "default.yaml").write_text(NEW)
    assert text(ask(drone, number=1, build_id=1)) == content


@pytest.mark.parametrize("name", ["nul\0", "x" * 60_000, "中" * 600, "a\nb", "'; DROP TABLE"])
def test_a_name_that_no_column_holds_is_recorded_cut(name, tree, drone):
    root = tree({"default.yaml": OLD})
    fields = {"branch": name, "after": name, "trigger": name, "action": name, "author": name}
    ask(drone, **fields)
    (root / "default.yaml").write_text(NEW)
    assert [text(ask(drone, number=1, build_id=1, **fields)) for _ in range(2)] == [OLD, OLD]
    assert (recorder.reading.open_until, recorder.writing.open_until) == (0, 0)


def test_the_record_says_what_there_is_to_know(tree, drone, settings):
    root = tree({"edrone/master.yaml": "extends: _shared/base.yaml\nname: x\n", "_shared/base.yaml": "kind: pipeline\n"})
    root.rename(root.with_name("4f1c"))
    root.symlink_to("4f1c")
    ask(drone, author="ann", sender="bob", trigger="@hook")
    record = ServedConfig.objects.select_related("file__text").get()
    assert (record.slug, record.author, record.sender, record.trigger) == ("ismewen/edrone", "ann", "bob", "@hook")
    assert (record.file.path, record.file.sources) == ("edrone/master.yaml", ["edrone/master.yaml", "_shared/base.yaml"])
    assert (record.version, record.revision, record.late) == (settings.EDRONE_VERSION, "4f1c", False)
    assert packing.unpacked(record.file).origins


def test_texts_are_stored_once_whichever_file_they_come_from(tree, drone):
    tree({"edrone/default.yaml": OLD, "cart/default.yaml": OLD})
    for number in range(5):
        ask(drone, after=str(number))
        ask(drone, after=str(number), slug="shop/cart", repo_id=3)
    assert (ServedConfig.objects.count(), ConfigFile.objects.count(), ConfigText.objects.count()) == (10, 2, 1)


def test_a_row_of_drones_table_finds_its_record_and_binds_it(tree, drone):
    tree({"default.yaml": OLD})
    ask(drone, params={"A": "1"})
    key = BuildKey(1, 70, 7, "push", "", "refs/heads/master", "c0ffee", "master", "", 0, "@hook", NOW + 2, {"A": "1"})
    record = rules.served_for(key)
    assert record
    assert (record.number, packing.unpacked(record.file).yaml) == (7, OLD)
    assert ServedConfig.objects.get().build_id == 70
    assert rules.served_for(BuildKey(1, 71, 8, "tag", "", "refs/tags/v1", "c0ffee", "", "", 0, "@hook", NOW)) is None


@pytest.mark.parametrize("name", ALL)
def test_the_forges_token_is_in_no_table_after_a_recorded_request(name, tree, drone):
    tree(dict(FILES))
    headers, body = recorded(name)
    value = json.loads(body)
    value["token"] = {"access": "planted-access", "refresh": "planted-refresh"}
    value["build"]["params"] = {"PASSWORD": "planted-parameter"}
    moment = parsedate_to_datetime(headers["Date"])
    with time_machine.travel(moment, tick=False):
        assert text(drone.post(json.dumps(value).encode(), now=moment))
        assert text(drone.send(body, headers))
    assert ServedConfig.objects.exists()
    token = json.loads(body)["token"]
    assert set(token) == {"access", "refresh"}
    rows = every_row()
    assert value["build"]["ref"] in rows
    for secret in ("planted-", *filter(None, token.values())):
        assert secret not in rows


def every_row() -> str:
    """Read all tables whole."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows.append(str(cursor.fetchall()))
    return "".join(rows)


def test_an_edit_between_two_trees_is_seen_by_copies_too(tree, drone):
    """The tree is copied elsewhere and the same build still gets its text: nothing of it is read again."""
    root = tree({"default.yaml": OLD})
    ask(drone)
    shutil.rmtree(root)
    assert text(ask(drone, number=1, build_id=1)) == OLD
