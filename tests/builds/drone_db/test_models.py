"""Drone's tables, as three versions of Drone made them, in SQLite and PostgreSQL."""

import json
from datetime import UTC, datetime
from typing import Any

from builds.drone_db.models import Build, Cron, Latest, Log, Repo, Stage, Step
from builds.drone_db.whole_rows import rows_of
from tests import drones
from tests.server import ROOT

LACKING_STEP_FIELDS = {"1.0.0", "1.10.1"}  # depends_on, image, detached, schema


def answer(kind: str, path: str) -> Any:
    """Give what Drone answered on the recorded database of its newest version."""
    recorded = json.loads((ROOT / f"tests/recorded/api-reads.{kind}.json").read_text())
    return next(json.loads(one["body"]) for one in recorded if one["path"] == path and one["authenticated"])


def parts(recorded_drone: str) -> tuple[str, str]:
    version, _, kind = recorded_drone.rpartition(".")
    return version, kind


def test_every_row_of_every_table_can_be_read(recorded_drone: str):
    counts = {model.__name__: len(list(model.objects.all())) for model in (Repo, Build, Stage, Step, Log, Cron, Latest)}
    assert counts["Repo"] == 4
    assert counts["Build"] >= 29
    assert counts["Stage"] > counts["Build"]
    assert min(counts["Step"], counts["Log"]) > 70
    assert bool(counts["Latest"]) == (not recorded_drone.startswith("1.0.0"))


def test_plain_sql_reads_what_django_reads(recorded_drone: str):
    for model in (Repo, Build, Stage, Step, Cron):
        by_django = drones.values_of(model.objects.order_by("id"))
        assert drones.values_of(rows_of(model, "ORDER BY 1")) == by_django
        assert by_django


def test_a_build_reads_as_drone_answers_it(recorded_drone: str):
    version, kind = parts(recorded_drone)
    for number in range(1, 21):
        expected = answer(kind, f"/api/repos/ismewen/edrone/builds/{number}")
        build = Build.objects.get(repo__slug="ismewen/edrone", number=number)
        stages = expected.pop("stages", [])
        if version == "1.0.0":
            expected |= {"cron": "", "deploy_id": 0, "debug": False}
        assert {key: getattr(build, key) for key in expected} == expected
        assert build.stages.count() == len(stages)
        for stage in stages:
            steps = stage.pop("steps", [])
            row = build.stages.get(number=stage["number"])
            assert {key: getattr(row, key) for key in stage} == stage
            assert row.steps.count() == len(steps)
            for step in steps:
                found = row.steps.get(number=step["number"])
                assert step.pop("step_id") == found.stage_id == row.id
                if version in LACKING_STEP_FIELDS:
                    step |= {"depends_on": [], "image": ""}
                assert {key: getattr(found, key) for key in step} == step


def test_a_repository_reads_as_drone_answers_it(recorded_drone: str):
    _, kind = parts(recorded_drone)
    expected = answer(kind, "/api/repos/ismewen/edrone")
    repo = Repo.objects.get(slug="ismewen/edrone")
    shown = expected.keys() - {"permissions", "archived"}  # archived is always false
    assert {key: getattr(repo, key) for key in shown} == {key: expected[key] for key in shown}


def test_what_an_older_drone_lacks_is_its_default_in_answers_filters_and_orders(recorded_drone: str):
    version, _ = parts(recorded_drone)
    assert Repo.objects.filter(throttle=0, auto_cancel_running=False).order_by("throttle", "auto_cancel_running").count() == 4
    assert list(Step.objects.filter(detached=True).order_by("image", "schema")) == []
    assert Build.objects.order_by("deploy_id", "debug", "cron").first()
    assert set(Build.objects.values_list("debug", flat=True)) <= {True, False}
    if version in LACKING_STEP_FIELDS:
        assert {(step.image, step.schema, step.detached, tuple(step.depends_on)) for step in Step.objects.all()} == {
            ("", "", False, ())
        }


def test_times_are_aware_beside_the_raw_seconds(recorded_drone: str):
    for build in Build.objects.all():
        assert build.created_at == datetime.fromtimestamp(build.created, UTC)
        assert build.finished_at == (datetime.fromtimestamp(build.finished, UTC) if build.finished else None)
