"""The pages of builds: what they show, to whom, how much they ask of the databases, and how large they are."""

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from builds.access.models import Grant, Level
from builds.access.token_models import make_token
from builds.browsing.build_page import again
from builds.drone_db.models import Build, Repo
from builds.starting.models import AuditRecord, Verb
from tests import drones, hostile
from tests.builds.api import Api
from tests.builds.pages.conftest import reader
from tests.hostile import HOSTILE, LONG, REFUSED, RUNNING, SECRET, TEXT

LIST, REPOS = "/admin/builds/build/", "/admin/builds/repo/"
BUILD = f"{LIST}ismewen/edrone/{HOSTILE}/"
OF_A_REPOSITORY = [
    BUILD,
    f"{BUILD}-/step/1/2/",
    f"{BUILD}-/step/1/3/",
    f"{BUILD}-/log/1/2/line/1/",
    f"{BUILD}-/log/1/3/line/30000/",
    f"{BUILD}-/log/1/3/find/",
    f"{BUILD}-/log/1/2/file/",
    f"{BUILD}-/configuration/",
    f"{LIST}ismewen/edrone/{RUNNING}/",
    f"{LIST}ismewen/edrone/{RUNNING}/-/live/",
    f"{LIST}ismewen/edrone/{RUNNING}/-/live/1/2/",
    f"{LIST}ismewen/edrone/{RUNNING}/-/log/1/2/after/0/",
    f"{LIST}ismewen/edrone/{REFUSED}/",
    f"{REPOS}ismewen/edrone/",
    f"{REPOS}ismewen/edrone/-/branches/",
    f"{REPOS}ismewen/edrone/-/configuration/",
]
PAGES = ["/admin/", LIST, f"{LIST}?status=failure&period=week", f"{LIST}?repo=ismewen/edrone", REPOS, *OF_A_REPOSITORY]
MOST_QUERIES = {  # of Drone's database, of edrone's own: session, user, grants, who started it, and Django's permissions twice
    "/admin/": (20, 8),
    LIST: (6, 6),
    REPOS: (10, 7),  # five for what is deployed where
    BUILD: (7, 6),  # three of them for a long log: its size, and its pieces
    f"{REPOS}ismewen/edrone/": (12, 8),
}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_small_and_harmless(path, admin):
    answer = admin.get(path)
    assert answer.status_code == 200
    assert SECRET.encode() not in answer.content
    assert "no-store" in answer["Cache-Control"]
    if path.endswith("/file/"):
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        return
    text = answer.content.decode()
    assert len(answer.content) < 300_000
    assert "<script>alert" not in text
    assert "javascript:" not in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert not re.search(r"\sstyle=|<style|<script(?! src=)|\son\w+=", text.replace(TEXT, ""))


