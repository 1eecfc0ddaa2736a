"""The page Tree in a browser: in both themes and languages, at three widths, by readers of screens, and while it is checked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import LOOKS, faults, reader, wider_than_the_window
from tests.server import Server, running

TREE, FILE = "/admin/builds/tree/", "/admin/builds/tree/file/?path="
PASSWORD = "a-long-password-of-the-tests"
WIDTHS = {"narrow": {"viewport": {"width": 360, "height": 800}}, "tablet": {"viewport": {"width": 768, "height": 1024}}}
PIPELINE = "kind: pipeline\nname: a\ntrigger: {event: [push]}\nsteps:\n- extends: _shared/docker.yaml\n"
MANY = 220  # files; so many are examined in a process of its own


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("tree")
    files = {f"p{number:03}/default.yaml": PIPELINE for number in range(MANY)} | {
        "_shared/docker.yaml": "name: docker\nimage: plugins/docker\ncomands: [x]\n",
        "_shared/forgotten.yaml": "name: old\nimage: x\n",
        f"broken/{'very-long-' * 20}.yaml": f"{PIPELINE}- extends: _shared/{'no' * 60}.yaml\n",
    }
    for path, text in files.items():
        (folder / "projects" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "projects" / path).write_text(text)
    with running(folder, EDRONE_PROJECTS=str(folder / "projects"), SECRET_KEY="tests-" * 8) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('anna', password='{PASSWORD}', is_staff=True, is_superuser=True)",
        )
        assert made.returncode == 0, made.stderr
        yield server


def test_findings_appear_by_themselves_once_they_are_there(site: Server, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD) as page:
        page.goto(f"{site.url}{TREE}?q=broken")
        expect(page.locator(".tree-rows").get_by_text("1 error")).to_be_visible(timeout=60_000)
        expect(page.get_by_text("edrone is checking")).to_have_count(0)


@pytest.mark.parametrize("look", [*LOOKS, *WIDTHS])
def test_it_looks_right_to_axe_and_fits(look: str, site: Server, browser: Browser, tmp_path: Path):
    paths = {
        "list": TREE, "shared": f"{FILE}_shared/docker.yaml", "broken": f"{FILE}broken/{'very-long-' * 20}.yaml",
        "unused": f"{FILE}_shared/forgotten.yaml", "nothing": f"{TREE}?q=nothing-like-it",
    }  # fmt: skip
    with reader(browser, site.url, "anna", PASSWORD, **(LOOKS | WIDTHS)[look]) as page:
        for name, path in paths.items():
            page.goto(f"{site.url}{path}")
            page.screenshot(path=tmp_path / f"{look}-{name}.png", full_page=True)
            assert faults(page) == [], (look, name)
            assert not wider_than_the_window(page), (look, name)


def test_everything_works_without_scripts(site: Server, browser: Browser):
    with reader(browser, site.url, "anna", PASSWORD, java_script_enabled=False) as page:
        page.goto(f"{site.url}{TREE}")
        page.select_option("select[name=show]", "shared")
        page.get_by_role("button", name="Filter").click()
        page.get_by_role("link", name="_shared/docker.yaml").click()
        expect(page.get_by_text(f"Change this, and {MANY + 1} repositories build otherwise.")).to_be_visible()
        page.get_by_role("link", name="p000/default.yaml").click()
        expect(page.get_by_role("heading", name="p000/default.yaml")).to_be_visible()
