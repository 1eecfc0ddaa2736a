"""Which stages that wait for approval Drone itself would start, start later, or skip."""

from typing import Any

import pytest

from builds.drone_db.models import Build, Stage
from builds.drone_db.queries import approvable_stages, held_stages

ALWAYS, ON_FAILURE = {"on_success": True, "on_failure": True}, {"on_success": False, "on_failure": True}
ON_SUCCESS = {"on_success": True, "on_failure": False}


def build(**stages: tuple[str, list[str], dict[str, bool]]) -> Build:
    row = Build()
    row.stages_in_order = []
    for number, (name, (status, depends_on, when)) in enumerate(stages.items(), 1):
        fields: dict[str, Any] = {"status": status, "depends_on": depends_on, **when}
        row.stages_in_order.append(Stage(number=number, name=name, **fields))
    return row


@pytest.mark.parametrize(
    ("test", "deploy", "ship", "tell"),  # the state of the first; what holds the others
    [
        ("blocked", ["test"], ["lint", "deploy"], ["test"]),
        ("running", ["test"], ["lint", "deploy"], ["test"]),
        ("success", None, ["lint", "deploy"], []),
        ("failure", [], [], None),  # ship as well, though it does not depend on it
        ("killed", [], [], None),
        ("declined", [], ["lint", "deploy"], None),
    ],
)
def test_a_stage_waits_for_what_drone_would_wait_for_and_is_needless_where_drone_would_skip_it(test, deploy, ship, tell):
    row = build(
        test=(test, [], ON_SUCCESS),
        lint=("blocked", [], ON_SUCCESS),
        deploy=("blocked", ["test"], ON_SUCCESS),
        ship=("blocked", ["lint", "deploy"], ON_SUCCESS),
        tell=("blocked", ["test"], ON_FAILURE),
        clean=("blocked", ["not of this build"], ALWAYS),
    )
    held = held_stages(row)
    assert (held.get(3), held.get(4), held.get(5)) == (deploy, ship, tell)
    assert {1, 2, 6}.isdisjoint(held)
    names = [stage.name for stage in approvable_stages(row)]
    free = [name for name, holds in (("deploy", deploy), ("ship", ship), ("tell", tell)) if holds is None]
    assert names == [*(["test"] if test == "blocked" else []), "lint", *free, "clean"]
