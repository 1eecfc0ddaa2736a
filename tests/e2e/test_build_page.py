"""The page of a build in a browser: what failed is seen at once, however large the build and its log are."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.browsing import LOOKS, faults, reader, wider_than_the_window
from tests.hostile import TEXT, Writer, database, log
from tests.server import Server, running

BUILDS = "/admin/builds/build/ismewen/edrone/"
PASSWORD = "a-long-password-of-the-tests"
LARGE, LONG, BLOCKED, MANY, GROWING, FAILING, COMING, MOVING = range(910, 918)
LINES = 400_000
FAILED_STAGE, FAILED_STEP = 6, 5
END = ["E   AssertionError: expected 200, got 502\n", "1 failed, 25 passed in 4.30s\n", "make: *** [Makefile:12: test] Error 1\n"]


@dataclass
class Site:
    server: Server
    drone: Path
    pictures: Path

    def page_of(self, number: int, rest: str = "") -> str:
        return f"{self.server.url}{BUILDS}{number}/{rest}"


def stage(writer: Writer, build: int, number: int, name: str, status: str, steps: dict[str, str], needs: list[str]) -> None:
    """Add a pipeline that waits for others."""
    running = status == "running"
    writer.stage(build, name, status, steps, running=running, number=number, stage_depends_on=json.dumps(needs))


def store(writer: Writer, build: int, stage_number: int, step: int, lines: list[str]) -> None:
    found = writer.database.execute(
        "SELECT step_id FROM steps JOIN stages ON step_stage_id = stage_id "
        "WHERE stage_build_id = ? AND stage_number = ? AND step_number = ?",
        [build, stage_number, step],
    )
    writer.add("logs", "log_id", log_id=found.fetchone()[0], log_data=log(lines))


def fill(writer: Writer) -> None:
    names = ["clone-cache", "lint", "unit", "integration", "images", "end-to-end", "scan", "staging", "announce"]
    needs: list[list[str]] = [[], ["clone-cache"], ["clone-cache"], ["unit"], ["unit", "lint"], ["images", "integration"],
             ["images"], ["end-to-end", "scan"], ["staging"]]  # fmt: skip
    build = writer.build(LARGE, build_status="failure", build_event="push", build_ref="refs/heads/master",
                         build_message="Make the health check say which part is missing\n\nand why")  # fmt: skip
    for number, (name, before) in enumerate(zip(names, needs, strict=True), 1):
        status = "success" if number < FAILED_STAGE else "failure" if number == FAILED_STAGE else "skipped"
        steps = {f"step {step} of {name}": status for step in range(1, 8)}
        if number == FAILED_STAGE:
            steps = {
                text: "success" if step < FAILED_STEP else "failure" if step == FAILED_STEP else "skipped"
                for step, text in enumerate(steps, 1)
            }
        stage(writer, build, number, name, status, steps, before)
    lines = [f"test {number} passed in 0.01s\n" for number in range(1, 6001 - len(END))]
    lines[2999] = "ERROR: the cache could not be read\n"
    store(writer, build, FAILED_STAGE, FAILED_STEP, lines + END)
    build = writer.build(LONG, build_status="success", build_event="push")
    stage(writer, build, 1, "long", "success", {"only": "success"}, [])
    lines = [f"l{number}\n" for number in range(1, LINES + 1)]
    lines[4], lines[199_999], lines[-1] = "needle one\n", "a NeeDle\n", "fatal: the end\n"
    store(writer, build, 1, 1, lines)
    build = writer.build(BLOCKED, build_status="pending", build_event="pull_request", build_started=0, build_finished=0,
                         build_source_repo="eve/edrone", build_source="feature", build_target="master")  # fmt: skip
    for number, name in enumerate(["test", TEXT[:80], "deploy"], 1):
        stage(writer, build, number, name, "blocked", {}, ["test", "nowhere"] if number > 1 else [])
    build = writer.build(MANY, build_status="success", build_event="push")
    for number in range(1, 41):
        before = [f"stage {number - 6}", f"stage {number + 1}" if number == 9 else "nowhere", f"stage {number}"]
        stage(writer, build, number, f"stage {number}", "success", {"one": "success"}, before)
    build = writer.build(GROWING, build_status="running", build_event="push", build_finished=0)
    stage(writer, build, 1, "first", "success", {"one": "success"}, [])
    stage(writer, build, 2, "second", "running", {"two": "running"}, ["first"])
    for number, status in ((FAILING, "failure"), (COMING, "running")):
        build = writer.build(number, build_status="running", build_event="push", build_finished=0)
        stage(writer, build, 1, "slow", "running", {"sleep": "running"}, [])
        stage(writer, build, 2, "unit", status, {"pytest": status}, [])
        for later in range(3, 13):
            stage(writer, build, later, f"later {later}", "pending", {}, [f"later {later - 1}" if later > 3 else "slow"])
    store(writer, build - 1, 2, 1, END)
    build = writer.build(MOVING, build_status="running", build_event="push", build_finished=0)
    stage(writer, build, 1, "first", "success", {"one": "success"}, [])
    stage(writer, build, 2, "next", "running", {"second of the moving": "pending"}, ["first"])
    store(writer, build, 1, 1, [f"l{number}\n" for number in range(1, 301)])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("build")
    drone = database(folder / "drone.sqlite")
    with closing(sqlite3.connect(drone)) as connection, connection:
        fill(Writer(connection))
    settings = {"DRONE_SERVER": "http://127.0.0.1:9", "DRONE_TOKEN": "token"}
    with running(folder, DRONE_DATABASE_URL=f"sqlite:///{drone}", SECRET_KEY="tests-" * 8, **settings) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('anna', password='{PASSWORD}', is_staff=True, is_superuser=True)",
        )
        assert made.returncode == 0, made.stderr
        yield Site(server, drone, folder)


@pytest.mark.parametrize("look", LOOKS)
def test_builds_of_every_kind_look_right_to_axe_and_fit(look, site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD, **LOOKS[look]) as page:
        for number in (LARGE, LONG, BLOCKED, MANY, GROWING, FAILING):
            page.goto(site.page_of(number))
            page.screenshot(path=site.pictures / f"{look}-{number}.png")
            assert faults(page) == [], number
            assert not wider_than_the_window(page), number


def test_why_a_large_build_failed_is_seen_with_nothing_scrolled(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD, viewport={"width": 1280, "height": 800}) as page:
        page.goto(site.page_of(LARGE))
        assert page.evaluate("scrollY") == 0
        for seen in (
            page.locator(".failure h2", has_text="end-to-end"),
            page.locator(".failure", has_text="exit code 2"),
            page.locator(".failure .line", has_text="expected 200, got 502"),
            page.locator(".side .steps a[aria-current]"),
            page.locator("#log .line", has_text="expected 200, got 502"),
            page.locator("#L6000"),
            page.locator(".graph .box[aria-current]"),
        ):
            expect(seen).to_be_in_viewport(ratio=0.9)
        expect(page.locator(".side details[open]")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_a_log_of_very_many_lines_is_searched_and_walked_through(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD) as page:
        page.goto(site.page_of(LONG))
        expect(page.locator(f"#L{LINES}")).to_be_in_viewport()
        assert page.locator("#log .line").count() <= 1000
        page.get_by_role("searchbox").fill("NEEDLE")
        page.get_by_role("searchbox").press("Enter")
        expect(page.locator(".found")).to_have_text("1 / 2 · 2 lines")
        expect(page.locator("#L5")).to_be_in_viewport()
        page.get_by_role("button", name="Next match").click()
        expect(page.locator("#L200000")).to_be_in_viewport()
        expect(page.locator("#L200000")).to_contain_text("a NeeDle")
        page.get_by_role("button", name="Previous match").click()
        expect(page.locator("#L5")).to_be_in_viewport()
        page.get_by_role("button", name="Next error").click()
        expect(page.locator(f"#L{LINES}")).to_be_in_viewport()
        page.get_by_role("button", name="Top").click()
        expect(page.locator("#L1")).to_be_in_viewport()
        page.get_by_role("button", name="End").click()
        expect(page.locator(f"#L{LINES}")).to_be_in_viewport()
        numbers = page.locator("#log .line").evaluate_all("lines => lines.map(line => Number(line.id.slice(1)))")
        assert numbers == sorted(set(numbers))
        gaps = page.locator("#log .gap").evaluate_all("gaps => gaps.map(gap => [+gap.dataset.first, +gap.dataset.last])")
        assert len(numbers) + sum(last - first + 1 for first, last in gaps) == LINES
        page.locator("#log .gap").first.get_by_role("link", name="Show the first of them").click()
        expect(page.locator(f"#L{gaps[0][0]}")).to_be_attached()
        assert page.locator("#log .line").count() < 6000


def test_a_range_of_lines_is_chosen_copied_and_linked(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD, permissions=["clipboard-read", "clipboard-write"]) as page:
        step = site.page_of(LARGE, f"-/step/{FAILED_STAGE}/{FAILED_STEP}/")
        page.goto(step)
        page.locator("#L5990 > a").click()
        page.locator("#L5993 > a").click(modifiers=["Shift"])
        assert page.url == f"{step}#L5990-L5993"
        expect(page.locator(".line.chosen")).to_have_count(4)
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == page.url
        page.goto("about:blank")
        page.goto(f"{step}#L120-L122")
        expect(page.locator("#L121")).to_be_in_viewport()
        expect(page.locator(".line.chosen")).to_have_count(3)
        page.goto("about:blank")
        page.goto(f"{step}#L6001")  # which is not there: as without
        expect(page.locator("#L6000")).to_be_in_viewport()


def test_a_link_is_copied_as_often_as_one_likes(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(site.page_of(LARGE))
        page.get_by_role("button", name="Copy link").click()
        page.get_by_role("button", name="Copied").click()
        expect(page.get_by_role("button", name="Copy link")).to_be_visible()


def test_wrapping_and_times_are_remembered(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD) as page:
        page.goto(site.page_of(LARGE))
        expect(page.locator("#L6000 > .text")).to_have_css("white-space", "pre-wrap")
        page.get_by_role("button", name="Wrap").click()
        page.get_by_role("button", name="Times").click()
        for _ in range(2):
            expect(page.locator("#L6000 > .text")).to_have_css("white-space", "pre")
            expect(page.locator("#L6000 > .at")).to_be_hidden()
            expect(page.get_by_role("button", name="Wrap")).to_have_attribute("aria-pressed", "false")
            page.reload()


def test_the_tab_says_the_state_also_when_it_changes(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD) as page:
        page.goto(site.page_of(LARGE))
        assert page.title().startswith(f"✖ ismewen/edrone #{LARGE} | ")
        assert page.evaluate("[...document.querySelectorAll('link[rel=icon]')].every(link => /state-bad/.test(link.href))")
        page.goto(site.page_of(GROWING))
        assert page.title().startswith(f"● ismewen/edrone #{GROWING} | ")
        assert page.evaluate("[...document.querySelectorAll('link[rel=icon]')].every(link => /state-busy/.test(link.href))")
        page.locator("#stage-1 > summary").click()
        with closing(sqlite3.connect(site.drone)) as drone, drone:
            drone.execute("UPDATE stages SET stage_status = 'blocked' WHERE stage_name = 'second' AND stage_number = 2")
        for icon in page.locator("link[rel=icon]").all():
            expect(icon).to_have_attribute("href", re.compile("state-wait"))
        expect(page.locator(".approval")).to_contain_text("1 pipeline waits for approval")
        expect(page.locator("#stage-1")).to_have_attribute("open", "")


def renewed(page: Page) -> None:
    """Wait until the page has taken what a look at its build brought."""
    page.locator("#live").evaluate("live => { live.dataset.seen = 'yes'; }")
    expect(page.locator("#live[data-seen]")).to_have_count(0)


def test_a_failure_keeps_its_lines_while_another_pipeline_runs(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD) as page:
        page.goto(site.page_of(FAILING))
        page.evaluate("getSelection().selectAllChildren(document.querySelector('.failure .line .text'))")
        for _ in range(2):
            renewed(page)
        expect(page.locator(".failure .line")).to_have_count(len(END))
        assert page.evaluate("getSelection().toString().trim()") == END[0].strip()


def test_a_failure_that_comes_up_shows_its_lines_and_the_way_to_its_log(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD) as page:
        page.goto(site.page_of(COMING))
        expect(page.locator("#log-title")).to_contain_text("sleep")
        with closing(sqlite3.connect(site.drone)) as connection, connection:
            writer = Writer(connection)
            found = "SELECT build_id FROM builds WHERE build_repo_id = 1 AND build_number = ?"
            build = connection.execute(found, [COMING]).fetchone()[0]
            store(writer, build, 2, 1, END)
            failed = "step_stage_id = (SELECT stage_id FROM stages WHERE stage_build_id = ? AND stage_number = 2)"
            connection.execute(f"UPDATE steps SET step_status = 'failure', step_exit_code = 2 WHERE {failed}", [build])
        expect(page.locator(".failure .line")).to_have_count(len(END))
        expect(page.locator("#log-title")).to_contain_text("sleep")
        page.get_by_role("link", name="open log").click()
        page.wait_for_url(f"{site.page_of(COMING, '-/step/2/1/')}#log")
        expect(page.locator("#log .line", has_text="expected 200, got 502")).to_be_visible()


def test_who_reads_further_up_stays_there_when_another_step_begins(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD) as page:
        page.goto(site.page_of(MOVING))
        expect(page.locator("#L300")).to_be_in_viewport()
        page.locator("#log > .log").evaluate("log => { log.scrollTop = 400; }")
        with closing(sqlite3.connect(site.drone)) as drone, drone:
            drone.execute("UPDATE steps SET step_status = 'running' WHERE step_name = 'second of the moving'")
        page.wait_for_url(re.compile(re.escape(site.page_of(MOVING, "-/step/1/1/")) + r"#L\d+$"))
        expect(page.locator(".steps .status.busy")).to_be_visible()
        expect(page.locator("#L30")).to_be_in_viewport()
        page.goto(site.page_of(MOVING))
        expect(page.locator("#log-title")).to_contain_text("second of the moving")


def test_what_is_renewed_keeps_the_focus_what_is_open_and_how_far_it_is_scrolled(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD) as page:
        page.goto(site.page_of(FAILING))
        page.locator("#stage-3 > summary").focus()
        page.keyboard.press("Enter")
        page.locator(".graph").evaluate("graph => { graph.scrollLeft = 300; }")
        renewed(page)
        expect(page.locator("#stage-3 > summary")).to_be_focused()
        expect(page.locator("#stage-3")).to_have_attribute("open", "")
        page.locator(".graph").focus()
        renewed(page)
        expect(page.locator(".graph")).to_be_focused()
        assert page.locator(".graph").evaluate("graph => graph.scrollLeft") == 300
        with closing(sqlite3.connect(site.drone)) as drone, drone:
            drone.execute("UPDATE stages SET stage_status = 'blocked' WHERE stage_name LIKE 'later %'")
        page.get_by_text("Only some of them").click()
        page.get_by_role("link", name="Approve", exact=True).nth(1).focus()
        renewed(page)
        expect(page.get_by_role("link", name="Approve", exact=True).nth(1)).to_be_focused()


def test_lines_that_cannot_be_had_now_are_said_and_not_counted(site, browser: Browser):
    lines = re.compile(r"/line/\d+/")
    with reader(browser, site.server.url, "anna", PASSWORD, allowed=(503,)) as page:
        page.goto(site.page_of(LONG))
        page.route(lines, lambda route: route.fulfill(status=503))
        page.get_by_role("searchbox").fill("needle")
        page.get_by_role("searchbox").press("Enter")
        expect(page.locator(".found")).to_have_text("The log cannot be loaded now. Try again.")
        page.unroute(lines)
        page.get_by_role("button", name="Next match").click()
        expect(page.locator("#L5")).to_be_in_viewport()
        expect(page.locator(".found")).to_have_text("1 / 2 · 2 lines")


def in_parts(route: Route) -> None:
    """Fail for what a page asks for to put it into itself, as edrone does while a database is away."""
    if "hx-request" in route.request.headers:
        route.fulfill(status=503)
    else:
        route.continue_()


def test_what_a_reader_asked_for_in_vain_is_loaded_as_a_page_and_renewals_are_not(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD, allowed=(503,)) as page:
        page.goto(site.page_of(FAILING))
        page.route("**/*", in_parts)
        for _ in range(2):
            with page.expect_response(re.compile("/-/live/")):
                pass
        assert page.url == site.page_of(FAILING)
        expect(page.get_by_text("edrone does not answer")).to_be_visible()
        page.unroute("**/*")
        expect(page.get_by_text("edrone does not answer")).to_have_count(0)
        page.route("**/*", in_parts)
        page.goto(site.page_of(LONG))
        page.locator("#log .gap").first.get_by_role("link", name="Show the first of them").click()
        page.wait_for_url(re.compile(r"/-/log/1/1/line/1/"))
        expect(page.locator("#L1")).to_be_visible()
        page.goto(f"{site.server.url}/admin/builds/repo/ismewen/edrone/-/configuration/")
        page.get_by_label("Event").select_option("tag")
        page.wait_for_url(re.compile("event=tag"))
        expect(page.get_by_label("Event")).to_have_value("tag")


def test_a_box_of_the_graph_opens_its_pipeline(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD) as page:
        page.goto(site.page_of(LARGE))
        page.locator(".graph .box", has_text="unit").click()
        expect(page.locator("#stage-3[open]")).to_be_visible()
        expect(page.locator("#stage-3 a[aria-current]")).to_be_in_viewport()


def test_on_a_phone_a_step_opens_its_log_over_everything(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD, **LOOKS["phone"]) as page:
        page.goto(site.page_of(LARGE))
        expect(page.locator("#log")).to_be_hidden()
        page.get_by_role("link", name="open log").click()
        expect(page.locator("#L6000")).to_be_in_viewport()
        assert page.locator("#log").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
        assert faults(page) == []
        page.screenshot(path=site.pictures / "phone-log.png")
        page.locator("#log .back").click()
        expect(page.locator("#log")).to_be_hidden()
        page.go_back()
        expect(page.locator("#log")).to_be_visible()
        page.locator("#log .back").click()
        page.locator("#stage-6 .steps a").first.click()
        expect(page.locator("#log")).to_be_visible()


def test_on_a_phone_a_link_to_a_log_opens_it_at_its_failure(site, browser: Browser):
    with reader(
        browser, site.server.url, "anna", PASSWORD, **LOOKS["phone"] | {"viewport": {"width": 360, "height": 700}}
    ) as page:
        page.goto(f"{site.page_of(LARGE)}#log")
        expect(page.locator("#L6000")).to_be_in_viewport()
        rows = page.locator(".log-tools").evaluate(
            "tools => new Set([...tools.querySelectorAll('button:not(.log-find *), a')].filter(one => one.offsetParent)"
            ".map(one => Math.round(one.getBoundingClientRect().top))).size"
        )
        assert rows <= 2


def test_without_scripts_a_log_is_searched_too(site, browser: Browser):
    with reader(browser, site.server.url, "anna", PASSWORD, java_script_enabled=False) as page:
        page.goto(site.page_of(LONG))
        page.get_by_role("searchbox").fill("needle")
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_text("2 lines")).to_be_visible()
        page.get_by_role("link", name="200000").click()
        expect(page.locator("#L200000:target")).to_be_in_viewport()
