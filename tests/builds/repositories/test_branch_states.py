"""Whether a branch is red, since when, and that only what may be seen is counted."""

import pytest

from builds.drone_db.build_pages import ALL
from builds.drone_db.models import Build, Latest, Repo
from builds.drone_db.vocabulary import BROKEN, RESULTS
from builds.overview.bars import BARS, HEIGHT, LOWEST, bars
from builds.repositories.branch_states import (
    WINDOW,
    BranchState,
    DefaultBranch,
    Push,
    default_branch_state,
    default_branches,
    last_pushes,
    red_branches,
    states,
)


def pushes(*statuses: str, oldest: int = 1) -> list[Push]:
    """Make pushes, the oldest first as people say it; returned newest first."""
    made = [
        Push(id=number, number=number, status=status, started=100 * number, finished=100 * number + number, created=100 * number)
        for number, status in enumerate(statuses, oldest)
    ]
    return made[::-1]


def state(*statuses: str, oldest: int = 1) -> BranchState:
    made = pushes(*statuses, oldest=oldest)
    return BranchState(DefaultBranch(1, "shop/cart", "master", made[0].id, made[0].number, made[0].status), made)


@pytest.mark.parametrize(
    ("statuses", "red", "since"),
    [
        (["success", "failure"], True, 2),
        (["success", "failure", "error", "failure"], True, 2),
        (["failure", "success"], False, 2),
        (["failure", "success", "success"], False, 2),
        (["success", "failure", "running"], True, 2),
        (["success", "failure", "killed", "declined", "skipped", "failure", "pending"], True, 2),
        (["success", "killed"], False, 1),
        (["failure", "failure"], True, 1),
        (["running"], False, None),
        (["killed", "a word of a newer Drone"], False, None),
    ],
)
def test_the_newest_push_with_a_result_says_whether_a_branch_is_red(statuses, red, since):
    branch = state(*statuses)
    assert branch.is_red == red
    assert (branch.since.number if branch.since else None) == since
    assert not branch.at_least


def test_what_was_red_before_the_builds_that_were_looked_through_may_be_so_for_longer():
    assert not state("failure", "failure", oldest=WINDOW - 1).at_least
    assert state("failure", "failure", oldest=WINDOW).at_least
    turned = state("success", "failure", oldest=WINDOW)
    assert not turned.at_least
    assert turned.since
    assert turned.since.number == WINDOW + 1


def test_bars_are_as_high_as_their_builds_took_long():
    made = bars(pushes(*["success"] * 20), 0)
    assert [bar.number for bar in made] == list(range(20 - BARS + 1, 21))
    assert made[-1].height == HEIGHT
    assert all(LOWEST <= bar.height == HEIGHT - bar.y for bar in made)
    assert [bar.height for bar in made] == sorted(bar.height for bar in made)


def test_bars_of_few_builds_stand_at_the_right_end():
    few, many = (bars(pushes(*["failure"] * number), 0) for number in (2, BARS))
    assert [bar.x for bar in few] == [bar.x for bar in many[-2:]]
    assert bars([], 0) == []


def test_a_build_that_runs_grows_and_one_that_never_started_is_as_low_as_can_be():
    running, never = Push(1, 1, "running", 100, 0, 100), Push(2, 2, "error", 0, 0, 100)
    assert [bar.height for bar in bars([never, running], 200)] == [HEIGHT, LOWEST]


def test_red_branches_are_those_that_a_plain_look_at_all_builds_finds(recorded_drone: str):
    branches = default_branches(ALL)
    expected = set()
    for latest in Latest.objects.filter(type="branch").select_related("repo"):
        repo = latest.repo
        builds = Build.objects.filter(repo_id=repo.id, ref=f"refs/heads/{latest.name}", event="push").order_by("-number")
        results = [build for build in builds if build.status in RESULTS]
        if repo.active and latest.name == repo.default_branch and results and results[0].status in BROKEN:
            expected.add(repo.slug)
    assert {branch.slug for branch in red_branches(branches)} == expected
    assert {state.branch.slug for state in states(branches) if state.is_red} == expected
    assert bool(branches) == (recorded_drone.rpartition(".")[0] != "1.0.0"), "Drone 1.0.0 has no table `latest`"


def test_only_repositories_that_may_be_seen_are_looked_at(recorded_drone: str):
    ids = list(Repo.objects.values_list("id", flat=True))
    assert default_branches([]) == []
    assert {branch.repo_id for branch in default_branches(ids[:1])} <= set(ids[:1])
    assert default_branches(ids) == default_branches(ALL)


def test_a_repository_has_the_state_that_the_list_of_all_has(recorded_drone: str):
    of_all = {state.branch.repo_id: state for state in states(default_branches(ALL, inactive=True))}
    for repo in Repo.objects.all():
        alone = default_branch_state(repo)
        if repo.id in of_all:
            assert alone
            assert (alone.pushes, alone.is_red) == (of_all[repo.id].pushes, of_all[repo.id].is_red)
    last = last_pushes([repo.id for repo in Repo.objects.all()])
    assert {repo_id: build.id for repo_id, build in last.items()} == {pk: state.branch.build_id for pk, state in of_all.items()}
