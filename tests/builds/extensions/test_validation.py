"""Drone's validation: verified, and answered with nothing or one sentence, whatever is away."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from builds.extensions import validation
from builds.freezes import reading
from builds.freezes.models import Freeze
from builds.starting.models import AuditRecord
from configs.client import drone_request
from configs.endpoint.drone_server import known as known_drone
from configs.endpoint.signature import CONFIGURATION, VALIDATION
from configs.metrics import extension_metrics
from configs.records.announcements import Kind, WrongText, announce, claim, wrong_text
from configs.records.models import Announcement
from configs.records.recording_connections import Lent
from pipelines.build_request import LARGEST_BODY, LARGEST_WITH_YAML, BuildRequest, parse_validation
from pipelines.resolve.resolve import Resolved
from tests.conftest import RECORDED, SECRET, Drone, push

ADDRESS = "/edrone/validate"
REQUESTS = sorted((RECORDED.parent / "extensions").glob("3-validate-request-*.json"))
OF_THE_RIG = "validate-secret-of-the-rig-0123456789"
pytestmark = pytest.mark.usefixtures("records")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be known from the test before."""
    monkeypatch.setattr(validation, "known_freezes", reading.KnownFreezes())
    monkeypatch.setattr(known_drone, "login", "edrone")


def send(build: BuildRequest, address: str = ADDRESS, accept: str = VALIDATION.accept, more: bytes = b"") -> Any:
    body = drone_request.body(build, created=1_790_000_000) + more
    return post(body, drone_request.signed_headers(body, SECRET, datetime.now(UTC), accept=accept), address)


def post(body: bytes, headers: dict[str, str], address: str = ADDRESS) -> Any:
    return Drone().send(body, headers, address)


def promotion(to: str = "production", **fields: Any) -> BuildRequest:
    known: dict[str, Any] = {"event": "promote", "deploy_to": to, "trigger": "ann", "parent": 7, "repo_id": 1}
    return push(**known | fields)


def freeze(**fields: Any) -> Freeze:
    made = {"pattern": "ismewen/*", "targets": "production", "reason": "no Fridays", "username": "wei"} | fields
    return Freeze.objects.create(**made)


def refusal(answer: Any) -> str:
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    text = answer.content.decode()
    assert text.startswith("edrone: ")
    assert "\n" not in text
    assert len(answer.content) <= 500  # as Drone's column of errors holds
    return str(text)


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}/"])
def test_every_recorded_request_passes_and_follows_a_freeze(path: Path, address: str, settings: Any) -> None:
    settings.DRONE_YAML_SECRETS = (OF_THE_RIG,)
    request = next(each for each in json.loads(path.read_text())["requests"] if each["kind"] == "validate")
    body, headers = request["body"].encode(), dict(request["headers"])
    build = parse_validation(body).build
    with time_machine.travel(parsedate_to_datetime(headers["Date"]), tick=False):
        answer = post(body, headers, address)
        assert (answer.status_code, answer.content) == (204, b"")
        freeze(pattern="*", targets="*", branches="*", reason="stock-taking")
        answer = post(body, headers, address)
    if build.event == "pull_request":
        assert answer.status_code == 204
    else:
        assert "stock-taking" in refusal(answer)


@pytest.mark.parametrize("branch", ["heads/master", "refs/heads/master", "tags/v1"])
def test_a_frozen_branch_is_frozen_however_a_person_wrote_it_at_drone(branch: str) -> None:
    freeze(targets="", branches="master, refs/tags/*", reason="stock-taking")
    assert "stock-taking" in refusal(send(push(event="custom", ref=f"refs/heads/{branch}", target=branch, trigger="ann")))


@pytest.mark.parametrize("event", ["custom", "promote", "rollback"])
def test_manual_builds_are_for_those_that_are_named(event: str, settings: Any) -> None:
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"edrone"})
    assert "ann may not start" in refusal(send(promotion(event=event)))
    assert send(promotion(event=event, trigger="edrone")).status_code == 204
    assert send(push()).status_code == 204


def test_the_restart_of_a_promotion_is_for_those_that_are_named(settings: Any) -> None:
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"edrone"})
    assert "ann may not start promote builds" in refusal(send(promotion(parent=8)))