@pytest.mark.parametrize("path", OF_A_REPOSITORY)
def test_who_may_not_see_a_repository_gets_404_and_who_is_not_logged_in_the_login(path, outsider, viewer):
    assert viewer.get(path).status_code == 200
    assert outsider.get(path).status_code == 404
    assert Client().get(path)["Location"] == f"/admin/login/?next={path}"
    assert reader("nobody").get(path).status_code == 403
    assert reader("somebody", "ismewen/edrone", is_staff=False).get(path).status_code == 200
    assert Client().get(path, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


@pytest.mark.parametrize("path", [path for path in PAGES if path not in OF_A_REPOSITORY])
def test_lists_show_only_what_a_grant_names(path, viewer, outsider):
    seen = viewer.get(path).content.decode()
    assert "shop/cart" not in seen
    assert "octocat/hello" not in seen
    unseen = outsider.get(path).content.decode()
    assert not re.search(r"/admin/builds/(build|repo)/\w+/", unseen)


@pytest.mark.parametrize(
    "q", ["ismewen/edrone#900", " ISMEWEN/edrone #900 ", "ismewen/edrone # 900", "Edrone#900", "edrone #900", "#900"]
)
def test_a_search_for_a_name_and_a_number_goes_to_the_build(q, viewer, outsider):
    assert HOSTILE == 900
    assert viewer.get(LIST, {"q": q})["Location"] == BUILD
    assert viewer.get(LIST, {"q": q, "repo": "ismewen/edrone"})["Location"] == BUILD
    assert outsider.get(LIST, {"q": q}).status_code == outsider.get(LIST, {"q": q, "repo": "ismewen/edrone"}).status_code == 200


def test_a_number_that_several_repositories_have_lists_their_builds(admin, viewer):
    page = admin.get(LIST, {"q": "#1"})
    assert len(re.findall(r"<b>#1</b>", page.content.decode())) > 1
    assert viewer.get(LIST, {"q": "#1"})["Location"] == f"{LIST}ismewen/edrone/1/"
    assert admin.get(LIST, {"q": "#1", "repo": "ismewen/edrone"})["Location"] == f"{LIST}ismewen/edrone/1/"


@pytest.mark.parametrize("name", ["author", "q"])
def test_builds_are_found_by_the_login_and_by_the_name_of_their_author(name, admin):
    build = Build.objects.exclude(author_login="").exclude(author_name="").filter(number__lt=900).first()
    assert build
    for text in (build.author_login, build.author_name, f" {build.author_name.upper()} ", build.author_name[:4].lower()):
        page = admin.get(LIST, {name: text, "repo": build.repo.slug}).content.decode()
        assert f"<b>#{build.number}</b>" in page, text
    assert "<b>#" not in admin.get(LIST, {name: "nobody of this name"}).content.decode()


def test_an_author_is_a_part_of_a_name_where_no_build_of_the_list_is_by_that_login(change):
    of_author = "UPDATE builds SET build_author = '{}' WHERE build_repo_id = (SELECT repo_id FROM repos WHERE repo_slug = '{}')"
    change(of_author.format("annika", "ismewen/edrone"), of_author.format("ann", "shop/cart"))
    viewer, admin, one = reader("viewer", "ismewen/*"), reader("admin", is_superuser=True), {"repo": "ismewen/edrone"}

    def listed(client: Client, **query: str) -> set[str]:
        return {row.slug for row in client.get(LIST, {"author": "ann"} | query).context["rows"]}

    assert listed(viewer) == listed(viewer, **one) == listed(admin, **one) == {"ismewen/edrone"}
    assert listed(admin) == {"shop/cart"}


def test_a_commit_is_found_by_its_beginning_and_in_full(admin):
    build = Build.objects.exclude(after="").earliest("id")
    for text in (build.after, build.after[:8], f" {build.after[:7].upper()}", build.after.upper()):
        assert f"<b>#{build.number}</b>" in admin.get(LIST, {"q": text}).content.decode(), text


def test_a_name_that_is_no_build_is_searched_for_as_text(viewer, outsider):
    assert outsider.get(LIST, {"q": f"ismewen/edrone#{HOSTILE}"}).status_code == 200
    for text in ("ismewen/edrone#99999", "#99999999999", "#9999999999", "no#1", "ismewen/edrone#", "#"):
        assert viewer.get(LIST, {"q": text}).status_code == 200


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"status": "running"}, {RUNNING}),
        ({"event": "tag"}, {11}),
        ({"q": "ship it"}, {RUNNING}),
        ({"repo": "ismewen/edrone", "status": "success", "event": "promote"}, {15}),
        ({"repo": "no/such"}, set()),
    ],
)
def test_filters_narrow_the_list(query, numbers, admin):
    page = admin.get(LIST, query).content.decode()
    found = {int(number) for number in re.findall(r"<b>#(\d+)</b>", page)}
    if "tag" in query.values():
        assert found
    else:
        assert found == numbers


@pytest.mark.parametrize("query", ["status=succes", "event=pushed&q=x", "since=yesterday", "branch=a&status=failure,nosuch"])
def test_a_filter_that_cannot_be_understood_is_refused_as_in_the_api_and_not_an_empty_list(query, admin):
    page = admin.get(f"{LIST}?{query}")
    assert page.status_code == 400
    assert re.search("is not a valid value of the parameter “(status|event|since)”", page.content.decode())
    assert "No builds match" not in page.content.decode()
    assert Api(User.objects.get(username="admin")).get(f"/api/builds?{query}").status_code == 400


