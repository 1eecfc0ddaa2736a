"""How the pages of deployments look, in each width and theme."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.e2e.browsing import LOOKS, faults, reader, wider_than_the_window
from tests.server import Server, running

BOARD, HISTORY = "/admin/builds/deployments/", "/admin/builds/repo/ismewen/edrone/-/deployments/"
ADMIN, PASSWORD = "anna", "a-long-password-of-the-tests"
WIDTHS: dict[str, dict[str, Any]] = {
    f"{width}-{scheme}": {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    for width in (360, 768, 1280)
    for scheme in ("light", "dark")
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("deployments"), SECRET_KEY="tests-" * 8) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('{ADMIN}', password='{PASSWORD}', is_staff=True, is_superuser=True)",
        )
        assert made.returncode == 0, made.stderr
        yield server


@pytest.mark.parametrize("look", [*WIDTHS, "chinese"])
def test_the_pages_of_deployments_look_right(look, site, browser: Browser, tmp_path: Path):
    with reader(browser, site.url, ADMIN, PASSWORD, **(LOOKS | WIDTHS)[look]) as page:
        for name, path in {"board": BOARD, "history": HISTORY, "empty": f"{BOARD}?q=no-such"}.items():
            page.goto(f"{site.url}{path}")
            assert faults(page) == [], name
            assert not wider_than_the_window(page), name
            page.screenshot(path=tmp_path / f"{look}-{name}.png")
        page.goto(f"{site.url}{BOARD}")
        page.locator("td.production .do").first.click()
        assert faults(page) == []
        assert not wider_than_the_window(page)
        page.screenshot(path=tmp_path / f"{look}-confirmation.png")