@pytest.mark.parametrize("event", ["push", "tag", "pull_request", "cron"])
def test_restarts_of_other_builds_stay_open_to_everybody(event: str, settings: Any) -> None:
    """docs/threat-model.md and docs/operations.md say so."""
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"edrone"})
    assert send(push(event=event, trigger="ann", parent=7, params={"DRONE_TAG": "v0"})).status_code == 204


def test_no_parameter_leads_past_the_freeze_of_a_target() -> None:
    freeze(targets="production")
    assert send(promotion("staging")).status_code == 204
    assert "has the parameter DRONE_DEPLOY_TO" in refusal(send(promotion("staging", params={"DRONE_DEPLOY_TO": "production"})))


def test_a_signature_for_another_extension_is_refused() -> None:
    answer = send(push(), accept=CONFIGURATION.accept)
    assert answer.status_code == 406
    assert b"DRONE_VALIDATE_PLUGIN_ENDPOINT alone" in answer.content
    assert send(push(), address="/edrone").status_code == 406


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"build": {}}', b"[" * 100_000, b"\xff"], ids=range(7))
def test_a_body_that_is_not_drones_gets_a_sentence(body: bytes) -> None:
    answer = post(body, drone_request.signed_headers(body, SECRET, datetime.now(UTC), accept=VALIDATION.accept))
    assert answer.status_code == 400
    assert answer.content.strip()


def test_unsigned_stale_and_foreign_requests_get_a_sentence() -> None:
    body = drone_request.body(push(), created=1)
    late = datetime.now(UTC) - timedelta(hours=1)
    for headers, words in (
        ({}, "no Signature header"),
        (drone_request.signed_headers(body, "another", datetime.now(UTC), accept=VALIDATION.accept), "different secrets"),
        (drone_request.signed_headers(body, SECRET, late, accept=VALIDATION.accept), "clock"),
    ):
        answer = post(body, headers)
        assert answer.status_code == 401
        assert words in answer.content.decode()


def test_each_answer_is_counted_and_logged_with_its_outcome(logged: StringIO) -> None:
    def counts() -> dict[str, float]:
        found = extension_metrics().registry.collect()
        samples = (sample for metric in found if metric.name == "edrone_validations" for sample in metric.samples)
        return {sample.labels["outcome"]: sample.value for sample in samples if sample.name.endswith("_total")}

    before = counts()
    freeze()
    send(push())
    refusal(send(promotion()))
    post(b"{", drone_request.signed_headers(b"{", SECRET, datetime.now(UTC), accept=VALIDATION.accept))
    post(b"{", {})
    late = datetime.now(UTC) - timedelta(hours=1)
    post(b"{", drone_request.signed_headers(b"{", SECRET, late, accept=VALIDATION.accept))
    once = dict.fromkeys(("passed", "refused", "malformed", "unsigned", "clock"), 1) | {"failed": 0}
    assert {outcome: count - before[outcome] for outcome, count in counts().items()} == once
    assert "INFO edrone.validate outcome=passed repo=ismewen/edrone event=push ref=refs/heads/master" in logged.getvalue()
    refused = "WARNING edrone.validate outcome=refused repo=ismewen/edrone event=promote"
    assert any(refused in line and "no Fridays" in line for line in logged.getvalue().splitlines())


def test_a_body_with_a_large_yaml_is_read_and_one_past_the_limit_is_not() -> None:
    assert send(push(), more=b" " * 2 * LARGEST_BODY).status_code == 204
    answer = send(push(), more=b" " * LARGEST_WITH_YAML)
    assert answer.status_code == 400
    assert str(LARGEST_WITH_YAML) in answer.content.decode()


def test_other_methods_are_told_what_the_address_is_for() -> None:
    answer = Client().get(ADDRESS)
    assert answer.status_code == 405
    assert "DRONE_VALIDATE_PLUGIN_ENDPOINT" in answer.content.decode()


def test_a_freeze_is_named_with_its_reason_and_its_end() -> None:
    end = timezone.now() + timedelta(days=1)
    freeze(ends=end)
    assert refusal(send(promotion())) == (
        f"edrone: production of ismewen/edrone is frozen by wei until {end:%Y-%m-%d %H:%M} UTC: “no Fridays”. {validation.HOW}"
    )


