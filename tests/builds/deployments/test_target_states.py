"""What is deployed where, on both databases."""

from typing import Any

from django.db import connections
from django.test.utils import CaptureQueriesContext

from builds.drone_db.masking import MASK
from builds.drone_db.models import Build, Repo
from builds.starting import latest
from builds.starting.models import AuditRecord, Outcome
from builds.starting.target_states import same, target_states
from tests.builds.deployments.conftest import SLUG, operate, promote


def here() -> dict[str, Any]:
    repo = Repo.objects.get(slug=SLUG)
    return {state.target: state for state in target_states([repo]).get(repo.id, [])}


def live(target: str) -> int | None:
    state = here().get(target)
    return state.live.build.number if state and state.live else None


def test_promotions_rollbacks_and_operations_with_a_target_count_and_the_newest_success_is_live(add):
    promote(add, 100, "production")
    operate(add, 101, "production")
    assert live("production") == 101
    promote(add, 102, "production", event="rollback")
    assert live("production") == 102
    operate(add, 103, "production", parent=101)  # a restart of 101
    assert live("production") == 103
    assert set(here()) == {"production"}


def test_what_is_no_deployment_does_not_count(add):
    add(100, event="custom", action="check", params={"TARGET": "production"})
    add(101, event="custom", action="gone", params={"TARGET": "production"})
    add(102, event="custom", params={"TARGET": "production"})
    add(103, event="cron", params={"TARGET": "production"})
    operate(add, 104, "")
    operate(add, 105, "production", action="secret", params={"DB_TOKEN": "hunter2"})
    assert here() == {}


def test_an_attempt_that_failed_or_runs_is_beside_what_is_live(add):
    operate(add, 100, "staging")
    promote(add, 101, "staging", status="failure")
    state = here()["staging"]
    assert (state.live.build.number, state.failed.build.number, state.running) == (100, 101, None)
    operate(add, 102, "staging", status="running", finished=0)
    state = here()["staging"]
    assert (state.live.build.number, state.failed, state.running.build.number) == (100, None, 102)
    promote(add, 103, "moon", status="killed")
    assert (here()["moon"].live, here()["moon"].failed.build.number) == (None, 103)


def test_the_previous_one_is_another_commit_or_has_other_parameters(add):
    operate(add, 100, "staging", after="a" * 40)
    operate(add, 101, "staging", after="b" * 40, params={"TARGET": "staging", "EDRONE_ACTOR": "ann"})
    operate(add, 102, "staging", after="b" * 40, params={"TARGET": "staging", "EDRONE_ACTOR": "bob"})
    assert here()["staging"].previous.build.number == 100
    operate(add, 103, "staging", after="b" * 40, params={"TARGET": "staging", "TOKEN": "2"})
    assert here()["staging"].previous.build.number == 102


def test_how_far_behind_counts_commits_of_the_default_branch_once_each(add):
    for number, commit in ((100, "a"), (101, "b"), (102, "b"), (103, "c")):
        add(number, after=commit * 40)
    add(104, after="d" * 40, ref="refs/heads/develop")
    operate(add, 105, "staging", after="a" * 40)
    operate(add, 106, "production", after="c" * 40)
    operate(add, 107, "develop", after="d" * 40, ref="refs/heads/develop")
    found = here()
    assert [(found[name].behind, found[name].drifts) for name in ("staging", "production", "develop")] == [
        (2, True), (0, False), (None, False)
    ]  # fmt: skip


def behind(target: str) -> tuple[int | None, int]:
    state = here()[target]
    assert state.drifts == bool(state.behind or state.over)
    return state.behind, state.over


def test_a_restarted_push_is_no_new_commit(add):
    add(510, after="a" * 40)
    add(850, after="b" * 40)
    promote(add, 851, "production", after="b" * 40, parent=850)
    add(900, after="a" * 40, parent=510, trigger="ann")
    assert behind("production") == (0, 0)


def test_a_commit_that_is_pushed_again_is_the_newest(add):
    for number, commit in ((500, "a"), (501, "b"), (502, "a")):
        add(number, after=commit * 40)
    promote(add, 503, "staging", after="a" * 40, parent=500)
    promote(add, 504, "production", after="b" * 40, parent=501)
    assert (behind("staging"), behind("production")) == ((0, 0), (1, 0))


