"""The page Freezes in a browser: something is frozen, marked where it is deployed, and lifted; a reader only reads."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import LOOKS, faults, reader, wider_than_the_window
from tests.server import Server, running

PAGE, BOARD = "/admin/builds/freezes/", "/admin/builds/deployments/"
ADMIN, VIEWER, OUTSIDER, PASSWORD = "anna", "bert", "carl", "a-long-password-of-the-tests"
WIDTHS = {"tablet": {"viewport": {"width": 768, "height": 1024}}, "narrow": {"viewport": {"width": 360, "height": 800}}}
REASON = "Stock-taking <b>of the year</b>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("freezes"), SECRET_KEY="tests-" * 8) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_superuser('{ADMIN}', password='{PASSWORD}'); "
            f"[User.objects.create_user(name, password='{PASSWORD}', is_staff=True) for name in ('{VIEWER}', '{OUTSIDER}')]",
        )
        assert made.returncode == 0, made.stderr
        for words in (
            ("grant", VIEWER, "shop/*", "view"),
            ("grant", OUTSIDER, "platform/*", "deploy"),
            ("freeze", "shop/*", "staging", "*", "--reason", "x" * 300, "--until", "2099-12-24T18:00+01:00"),
            ("freeze", "shop/cart", "--branch", "release/*", "--reason", "Later", "--from", "2098-01-01T00:00Z"),
        ):
            done = server.manage(*words)
            assert done.returncode == 0, done.stderr
        yield server


@pytest.mark.parametrize("look", [*LOOKS, *WIDTHS])
def test_the_pages_are_fit_to_be_seen(browser: Browser, site: Server, look: str) -> None:
    with reader(browser, site.url, ADMIN, PASSWORD, allowed=(422,), **(LOOKS | WIDTHS)[look]) as page:
        for path in (PAGE, BOARD, "/admin/"):
            page.goto(site.url + path)
            assert faults(page) == []
            assert not wider_than_the_window(page)
        page.goto(site.url + PAGE)
        page.locator("#id_pattern").fill("shop")
        page.locator("#id_reason").fill("r")
        page.locator("form.freeze button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert faults(page) == []
        assert not wider_than_the_window(page)


def test_a_freeze_is_made_marked_and_lifted(browser: Browser, site: Server) -> None:
    with reader(browser, site.url, ADMIN, PASSWORD) as page, reader(browser, site.url, VIEWER, PASSWORD) as other:
        page.goto(site.url + PAGE)
        expect(page.get_by_label("Time zone")).to_have_value("Asia/Shanghai")
        page.get_by_label("Repositories").fill("shop/*")
        page.get_by_label("Targets and operations").fill("production")
        page.get_by_label("Reason").fill(REASON)
        page.get_by_label("Until").fill("2099-12-31T18:00")
        page.get_by_role("button", name="Freeze", exact=True).click()
        expect(page.get_by_text("The freeze was made.")).to_be_visible()
        assert faults(page) == []
        made = page.locator(".freezes > li.holds").filter(has_text=REASON)
        expect(made.locator("time").last).to_have_attribute("datetime", "2099-12-31T10:00:00+00:00")
        page.goto(site.url + BOARD)
        expect(page.locator(".frozen").filter(has_text=REASON).first).to_contain_text("Frozen until")

        other.goto(site.url + BOARD)
        expect(other.locator(".frozen").filter(has_text=REASON).first).to_be_visible()
        other.goto(site.url + PAGE)
        expect(other.locator(".freezes > li").filter(has_text=REASON)).to_be_visible()
        expect(other.get_by_role("button", name="Lift")).to_have_count(0)
        expect(other.get_by_role("heading", name="Make a freeze")).to_have_count(0)

        page.goto(site.url + PAGE)
        made.get_by_role("button", name="Lift the freeze of shop/*").click()
        expect(page.get_by_text("The freeze was lifted.")).to_be_visible()
        expect(page.locator(".freezes > li.lifted").filter(has_text=REASON)).to_contain_text(f"({ADMIN})")
        other.goto(site.url + BOARD)
        expect(other.locator(".frozen").filter(has_text=REASON)).to_have_count(0)


def test_somebody_without_rights_there_sees_and_freezes_nothing(browser: Browser, site: Server) -> None:
    with reader(browser, site.url, OUTSIDER, PASSWORD, allowed=(403,)) as page:
        page.goto(site.url + PAGE)
        expect(page.get_by_text("Nothing is frozen.")).to_be_visible()
        page.get_by_label("Repositories").fill("shop/*")
        page.get_by_label("Reason").fill("not mine")
        page.get_by_role("button", name="Freeze", exact=True).click()
        expect(page.get_by_text("needs a deploy grant that covers all of shop/*")).to_be_visible()
        assert faults(page) == []