@pytest.mark.parametrize("reason", ["because " * 60, "冻结" * 250, "\u202e" * 500], ids=["english", "chinese", "bidi"])
def test_a_long_reason_leaves_room_for_what_to_do(reason: str) -> None:
    """A real Drone makes no build at all of a sentence that its column does not hold, and answers 500."""
    freeze(reason=reason[:500])
    assert refusal(send(promotion())).endswith(f"… {validation.HOW}")


def test_a_long_login_is_refused_within_drones_column(settings: Any) -> None:
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"edrone"})
    assert "may not start" in refusal(send(promotion(trigger="a" * 250)))


def test_a_freeze_that_is_lifted_or_over_holds_no_more() -> None:
    made = freeze()
    refusal(send(promotion()))
    Freeze.objects.filter(pk=made.pk).update(lifted=timezone.now())
    assert send(promotion()).status_code == 204
    freeze(ends=timezone.now() - timedelta(seconds=1))
    assert send(promotion()).status_code == 204


def test_an_operation_is_frozen_by_its_name_and_by_its_target(tree: Any) -> None:
    head = "kind: operation\ntarget: TARGET\ninputs:\n  TARGET: {default: staging}\n---\nkind: pipeline\nname: x\n"
    tree({"edrone/_operations/deploy.yaml": head})
    operation = push(event="custom", action="deploy", trigger="ann", params={"TARGET": "production"})
    freeze()
    assert "production of ismewen/edrone" in refusal(send(operation))
    assert send(push(event="custom", action="deploy", params={"TARGET": "staging"})).status_code == 204
    assert send(push(event="custom", action="other", params={"TARGET": "production"})).status_code == 204
    freeze(targets="dep*")
    assert "frozen" in refusal(send(push(event="custom", action="deploy", params={"TARGET": "staging"})))


@pytest.mark.parametrize(
    "params", [{"override": "yes"}, {"EDRONE_OVERRIDE": "yes"}, {"only": "failed"}, {"EDRONE_ONLY": "failed"}]
)
def test_a_parameter_is_never_believed(params: dict[str, str]) -> None:
    freeze()
    refusal(send(promotion(params=params)))


def test_an_announced_override_starts_once() -> None:
    freeze(targets="production, staging2")
    record = AuditRecord.objects.create(username="ann", verb="promote", slug="ismewen/edrone", override="hotfix")
    asked = promotion(trigger="edrone", params={"TOKEN": "x"})
    announce(Kind.OVERRIDE, record.pk, asked, "edrone")
    for other in (
        promotion(trigger="ann", params={"TOKEN": "x"}),
        promotion(trigger="edrone", params={"TOKEN": "y"}),
        promotion("staging2", trigger="edrone", params={"TOKEN": "x"}),
        promotion(trigger="edrone", params={"TOKEN": "x"}, parent=8),
        promotion(trigger="edrone", params={"TOKEN": "x"}, repo_id=2),
        promotion(trigger="edrone", params={"TOKEN": "x"}, ref="refs/heads/other"),
        promotion(trigger="edrone", params={"TOKEN": "x"}, event="rollback"),
    ):
        refusal(send(other))
    assert send(asked).status_code == 204
    refusal(send(asked))


def test_equal_starts_of_one_second_each_claim_their_own() -> None:
    freeze()
    record = AuditRecord.objects.create(username="ann", verb="promote", slug="ismewen/edrone")
    announce(Kind.OVERRIDE, record.pk, promotion(trigger="edrone"), "edrone")
    announce(Kind.OVERRIDE, record.pk, promotion(trigger="edrone"), "edrone")
    assert [send(promotion(trigger="edrone")).status_code for _ in range(3)] == [204, 204, 400]


REST = Resolved("kind: pipeline\nname: failed\n", "default.yaml", ("default.yaml",))
WHOLE = "kind: pipeline\nname: fine\n---\nkind: pipeline\nname: failed\n"


def validated(build: BuildRequest, text: str | None) -> Any:
    body = drone_request.body(build, created=1_790_000_000, text=text)
    return post(body, drone_request.signed_headers(body, SECRET, datetime.now(UTC), accept=VALIDATION.accept))