@pytest.mark.parametrize(("query", "wrong"), [("statu=failure", "statu"), ("period=year", "year")])
def test_a_filter_or_word_that_there_is_not_is_named_on_the_list(query, wrong, admin):
    page = admin.get(f"{LIST}?{query}")
    assert page.status_code == 400
    assert f"“{wrong}”" in page.content.decode()


@pytest.mark.parametrize("query", ["status=success,failure", "event=promote&event=rollback", "tag=v1.0.0", "target=production", "since=2020-01-01&until=2100-01-01"])  # fmt: skip
def test_the_filters_of_the_api_narrow_the_list_alike(query, admin):
    page = admin.get(f"{LIST}?{query}").content.decode()
    builds = Api(User.objects.get(username="admin")).get(f"/api/builds?per_page=50&{query}").json()
    assert [int(number) for number in re.findall(r"<b>#(\d+)</b>", page)] == [build["number"] for build in builds]


def test_pages_of_the_list_follow_each_other_without_gaps(admin, monkeypatch):
    monkeypatch.setattr("builds.browsing.builds_list.ON_A_PAGE", 7)
    seen, path = [], LIST
    while path:
        page = admin.get(path).content.decode()
        seen += re.findall(r'href="(/admin/builds/build/[\w/]+/\d+/)"><bdi>', page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 33


@pytest.mark.parametrize("before", ["x", "-1", "99999999999999999999", "1.5", "²"])
def test_a_cursor_that_is_none_is_refused(before, admin):
    assert admin.get(LIST, {"before": before}).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        f"{LIST}ismewen/edrone/0/",
        f"{LIST}ismewen/edrone/99999999999999999999/",
        f"{LIST}ismewen/edrone/{HOSTILE}/-/step/1/99999999999999999999/",
        f"{LIST}ismewen/edrone/{HOSTILE}/-/log/1/2/line/0/",
        f"{LIST}ismewen/edrone/{HOSTILE}/-/log/1/2/line/99/",
        f"{LIST}ismewen/edrone/{HOSTILE}/-/log/1/4/file/",
        f"{LIST}ismewen/%00/1/",
        f"{REPOS}no/such/",
        f"{REPOS}%/",
        f"{REPOS}/",
    ],
)
def test_what_is_not_there_is_404(path, admin):
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize("path", MOST_QUERIES)
def test_the_number_of_queries_is_known(path, viewer):
    viewer.get(path)
    with CaptureQueriesContext(connections["drone"]) as of_drone, CaptureQueriesContext(connection) as own:
        viewer.get(path)
    assert (len(of_drone), len(own)) == MOST_QUERIES[path], [query["sql"][:150] for query in [*of_drone, *own]]
    assert not [query for query in of_drone if "COUNT(*)" in query["sql"] and "LIMIT" not in query["sql"]]


def test_a_build_of_a_repository_that_drone_has_deleted_is_listed_and_leads_nowhere(change):
    change("DELETE FROM repos WHERE repo_slug = 'ismewen/edrone'")
    page = reader("root", is_superuser=True).get("/admin/builds/build/").content.decode()
    assert "<bdi>?</bdi> <b>#2</b>" in page
    assert 'href=""' not in page


def test_queries_do_not_grow_with_what_is_shown(admin):
    with CaptureQueriesContext(connections["drone"]) as few:
        admin.get(REPOS, {"q": "edrone"})
    with CaptureQueriesContext(connections["drone"]) as many:
        admin.get(REPOS, {"all": "yes"})
    assert len(many) <= len(few)


