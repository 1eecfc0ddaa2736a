"""Restarts of only what failed, with a stand-in of Drone that asks edrone's own configuration endpoint."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.contrib.messages import get_messages
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from builds.drone_db.models import Build
from builds.starting import same_second
from builds.starting.errors import AnotherRestart
from builds.starting.models import AuditRecord, Outcome, Verb
from configs.client import drone_request
from configs.endpoint.drone_server import known
from configs.records import announcements, recorder
from configs.records.models import Announcement, ConfigFile, ServedConfig
from configs.records.pruning import prune
from tests.builds.api import Api, body
from tests.builds.conftest import REPO, Standin
from tests.builds.restarts import PIPELINES, TREE, AsksEdrone, built, end, restart, stages
from tests.conftest import Drone, push, shown_error


class RunsAll(AsksEdrone):
    def ask(self, _: bytes) -> str:
        return TREE


@pytest.fixture
def drone(records: None, standin: Standin, tree: Any, monkeypatch: pytest.MonkeyPatch) -> Standin:
    tree({"default.yaml": TREE})
    monkeypatch.setattr(known, "login", "ismewen")
    monkeypatch.setattr(known, "names_parent", True)
    standin.drone.source = AsksEdrone("", "")
    return standin


@pytest.fixture
def api(drone: Standin, people: dict[str, Any]) -> dict[str, Api]:
    return {name: Api(user) for name, user in people.items()}


def test_what_failed_runs_with_the_configuration_that_the_build_had(api: dict[str, Api], drone: Standin, tree: Any) -> None:
    parent = built(api, drone, test="failure", deploy="skipped")
    tree({"default.yaml": TREE.replace("test", "tests").replace("steps: []", "steps: [{name: x, image: alpine}]")})
    answer = restart(api["runner"], parent)
    assert answer.status_code == 200
    number = body(answer)["number"]
    assert stages(number) == ["deploy", "test"]
    text = body(api["runner"].get(f"{REPO}/builds/{number}/config"))["yaml"]
    assert [each["name"] for each in yaml.safe_load_all(text)] == ["test", "deploy"]
    record = AuditRecord.objects.order_by("-pk")[0]
    assert (record.only_failed, record.outcome, record.build) == (True, Outcome.DONE, number)
    assert not [name for name in body(answer)["params"] if name != "EDRONE_ACTOR"]
    assert ServedConfig.objects.order_by("-pk")[0].parent == parent
    # Of that one again, and all of it.
    end(drone, number, "failure", test="success", deploy="failure")
    again = body(restart(api["runner"], number))["number"]
    assert stages(again) == ["deploy"]
    assert stages(body(restart(api["runner"], again, ""))["number"]) == ["build", "deploy", "lint", "tests"]


def test_what_another_failure_kept_from_running_runs_too(api: dict[str, Api], drone: Standin) -> None:
    """Drone skips all that has not begun once anything has failed, and what is for failures where nothing has."""
    parent = built(api, drone, lint="failure", test="skipped", deploy="skipped")
    assert stages(body(restart(api["runner"], parent))["number"]) == ["deploy", "lint", "test"]
    drone.drone.database.rows("UPDATE stages SET stage_on_success = 0 WHERE stage_name IN ('test', 'deploy')")
    assert stages(body(restart(api["runner"], parent))["number"]) == ["deploy", "lint"]  # which it depends on


@pytest.mark.parametrize(
    ("status", "ended", "why"),
    [
        ("success", {}, "No pipeline of #%d failed."),
        ("running", {"test": "failure"}, "#%d has not finished"),
        ("failure", dict.fromkeys(PIPELINES, "failure"), "No pipeline of #%d succeeded"),
        ("failure", {"build": "failure", "lint": "failure", "test": "skipped", "deploy": "skipped"}, "nothing can be left out"),
    ],
)
def test_what_cannot_be_left_out_is_said(
    status: str, ended: dict[str, str], why: str, api: dict[str, Api], drone: Standin
) -> None:
    parent = built(api, drone, status=status, **ended)
    before = len(drone.writes)
    answer = restart(api["runner"], parent)
    assert answer.status_code == 409
    assert why.replace("%d", str(parent)) in body(answer)["message"]
    assert len(drone.writes) == before
    assert AuditRecord.objects.count() == 1


def test_a_build_that_edrone_has_no_record_of_is_restarted_whole_or_not_at_all(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure")
    ServedConfig.objects.all().delete()
    answer = restart(api["runner"], parent)
    assert answer.status_code == 409
    assert "no record of what" in body(answer)["message"]


def test_a_single_pipeline_and_one_that_never_ran_are_said(api: dict[str, Api], drone: Standin, tree: Any) -> None:
    tree({"default.yaml": "kind: pipeline\nname: only\nsteps: []\n"})
    parent = built(api, drone, only="failure")
    assert "single pipeline" in body(restart(api["runner"], parent))["message"]
    database = drone.drone.database
    database.rows("DELETE FROM stages WHERE stage_build_id = ?", Build.objects.get(repo__slug="ismewen/edrone", number=parent).pk)
    assert "ran. Restart all of it" in body(restart(api["runner"], parent))["message"]


def test_of_a_cancelled_build_what_had_not_started_runs_too(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, status="killed", lint="skipped", test="killed", deploy="skipped")
    assert stages(body(restart(api["runner"], parent))["number"]) == ["deploy", "lint", "test"]


@pytest.mark.parametrize("query", ["only=all", "only=", "only=Failed"])
def test_another_word_is_refused(query: str, api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure")
    answer = restart(api["runner"], parent, query)
    assert answer.status_code == 400
    assert "only must be “failed”" in body(answer)["message"]


def test_it_takes_no_parameters_which_nobody_would_check(api: dict[str, Api], drone: Standin) -> None:
    number = built(api, drone, test="failure", lint="success")
    asked = len(drone.writes)
    answer = restart(api["runner"], number, "only=failed&TARGET=production")
    assert (answer.status_code, len(drone.writes)) == (400, asked)
    assert "takes no parameters, but you sent “TARGET”" in answer.json()["message"]


def test_who_may_not_restart_may_not_restart_what_failed(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure")
    assert [restart(api[name], parent).status_code for name in ("outsider", "viewer", "inactive")] == [404, 403, 403]


def test_a_parameter_is_not_believed(api: dict[str, Api], drone: Standin) -> None:
    """Anybody may send parameters with a restart at Drone's own page, or name one of a new build so."""
    parent = built(api, drone, test="failure")
    asked = push(parent=parent, repo_id=1, trigger="ann", params={"only": "failed", "EDRONE_ONLY": "failed"})
    assert json.loads(Drone().post(drone_request.body(asked, created=7)).content)["Data"] == TREE
    answer = api["runner"].post(f"{REPO}/builds?branch=master", {"params": {"only": "failed"}})
    assert body(answer)["params"]["only"] == "failed"
    assert stages(body(answer)["number"]) == sorted(PIPELINES)