@pytest.mark.parametrize(
    ("restart", "other"),
    [
        (promotion(trigger="edrone", parent=8), promotion(trigger="ann", parent=8)),
        (promotion(trigger="edrone", parent=8), promotion("staging", trigger="edrone", parent=8)),
        (push(trigger="edrone", parent=8), push(trigger="@hook")),
        (push(event="cron", trigger="edrone", parent=8), push(event="cron", trigger="@cron")),
    ],
    ids=["person", "target", "hook", "schedule"],
)
def test_the_text_of_a_restart_of_only_what_failed_is_for_that_restart(restart: BuildRequest, other: BuildRequest) -> None:
    """Drone gives builds of one second, event, ref and commit the text of the first."""
    announce(Kind.ONLY_FAILED, 1, restart, "edrone", REST)
    assert "the YAML of another one of the same second" in refusal(validated(other, REST.yaml))
    assert validated(other, WHOLE).status_code == 204
    assert validated(restart, REST.yaml).status_code == 204
    assert "the YAML of another one of the same second" in refusal(validated(other, REST.yaml))
    Announcement.objects.update(time=timezone.now() - timedelta(seconds=61))
    assert validated(other, REST.yaml).status_code == 204


@pytest.mark.parametrize("claimed", [False, True])
def test_a_restart_of_only_what_failed_runs_no_other_text(*, claimed: bool) -> None:
    restart = promotion(trigger="edrone", parent=8)
    announce(Kind.ONLY_FAILED, 1, restart, "edrone", REST)
    if claimed:
        claim(Kind.ONLY_FAILED, restart, timezone.now())
    assert "is to run only what failed, but Drone gave it another YAML" in refusal(validated(restart, WHOLE))
    assert claim(Kind.ONLY_FAILED, restart, timezone.now()) is None
    assert validated(restart, WHOLE).status_code == 204  # the next one is one of everything


def test_a_claim_that_is_made_again_is_the_same_one() -> None:
    """A connection may end between the claim and its answer."""
    restart = promotion(trigger="edrone", parent=8)
    for record in (1, 2):
        announce(Kind.ONLY_FAILED, record, restart, "edrone", REST)
    first, second, third = (timezone.now() + timedelta(milliseconds=number) for number in range(3))
    assert [claim(Kind.ONLY_FAILED, restart, now) for now in (first, first, second, second, third)] == [
        *[Announcement.objects.get(record=1)] * 2, *[Announcement.objects.get(record=2)] * 2, None
    ]  # fmt: skip
    assert [wrong_text(restart, REST.yaml or "", now) for now in (first, first, second, second, third)] == [
        *[None] * 4, WrongText.OF_ANOTHER
    ]  # fmt: skip


def test_a_build_that_overrides_a_freeze_starts_though_the_answer_to_its_claim_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    freeze()
    record = AuditRecord.objects.create(username="ann", verb="promote", slug="ismewen/edrone")
    announce(Kind.OVERRIDE, record.pk, promotion(trigger="edrone"), "edrone")
    lost = iter([True])

    def claimed(*arguments: Any) -> Announcement | None:
        announcement = claim(*arguments)
        if next(lost, False):
            raise OperationalError
        return announcement

    monkeypatch.setattr("builds.extensions.validation.claim", claimed)
    monkeypatch.setattr(Lent, "went_stale", lambda *_: True)
    assert send(promotion(trigger="edrone")).status_code == 204
    refusal(send(promotion(trigger="edrone")))


def test_of_equal_builds_each_has_its_own_text() -> None:
    """A promotion of a promotion, to the same target, looks like its restart."""
    restart = promotion(trigger="edrone", parent=8)
    announce(Kind.ONLY_FAILED, 1, restart, "edrone", REST)
    assert validated(restart, REST.yaml).status_code == 204
    assert "the YAML of another one of the same second" in refusal(validated(restart, REST.yaml))
    assert validated(restart, WHOLE).status_code == 204