def test_a_log_is_shown_from_its_end_and_every_gap_can_be_filled(viewer):
    page = viewer.get(f"{BUILD}-/step/1/3/").content.decode()
    assert f'id="L{LONG}"' in page
    assert 'id="L1"' not in page
    first = int(re.findall(r'id="L(\d+)"', page)[0])
    assert re.findall(r'data-first="(\d+)" data-last="(\d+)"', page) == [("1", str(first - 1))]
    start, end = re.findall(r'hx-get="([^"]+/line/[^"]+)"', page)
    for url, shown, gap in ((start, range(1, 501), 1), (end, range(first - 1000, first), 1)):
        part = viewer.get(url, headers={"HX-Request": "true"}).content.decode()
        numbers = [int(number) for number in re.findall(r'id="L(\d+)"', part)]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert shown[0] in numbers or shown[-1] in numbers
        assert part.count('class="gap"') == gap
        assert "<html" not in part
        assert len(part) < 300_000
        assert "<html" in viewer.get(url).content.decode()  # where scripts do not run
    inside = viewer.get(f"{BUILD}-/log/1/3/line/200/?within=100-300", headers={"HX-Request": "true"}).content.decode()
    assert re.findall(r'id="L(\d+)"', inside) == [str(number) for number in range(100, 301)]
    assert "gap" not in inside
    for beyond in ("line/99/?within=100-300", f"line/{LONG + 1}/", "line/0/"):
        assert viewer.get(f"{BUILD}-/log/1/3/{beyond}").status_code == 404


def test_a_log_is_searched_whole_also_what_no_page_shows(viewer, outsider):
    address = f"{BUILD}-/log/1/3/find/"

    def find(query: str) -> dict[str, Any]:
        answer = viewer.get(f"{address}?{query}", headers={"Accept": "application/json"})
        assert answer["Content-Type"] == "application/json"
        return dict(answer.json())

    assert find("q=LINE+30000+of") == {"count": 1, "lines": [30000], "said": "1 line"}
    assert find("q=no+such+thing") == {"count": 0, "lines": [], "said": "No matches"}
    assert find("errors=1")["said"] == "No lines that look like errors"
    assert find("")["count"] == 0
    many = find("q=many")
    assert (many["count"], many["lines"][0], many["lines"][-1], len(many["lines"])) == (LONG, LONG - 4999, LONG, 5000)
    assert many["said"] == "60000 lines; the last 5000 can be visited"
    page = viewer.get(f"{address}?q=line+3000+of").content.decode()
    assert f'href="{BUILD}-/log/1/3/line/3000/#L3000"' in page
    assert "line 3000 of many &amp; &lt;b&gt;" in page
    assert outsider.get(f"{address}?q=line").status_code == 404


def test_a_long_line_is_cut_and_the_file_has_all_of_it(viewer):
    page = viewer.get(f"{BUILD}-/step/1/2/").content.decode()
    assert "1996004 more characters" in page
    assert b"x" * 2_000_000 in viewer.get(f"{BUILD}-/log/1/2/file/").content


def test_the_file_of_a_log_has_no_blank_lines_that_nobody_printed(db, tmp_path):
    path = hostile.database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE logs SET log_data = ?", [hostile.log(["+ make\n", "", "\n", "done\n", ""])])
    with drones.connected(drones.sqlite_database(path)):
        assert reader("anna", "*").get(f"{BUILD}-/log/1/2/file/").content == b"+ make\n\ndone\n"


@pytest.mark.parametrize("path", ["/admin/", LIST, "/admin/password_change/", "/admin/password_change/done/"])
def test_the_other_language_can_be_chosen_on_every_page(path, admin):
    assert admin.get(path).content.decode().count('<form class="language"') == 1


def test_the_page_of_a_build_opens_the_step_that_failed(viewer):
    page = viewer.get(BUILD).content.decode()
    assert re.search(r'id="step-1-2"[^>]*aria-current="true"', page)
    assert "exit code 2" in page


def test_a_build_that_was_refused_says_why(viewer):
    page = viewer.get(f"{LIST}ismewen/edrone/{REFUSED}/").content.decode()
    assert "linter: unsupported os" in page
    assert "Drone rejected this build" in page


def test_the_log_of_a_failed_step_says_so_where_it_comes_later(viewer):
    log = viewer.get(f"{BUILD}-/log/1/2/", headers={"HX-Request": "true"}).content.decode()
    assert "data-failed aria" in " ".join(log.split())


