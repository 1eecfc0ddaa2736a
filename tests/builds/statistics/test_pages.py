"""Pages and REST of statistics: who sees what, what is refused, how many queries they take."""

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from builds.access.models import Level
from demo.sample_data import sample_builds
from tests import drones, hostile
from tests.builds.api import Api, body
from tests.builds.conftest import person
from tests.builds.pages.conftest import reader

ALL, CART = "/admin/builds/statistics/", "/admin/builds/repo/shop/cart/-/statistics/"
REST, REST_OF_CART = "/api/statistics", "/api/repos/shop/cart/statistics"


@pytest.fixture(scope="module")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "drone.sqlite"
    sample_builds.make(path)
    return path


@pytest.fixture
def sample(db: None, sample_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("builds.statistics.statistics.PATIENCE", 60)
    monkeypatch.setattr("builds.statistics.pages.PATIENCE", 60)
    monkeypatch.setattr("builds.statistics.statistics.statistics_of.__defaults__", (60,))
    with drones.connected(drones.sqlite_database(sample_file)):
        yield


def test_the_addresses_have_the_names_that_other_pages_use():
    assert (reverse("admin:builds_statistics"), reverse("admin:builds_repo_statistics", args=["shop/cart"])) == (ALL, CART)


@pytest.mark.usefixtures("sample")
def test_the_demonstration_has_something_to_show():
    page = reader("admin", is_superuser=True).get(ALL).content.decode()
    for text in ("Success rate", "Most failing repositories", "shop/storefront", "unit", "as CSV"):
        assert text in page
    assert "No step failed and was green" not in page
    assert "still being summed up" not in page
    assert "style=" not in page


@pytest.mark.usefixtures("sample")
def test_people_see_the_numbers_of_their_own_repositories():
    client, api = reader("viewer", "shop/cart"), Api(person("api", Level.VIEW, "shop/cart"))
    assert "storefront" not in client.get(ALL).content.decode()
    assert client.get(CART).status_code == 200
    assert client.get("/admin/builds/repo/shop/storefront/-/statistics/").status_code == 404
    assert client.get("/admin/builds/repo/shop/storefront/-/statistics/steps.csv").status_code == 404
    whole, one = body(api.get(REST)), body(api.get(REST_OF_CART))
    assert [repo["slug"] for repo in whole.pop("repositories")] == ["shop/cart"]
    assert whole == one
    assert one["builds"] > 10
    assert api.get("/api/repos/shop/storefront/statistics").status_code == 404
    assert Api().get(REST).status_code == 401


@pytest.mark.usefixtures("sample")
def test_who_may_see_nothing_sees_no_number():
    assert "No builds in this period." in reader("outsider", "elsewhere/*").get(ALL).content.decode()
    answer = body(Api(person("api")).get(REST))
    assert (answer["builds"], answer["statuses"], answer["repositories"], answer["flaky_steps"]) == (0, {}, [], [])


@pytest.mark.usefixtures("sample")
def test_many_grants_add_up_to_all():
    narrow = Api(person("narrow", Level.VIEW, "shop/*"))
    other = Api(person("other", Level.VIEW, "platform/*"))
    own, everybody = Api(person("own", Level.VIEW, "ismewen/*")), Api(person("everybody", Level.VIEW, "*"))
    parts = [body(api.get(REST))["builds"] for api in (narrow, other, own)]
    assert sum(parts) == body(everybody.get(REST))["builds"]


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("period=soon", "“soon” is no period: write 7, 30, 90, 365 (days) or a month such as 2026-10."),
        ("period=2026-13", "“2026-13” is no period: write 7, 30, 90, 365 (days) or a month such as 2026-10."),
        ("period=2099-01", "“2099-01” is no period: that month has not begun."),
        ("period=" + "9" * 5_000, "is no period"),
        ("event=pus", "“pus” is no event; there are push, pull_request, tag, cron, custom, promote, rollback."),
        ("branch=a%00b", "branch holds a NUL character."),
    ],
)
def test_what_cannot_be_understood_is_one_sentence(query: str, sentence: str):
    api, client = Api(person("api", Level.VIEW, "*")), reader("viewer", "*")
    for address in (REST, REST_OF_CART):
        answer = api.get(f"{address}?{query}")
        assert answer.status_code == 400
        assert sentence in body(answer)["message"]
    assert {client.get(f"{address}?{query}").status_code for address in (ALL, CART, f"{ALL}steps.csv")} == {400}


@pytest.mark.usefixtures("sample")
def test_a_parameter_that_is_not_there_is_refused_by_rest():
    answer = Api(person("api", Level.VIEW, "*")).get(f"{REST}?perid=7")
    assert answer.status_code == 400
    assert "did you mean period?" in body(answer)["message"]


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    "address", [ALL, f"{ALL}?period=90&event=push&branch=master", CART, f"{CART}?period={time.strftime('%Y-%m')}"]
)
def test_a_page_takes_the_same_queries_however_much_there_is(address: str):
    client = reader("viewer", "shop/*")
    client.get(address)  # days are summed up
    for _ in range(2):
        with CaptureQueriesContext(connections["default"]) as own, CaptureQueriesContext(connections["drone"]) as theirs:
            assert client.get(address).status_code == 200
        assert len(own) <= 15, [query["sql"][:120] for query in own]
        assert len(theirs) <= 22, [query["sql"][:120] for query in theirs]


