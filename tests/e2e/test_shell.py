"""What is around every page: menu, search, keys, and the lists' common measures, with and without JavaScript."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import faults, reader, wider_than_the_window
from tests.e2e.test_pages import BUILD, BUILDS, PASSWORD, REPOS, site
from tests.hostile import HOSTILE

__all__ = ["site"]
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}}
LOOKS: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "tablet-dark": {"viewport": {"width": 768, "height": 900}, "color_scheme": "dark"},
    "desk-chinese": {"locale": "zh-CN"},
}
PAGES = ["/admin/", BUILDS, "/admin/builds/search/?q=edrone", "/admin/auth/user/", "/admin/builds/grant/add/", "/api/docs"]


def open_menu(page: Page, name: str) -> None:
    """Open a menu of the bar; on a phone they are behind its button."""
    if page.locator(".open-menu").is_visible():
        page.locator(".open-menu").click()
    page.locator(".submenu > summary", has_text=name).click()


@pytest.mark.parametrize("look", LOOKS)
def test_menus_search_and_shortcuts_look_right_to_axe_and_fit(look, site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, **LOOKS[look]) as page:
        for path in PAGES:
            page.goto(f"{site.url}{path}")
            page.screenshot(path=site.pictures / f"shell-{look}-{path.strip('/').replace('/', '-')[:30]}.png")
            assert not wider_than_the_window(page), (look, path)
            assert page.evaluate("document.getElementById('header').offsetHeight") < 60, (look, path)  # one line
            if path != "/api/docs":  # Swagger UI's own parts
                assert faults(page) == [], (look, path)
        page.goto(f"{site.url}{BUILDS}")
        open_menu(page, "anna")
        assert faults(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_visible()
        assert faults(page) == []


def test_keys_lead_to_pages_but_not_while_one_types(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.keyboard.press("g")
        page.keyboard.press("b")
        page.wait_for_url(f"{site.url}{BUILDS}")
        page.keyboard.press("/")
        field = page.locator(".find input")
        expect(field).to_be_focused()
        page.keyboard.type("gr?/")
        expect(field).to_have_value("gr?/")
        expect(page.locator("#shortcuts")).to_be_hidden()
        page.locator("h1").click()
        page.keyboard.press("g")
        page.keyboard.press("r")
        page.wait_for_url(f"{site.url}{REPOS}")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#shortcuts")).to_be_hidden()


def test_a_menu_closes_on_escape_and_on_a_click_elsewhere(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        link = page.get_by_role("link", name="Audit log")
        for close in (lambda: page.keyboard.press("Escape"), lambda: page.mouse.click(700, 120)):
            open_menu(page, "Records")
            expect(link).to_be_visible()
            close()
            expect(link).to_be_hidden()
        open_menu(page, "Records")
        link.click()
        expect(page.locator(".submenu > summary.current")).to_have_text("Records")


def test_the_search_suggests_repositories_and_opens_what_fits(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.locator(".find input").press_sequentially("edro")
        expect(page.locator("#suggestions option[value='ismewen/edrone']")).to_be_attached()
        page.locator(".find input").fill(f"edrone#{HOSTILE}")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site.url}{BUILD}")


def test_the_way_back_shows_the_filters_of_its_address(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILDS}")
        page.locator("select[name=status]").select_option("failure")
        page.locator("#filters button[type=submit]").click()
        page.wait_for_url("**status=failure**")
        page.go_back()
        expect(page.locator("select[name=status]")).to_have_value("")
        page.go_forward()
        expect(page.locator("select[name=status]")).to_have_value("failure")


def test_on_a_phone_there_is_one_bar_of_48_pixels_and_filters_are_folded(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, **PHONE) as page:
        page.goto(f"{site.url}{BUILDS}")
        assert page.locator("#header").evaluate("bar => bar.offsetHeight") == 48
        expect(page.locator(".bar-title")).to_have_text("Builds")
        expect(page.locator("select[name=status]")).to_be_hidden()
        heights = page.locator("table.builds tbody tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
        assert heights
        assert max(heights) <= 66
        page.locator(".open-filters").click()
        page.locator("select[name=status]").select_option("failure")
        page.get_by_role("button", name="Filter", exact=True).last.click()
        page.wait_for_url(re.compile("status=failure"))
        page.locator(".to-search").click()
        page.wait_for_url(re.compile("/search/"))
        expect(page.locator(".search-page input[type=search]")).to_be_focused()


def test_rows_of_lists_are_56_pixels_and_lead_to_their_pages(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{BUILDS}")
        rows = page.locator("table.builds tbody tr")
        heights = rows.evaluate_all("rows => rows.map(row => row.offsetHeight)")
        assert {round(height / 2) for height in heights} <= {28, 29}
        address = rows.first.locator("td.wide a").get_attribute("href")
        rows.first.locator("td").last.click(position={"x": 2, "y": 50}, force=True)  # the link lies over it
        page.wait_for_url(f"{site.url}{address}")


@pytest.mark.parametrize("look", [{}, PHONE])
def test_without_scripts_menus_open_and_filters_work(look, site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, java_script_enabled=False, **look) as page:
        open_menu(page, "Settings")
        page.get_by_role("link", name="Users").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Users")
        if look:
            page.locator(".open-filters").click()
        page.locator("select[name=is_superuser__exact]").select_option("0")
        page.locator("#filters button").click()
        expect(page.locator("#result_list tbody tr")).to_have_count(1)
        expect(page.get_by_role("link", name="bert")).to_be_visible()


def test_the_page_of_the_api_has_the_menu_and_follows_the_theme(site, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, color_scheme="dark") as page:
        page.get_by_role("link", name="API", exact=True).click()
        expect(page.locator(".swagger-ui .info .title")).to_be_visible()
        expect(page.locator("html")).to_have_class(re.compile("dark-mode"))
        expect(page.locator(".menu a[aria-current=page]")).to_have_text("API")
        page.locator(".menu a[data-key=o]").click()
        page.wait_for_url(f"{site.url}/admin/")
