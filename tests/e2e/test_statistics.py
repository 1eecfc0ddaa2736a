"""Statistics in a browser: in both themes and languages, at three widths, by readers of screens too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from demo.sample_data import sample_builds
from tests.e2e.browsing import LOOKS, faults, reader, wider_than_the_window
from tests.server import Server, running

ALL, ONE = "/admin/builds/statistics/", "/admin/builds/repo/shop/storefront/-/statistics/"
PASSWORD = "a-long-password-of-the-tests"
WIDTHS = {"narrow": {"viewport": {"width": 360, "height": 800}}, "tablet": {"viewport": {"width": 768, "height": 1024}}}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("statistics")
    sample_builds.make(folder / "drone.sqlite")
    with running(folder, DRONE_DATABASE_URL=f"sqlite:///{folder}/drone.sqlite", SECRET_KEY="tests-" * 8) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('anna', password='{PASSWORD}', is_staff=True, is_superuser=True)",
        )
        assert made.returncode == 0, made.stderr
        yield server


def test_a_page_that_is_left_open_sums_up_what_is_missing(site: Server, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{ALL}?period=90")
        expect(page.get_by_text("still being summed up")).to_have_count(0)
        expect(page.get_by_text("Time to restore")).to_be_visible()


@pytest.mark.parametrize("look", [*LOOKS, *WIDTHS])
def test_it_looks_right_to_axe_and_fits(look: str, site: Server, browser: Browser, tmp_path: Path):
    assert site.manage("sumbuilds").returncode == 0
    with reader(browser, site.url, "anna", PASSWORD, **(LOOKS | WIDTHS)[look]) as page:
        for name, path in {"all": ALL, "one": ONE, "year": f"{ONE}?period=365", "nothing": f"{ALL}?branch=nowhere"}.items():
            page.goto(f"{site.url}{path}")
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            page.screenshot(path=tmp_path / f"{look}-{name}.png", full_page=True)
            assert faults(page) == [], (look, name)
            assert not wider_than_the_window(page), (look, name)


def test_the_success_rate_of_a_month_is_one_click_away(site: Server, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{ALL}")
        link = page.locator(".periods a").last
        month = link.inner_text()
        link.click()
        page.wait_for_url(re.compile(f"period={month}"))
        expect(page.locator(".periods a[aria-current]")).to_have_text(month)
        expect(page.locator(".numbers, .empty")).to_be_visible()


def test_everything_works_without_scripts(site: Server, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, java_script_enabled=False) as page:
        page.goto(f"{site.url}{ONE}")
        page.select_option("select[name=period]", "365")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(re.compile("period=365"))
        page.get_by_text("The charts as a table").click()
        expect(page.locator(".numbers-table table")).to_be_visible()
        assert page.get_by_role("img", name="Builds by result").count() == 1
