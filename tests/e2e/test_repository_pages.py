"""The pages of a repository in a browser: three widths, both themes, both languages, by keyboard and with htmx."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import faults, reader, wider_than_the_window
from tests.hostile import database
from tests.server import Server, running

PASSWORD = "a-long-password-of-the-tests"
REPO = "/admin/builds/repo/ismewen/edrone/"
PAGES = ("/admin/builds/repo/", REPO, f"{REPO}-/branches/", f"{REPO}-/configuration/", f"{REPO}-/configuration/?event=promote")
LOOKS = [(360, "light", "en-US"), (768, "dark", "zh-CN"), (1280, "light", "zh-CN"), (1280, "dark", "en-US")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("repository")
    drone = database(folder / "drone.sqlite")
    settings = {"DRONE_SERVER": "http://127.0.0.1:9", "DRONE_TOKEN": "token"}
    with running(folder, DRONE_DATABASE_URL=f"sqlite:///{drone}", SECRET_KEY="tests-" * 8, **settings) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('anna', password='{PASSWORD}', is_staff=True, is_superuser=True)",
        )
        assert made.returncode == 0, made.stderr
        yield server


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_tab_fits_and_has_no_fault(site: Server, browser: Browser, width, theme, language):
    look = {"viewport": {"width": width, "height": 800}, "color_scheme": theme, "locale": language}
    with reader(browser, site.url, "anna", PASSWORD, **look) as page:
        for path in PAGES:
            page.goto(f"{site.url}{path}")
            assert not wider_than_the_window(page), path
            assert faults(page) == [], path


@pytest.mark.parametrize("width", [360, 1280])
def test_the_menus_open_fit_and_close_again(site: Server, browser: Browser, width):
    with reader(browser, site.url, "anna", PASSWORD, viewport={"width": width, "height": 800}) as page:
        page.goto(f"{site.url}{REPO}")
        for name in ("Links", "Run"):
            menu = page.locator(".repo-menu", has_text=name).filter(has=page.locator("summary", has_text=name)).last
            menu.locator("summary").click()
            body = menu.locator(".repo-menu-body")
            expect(body).to_be_visible()
            box = body.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert faults(page) == []
            page.keyboard.press("Escape")
            expect(body).to_be_hidden()
            expect(menu.locator("summary")).to_be_focused()


def test_choosing_an_event_asks_for_what_belongs_to_it(site: Server, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{REPO}-/configuration/")
        expect(page.get_by_role("heading", name="push to master")).to_be_visible()
        page.get_by_label("Event").focus()  # select_option alone does not focus it
        page.get_by_label("Event").select_option("promote")
        expect(page.get_by_label("Target")).to_be_visible()
        expect(page.get_by_label("Event")).to_be_focused()
        page.get_by_label("Target").fill("production")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("heading", name="promotion of master to production")).to_be_visible()
        assert "event=promote" in page.url
        assert "target=production" in page.url
        page.reload()
        expect(page.get_by_role("heading", name="promotion of master to production")).to_be_visible()


def test_a_row_of_the_list_is_56_pixels_high_and_leads_to_the_repository(site: Server, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, viewport={"width": 1280, "height": 800}) as page:
        page.goto(f"{site.url}/admin/builds/repo/")
        row = page.locator(".repo-rows tbody tr", has_text="shop/cart")
        box = row.bounding_box()
        assert box
        assert box["height"] <= 58  # its line included
        row.click(position={"x": box["width"] - 10, "y": 10})
        expect(page).to_have_url(f"{site.url}/admin/builds/repo/shop/cart/")