def test_an_announcement_counts_once_for_a_minute_and_for_its_login_alone(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure")
    restart(api["runner"], parent)
    announced = Announcement.objects.get()
    assert announced.claimed
    Announcement.objects.update(claimed=None)
    asked = push(event="custom", parent=parent, repo_id=1, trigger="ann", params={"EDRONE_ACTOR": "runner"})
    assert announcements.claim(announcements.Kind.ONLY_FAILED, asked, timezone.now()) is None
    Announcement.objects.update(time=timezone.now() - timedelta(seconds=61))
    assert body(restart(api["runner"], parent))["number"]
    assert not Announcement.objects.get(pk=announced.pk).claimed


def test_while_announcements_cannot_be_read_a_restart_of_edrone_is_an_error(
    api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr("configs.endpoint.only_failed.claim", away)

    def asked(**fields: Any) -> Any:
        recorder.writing.close()
        known_fields: dict[str, Any] = {"repo_id": 1, "trigger": "ismewen", "parent": 2}
        return Drone().post(drone_request.body(push(**known_fields | fields), created=8))

    assert "whether this restart was to run only what failed is not known" in shown_error(asked())
    for other in ({"trigger": "ann"}, {"parent": 0}, {"number": 3, "build_id": 3}):
        assert json.loads(asked(**other).content)["Data"] == TREE
    monkeypatch.setattr(known, "login", "")
    assert "not known" in shown_error(asked(trigger="bob"))


def test_a_drone_that_does_not_name_the_parent_runs_what_failed_too(
    api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 1.10.1 does."""

    class Old(AsksEdrone):
        def ask(self, content: bytes) -> str:
            return super().ask(content.replace(b'"parent":', b'"was":'))

    monkeypatch.setattr(known, "names_parent", False)
    drone.drone.source = Old("", "")
    parent = built(api, drone, test="failure")
    assert stages(body(restart(api["runner"], parent))["number"]) == ["deploy", "test"]


def test_a_drone_that_does_not_ask_edrone_does_not_run_everything(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure")

    drone.drone.source = RunsAll("", "")
    answer = restart(api["runner"], parent)
    assert answer.status_code == 502
    assert "was cancelled" in body(answer)["message"]
    assert (drone.writes[-1].method, drone.writes[-1].path) == ("DELETE", f"/api/repos/ismewen/edrone/builds/{parent + 1}")
    assert AuditRecord.objects.order_by("-pk")[0].outcome == Outcome.REFUSED


def test_one_that_runs_everything_and_cannot_be_cancelled_is_said_to_run(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure")

    class Deaf(AsksEdrone):
        def ask(self, _: bytes) -> str:
            drone.fail("500-text")  # when it is cancelled
            return TREE

    drone.drone.source = Deaf("", "")
    answer = restart(api["runner"], parent)
    assert answer.status_code == 502
    assert f"Drone started #{parent + 1} " in body(answer)["message"]
    assert "Cancel it: edrone could not. Drone" in body(answer)["message"]
    assert AuditRecord.objects.order_by("-pk")[0].outcome == Outcome.UNCERTAIN


def away(*_: Any, **__: Any) -> Any:
    raise OperationalError("server closed the connection unexpectedly")


@pytest.mark.parametrize("deaf", [False, True])
def test_without_edrones_own_database_what_runs_is_seen_in_drones(
    deaf: bool, api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails over while Drone makes the build."""
    parent = built(api, drone, test="failure", deploy="skipped")
    monkeypatch.setattr(Announcement, "refresh_from_db", away)
    drone.drone.source = RunsAll("", "") if deaf else drone.drone.source
    answer, record = restart(api["runner"], parent), AuditRecord.objects.order_by("-pk")[0]
    assert record.build == parent + 1
    if deaf:
        assert (answer.status_code, record.outcome, drone.writes[-1].method) == (502, Outcome.REFUSED, "DELETE")
        assert "more would run than what failed: build, lint. It was cancelled." in body(answer)["message"]
    else:
        assert (answer.status_code, record.outcome, drone.writes[-1].method) == (200, Outcome.DONE, "POST")


def test_a_restart_is_cancelled_where_neither_database_says_what_it_runs(
    api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = built(api, drone, test="failure", deploy="skipped")
    monkeypatch.setattr(Announcement, "refresh_from_db", away)
    monkeypatch.setattr("builds.starting.more_than_failed.pipelines_of", lambda _: set())
    answer = restart(api["runner"], parent)
    assert (answer.status_code, drone.writes[-1].method) == (502, "DELETE")
    assert f"Drone started #{parent + 1}, and edrone cannot tell what it runs" in body(answer)["message"]


def test_whether_drone_asked_is_read_on_a_new_connection_where_one_ended(
    api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = built(api, drone, test="failure", deploy="skipped")
    read, tries = Announcement.refresh_from_db, []

    def once_away(announced: Announcement) -> None:
        tries.append(announced)
        if len(tries) == 1:
            away()
        read(announced)

    monkeypatch.setattr(Announcement, "refresh_from_db", once_away)
    drone.drone.source = RunsAll("", "")
    assert "without asking edrone" in body(restart(api["runner"], parent))["message"]
    assert len(tries) == 2


def test_where_edrones_own_database_fails_before_drone_is_asked_nothing_was_done(
    api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = built(api, drone, test="failure", deploy="skipped")
    asked, key = len(drone.writes), {"Idempotency-Key": "k"}
    with monkeypatch.context() as failing:
        failing.setattr("builds.starting.service.announce", away)
        answer = api["runner"].post(f"{REPO}/builds/{parent}?only=failed", **key)
    assert (answer.status_code, len(drone.writes)) == (503, asked)
    assert "so nothing was done" in body(answer)["message"]
    record = AuditRecord.objects.order_by("-pk")[0]
    assert (record.outcome, record.status, record.message) == (Outcome.REFUSED, 503, body(answer)["message"])
    assert api["runner"].post(f"{REPO}/builds/{parent}?only=failed", **key).status_code == 200


@pytest.mark.parametrize(("fault", "status"), [("404", 404), ("429", 503), ("null", 422)])
def test_after_one_that_drone_refused_all_of_it_can_be_restarted(
    fault: str, status: int, api: dict[str, Api], drone: Standin
) -> None:
    parent = built(api, drone, test="failure", deploy="skipped")
    drone.drone.faults.append(fault)
    assert restart(api["runner"], parent).status_code == status
    assert stages(body(restart(api["runner"], parent, ""))["number"]) == sorted(PIPELINES)


def test_one_that_drone_may_still_make_stays_announced(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure")
    drone.drone.faults.append("hang-up")
    assert restart(api["runner"], parent).status_code == 502
    assert AuditRecord.objects.order_by("-pk")[0].outcome == Outcome.UNCERTAIN
    assert Announcement.objects.get().claimed is None


@pytest.mark.parametrize("query", ["", "only=failed"])
@pytest.mark.parametrize("names_parent", [True, False])
def test_while_drone_may_still_make_it_no_equal_build_is_started_in_its_place(
    query: str, names_parent: bool, api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "names_parent", names_parent)
    parent = built(api, drone, test="failure", deploy="skipped")
    drone.drone.faults.append("hang-up")
    restart(api["runner"], parent)
    asked = len(drone.writes)
    answer = restart(api["runner"], parent, query)
    assert (answer.status_code, len(drone.writes)) == (409, asked)
    assert f"#{parent} was restarted with only what failed a moment ago" in body(answer)["message"]
    assert 55 <= int(answer["Retry-After"]) <= 60
    assert Announcement.objects.get().claimed is None
    Announcement.objects.update(time=timezone.now() - timedelta(seconds=61))
    started = stages(body(restart(api["runner"], parent, query))["number"])
    assert started == (["deploy", "test"] if query else sorted(PIPELINES))


@pytest.mark.parametrize(("names_parent", "status"), [(True, 200), (False, 409)])
def test_only_builds_that_drone_would_ask_about_alike_wait_for_it(
    names_parent: bool, status: int, api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "names_parent", names_parent)
    parent, other = (built(api, drone, test="failure") for _ in range(2))
    drone.drone.faults.append("hang-up")
    restart(api["runner"], parent)
    assert restart(api["runner"], other, "").status_code == status
    assert restart(api["deployer"], other, "").status_code == status  # both have the EDRONE_ACTOR of their parents
    assert api["runner"].post(f"{REPO}/builds?branch=master&COLOUR=red").status_code == 200


def test_two_restarts_at_once_are_built_in_different_seconds(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure", deploy="skipped")
    drone.drone.source.caching = True
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: restart(api["runner"], parent), range(2)))
        assert [answer.status_code for answer in answers] == [200, 200]
    first, second = (Build.objects.get(repo__slug="ismewen/edrone", number=body(answer)["number"]) for answer in answers)
    assert first.created != second.created
    whole = body(restart(api["runner"], parent, ""))["number"]
    assert stages(whole) == sorted(PIPELINES)


def test_restarts_of_two_builds_of_one_commit_are_built_in_different_seconds(api: dict[str, Api], drone: Standin) -> None:
    failed, other = (built(api, drone, test="failure", deploy="skipped") for _ in range(2))
    assert len(set(Build.objects.filter(number__in=(failed, other)).values_list("after", flat=True))) == 1
    drone.drone.source.caching = True
    some, whole = body(restart(api["runner"], failed))["number"], body(restart(api["runner"], other, ""))["number"]
    assert len(stages(some)) < len(PIPELINES)
    assert stages(whole) == sorted(PIPELINES)


def test_a_restart_that_drone_does_not_answer_holds_up_no_other_for_ever(
    api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = built(api, drone, test="failure")
    commit = Build.objects.get(repo__slug="ismewen/edrone", number=parent).after
    AuditRecord.objects.create(username="x", means="", verb="restart", slug="ismewen/edrone", commit=commit, only_failed=True)
    monkeypatch.setattr(same_second, "MOST", 0.0)
    answer = restart(api["runner"], parent)
    assert (answer.status_code, answer["Retry-After"]) == (409, "1")
    long_ago = timezone.now() - timedelta(seconds=31)
    AuditRecord.objects.update(time=long_ago, finished=long_ago)
    assert restart(api["runner"], parent).status_code == 200


def test_a_text_that_is_announced_is_pruned_with_its_announcement(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure")
    restart(api["runner"], parent)
    Announcement.objects.update(time=timezone.now() - timedelta(minutes=2))
    prune(timezone.now() + timedelta(days=1))
    assert Announcement.objects.get().file == ConfigFile.objects.get()  # who announced it may still wait for Drone
    Announcement.objects.update(time=timezone.now() - timedelta(hours=2))
    prune(timezone.now() + timedelta(days=1))
    assert not Announcement.objects.exists()
    assert not ServedConfig.objects.exists()


def test_the_page_offers_it_confirms_what_runs_and_starts_it(people: dict[str, Any], api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure", deploy="skipped")
    client = Client()
    client.force_login(people["runner"])
    address = f"/admin/builds/build/ismewen/edrone/{parent}/"
    page = client.get(address).content.decode()
    assert 'id="do-restart-failed"' in page
    asked = client.get(f"{address}-/do/restart/?only=failed").content.decode()
    assert "Restart what failed of #" in asked
    assert "test, deploy" in asked
    assert "build, lint" in asked
    key = asked.partition('name="key" value="')[2].partition('"')[0]
    answer = client.post(f"{address}-/do/restart/", {"only": "failed", "key": key, "confirmed": "yes"})
    assert answer.status_code == 302
    assert stages(parent + 1) == ["deploy", "test"]
    client.force_login(people["superuser"])
    for number in (parent, parent + 1):
        assert "only what failed" in client.get(f"/admin/builds/build/ismewen/edrone/{number}/-/record/").content.decode()


def test_the_page_says_why_it_is_not_possible(people: dict[str, Any], api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, **dict.fromkeys(PIPELINES, "failure"))
    client = Client()
    client.force_login(people["runner"])
    address = f"/admin/builds/build/ismewen/edrone/{parent}/"
    page = client.get(address).content.decode()
    assert 'id="do-restart-failed"' not in page
    assert f"No pipeline of #{parent} succeeded, so nothing can be left out" in page
    assert client.get(f"{address}-/do/restart/?only=failed").status_code == 409


def test_what_failed_of_a_promotion_runs_as_a_promotion_to_the_same_target(api: dict[str, Api], drone: Standin) -> None:
    shipped = built(api, drone)
    number = body(api["deployer"].post(f"{REPO}/builds/{shipped}/promote?target=staging&COLOUR=red"))["number"]
    end(drone, number, "failure", test="failure", deploy="skipped")
    assert restart(api["runner"], number).status_code == 403
    answer = restart(api["deployer"], number)
    assert answer.status_code == 200
    again = Build.objects.get(repo__slug="ismewen/edrone", number=body(answer)["number"])
    assert (again.event, again.deploy_to, again.parent, again.params["COLOUR"]) == ("promote", "staging", number, "red")
    assert stages(again.number) == ["deploy", "test"]
    # All of it, and another promotion of the same build, run everything.
    assert stages(body(restart(api["deployer"], number, ""))["number"]) == sorted(PIPELINES)
    other = body(api["deployer"].post(f"{REPO}/builds/{shipped}/promote?target=staging&COLOUR=red"))["number"]
    assert stages(other) == sorted(PIPELINES)


def test_what_failed_of_an_operation_runs_with_its_inputs(api: dict[str, Api], drone: Standin, tree: Any) -> None:
    head = "kind: operation\nlevel: deploy\ntarget: WHERE\ninputs:\n  WHERE: {type: string}\n---\n"
    tree({"default.yaml": TREE, "edrone/_operations/ship.yaml": head + TREE})
    number = body(api["deployer"].post(f"{REPO}/builds?action=ship&WHERE=staging"))["number"]
    end(drone, number, "failure", test="failure", deploy="skipped")
    assert restart(api["runner"], number).status_code == 403
    answer = restart(api["deployer"], number)
    assert answer.status_code == 200, body(answer)
    again = Build.objects.get(repo__slug="ismewen/edrone", number=body(answer)["number"])
    assert (again.event, again.action, again.params["WHERE"]) == ("custom", "ship", "staging")
    assert stages(again.number) == ["deploy", "test"]
    assert AuditRecord.objects.order_by("-pk")[0].operation == "ship"
    assert stages(body(restart(api["deployer"], again.number, ""))["number"]) == sorted(PIPELINES)


def test_a_promotion_waits_for_the_restart_that_it_looks_like(api: dict[str, Api], drone: Standin) -> None:
    parent = built(api, drone, test="failure", deploy="skipped")
    number = body(restart(api["runner"], parent))["number"]
    promoted = body(api["deployer"].post(f"{REPO}/builds/{parent}/promote?target=staging"))["number"]
    first, second = (Build.objects.get(repo__slug="ismewen/edrone", number=each) for each in (number, promoted))
    assert first.created != second.created


@pytest.mark.parametrize(("branch", "waits"), [("master", True), ("", True), ("develop", False)])
def test_a_new_build_of_another_branch_waits_for_no_restart(branch: str, waits: bool, people: dict[str, Any]) -> None:
    def record(verb: Verb, **fields: Any) -> AuditRecord:
        return AuditRecord.objects.create(user=people["runner"], verb=verb, slug="ismewen/edrone", **fields)

    record(Verb.RESTART, branch="master", commit="a" * 40, only_failed=True)
    assert same_second.others_of_this_second(record(Verb.CREATE, branch=branch)) is waits


@pytest.mark.parametrize("verb", [Verb.CREATE, Verb.RESTART])
@pytest.mark.parametrize(("before", "after"), [("master", "refs/heads/master"), ("refs/heads/master", "master")])
def test_a_branch_and_its_whole_ref_are_one(verb: Verb, before: str, after: str, db: None) -> None:
    """Of the two, one is a new build: it names no commit."""
    first = Verb.RESTART if verb == Verb.CREATE else Verb.CREATE
    commits = {Verb.CREATE: "", Verb.RESTART: "a" * 40}
    for each, branch in ((first, before), (verb, after)):
        last = AuditRecord.objects.create(
            verb=each, slug="ismewen/edrone", branch=branch, commit=commits[each], only_failed=each == Verb.RESTART
        )
    assert same_second.others_of_this_second(last)


def test_who_waits_for_another_build_holds_no_connection(
    api: dict[str, Api], drone: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(same_second, "give_back", lambda: done.append("give back"))
    monkeypatch.setattr(same_second, "MOST", 0.3)
    sleep = time.sleep

    def noted(seconds: float) -> None:
        done.append("sleep")
        sleep(seconds)

    monkeypatch.setattr("builds.starting.same_second.time.sleep", noted)
    first, second = (
        AuditRecord.objects.create(verb=Verb.RESTART, slug="ismewen/edrone", commit="a" * 40, only_failed=True) for _ in range(2)
    )
    assert first.pk < second.pk
    with pytest.raises(AnotherRestart):
        same_second.wait_for_other_restarts(second, 0)
    assert len(done) > 4
    assert done[::2] == ["give back"] * len(done[::2])
    assert done[1::2] == ["sleep"] * len(done[1::2])


def test_a_new_build_and_the_restart_that_it_looks_like_wait_for_each_other(api: dict[str, Api], drone: Standin) -> None:
    """To Drone the restart of a new build is that of another one of this branch, whose commit nobody has named."""
    parent = built(api, drone, test="failure", deploy="skipped")
    drone.drone.source.caching = True
    numbers = [body(restart(api["runner"], parent))["number"]]
    numbers += [body(api["runner"].post(f"{REPO}/builds?branch=master"))["number"]]
    numbers += [body(restart(api["runner"], parent))["number"]]
    builds = [Build.objects.get(repo__slug="ismewen/edrone", number=number) for number in numbers]
    assert len({build.created for build in builds}) == 3
    assert [len(stages(number)) == len(PIPELINES) for number in numbers] == [False, True, False]


@pytest.mark.parametrize(
    ("verb", "fields", "words"),
    [
        ("promote", {"target": "production", "new_target": "on"}, "Drone refused the build; nothing was deployed."),
        ("restart", {}, "Drone refused the build; nothing runs."),
    ],
)
def test_a_build_that_drone_refuses_is_no_success(
    verb: str, fields: dict[str, str], words: str, people: dict[str, Any], api: dict[str, Api], drone: Standin, tree: Any
) -> None:
    number = built(api, drone, test="failure")
    tree({"default.yaml": "kind: pipeline\nname: a\nextends: _shared/gone.yaml\n"})
    client = Client()
    client.force_login(people["deployer"])
    address = f"/admin/builds/build/ismewen/edrone/{number}/-/do/{verb}/"
    answer = client.post(address, fields | {"confirmed": "yes", "key": "k"})
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [words]