def test_a_running_build_asks_again_and_a_finished_one_does_not(viewer):
    running = f"{LIST}ismewen/edrone/{RUNNING}/"
    page = viewer.get(running).content.decode()
    address = f"{running}-/live/1/2/"
    assert f'hx-get="{address}" hx-trigger="every 3s"' in page
    part = viewer.get(address)
    assert "HX-Refresh" not in part.headers
    for kept_by_the_reader in ("commit-message", 'class="params"'):
        assert kept_by_the_reader in page
        assert kept_by_the_reader not in part.content.decode()
    assert 'hx-trigger="every' not in viewer.get(BUILD).content.decode()
    assert viewer.get(f"{running}-/live/1/2/").content.decode().count("<li>") == 4
    assert viewer.get(f"{BUILD}-/live/").headers["HX-Refresh"] == "true"
    assert viewer.get(f"{BUILD}-/log/1/2/after/0/").headers["HX-Refresh"] == "true"
    assert "DRONE_SERVER" in viewer.get(f"{running}-/log/1/2/after/0/").content.decode()


@pytest.mark.parametrize(("status", "age", "seconds"), [("running", 9000, 3), ("pending", 5, 3), ("pending", 600, 10)])
def test_a_young_build_is_looked_at_as_often_as_one_that_runs(status, age, seconds):
    assert again(Build(status=status, created=1_000_000), 1_000_000 + age) == seconds


def test_parameters_that_look_secret_are_masked(viewer):
    page = viewer.get(BUILD).content.decode()
    assert "********" in page
    assert ">de<" in page.replace("<bdi>", ">").replace("</bdi>", "<").replace(">>", ">").replace("<<", "<")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("database", [None, drones.sqlite_database(drones.RECORDED / "no-such-file")])
def test_without_drones_database_pages_say_so_and_the_rest_works(path, database, db):
    with drones.connected(database):
        client = reader("admin", is_superuser=True)
        answer = client.get(path)
        assert answer.status_code == (200 if path == "/admin/" else 503)
        assert "DRONE_DATABASE_URL" in answer.content.decode()
        assert re.search(r"<title>\s*(Overview|Builds cannot be shown now) \|", answer.content.decode())
        part = client.get(path, headers={"HX-Request": "true"})
        assert path == "/admin/" or "<html" not in part.content.decode()
        assert client.get("/admin/auth/user/").status_code == 200


def test_what_is_deployed_is_the_last_success_of_each_target(admin):
    page = admin.get(f"{REPOS}ismewen/edrone/").content.decode()
    deployed = re.search(r'<ul class="repo-places"[^>]*>(.*?)</ul>', page, re.DOTALL)
    assert deployed
    assert "production" in deployed[1]
    assert f"#{RUNNING}" not in deployed[1]  # to the hostile target, which only has a running promotion


def test_pages_speak_the_readers_language(viewer):
    page = viewer.get(LIST, headers={"Accept-Language": "zh-CN,zh;q=0.9"}).content.decode()
    assert '<html lang="zh-hans"' in page
    assert "仓库" in page
    chosen = viewer.post("/admin/language", {"language": "zh-hans", "next": LIST})
    assert chosen["Location"] == LIST
    assert "仓库" in viewer.get(LIST).content.decode()
    assert viewer.post("/admin/language", {"language": "en", "next": "https://elsewhere.example/"})["Location"] == "/"


