"""The pages of builds in a browser: on a phone, dark, in Chinese, by keyboard alone, with the worst that a build can hold."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import LOOKS, faults, reader, wider_than_the_window
from tests.hostile import HOSTILE, LONG, REFUSED, RUNNING, Writer, database
from tests.server import Server, running

BUILDS, REPOS = "/admin/builds/build/", "/admin/builds/repo/"
BUILD = f"{BUILDS}ismewen/edrone/{HOSTILE}/"
PASSWORD = "a-long-password-of-the-tests"
PAGES = {
    "first": "/admin/",
    "builds": BUILDS,
    "no-builds": f"{BUILDS}?status=declined",
    "build": BUILD,
    "long-log": f"{BUILD}-/step/1/3/",
    "running": f"{BUILDS}ismewen/edrone/{RUNNING}/",
    "refused": f"{BUILDS}ismewen/edrone/{REFUSED}/",
    "configuration": f"{BUILD}-/configuration/",
    "repositories": REPOS,
    "repository": f"{REPOS}ismewen/edrone/",
    "branches": f"{REPOS}ismewen/edrone/-/branches/",
    "repository-configuration": f"{REPOS}ismewen/edrone/-/configuration/",
    "record": f"{BUILD}-/record/",
    "audit": "/admin/builds/auditrecord/",
    "audit-record": "/admin/builds/auditrecord/1/change/",
    "grants": "/admin/builds/grant/",
    "new-grant": "/admin/builds/grant/add/",
    "tokens": "/admin/builds/apitoken/",
    "new-token": "/admin/builds/apitoken/add/",
    "served": "/admin/configs/servedconfig/",
    "last-errors": "/admin/configs/lasterror/",
    "users": "/admin/auth/user/",
    "user": "/admin/auth/user/1/change/",
    "new-user": "/admin/auth/user/add/",
    "password": "/admin/auth/user/1/password/",
    "new-group": "/admin/auth/group/add/",
}


@dataclass
class Site:
    """edrone beside a Drone that nobody would like to have."""

    server: Server
    drone: Path  # Drone's database
    pictures: Path

    @property
    def url(self) -> str:
        return self.server.url


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("pages")
    drone = database(folder / "drone.sqlite")
    with running(folder, DRONE_DATABASE_URL=f"sqlite:///{drone}", SECRET_KEY="tests-" * 8) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('anna', password='{PASSWORD}', is_staff=True, is_superuser=True); "
            f"User.objects.create_user('bert', password='{PASSWORD}', is_staff=True); "
            "from builds.starting.models import AuditRecord; "
            f"AuditRecord.objects.create(username='anna', means='administration', verb='restart', slug='ismewen/edrone', "
            f"number={HOSTILE}, outcome='refused', status=502, message='Drone refused the token.', params={{'LANG': 'de'}})",
        )
        assert made.returncode == 0, made.stderr
        assert server.manage("grant", "bert", "shop/*", "view").returncode == 0
        yield Site(server, drone, folder)


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_looks_right_to_axe_and_fits(look, site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, **LOOKS[look]) as page:
        for name, path in PAGES.items():
            page.goto(f"{site.url}{path}")
            page.screenshot(path=site.pictures / f"{look}-{name}.png")
            assert faults(page) == [], (look, name)
            assert not wider_than_the_window(page), (look, name)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(("path", "status"), [(f"{BUILDS}no/such/1/", 404), ("/admin/auth/user/", 403)])
def test_what_is_not_there_and_what_is_not_allowed_looks_like_the_rest(path, status, look, site, browser: Browser):
    with reader(browser, site.url, "bert", PASSWORD, allowed=(status,), **LOOKS[look]) as page:
        page.goto(f"{site.url}{path}")
        page.screenshot(path=site.pictures / f"{look}-{status}.png")
        expect(page.locator(".menu a[data-key=b]")).to_have_count(1)
        expect(page.locator(".menu a", has_text="Users")).to_have_count(0)
        assert faults(page) == []
        assert not wider_than_the_window(page)


def test_long_names_without_a_blank_fit_their_page(browser: Browser, tmp_path: Path):
    number, name = HOSTILE + 10, "x/" * 10 + "unbreakable" * 60
    drone = database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(drone)) as connection, connection:
        writer = Writer(connection)
        texts = dict.fromkeys(("build_message", "build_error", "build_author_name", "build_deploy", "build_target"), name)
        texts |= {"build_event": "promote", "build_ref": f"refs/heads/{name}", "build_params": json.dumps({name[:200]: name})}
        writer.stage(writer.build(number, build_status="pending", **texts), name, "blocked", {name: "pending"})
        failed = writer.build(number + 1, build_status="failure", build_started=1, build_finished=2, **texts)
        writer.stage(failed, name, "failure", {name: "failure"})
        writer.build(number + 2, build_status="success", build_started=1, build_finished=2, **texts)
    settings = {"DRONE_DATABASE_URL": f"sqlite:///{drone}", "DRONE_SERVER": "http://127.0.0.1:9", "DRONE_TOKEN": "t" * 32}
    with running(tmp_path, SECRET_KEY="tests-" * 8, **settings) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('anna', password='{PASSWORD}', is_staff=True, is_superuser=True); "
            "from builds.starting.models import AuditRecord; "
            f"AuditRecord.objects.create(username='anna', verb='promote', slug='ismewen/edrone', target='{name[:200]}')",
        )
        assert made.returncode == 0, made.stderr
        page_of, failed_page = (f"{BUILDS}ismewen/edrone/{each}/" for each in (number, number + 1))
        with reader(browser, server.url, "anna", PASSWORD, **LOOKS["phone"]) as page:
            actions = [f"{page_of}-/do/{what}/" for what in ("promote", "cancel", "approve/1")]
            places = ["/admin/builds/deployments/", "/admin/builds/repo/ismewen/edrone/-/deployments/"]
            for path in ("/admin/", BUILDS, page_of, *actions, f"{failed_page}-/do/restart/", *places):
                page.goto(f"{server.url}{path}")
                page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-')}.png")
                assert not wider_than_the_window(page), path
        with reader(browser, server.url, "anna", PASSWORD) as page:
            page.goto(f"{server.url}{failed_page}")
            assert not wider_than_the_window(page)
            page.goto(f"{server.url}/admin/builds/auditrecord/1/change/")
            expect(page.get_by_text(name[:200])).to_be_visible()
            ends = [each.evaluate("field => field.getBoundingClientRect().right") for each in page.locator(".readonly").all()]
            assert max(ends) <= 1280


def test_without_scripts_a_line_of_a_log_can_be_found_and_linked(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, java_script_enabled=False) as page:
        page.goto(f"{site.url}{BUILD}-/step/1/3/")
        page.locator(".gap").get_by_role("link", name="Show the first of them").click()
        page.locator("#L300 > a").click()
        linked = page.url
        assert linked.endswith("#L300")
        page.goto("about:blank")
        page.goto(linked)
        expect(page.locator("#L300")).to_be_in_viewport()
        expect(page.locator("#L300:target")).to_contain_text("line 300 of many")
        page.goto(f"{site.url}{BUILD}#L2")
        expect(page.locator("#L2:target")).to_be_in_viewport()


def test_what_is_chosen_is_seen_where_the_system_chooses_the_colours(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, forced_colors="active") as page:
        page.goto(f"{site.url}{BUILD}#L2")
        line_below = "link => getComputedStyle(link).borderBottomColor"
        chosen = page.locator(".tabs a[aria-current]").evaluate(line_below)
        others = page.locator(".tabs a:not([aria-current])")
        assert others.count()
        assert all(other.evaluate(line_below) != chosen for other in others.all())
        for each in (page.locator(".steps a[aria-current]").first, page.locator("#L2"), page.locator("[data-do=wrap]")):
            expect(each).to_have_css("outline-style", "solid")
        page.locator("[data-do=times]").click()
        for each in (page.locator("#L1"), page.locator("[data-do=times]:not(:focus-visible)")):
            expect(each).to_have_css("outline-style", "none")
        page.goto(f"{site.url}/admin/builds/statistics/")
        expect(page.locator(".key.good").first).to_have_css("background-color", "rgb(13, 87, 35)")
        page.goto(f"{site.url}/admin/builds/build/")
        expect(page.locator(".menu a[aria-current]")).to_have_css("outline-style", "solid")


def test_on_paper_a_dark_page_is_light_and_has_no_bar(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, **LOOKS["dark"]) as page:
        page.goto(f"{site.url}{BUILD}")
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.locator("#header")).to_be_hidden()
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(page.locator("#L1 .f2")).to_have_css("color", "rgb(0, 0, 0)")


def test_ages_are_told_in_seconds_and_go_on(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILD}")
        time = page.locator(".second-line time")
        time.evaluate("time => { time.dateTime = new Date(Date.now() - 12000).toISOString(); }")
        expect(time).to_have_text(re.compile("^[0-9]{2} ?s(ec)? ago$"))
        expect(time).not_to_have_text(time.inner_text())


def test_the_first_page_follows_what_runs_until_nothing_does_or_nobody_looks(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        link = page.locator("#now [id^=running-]").first
        link.focus()
        focused = link.get_attribute("id")
        for _ in range(2):
            with page.expect_response(re.compile("/-/now/")):
                pass
        expect(page.locator(f"#{focused}")).to_be_focused()
        page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(7_000)
        assert asked == []
        page.evaluate("delete document.hidden")
        before = set_status(site, "success", "status IN ('running', 'pending')")
        expect(page.get_by_text("No builds are running or pending.")).to_be_visible(timeout=15_000)
        asked.clear()
        page.wait_for_timeout(7_000)
        assert asked == []
        for build, status in before:
            set_status(site, status, f"id = {build}")


def set_status(site: Site, status: str, which: str) -> list[tuple[int, str]]:
    """Change the status of builds in Drone's table; give what it was."""
    condition = re.sub(r"^(?=status|id)", "build_", which)
    with closing(sqlite3.connect(site.drone)) as drone, drone:
        before = drone.execute(f"SELECT build_id, build_status FROM builds WHERE {condition}").fetchall()
        drone.execute(f"UPDATE builds SET build_status = ? WHERE {condition}", [status])
    return before


