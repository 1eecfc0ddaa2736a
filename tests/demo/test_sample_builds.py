"""Sample data: what a newcomer sees before Drone's database is connected."""

import re
import sqlite3
import time
from pathlib import Path

import pytest

from builds.drone_db.models import Build, Cron, Latest, Log, Repo, Stage, Step
from builds.drone_db.vocabulary import Event, Status
from builds.logs.log_lines import is_json
from demo.sample_data import sample_builds
from demo.sample_data.month import month
from demo.standin.pipelines import matches, pipelines
from pipelines.build_request import BuildRequest
from pipelines.resolve.resolve import resolve
from pipelines.tree.tree import Tree
from tests import drones
from tests.server import ROOT, manage


@pytest.fixture
def sample(db, tmp_path: Path):
    sample_builds.make(tmp_path / "demo.sqlite3")
    with drones.connected(drones.sqlite_database(tmp_path / "demo.sqlite3")):
        yield tmp_path / "demo.sqlite3"


def test_it_has_builds_of_every_event_and_everything_of_every_status(sample):
    assert Repo.objects.filter(slug="ismewen/edrone", active=True).exists()
    assert set(Build.objects.values_list("event", flat=True)) == set(Event)
    unfinished = {Status.WAITING, Status.RUNNING}
    assert set(Build.objects.values_list("status", flat=True)) == set(Status) - unfinished - {Status.BLOCKED}
    assert set(Stage.objects.values_list("status", flat=True)) == set(Status) - unfinished - {Status.PENDING, Status.ERROR}
    assert set(Step.objects.values_list("status", flat=True)) == {"success", "failure", "killed", "skipped"}
    assert Cron.objects.count() > 1
    assert Latest.objects.exists()


@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "docs/api.md"])
def test_the_build_that_documents_promote_can_be_promoted_on_every_day_of_the_week(page: str):
    """The month of a newcomer depends on the clock. tests/e2e/test_papers.py promotes that number, of other builds."""
    (number,) = re.findall(r"ismewen/edrone(?:/builds/| )(\d+)[/ ]p", (ROOT / page).read_text())
    for day in range(7):
        build = next(
            build for build in month(int(time.time()) + day * 86_400)
            if build.service.slug == "ismewen/edrone" and build.number == int(number)
        )  # fmt: skip
        ref = f"refs/heads/{build.branch}"
        request = BuildRequest("ismewen", "edrone", "promote", ref, build.branch, deploy_to="production", parent=build.number)
        row = {"target": build.branch, "event": "promote", "action": "", "ref": ref, "deploy_to": "production", "cron": ""}
        served = resolve(request, Tree(ROOT / "projects")).yaml
        assert served
        assert any(matches(pipeline, row, "ismewen/edrone") for pipeline in pipelines(served)), f"#{number}: {build}"


def test_each_build_ran_the_pipelines_that_the_sample_tree_has_for_it(sample):
    for build in Build.objects.select_related("repo").exclude(status=Status.ERROR):
        row = {name: getattr(build, name) for name in ("target", "event", "action", "ref", "deploy_to", "cron")}
        request = BuildRequest(
            build.repo.namespace, build.repo.name, build.event, build.ref, build.target,
            action=build.action, deploy_to=build.deploy_to, params=build.params,
        )  # fmt: skip
        served = pipelines(resolve(request, Tree(ROOT / "projects")).yaml or "")
        wanted = {pipeline.get("name", "default") for pipeline in served if matches(pipeline, row, build.repo.slug)}
        assert {stage.name for stage in build.stages_in_order} == wanted, f"{build.repo.slug} #{build.number}"


def test_its_logs_are_drones_with_colours_and_belong_to_steps_that_ended(sample):
    logs = list(Log.objects.select_related("step"))
    assert len(logs) > 100
    assert all(is_json(log.data) and log.step.stopped for log in logs)
    assert any(b"\\u001b[31m" in log.data for log in logs)


def test_its_times_are_of_now_and_in_order(sample):
    newest = Build.objects.filter(repo_id=1).order_by("-number")[0]
    assert time.time() - 2_000 < newest.created < time.time()
    for build in Build.objects.all():
        assert not build.finished or build.created <= build.started <= build.finished < time.time() + 300
        stages = [stage for stage in build.stages_in_order if stage.started]
        assert build.status in {"pending", "error"} or not stages or stages[-1].stopped == build.finished
    for repo in Repo.objects.filter(active=True):
        numbers = list(Build.objects.filter(repo=repo).order_by("created").values_list("number", flat=True))
        assert numbers == [*range(1, repo.counter + 1)]


@pytest.mark.usefixtures("sample")
def test_it_is_the_month_of_a_company_with_something_red_something_flaky_and_deployments():
    assert Repo.objects.filter(active=True).count() == 12
    assert 500 < Build.objects.count() < 1_500
    pushes = Build.objects.filter(event="push", ref="refs/heads/master").order_by("-number")
    newest = {build.repo.slug: build.status for build in reversed(pushes.select_related("repo"))}
    assert (newest["shop/checkout"], newest["platform/gateway"]) == ("failure", "failure")
    assert list(newest.values()).count("success") > 6
    restarted = Build.objects.filter(event="push", parent__gt=0, status="success")
    assert any(
        Build.objects.filter(repo=build.repo, number=build.parent, after=build.after, status="failure") for build in restarted
    )
    assert Latest.objects.filter(type="deployment", name="production").count() > 5


def test_it_has_the_form_of_drones_own_database(sample):
    def columns(path: Path) -> dict[str, list[tuple[str, ...]]]:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        tables = ("repos", "builds", "stages", "steps", "logs", "cron", "latest")
        try:
            return {
                table: connection.execute(f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')").fetchall()
                for table in tables
            }
        finally:
            connection.close()

    assert columns(sample) == columns(drones.RECORDED / "drone-2.28.2.sqlite")


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "demo.sqlite3").mkdir()
    done = manage(
        "serve",
        EDRONE_STATE=str(tmp_path),
        EDRONE_DEMO="true",
        SECRET_KEY="k" * 40,
        DRONE_YAML_SECRET="x",
        EDRONE_METRICS="false",
    )
    assert done.returncode == 1
    assert "cannot write its sample data" in done.stderr
    assert done.stderr.count("\n") == 1