def test_repositories_are_paged_by_name(admin, monkeypatch):
    monkeypatch.setattr("builds.repositories.repo_list.ON_A_PAGE", 1)
    names, path = [], f"{REPOS}?all=yes"
    while path:
        page = admin.get(path).content.decode()
        names += re.findall(r'class="repo-name"><a href="/admin/builds/repo/([\w/]+)/"', page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert names == list(Repo.objects.order_by("slug").values_list("slug", flat=True))


NAMES = {"edrone", "Drone", "API", "HTTP", "YAML", "English", "ID", "administration", "ismewen", "admin", "namespace", "name"}


@pytest.mark.parametrize(
    "path",
    [
        "auditrecord/",
        "auditrecord/1/change/",
        "grant/",
        "grant/add/",
        "apitoken/",
        "apitoken/add/",
    ],
)
def test_the_administrations_own_pages_are_chinese_too(path, admin):
    person = User.objects.get()
    AuditRecord.objects.create(pk=1, username="admin", means="administration", verb=Verb.RESTART, slug="ismewen/edrone")
    Grant.objects.create(user=person, pattern="*", level=Level.RUN)
    make_token(person, "ismewen")
    page = admin.get(f"/admin/builds/{path}", headers={"Accept-Language": "zh-hans"}).content.decode()
    shown = re.sub(r"(?s)<head>.*?</head>|<script.*?</script>|<svg.*?</svg>|<time.*?</time>|<[^>]*>|&\w+;", " ", page)
    assert set(re.findall("[A-Za-z]{3,}", re.sub(r"edrone_[\w-]+", "", shown))) - NAMES == set()


@pytest.mark.parametrize("path", ["auditrecord/", "auditrecord/1/change/", "apitoken/"])
def test_times_of_the_administrations_own_pages_can_be_told_in_the_readers_zone(path, admin):
    AuditRecord.objects.create(pk=1, username="admin", means="administration", verb=Verb.RESTART, slug="ismewen/edrone")
    make_token(User.objects.get(), "ismewen")
    page = admin.get(f"/admin/builds/{path}").content.decode()
    assert re.search(r'<time datetime="[^"]+" title="[^"]+ UTC">', page)


def test_what_waits_for_approval_is_seen_and_filtered_though_drone_calls_it_pending(db, tmp_path):
    file = hostile.database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        writer = hostile.Writer(connection)
        for number, (build, stage) in enumerate([("pending", "blocked"), ("pending", "pending"), ("declined", "declined")], 950):
            made = writer.build(number, build_status=build, build_event="push", build_started=0, build_finished=0)
            writer.stage(made, "deploy", stage, {}, running=True)
    with drones.connected(drones.sqlite_database(file)):
        client = reader("viewer", "ismewen/edrone")
        for query in (
            {"status": "blocked"},
            {"status": "blocked", "repo": "ismewen/edrone"},
            {"status": "blocked", "event": "push"},
        ):
            assert re.findall(r"<b>#(\d+)</b>", client.get(LIST, query).content.decode()) == ["950"]
        assert re.findall(r"<b>#(\d+)</b>", client.get(LIST, {"status": "pending"}).content.decode()) == ["951", "950"]
        lists = re.split("<h2>", client.get("/admin/").content.decode())[1:4]
        assert [re.findall(r"<b>#(\d+)</b>", each) for each in lists[:2]] == [["950"], ["951", str(RUNNING)]]
        row = re.search(r'<tr[^>]*class="waits">.*?</tr>', client.get(LIST).content.decode(), re.DOTALL)
        assert row
        assert "waiting for approval" in row[0]
        assert "#950" in row[0]
        for path in (f"{LIST}ismewen/edrone/950/", f"{LIST}ismewen/edrone/950/-/live/"):
            assert re.search(r"<h1>.*waiting for approval", client.get(path).content.decode())
        assert "waiting for approval" not in client.get(f"{LIST}ismewen/edrone/951/").content.decode()


def test_a_declined_build_does_not_go_on_taking_time(db, tmp_path):
    """Drone writes no end of it, also where one of its stages had run."""
    file = hostile.database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        writer = hostile.Writer(connection)
        made = writer.build(950, build_status="declined", build_started=1_700_000_000, build_finished=0)
        writer.stage(made, "test", "success", {"unit": "success"})
    with drones.connected(drones.sqlite_database(file)):
        page = reader("viewer", "ismewen/edrone").get(f"{LIST}ismewen/edrone/950/").content.decode()
    assert re.search(r"</time>( · .*)?", page)[0] == "</time>"  # type: ignore[index]  # in the head, where a duration would follow


def test_what_waits_for_approval_says_why_and_by_whom(db, tmp_path, settings):
    settings.DRONE_SERVER, settings.DRONE_TOKEN = "http://127.0.0.1:9", "t"
    file = hostile.database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        writer = hostile.Writer(connection)
        made = writer.build(950, build_status="pending", build_event="pull_request", build_trigger="@hook",
                            build_source_repo="eve/edrone", build_started=0, build_finished=0)  # fmt: skip
        for number, name in enumerate(("deploy-\u202eb", "deploy-a"), 1):
            writer.stage(made, name, "blocked", {}, running=True, number=number)
    page = f"{LIST}ismewen/edrone/950/"

    def shown(client: Client) -> str:
        return client.get(page).content.decode()

    with drones.connected(drones.sqlite_database(file)):
        admin, viewer = reader("admin", is_superuser=True), reader("viewer", "ismewen/edrone")
        text = shown(admin)
        assert "2 pipelines wait for approval" in text
        assert "validation extension asked" in text
        assert "comes from the fork <bdi>eve/edrone</bdi>" in text
        assert f'href="{page}-/do/approve/"' in text
        assert f'href="{page}-/do/approve/2/"' in text
        assert f'href="{page}-/do/decline/"' in text
        assert "\u202e" not in text
        text = shown(viewer)
        assert "Whoever has a deploy grant for <bdi>ismewen/edrone</bdi> may approve it." in text
        assert "/do/approve/" not in text
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE repos SET repo_protected = 1")
            connection.execute("UPDATE stages SET stage_status = 'running' WHERE stage_build_id = ? AND stage_number = 1", [made])
        text = shown(admin)
        assert "<bdi>ismewen/edrone</bdi> is protected, and this configuration has no valid signature." in text
        assert f'href="{page}-/do/approve/2/"' in text
        assert f'href="{page}-/do/decline/2/"' in text
        settings.DRONE_TOKEN = ""
        text = shown(admin)
        assert "/do/approve/" not in text
        assert "Set DRONE_SERVER and DRONE_TOKEN." in text


@pytest.mark.parametrize("part", ["auth", "builds", "configs"])
def test_the_pages_between_the_first_page_and_the_lists_do_not_say_that_nothing_runs_or_failed(part, admin):
    first, between = (admin.get(path).content.decode() for path in ("/admin/", f"/admin/{part}/"))
    assert "My builds" in first
    assert f"/admin/{part}/" in between
    for said in ("My builds", "No builds are running or pending.", "No failed builds.", 'id="now"'):
        assert said not in between


def test_the_first_page_asks_again_while_something_runs(viewer, outsider):
    page = viewer.get("/admin/").content.decode()
    address = f"{LIST}-/now/"
    assert f'hx-get="{address}"' in page
    part = viewer.get(address, headers={"HX-Request": "true"}).content.decode()
    assert f'hx-get="{address}"' in part
    assert f"#{RUNNING}" in part
    assert "<html" not in part
    for quiet in (outsider.get("/admin/"), outsider.get(address)):  # nothing that they see runs
        assert f'hx-get="{address}"' not in quiet.content.decode()
    assert Client().get(address).status_code == 302
    assert Client().get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


@pytest.mark.slow
def test_a_build_of_very_many_steps_is_shown_in_parts(db, tmp_path):
    file = hostile.database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        writer = hostile.Writer(connection)
        build = writer.build(950, build_status="success", build_message="x" * 60_000)
        writer.stage(build, "many", "success", {f"step-{number}": "success" for number in range(3000)})
    with drones.connected(drones.sqlite_database(file)):
        client = reader("admin", is_superuser=True)
        seen, path = [], f"{LIST}ismewen/edrone/950/?from=0"
        while path:
            answer = client.get(path)
            page = answer.content.decode()
            assert len(answer.content) < 300_000
            seen += re.findall(r'id="step-1-(\d+)"', page)
            later = re.search(r'href="([^"]+)" rel="next"', page)
            path = later[1] if later else ""
        assert seen == [str(number) for number in range(1, 3001)]
        page = client.get(f"{LIST}ismewen/edrone/950/-/step/1/2500/").content.decode()
        assert re.search(r'id="step-1-2500"[^>]*aria-current="true"', page)
        for odd in ("x", "99999999999", "-1"):
            assert client.get(f"{LIST}ismewen/edrone/950/?from={odd}").status_code == 200


def test_why_there_may_be_no_record_of_a_configuration_is_said(admin):
    page = admin.get("/admin/builds/build/ismewen/edrone/2/-/configuration/").content.decode()
    for reason in (
        "older than the records",
        "edrone answered with an error",
        "database was not available",
        "from another source",
    ):
        assert reason in page
