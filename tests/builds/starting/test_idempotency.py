"""Idempotency-Key: a repeat does nothing new."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from builds.access.models import Level
from builds.starting.models import AuditRecord
from tests.builds.api import Api, body
from tests.builds.conftest import person

BUILDS = "/api/repos/ismewen/edrone/builds"
KEY = {"Idempotency-Key": "nightly-2026-11-24"}


def test_a_repeat_gets_the_first_answer_and_starts_nothing(standin, api):
    first = api["runner"].post(f"{BUILDS}?A=1&TOKEN=planted-parameter", **KEY)
    again = api["runner"].post(f"{BUILDS}?A=1&TOKEN=planted-parameter", **KEY)
    assert (again.status_code, again.content) == (200, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (len(standin.writes), AuditRecord.objects.count()) == (1, 1)
    assert "planted" not in str(AuditRecord.objects.values())


def test_another_request_with_the_key_is_refused_be_it_another_secret_only(standin, api):
    api["runner"].post(f"{BUILDS}?TOKEN=planted-one", **KEY)
    for path in (f"{BUILDS}?TOKEN=planted-two", BUILDS, f"{BUILDS}/2"):
        answer = api["runner"].post(path, **KEY)
        assert (answer.status_code, "was used for another request" in body(answer)["message"]) == (422, True)
    assert len(standin.writes) == 1


def test_a_key_is_its_users_own_and_needs_what_the_first_needed(standin, api):
    api["runner"].post(BUILDS, **KEY)
    answer = api["deployer"].post(BUILDS, **KEY)
    assert (answer.status_code, len(standin.writes)) == (200, 2)
    User.objects.get(username="runner").grants.all().delete()
    person("other", Level.RUN)
    assert api["runner"].post(BUILDS, **KEY).status_code == 404


def test_what_did_nothing_may_be_tried_again(standin, api):
    standin.fail("401", "null")
    assert [api["runner"].post(BUILDS, **KEY).status_code for _ in range(3)] == [502, 422, 200]
    assert sorted(AuditRecord.objects.values_list("outcome", flat=True)) == ["done", "refused", "refused"]


def test_what_may_have_been_done_is_not(standin, api):
    standin.fail("half")
    first, again = api["runner"].post(BUILDS, **KEY), api["runner"].post(BUILDS, **KEY)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert len(standin.writes) == 1


@pytest.mark.parametrize("head", ["inputs: {TARGET: {default: other}}", "level: deploy", "inputs: {OTHER: {}}", "no head", ""])
def test_a_repeat_gets_the_first_answer_whatever_has_become_of_the_operation(standin, api, tmp_path, settings, head):
    settings.EDRONE_PROJECTS = tmp_path / "projects"
    file = settings.EDRONE_PROJECTS / "edrone" / "_operations" / "check.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("kind: operation\ninputs: {TARGET: {default: staging}}\n---\nkind: pipeline\nname: check\n")
    path = f"{BUILDS}?action=check&TARGET=staging"
    first = api["runner"].post(path, **KEY)
    assert first.status_code == 200
    if head:
        file.write_text(f"kind: operation\n{head}\n---\nkind: pipeline\nname: check\n")
    else:
        file.unlink()
    again = api["runner"].post(path, **KEY)
    assert (again.status_code, again.content, len(standin.writes)) == (200, first.content, 1)


def test_approving_is_repeated_as_it_was(standin, api):
    execute = standin.drone.database.connection.execute
    execute("DELETE FROM steps")  # a stage that is blocked has none yet
    execute("UPDATE stages SET stage_status = 'blocked'")
    for _ in range(2):
        answer = api["deployer"].post(f"{BUILDS}/2/approve/1", **KEY)
        assert (answer.status_code, answer.content) == (204, b"")
    assert len(standin.writes) == 1


def test_while_the_first_is_under_way_a_repeat_gets_409_and_after_a_crash_504(standin, api):
    api["runner"].post(BUILDS, **KEY)
    AuditRecord.objects.update(outcome="started", answer=None)
    answer = api["runner"].post(BUILDS, **KEY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    AuditRecord.objects.update(time=timezone.now() - timedelta(minutes=5))
    answer = api["runner"].post(BUILDS, **KEY)
    assert (answer.status_code, "may have taken effect" in body(answer)["message"]) == (504, True)
    assert len(standin.writes) == 1


@pytest.mark.parametrize("key", ["a" * 256, "with blank", "ümlaut", ""])
def test_a_key_that_is_none_is_refused(standin, api, key):
    answer = api["runner"].client.generic("POST", BUILDS, "", HTTP_IDEMPOTENCY_KEY=key)
    assert (answer.status_code, "1 to 255 ASCII characters" in body(answer)["message"]) == (400, True)


def test_a_token_that_was_revoked_in_between_gets_nothing(standin, people):
    api = Api(people["runner"])
    assert api.post(BUILDS, **KEY).status_code == 200
    people["runner"].api_tokens.all().delete()
    assert api.post(BUILDS, **KEY).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_the_same_request_twice_at_once_starts_one_build(standin, api):
    barrier, statuses = threading.Barrier(2), []

    def ask() -> None:
        barrier.wait()
        statuses.append(api["runner"].post(BUILDS, **KEY).status_code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(standin.writes) == 1
    assert sorted(statuses) in ([200, 200], [200, 409])