def test_a_link_to_a_line_names_the_step(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILD}")
        page.locator("#L2 > a").click()
        page.wait_for_url(f"{site.url}{BUILD}-/step/1/2/#L2")
        expect(page.locator("#L2")).to_have_class("line chosen")


def test_somebody_logs_in_finds_a_failed_build_and_reads_its_log(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.get_by_role("link", name="Builds").click()
        page.get_by_role("link", name=f"ismewen/edrone #{HOSTILE}").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("failure")
        expect(page.locator(".failure")).to_be_in_viewport()
        expect(page.locator(".failure")).to_contain_text("exit code 2")
        expect(page.locator("#L1")).to_contain_text("PASS ok")
        assert page.locator("#L1 .f2").evaluate("line => getComputedStyle(line).color") == "rgb(63, 185, 80)"
        page.get_by_role("link", name="Configuration").click()
        expect(page.get_by_text("edrone has no record")).to_be_visible()


def test_a_line_can_be_linked_also_where_it_is_not_on_the_page_yet(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILD}-/step/1/3/")
        expect(page.locator(f"#L{LONG}")).to_be_attached()
        assert page.locator("#L30000").count() == 0
        page.goto(f"{site.url}{BUILD}-/step/1/3/#L30000")
        expect(page.locator("#L30000")).to_be_in_viewport()
        expect(page.locator("#L30000")).to_contain_text("line 30000 of many & <b>")
        page.locator("#L30002 > a").click()
        assert page.url.endswith("#L30002")
        expect(page.locator("#L30002")).to_have_class("line chosen")


def test_a_search_in_a_log_leads_to_the_login_once_the_session_has_ended(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILD}-/step/1/3/")
        page.context.clear_cookies(name="sessionid")
        page.get_by_role("searchbox", name="Find in the whole log").fill("300")
        page.keyboard.press("Enter")
        page.wait_for_url(
            f"{site.url}/admin/login/?next={BUILD}-/step/1/3/", timeout=20_000
        )  # the mark in the bar asks after 60 s


def test_times_are_those_of_the_readers_zone(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILDS}ismewen/edrone/1/")
        time = page.locator(".second-line time")
        utc = time.get_attribute("datetime") or ""
        hour = (int(utc[11:13]) + 8) % 24
        assert re.search(rf"\b{hour % 12 or 12}:{utc[14:16]}:{utc[17:19]}\b.*GMT\+8", time.get_attribute("title") or "")
        page.goto(f"{site.url}{BUILD}")
        expect(page.locator(".second-line time")).to_have_text(re.compile("m(in)? ago|this minute"))


@pytest.mark.parametrize("path", ["", "-/step/1/1/"])
def test_what_the_reader_opened_stays_so_while_a_build_runs(path, site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILDS}ismewen/edrone/{RUNNING}/{path}")
        page.locator(".params > summary").click()
        page.locator(".commit-message").evaluate("message => message.scrollTop = 200")
        documents: list[str] = []
        page.on("request", lambda asked: documents.append(asked.url) if asked.resource_type == "document" else None)
        for _ in range(2):
            with page.expect_response(re.compile("/-/live/1/")):
                pass
        expect(page.locator(".params table")).to_be_visible()
        assert page.locator(".commit-message").evaluate("message => message.scrollTop") == 200
        assert documents == []


@pytest.mark.parametrize("path", ["", "-/step/1/1/"])
def test_a_page_whose_build_is_deleted_says_so_and_stops_asking(path, site, browser: Browser):
    with closing(sqlite3.connect(site.drone)) as connection, connection:
        writer = Writer(connection)
        build = writer.build(HOSTILE + 20, build_status="running", build_event="push", build_finished=0)
        writer.stage(build, "default", "running", {"one": "running"}, running=True)
    with reader(browser, site.url, "anna", PASSWORD, allowed=(404,)) as page:
        page.goto(f"{site.url}{BUILDS}ismewen/edrone/{HOSTILE + 20}/{path}")
        expect(page.get_by_role("heading", level=1)).to_contain_text("running")
        with closing(sqlite3.connect(site.drone)) as connection, connection:
            stages = "SELECT stage_id FROM stages WHERE stage_build_id = ?"
            connection.execute(f"DELETE FROM steps WHERE step_stage_id IN ({stages})", [build])
            connection.execute("DELETE FROM stages WHERE stage_build_id = ?", [build])
            connection.execute("DELETE FROM builds WHERE build_id = ?", [build])
        expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
        assert page.locator("main [hx-get]").count() == 0


def test_a_running_build_is_followed_until_it_ends(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILDS}ismewen/edrone/{RUNNING}/")
        expect(page.get_by_role("heading", level=1)).to_contain_text("running")
        with closing(sqlite3.connect(site.drone)) as drone, drone:
            (build,) = drone.execute(
                "SELECT build_id FROM builds WHERE build_repo_id = 1 AND build_number = ?", [RUNNING]
            ).fetchone()
            ended = "strftime('%s', 'now')"
            of_stage = "step_stage_id = (SELECT stage_id FROM stages WHERE stage_build_id = ?)"
            long_ago = f"{ended} - 700"  # so that no log is waited for any more
            drone.execute(f"UPDATE steps SET step_status = 'success', step_stopped = {long_ago} WHERE {of_stage}", [build])
            drone.execute(
                f"UPDATE stages SET stage_status = 'success', stage_stopped = {ended} WHERE stage_build_id = ?", [build]
            )
            drone.execute(f"UPDATE builds SET build_status = 'success', build_finished = {ended} WHERE build_id = ?", [build])
        expect(page.get_by_role("heading", level=1)).to_contain_text("success")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(4_000)
        assert [url for url in asked if "/static/" not in url] == []  # the icon of the tab may change a moment later


def test_all_of_it_can_be_done_by_keyboard(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
        go(page, "Builds")
        page.wait_for_url(f"{site.url}{BUILDS}")
        tab_to(page, "input[name=q]")
        page.keyboard.type(f"ismewen/edrone#{HOSTILE}")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site.url}{BUILD}")
        tab_to(page, "#step-1-3")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site.url}{BUILD}-/step/1/3/#log")
        tab_to(page, ".gap a")
        page.keyboard.press("Enter")
        expect(page.locator("#L1")).to_be_visible()