def test_over_so_many_behind_is_what_was_built_before_all_of_them(add):
    """The commit counts, whenever it was deployed: so does the build that was promoted, or restarted before."""
    add(500)
    operate(add, 501, "by operation")
    promote(add, 502, "by promotion", parent=501)
    for number in (1000, 1010):
        add(number)
    operate(add, 1001, "lately")
    add(1002, parent=500)
    promote(add, 1003, "promoted restart", parent=1002)
    promote(add, 1004, "restarted promotion", parent=1003)
    promote(add, 1005, "promoted lately", parent=1001)
    operate(add, 1006, "another branch", parent=501, ref="refs/heads/develop")
    old = ("by operation", "by promotion", "promoted restart", "restarted promotion")
    assert [behind(target) for target in old] == [(None, 2)] * 4
    assert [behind(target) for target in ("lately", "promoted lately", "another branch")] == [(None, 0)] * 3


def test_an_old_operation_is_found_by_its_audit_record_and_an_old_promotion_by_drones_table(add, change):
    operate(add, 100, "staging", created=1_700_000_000)
    promote(add, 101, "production")
    change(
        "INSERT INTO latest (latest_repo_id, latest_type, latest_name, latest_build_id, latest_created, latest_updated,"
        " latest_deleted) SELECT 1, 'deployment', 'production', build_id, 0, 0, 0 FROM builds WHERE build_number = 101"
        " AND build_repo_id = 1"
    )
    add(5000)
    assert set(here()) == {"production"}
    build = Build.objects.get(repo__slug=SLUG, number=100)
    record = AuditRecord.objects.create(
        username="bob", means="m", verb="create", slug=SLUG, operation="deploy", outcome=Outcome.DONE, build=100,
        answer={"id": build.id, "created": build.created},
    )  # fmt: skip
    assert live("staging") == 100
    assert here()["staging"].live.person.name == "bob"
    record.answer = {"id": build.id, "created": build.created + 1}  # of a Drone that was set up anew
    record.save()
    assert set(here()) == {"production"}


def test_what_drone_made_an_error_of_is_known_by_its_audit_record(add):
    operate(add, 100, "staging")
    operate(add, 101, "staging", status="error", params="null", trigger="")
    assert here()["staging"].failed is None
    build = Build.objects.get(repo__slug=SLUG, number=101)
    record = AuditRecord.objects.create(
        username="bob", means="m", verb="create", slug=SLUG, operation="deploy", outcome=Outcome.DONE, build=101,
        target="staging", answer={"id": build.id, "created": build.created},
    )  # fmt: skip
    assert (here()["staging"].failed.build.number, live("staging")) == (101, 100)
    record.target = MASK
    record.save()
    assert here()["staging"].failed is None
    assert set(here()) == {"staging"}


def test_an_old_target_is_not_lost_among_many_that_are_older_or_known(add, change, monkeypatch):
    monkeypatch.setattr(latest, "MOST_TARGETS", 2)
    row = (
        "INSERT INTO latest (latest_repo_id, latest_type, latest_name, latest_build_id, latest_created, latest_updated,"
        " latest_deleted) SELECT 1, 'deployment', '{0}', build_id, 0, 0, 0 FROM builds WHERE build_number = {1}"
        " AND build_repo_id = 1"
    )
    old = {"a": 98, "b": 99, "production": 101, "qa": 102}
    known = {"c": 5001, "d": 5002, "e": 5003}
    for name, number in (old | known).items():
        change(row.format(name, promote(add, number, name)))
    assert set(here()) == {"production", "qa", *known}


def test_queries_do_not_grow_with_targets_builds_or_repositories(add):
    operate(add, 100, "staging")
    repos = sorted(Repo.objects.all(), key=lambda repo: repo.slug != SLUG)
    with CaptureQueriesContext(connections["drone"]) as few:
        target_states(repos[:1])
    for number in range(101, 140):
        operate(add, number, f"target-{number % 7}")
    with CaptureQueriesContext(connections["drone"]) as many:
        target_states(repos)
    assert len(many) <= len(few) <= 9
    assert len(here()) == 8


def test_nothing_is_asked_for_no_repositories(add):
    with CaptureQueriesContext(connections["drone"]) as queries:
        assert target_states([]) == {}
    assert len(queries) == 0


def made(**fields: Any) -> Build:
    return Build(**fields)


def test_parameters_that_are_given_decide_whether_a_rollback_changes_anything():
    live = made(number=5, after="a", event="promote", params={"A": "1"})
    assert same(live, live)
    assert same(live, live, {"A": "1", "EDRONE_ACTOR": "ann"})
    assert not same(live, live, {"A": "2"})
    assert same(made(number=3, after="a", event="push", params={"A": "1"}), live)
    assert not same(made(number=3, after="b", event="push", params={"A": "1"}), live)
    assert not same(made(number=3, after="a", event="custom", action="deploy", params={"A": "1"}), live)
