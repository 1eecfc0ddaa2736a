"""The page Notices in a browser: a channel is made and tried, and what came of it is seen without a reload."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.builds.notices.receivers import receiving
from tests.e2e.browsing import LOOKS, faults, reader, wider_than_the_window
from tests.server import Server, running

PAGE = "/admin/builds/notices/"
ADMIN, PASSWORD = "anna", "a-long-password-of-the-tests"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("notices"), SECRET_KEY="tests-" * 8) as server:
        made = server.manage(
            "shell",
            "--command",
            f"from django.contrib.auth.models import User; User.objects.create_superuser('{ADMIN}', password='{PASSWORD}')",
        )
        assert made.returncode == 0, made.stderr
        yield server


def test_a_channel_is_made_and_tried(browser: Browser, site: Server) -> None:
    with receiving() as receiver, reader(browser, site.url, ADMIN, PASSWORD) as page:
        page.goto(site.url + PAGE)
        page.get_by_label("Name").fill("team")
        page.get_by_label("Kind").select_option("json")
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_role("button", name="Make the channel").click()
        page.get_by_role("button", name="Test team").click()
        expect(page.locator("#told-lately")).to_contain_text("sent", timeout=60_000)
        assert [notice["event"] for notice in receiver.notices] == ["test"]


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_is_fit_to_be_seen(browser: Browser, site: Server, look: str) -> None:
    with reader(browser, site.url, ADMIN, PASSWORD, **LOOKS[look]) as page:
        page.goto(site.url + PAGE)
        for summary in page.locator("main details > summary").all():
            summary.click()
        assert faults(page) == []
        assert not wider_than_the_window(page)