def test_a_restart_of_what_failed_is_frozen_by_the_target_of_its_own_audit_record() -> None:
    freeze(targets="production")
    restart = push(event="custom", action="ship", trigger="edrone", parent=8)
    statuses = {}
    for target in ("staging", "production", "moon"):
        AuditRecord.objects.create(username="ann", verb="restart", slug="ismewen/edrone", target=target)
    for record in AuditRecord.objects.all():
        announce(Kind.ONLY_FAILED, record.pk, restart, "edrone", REST)
        statuses[record.target] = validated(restart, REST.yaml).status_code
    assert statuses == {"staging": 204, "production": 400, "moon": 204}


def test_what_was_announced_costs_a_build_one_query(django_assert_num_queries: Any) -> None:
    announce(Kind.ONLY_FAILED, 1, promotion(trigger="edrone"), "edrone", REST)
    with django_assert_num_queries(1):
        assert wrong_text(push(), WHOLE, timezone.now()) is None


def test_an_announcement_is_valid_for_a_minute() -> None:
    freeze()
    record = AuditRecord.objects.create(username="ann", verb="promote", slug="ismewen/edrone")
    announce(Kind.OVERRIDE, record.pk, promotion(trigger="edrone"), "edrone")
    Announcement.objects.update(time=timezone.now() - timedelta(seconds=61))
    refusal(send(promotion(trigger="edrone")))


def away(*_: Any, **__: Any) -> Any:
    raise OperationalError("away")


def test_while_the_database_is_away_the_last_list_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    soon = timezone.now() + timedelta(hours=1)
    freeze(targets="staging", begins=soon)
    freeze()
    refusal(send(promotion()))
    monkeypatch.setattr(reading, "not_over", away)
    refusal(send(promotion()))
    assert send(promotion("staging")).status_code == 204
    with time_machine.travel(soon + timedelta(minutes=1)):  # what was planned begins all the same
        refusal(send(promotion("staging")))


def test_without_any_list_builds_pass_unless_it_is_strict(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(reading, "not_over", away)
    assert send(promotion()).status_code == 204
    settings.EDRONE_VALIDATE_STRICT = True
    assert "EDRONE_VALIDATE_STRICT" in refusal(send(promotion()))
    settings.EDRONE_MANUAL_BUILDS_BY = frozenset({"edrone"})
    assert "may not start promote builds" in refusal(send(promotion()))


def test_while_announcements_cannot_be_read_none_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    freeze()
    monkeypatch.setattr(validation, "claim", away)
    refusal(send(promotion(trigger="edrone")))


def test_a_failure_of_edrone_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "refuse_others", lambda *_: 1 / 0)
    answer = send(push())
    assert (answer.status_code, answer.content.decode()) == (500, f"edrone: {validation.FAILED}")


HEAD = "kind: operation\ntarget: TARGET\ninputs:\n  TARGET: {%s}\n---\nkind: pipeline\nname: x\n"


@pytest.mark.parametrize(
    ("head", "params", "status"),
    [
        ("default: production", {}, 400),  # as Drone's own page restarts what a freeze refused: Drone keeps no parameters of that
        ("default: production", {"TARGET": ""}, 400),
        ("default: production", {"TARGET": "production "}, 400),
        ("default: production", {"TARGET": "staging"}, 204),
        ("default: staging", {}, 204),
        ("required: true", {}, 400),  # nobody can tell where the pipeline deploys then
        ("description: where", {}, 400),
    ],
)  # fmt: skip
def test_an_operation_without_its_target_does_not_slip_through(tree: Any, head: str, params: dict[str, str], status: int) -> None:
    tree({"edrone/_operations/deploy.yaml": HEAD % head})
    freeze()
    assert send(push(event="custom", action="deploy", trigger="ann", params=params, repo_id=1)).status_code == status


def test_an_operation_whose_file_cannot_be_read_now_does_not_slip_through(tree: Any) -> None:
    root = tree({"edrone/_operations/deploy.yaml": HEAD % "required: true"})
    freeze()
    root.rename(root.with_name("gone"))
    assert send(push(event="custom", action="deploy", trigger="ann", params={"TARGET": "production"})).status_code == 400
    assert send(push(event="push")).status_code == 204


@pytest.mark.parametrize("target", ["production ", " production", "production\n", "pro\u200bduction", "PRODUCTION\t"])
def test_what_is_not_seen_of_a_target_does_not_let_it_through(target: str) -> None:
    freeze()
    assert send(promotion(target)).status_code == 400
