"""An operation is started from the pages, with a bad and then with a good input, and watched until it has finished.

Where PICTURES names a folder, the pictures of the documentation are written there.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, FloatRect, Page, expect

from tests.e2e.browsing import LOOKS, faults, reader, wider_than_the_window
from tests.server import Server, running

REPO, BUILDS = "/admin/builds/repo/ismewen/edrone/", "/admin/builds/build/ismewen/edrone/"
PICTURES = os.environ.get("PICTURES", "")
SHOWN = {"build", "confirm", "phone-dark-builds"}  # in docs/browsing.md
ADMIN, VIEWER, PASSWORD = "anna", "bert", "a-long-password-of-the-tests"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("starting")
    with running(folder, SECRET_KEY="tests-" * 8) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('{ADMIN}', password='{PASSWORD}', is_staff=True, is_superuser=True); "
            f"User.objects.create_user('{VIEWER}', password='{PASSWORD}', is_staff=True)",
        )
        assert made.returncode == 0, made.stderr
        granted = server.manage("grant", VIEWER, "ismewen/edrone", "view")
        assert granted.returncode == 0, granted.stderr
        yield server


@pytest.fixture
def green(site: Server) -> int:
    """A build of master that succeeded, and whose commit is not what is live anywhere: a rollback to that is refused."""
    headers = {"Authorization": f"Bearer {site.manage('createtoken', ADMIN).stdout.strip()}"}
    address = f"{site.url}/api/repos/ismewen/edrone/builds?branch=master&event=push&status=success"
    return int(requests.get(address, headers=headers, timeout=20).json()[5]["number"])


def picture(page: Page, folder: Path, name: str) -> None:
    """Take a picture, and let axe look."""
    assert faults(page) == [], name
    assert not wider_than_the_window(page), name
    page.screenshot(path=folder / f"{name}.png", animations="disabled")
    if PICTURES and name in SHOWN:
        size, end = page.viewport_size, page.locator("#content").bounding_box()
        assert size
        assert end
        height = min(size["height"], round(end["y"] + end["height"]))
        clip: FloatRect = {"x": 0, "y": 0, "width": size["width"], "height": height}
        page.screenshot(path=Path(PICTURES) / f"{name}.png", animations="disabled", clip=clip)


def test_the_way_back_from_a_started_operation_opens_the_form_and_sends_nothing_again(site, browser: Browser):
    with reader(browser, site.url, ADMIN, PASSWORD, allowed=(422,)) as page:
        page.goto(f"{site.url}{REPO}-/run/?operation=deploy")
        page.get_by_role("button", name="Continue…").click()  # with a mistake, which is answered with a page as well
        page.get_by_label("REPLICAS").fill("3")
        page.get_by_label("TARGET").select_option("staging")
        page.get_by_role("button", name="Continue…").click()
        page.get_by_role("button", name="Deploy to staging").click()
        page.wait_for_url(re.compile(r"/builds/build/ismewen/edrone/\d+/"))
        started = page.url
        for _ in range(3):  # Chromium fails to load a page that would be sent again
            answer = page.go_back()
            assert answer
            assert answer.request.method == "GET"
            expect(page.get_by_role("button", name="Continue…")).to_be_visible()
        page.goto(f"{site.url}{BUILDS.replace('build/ismewen/edrone/', 'build/')}?repo=ismewen/edrone")
        newest = page.locator("a[href*='/builds/build/ismewen/edrone/']").first
        expect(newest).to_have_attribute("href", started.removeprefix(site.url))


def test_an_operation_is_run_with_a_bad_and_then_a_good_input_and_finishes(site, browser: Browser, tmp_path: Path):
    with reader(browser, site.url, ADMIN, PASSWORD, allowed=(422,)) as page:
        page.goto(f"{site.url}{REPO}")
        page.locator(".repo-menu > summary", has_text="Run").click()
        page.get_by_role("link", name="All operations, with what they do").click()
        picture(page, tmp_path, "run")
        page.get_by_role("link", name="Deploy", exact=True).click()
        page.get_by_label("Branch").fill("develop")
        page.get_by_label("REPLICAS").fill("many")
        page.get_by_role("button", name="Continue…").click()
        expect(page.get_by_text("must be a number")).to_be_visible()
        expect(page.get_by_text("is required")).to_be_visible()
        picture(page, tmp_path, "bad-input")
        page.get_by_label("REPLICAS").fill("3")
        page.get_by_label("TARGET").select_option("staging")
        page.get_by_role("button", name="Continue…").click()
        expect(page.get_by_text("Request to Drone")).to_be_visible()
        picture(page, tmp_path, "confirm")
        page.get_by_role("button", name="Deploy to staging").dblclick()
        page.wait_for_url(re.compile(BUILDS))
        expect(page.get_by_text("The build was started.")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_contain_text("success")
        expect(page.locator("#log .line").first).to_contain_text("stand-in")
        picture(page, tmp_path, "build")
        page.get_by_role("link", name="Configuration").click()
        expect(page.locator("pre.served")).to_contain_text("kind: pipeline")
        picture(page, tmp_path, "configuration")
        page.get_by_role("link", name="Audit log").click()
        expect(page.locator(".records tbody tr")).to_have_count(1)
        expect(page.locator(".records tbody")).to_contain_text(ADMIN)
        picture(page, tmp_path, "record")


@pytest.mark.parametrize(
    ("verb", "target", "asked", "said"),
    [
        ("promote", "production", "Deploy to production", "The promotion to production was started."),
        ("rollback", "staging", "Roll back staging to #{}", "The rollback of staging was started."),
    ],
)
def test_a_promotion_and_a_rollback_by_keyboard_alone_deploy(verb, target, asked, said, site, green, browser: Browser):
    with reader(browser, site.url, ADMIN, PASSWORD) as page:
        page.goto(f"{site.url}{BUILDS}{green}/")
        page.locator(f"[id^=do-{verb}]").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(f"/do/{verb}/"))
        page.locator("#id_target").focus()
        page.keyboard.type(target)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(asked.format(green))
        page.get_by_role("button", name=re.compile("^(Deploy to production|Roll back staging)$")).focus()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(f"{BUILDS}[0-9]+/"))
        expect(page.get_by_text(said)).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_contain_text("success")
        expect(page.locator("#content")).to_contain_text(target)


def test_a_build_is_restarted_in_a_dialog_without_leaving_its_page(site, green, browser: Browser, tmp_path: Path):
    with reader(browser, site.url, ADMIN, PASSWORD) as page:
        address = f"{site.url}{BUILDS}{green}/"
        page.goto(address)
        link, dialog = page.locator("#do-restart"), page.get_by_role("dialog")
        link.click()
        expect(dialog.get_by_role("heading", level=1)).to_contain_text("Restart ismewen/edrone")
        expect(dialog.get_by_role("button", name="Restart")).to_be_focused()
        assert [each.strip() for each in dialog.locator("form.confirm .button").all_inner_texts()] == [
            "Cancel", "Options…", f"Restart #{green}",
        ]  # fmt: skip
        cancel, restart = (dialog.locator(".button", has_text=name).bounding_box() for name in ("Cancel", "Restart"))
        assert cancel
        assert restart
        assert cancel["x"] < restart["x"]  # what confirms is last, as on pages
        picture(page, tmp_path, "dialog")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(link).to_be_focused()
        link.click()
        dialog.get_by_role("link", name="Cancel", exact=True).click()
        expect(dialog).to_be_hidden()
        assert page.url == address
        link.click()
        dialog.get_by_role("button", name="Restart").dblclick()
        expect(page.get_by_text(f"Restarted: ismewen/edrone #{green}.")).to_be_visible()
        assert page.url != address


SLOW_RESTART = """() => {
  const ask = fetch;
  window.fetch = async (url, options) => {
    if (url.endsWith("/do/restart/")) await new Promise((done) => setTimeout(done, 1500));
    return ask(url, options);
  };
}"""


def test_a_slow_answer_does_not_take_the_place_of_what_was_asked_for_later(site, browser: Browser):
    with reader(browser, site.url, ADMIN, PASSWORD) as page:
        page.goto(f"{site.url}/admin/")
        page.locator("a[href*='/builds/build/shop/catalog/']").first.click()
        page.evaluate(SLOW_RESTART)
        page.locator("#do-restart").click()
        page.get_by_role("link", name="Restart what failed").click()
        for pause in (0, 2000):
            page.wait_for_timeout(pause)
            expect(page.get_by_role("dialog").get_by_role("heading", level=1)).to_contain_text("Restart what failed")


def test_what_failed_of_a_build_runs_again_alone_and_the_pages_say_so(site, browser: Browser, tmp_path: Path):
    """The overview shows a service whose image the registry refused; its tests need not run again."""
    with reader(browser, site.url, ADMIN, PASSWORD) as page:
        page.goto(f"{site.url}/admin/")
        page.locator("a[href*='/builds/build/shop/catalog/']").first.click()
        expect(page.locator(".failure")).to_contain_text("image / docker")
        expect(page.locator(".failure .log")).to_contain_text("502 Bad Gateway")
        picture(page, tmp_path, "refused-image")
        page.set_viewport_size({"width": 360, "height": 800})
        page.reload()
        expect(page.locator(".failure .log .line").last).to_be_in_viewport()  # the reason is seen where lines wrap, too
        page.set_viewport_size({"width": 1280, "height": 900})
        failed = page.url.rstrip("/").rpartition("/")[2]
        page.get_by_role("link", name="Restart what failed").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading", level=1)).to_contain_text(f"Restart what failed of shop/catalog #{failed}")
        picture(page, tmp_path, "restart-what-failed")
        dialog.get_by_role("button", name=f"Restart what failed of #{failed}").click()
        expect(page.get_by_text(f"What failed of shop/catalog #{failed} was restarted.")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_contain_text("success")
        picture(page, tmp_path, "restarted-what-failed")
        page.get_by_role("link", name="Configuration").click()
        served = page.locator("pre.served").first  # the second one is what changed
        expect(served).to_contain_text("name: image")
        expect(served).not_to_contain_text("name: test")
        page.get_by_role("link", name="Audit log").click()
        expect(page.locator(".records tbody")).to_contain_text("only what failed")
        picture(page, tmp_path, "record-of-what-failed")


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_of_starting_look_right(look, site, browser: Browser, tmp_path: Path):
    with reader(browser, site.url, ADMIN, PASSWORD, **LOOKS[look]) as page:
        for name, path in {
            "repository": REPO,
            "run": f"{REPO}-/run/",
            "form": f"{REPO}-/run/?operation=deploy",
            "ordinary": f"{REPO}-/run/?operation=",
            "promote": f"{BUILDS}2/-/do/promote/",
            "cancel": f"{BUILDS}2/-/do/cancel/",
            "builds": "/admin/builds/build/",
            "first": "/admin/",
        }.items():
            page.goto(f"{site.url}{path}")
            picture(page, tmp_path, f"{look}-{name}")


def test_who_may_only_look_sees_no_buttons_and_gets_403(site, browser: Browser):
    with reader(browser, site.url, VIEWER, PASSWORD) as page:
        page.goto(f"{site.url}{REPO}")
        assert page.locator(".repo-menu > summary", has_text="Run").count() == 0
        page.goto(f"{site.url}{BUILDS}2/")
        assert page.locator(".actions").count() == 0
        token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
        for path in (f"{BUILDS}2/-/do/restart/", f"{REPO}-/run/?operation=check"):
            form: dict[str, str | float | bool] = {
                "confirmed": "yes",
                "key": "k",
                "branch": "develop",
                "csrfmiddlewaretoken": token,
            }
            answer = page.request.post(f"{site.url}{path}", form=form, headers={"Referer": site.url})
            assert answer.status == 403
            assert re.search(r"Forbidden: \w+ needs? a run grant", answer.text())
