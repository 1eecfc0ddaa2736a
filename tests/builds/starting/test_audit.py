"""/api/audit: who started what, for those who may."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from builds.access.models import Level
from builds.starting.models import AuditRecord
from tests.builds.api import Api, body
from tests.builds.conftest import person
from texts.characters import storable_json

BUILDS = "/api/repos/ismewen/edrone/builds"


@pytest.fixture
def auditor(db):
    user = person("auditor", Level.VIEW, "ismewen/*")
    user.user_permissions.add(Permission.objects.get(codename="view_auditrecord"))
    return Api(user)


def test_it_is_for_those_with_the_permission_and_of_the_repositories_that_they_see(standin, api, auditor):
    api["superuser"].post(BUILDS)
    api["superuser"].post("/api/repos/shop/cart/builds")
    for name, status in {"guest": 401, "inactive": 403, "outsider": 403, "deployer": 403}.items():
        assert api[name].get("/api/audit").status_code == status
    assert [one["repository"] for one in body(auditor.get("/api/audit"))] == ["ismewen/edrone"]
    assert [one["repository"] for one in body(api["superuser"].get("/api/audit"))] == ["shop/cart", "ismewen/edrone"]
    assert body(auditor.get("/api/audit?repository=shop/cart")) == []


def test_a_record_says_everything(standin, api, auditor):
    api["deployer"].post(f"{BUILDS}/2/promote?target=production&API_KEY=planted-parameter")
    (record,) = body(auditor.get("/api/audit"))
    assert record | {"id": 0, "time": 0, "finished": 0, "means": "", "commit": ""} == {
        "id": 0, "time": 0, "finished": 0, "user": "deployer", "means": "", "verb": "promote", "repository": "ismewen/edrone",
        "number": 2, "stage": 0, "branch": "develop", "commit": "", "operation": "", "target": "production",
        "build_message": "", "override": "", "only_failed": False,
            "params": {"API_KEY": "********", "EDRONE_ACTOR": "deployer"}, "outcome": "done", "status": 200, "message": "",
        "build": 21, "build_status": "pending",
    }  # fmt: skip
    assert record["commit"]
    assert record["means"].startswith("token test (edrone_")
    assert 0 < record["time"] <= record["finished"]


def test_the_target_of_an_operation_is_the_one_that_its_inputs_name(standin, api, auditor, tree):
    pipeline = "kind: pipeline\nname: ship\nsteps:\n- {name: ship, image: x}\n"
    head = "kind: operation\nlevel: deploy\ntarget: TO\ninputs:\n  TO: {type: string, default: staging}\n---\n"
    tree({"edrone/_operations/ship.yaml": f"{head}{pipeline}", "edrone/_operations/check.yaml": pipeline})
    for params in ("&TO=production", ""):
        build = body(api["deployer"].post(f"{BUILDS}?action=ship{params}"))
        assert api["deployer"].post(f"{BUILDS}/{build['number']}").status_code == 200
    api["deployer"].post(f"{BUILDS}?action=check")
    found = body(auditor.get("/api/audit?operation=ship"))
    assert [(record["verb"], record["target"]) for record in reversed(found)] == [
        ("create", "production"), ("restart", "production"), ("create", "staging"), ("restart", "staging"),
    ]  # fmt: skip
    assert len(body(auditor.get("/api/audit?target=production"))) == 2
    assert [record["target"] for record in body(auditor.get("/api/audit?operation=check"))] == [""]


def test_filters_and_pages(standin, api, auditor):
    for _ in range(3):
        api["runner"].post(f"{BUILDS}?action=check")
    api["deployer"].delete(f"{BUILDS}/2")
    assert len(body(auditor.get("/api/audit?user=runner"))) == 3
    assert len(body(auditor.get("/api/audit?verb=cancel"))) == 1
    assert len(body(auditor.get("/api/audit?verb=cancel&verb=create"))) == 4
    assert len(body(auditor.get("/api/audit?operation=check&outcome=done"))) == 3
    assert [one["build"] for one in body(auditor.get("/api/audit?build=22"))] == [22]
    first = auditor.get("/api/audit?per_page=3")
    assert len(body(first)) == 3
    following = first.headers["Link"].split("<")[1].split(">")[0]
    rest = auditor.get(following.replace("http://testserver", ""))
    assert (len(body(rest)), "Link" in rest.headers) == (1, False)
    AuditRecord.objects.filter(verb="cancel").update(time=timezone.now() - timedelta(days=40))
    assert len(body(auditor.get(f"/api/audit?since={(timezone.now() - timedelta(days=1)):%Y-%m-%d}"))) == 3
    assert len(body(auditor.get(f"/api/audit?until={(timezone.now() - timedelta(days=1)):%Y-%m-%d}"))) == 1


def test_records_are_told_apart_within_a_second(auditor):
    for microsecond in (0, 250_000, 500_000):
        time = datetime(2026, 11, 23, 12, 0, 0, microsecond, tzinfo=UTC)
        AuditRecord.objects.create(time=time, username=str(microsecond), verb="create", slug="ismewen/edrone")

    def users(query: str) -> list[str]:
        return [record["user"] for record in body(auditor.get(f"/api/audit?{query}"))]

    assert users("since=2026-11-23T12:00:00.25Z") == ["500000", "250000"]
    assert users("until=2026-11-23T12:00:00.25Z") == ["0"]
    assert users("since=2026-11-23T12:00:00.1Z&until=2026-11-23T12:00:00.5Z") == ["250000"]
    assert users("since=2026-11-23T12:00:00.500001Z") == []
    assert users("since=2026-11-23T12:00:00Z") == ["500000", "250000", "0"]


@pytest.mark.parametrize("query", ["verb=push", "outcome=x", "since=x", "cursor=x", "brnch=x", "build=x", "user=%00"])
def test_a_wrong_filter_is_refused(auditor, query):
    assert auditor.get(f"/api/audit?{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["since=99999999999999999", "until=-99999999999999999", "since=-1", "build=9223372036854775807"]
)
def test_times_and_numbers_beyond_any_calendar_find_nothing_or_all(auditor, query):
    assert auditor.get(f"/api/audit?{query}").status_code == 200


def test_a_record_names_the_operation_of_the_build_that_something_is_done_to(standin, api, auditor):
    api["runner"].post(f"{BUILDS}/1")
    api["runner"].delete(f"{BUILDS}/1")
    api["deployer"].post(f"{BUILDS}/1/promote?target=staging")
    found = [(one["verb"], one["operation"]) for one in body(auditor.get("/api/audit"))]
    assert found == [("promote", ""), ("cancel", "check"), ("restart", "check")]


def test_a_record_has_the_message_that_a_build_was_given(standin, api, auditor):
    api["runner"].post(BUILDS, {"message": "Why? " + "x" * 600})
    (record,) = body(auditor.get("/api/audit"))
    assert record["build_message"] == "Why? " + "x" * 495


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_record_outlives_a_connection_that_ended_during_the_call(standin, api, auditor):
    """The database of edrone restarts, or the driver finds the connection closed, while Drone is waited for."""
    broken: list[str] = []

    def break_once(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and "auditrecord" in sql and not broken:
            broken.append(sql)
            raise InterfaceError("connection already closed")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(break_once):
        assert api["runner"].post(BUILDS).status_code == 200
    assert broken
    (record,) = body(auditor.get("/api/audit"))
    assert (record["outcome"], record["build"]) == ("done", 21)


def failing(statement: str, error: Exception) -> AbstractContextManager[None]:
    """Let each INSERT, or UPDATE, of an audit record fail."""

    def fail(execute, sql, params, many, context):
        if sql.startswith(statement) and "auditrecord" in sql:
            raise error
        return execute(sql, params, many, context)

    return connection.execute_wrapper(fail)


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_recorded_is_not_asked_of_drone(standin, api):
    with failing("INSERT", OperationalError("the disk is full")):
        assert (api["runner"].post(BUILDS).status_code, standin.writes) == (503, [])


@pytest.mark.django_db(transaction=True)
def test_the_caller_is_told_drones_answer_though_its_end_cannot_be_written(standin, api):
    with failing("UPDATE", InterfaceError("connection already closed")):
        assert (api["runner"].post(BUILDS).status_code, len(standin.writes)) == (200, 1)


def test_a_nul_in_drones_answer_is_replaced_since_postgresql_takes_none():
    answer = {"title": "a\0b", "params": {"A\0": ["\0", 1, None]}, "status": "\\u0000"}
    assert storable_json(answer) == {"title": "a\ufffdb", "params": {"A\ufffd": ["\ufffd", 1, None]}, "status": "\\u0000"}