def csv_of(table: str) -> list[list[str]]:
    answer = reader("viewer", "shop/*").get(f"{ALL}{table}.csv?period=30")
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.content.decode())))


@pytest.mark.usefixtures("sample")
@pytest.mark.parametrize(
    ("table", "header", "rest", "names"),
    [
        ("builds", "since,builds,success,failed,success_percent,p50_seconds,p95_seconds", "builds_by_day",
         "since builds success failed success_percent duration_p50 duration_p95"),
        ("repositories", "repository,builds,success,failed,success_percent,p50_seconds,p95_seconds", "repositories",
         "slug builds success failed success_percent duration_p50 duration_p95"),
        ("steps", "repository,stage,step,runs,failures,mean_seconds,longest_seconds", "slowest_steps",
         "slug stage step runs failures mean longest"),
        ("steps", "repository,stage,step,runs,failures,mean_seconds,longest_seconds", "failing_steps",
         "slug stage step runs failures mean longest"),
        ("flaky", "repository,stage,step,failures,runs", "flaky_steps", "slug stage step failures runs"),
    ],
)  # fmt: skip
def test_a_table_as_csv_has_the_rows_of_rest_and_all_of_them(table: str, header: str, rest: str, names: str):
    shapes = body(Api(person("api", Level.VIEW, "shop/*")).get(REST))[rest]
    expected = [["" if shape[name] is None else str(shape[name]) for name in names.split()] for shape in shapes]
    first, *rows = csv_of(table)
    assert first == header.split(",")
    assert expected
    assert [row for row in expected if row not in rows] == []
    assert len(rows) > len(expected) if table == "steps" else len(rows) == len(expected)


@pytest.mark.usefixtures("sample")
def test_the_overview_as_csv_has_the_numbers_of_rest():
    numbers = body(Api(person("api", Level.VIEW, "shop/*")).get(REST))
    deployments, restored = numbers["deployments"], numbers["restored"]
    expected = {
        "builds": numbers["builds"],
        **numbers["statuses"],
        "success_percent": numbers["success_percent"],
        "success_percent_before": numbers["success_percent_before"],
        "duration_p50_seconds": numbers["duration_p50"],
        "duration_p95_seconds": numbers["duration_p95"],
        "queue_p95_seconds": numbers["queue_p95"],
        "deployments": deployments["count"],
        "deployments_a_week": deployments["a_week"],
        "deployments_failed_or_rolled_back_percent": deployments["failed_or_rolled_back_percent"],
        "times_restored": restored["count"],
        "time_to_restore_p50_seconds": restored["p50"],
    }
    first, *rows = csv_of("overview")
    assert first == ["number", "value"]
    assert rows == [[name, "" if value is None else str(value)] for name, value in expected.items()]


@pytest.mark.usefixtures("sample")
def test_the_repositories_that_fail_most_and_take_longest_come_first():
    context: Any = reader("viewer", "*").get(ALL).context
    repos = body(Api(person("api", Level.VIEW, "*")).get(REST))["repositories"]
    for rows, name in ((context["failing_repos"], "failed"), (context["slow_repos"], "duration_p50")):
        ordered = sorted((-repo[name], repo["slug"]) for repo in repos if repo[name])
        assert [row.slug for row in rows] == [slug for _, slug in ordered[:10]]


@pytest.mark.usefixtures("sample")
def test_a_table_that_would_lack_days_is_refused(monkeypatch: pytest.MonkeyPatch):
    client, address = reader("viewer", "shop/*"), f"{ALL}builds.csv?period=7"
    monkeypatch.setattr("builds.statistics.statistics.statistics_of.__defaults__", (0,))
    answer = client.get(address)
    assert answer.status_code == 503
    assert "still being summed up" in answer.content.decode()
    for _ in range(20):  # each sums up a day
        client.get(address)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content.decode().startswith("since,builds,")


@pytest.mark.usefixtures("sample")
def test_there_is_no_other_table():
    assert reader("viewer", "shop/*").get(f"{ALL}secrets.csv").status_code == 404


@pytest.mark.usefixtures("sample")
def test_a_number_leads_to_the_builds_that_it_counts():
    client = reader("viewer", "shop/*")
    context: Any = client.get(f"{ALL}?event=push&branch=master").context
    listed = client.get(context["failed_url"]).context["rows"]
    assert len(listed) == min(context["figures"].numbers.bad, 50)
    assert {row.build.event for row in listed} == {"push"}


@pytest.mark.usefixtures("db")
def test_hostile_names_are_texts(tmp_path: Path):
    with drones.connected(drones.sqlite_database(hostile.database(tmp_path / "drone.sqlite"))):
        page = reader("admin", is_superuser=True).get("/admin/builds/repo/ismewen/edrone/-/statistics/?period=7").content.decode()
        rows = reader("other", "*").get(f"{ALL}steps.csv?period=7").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "\n=" not in rows


@pytest.mark.usefixtures("db", "no_drone")
def test_a_database_that_is_away_is_said():
    client: Client = reader("admin", is_superuser=True)
    assert client.get(ALL).status_code == 503
    assert Api(person("api", is_superuser=True)).get(REST).status_code == 503