def go(page: Page, name: str) -> None:
    """Walk to a link and follow it."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def tab_to(page: Page, selector: str) -> None:
    """Walk to an element."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def test_language_and_theme_are_chosen_on_the_page_and_stay(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILD}")
        page.locator(".submenu.user > summary").click()
        page.get_by_role("button", name="简体中文").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("失败")
        assert page.url == f"{site.url}{BUILD}"
        page.goto(f"{site.url}{REPOS}")
        expect(page.get_by_role("heading", level=1)).to_have_text("仓库")
        assert faults(page) == []
        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        page.locator(".submenu.user > summary").click()
        page.locator("button.theme-toggle").first.click()
        page.locator("button.theme-toggle").first.click()
        themes = {page.evaluate("document.documentElement.dataset.theme"), page.evaluate(ground)}
        page.reload()
        assert {page.evaluate("document.documentElement.dataset.theme"), page.evaluate(ground)} == themes
        assert light.startswith("rgb")


def test_who_may_see_other_repositories_sees_nothing_of_these(site, browser: Browser):
    with reader(browser, site.url, "bert", PASSWORD) as page:
        for path in ("/admin/", BUILDS, REPOS):
            page.goto(f"{site.url}{path}")
            assert "ismewen/edrone" not in page.content()
            assert faults(page) == []
        answer = page.request.get(f"{site.url}{BUILD}")
        assert answer.status == 404
