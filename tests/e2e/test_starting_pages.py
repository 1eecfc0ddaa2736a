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
    """The newest build of master that succeeded."""
    headers = {"Authorization": f"Bearer {site.manage('createtoken', ADMIN).stdout.strip()}"}
    address = f"{site.url}/api/repos/ismewen/edrone/builds?branch=master&event=push&status=success"
    return int(requests.get(address, headers=headers, timeout=20).json()[0]["number"])


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


def test_an_operation_is_run_with_a_bad_and_then_a_good_input_and_finishes(site, browser: Browser, tmp_path: Path):
    with reader(browser, site.url, ADMIN, PASSWORD, allowed=(422,)) as page:
        page.goto(f"{site.url}{REPO}")
        page.get_by_role("link", name="Run…").click()
        picture(page, tmp_path, "run")
        page.get_by_role("link", name="Deploy").click()
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
        page.get_by_role("button", name="Start the build").dblclick()
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
        ("promote", "production", "Promote ismewen/edrone #{} to production.", "The promotion to production was started."),
        ("rollback", "staging", "Roll staging back to ismewen/edrone #{}.", "The rollback of staging was started."),
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
        expect(page.get_by_text(asked.format(green))).to_be_visible()
        page.get_by_role("button", name=re.compile("^(Promote to production|Roll back staging)$")).focus()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(f"{BUILDS}[0-9]+/"))
        expect(page.get_by_text(said)).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_contain_text("success")
        expect(page.locator("#content")).to_contain_text(target)


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
        assert page.get_by_role("link", name="Run…").count() == 0
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
