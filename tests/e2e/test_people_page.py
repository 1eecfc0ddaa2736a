"""People and access, and tokens, in a browser: access is given and taken, a session is ended, a token is copied."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import LOOKS, faults, reader, wider_than_the_window
from tests.server import Server, running

PEOPLE, TOKENS = "/admin/builds/people/", "/admin/builds/apitoken/"
ADMIN, VIEWER, PASSWORD = "anna", "bert", "a-long-password-of-the-tests"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("people"), SECRET_KEY="tests-" * 8) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; from builds.access.drone_bindings import DroneBinding; "
            f"User.objects.create_user('{ADMIN}', password='{PASSWORD}', is_staff=True, is_superuser=True); "
            f"User.objects.create_user('{VIEWER}', password='{PASSWORD}', is_staff=True); "
            "DroneBinding.objects.create(provider='github', uid='4711', login='ann', drone_user_id=7, state='waiting')",
        )
        assert made.returncode == 0, made.stderr
        granted = server.manage("grant", VIEWER, "platform/*", "view")
        assert granted.returncode == 0, granted.stderr
        yield server


def of(page: Page, name: str) -> Locator:
    return page.locator(".people > li").filter(has=page.get_by_role("heading", name=name))


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_are_fit_to_be_seen(browser: Browser, site: Server, look: str) -> None:
    with reader(browser, site.url, ADMIN, PASSWORD, **LOOKS[look]) as page:
        for path in (PEOPLE, f"{PEOPLE}?show=groups", f"{TOKENS}add/"):
            page.goto(site.url + path)
            for summary in page.locator(".people summary").all():
                summary.click()
            assert faults(page) == []
            assert not wider_than_the_window(page)


def test_access_is_given_and_taken_and_sessions_are_ended(browser: Browser, site: Server) -> None:
    with (
        reader(browser, site.url, ADMIN, PASSWORD, allowed=(422,)) as page,
        reader(browser, site.url, VIEWER, PASSWORD, allowed=(404,)) as other,
    ):
        other.goto(f"{site.url}/admin/builds/repo/shop/cart/")
        expect(other.get_by_role("heading", name="Not found")).to_be_visible()

        page.goto(f"{site.url}{PEOPLE}?repo=shop/cart")
        expect(of(page, VIEWER)).to_have_count(0)
        page.goto(f"{site.url}{PEOPLE}?q={VIEWER}")
        of(page, VIEWER).get_by_text("Give access").first.click()
        of(page, VIEWER).get_by_label("Repositories").fill("shop")
        of(page, VIEWER).get_by_label("Level").select_option("run")
        of(page, VIEWER).get_by_role("button", name="Give access").click()
        expect(page.get_by_role("alert")).to_contain_text("“shop” is not a valid repository pattern")
        of(page, VIEWER).get_by_label("Repositories").fill("shop/*")
        of(page, VIEWER).get_by_role("button", name="Give access").click()
        expect(page.get_by_text(f"Granted: {VIEWER}: run shop/*.")).to_be_visible()
        page.goto(f"{site.url}{PEOPLE}?repo=shop/cart")
        expect(of(page, VIEWER)).to_have_count(1)

        other.goto(f"{site.url}/admin/builds/repo/shop/cart/")
        expect(other.get_by_role("heading", name="shop/cart", exact=True)).to_be_visible()
        of(page, VIEWER).get_by_role("button", name="Remove run on shop/*").click()
        expect(page.get_by_text(f"Removed: {VIEWER}: run shop/*.")).to_be_visible()
        other.reload()
        expect(other.get_by_role("heading", name="Not found")).to_be_visible()

        page.goto(f"{site.url}{PEOPLE}?q={VIEWER}")
        of(page, VIEWER).get_by_text("Sessions and 0 tokens").click()
        of(page, VIEWER).get_by_role("button", name="End all sessions").click()
        expect(page.get_by_text(f"Ended 1 session and 0 API tokens of {VIEWER}.")).to_be_visible()
        other.goto(f"{site.url}/admin/builds/repo/")
        expect(other.locator("#id_username")).to_be_visible()

        page.get_by_role("button", name="Refuse").click()
        expect(page.get_by_text("This account does not count as Drone's user “ann”.")).to_be_visible()
        expect(page.get_by_text("Waiting for your decision")).to_have_count(0)


def test_a_token_is_narrowed_and_copied(browser: Browser, site: Server) -> None:
    with reader(browser, site.url, ADMIN, PASSWORD, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(f"{site.url}{TOKENS}add/")
        page.get_by_label("Name").fill("reader")
        page.get_by_label("Only repositories").fill("shop/*")
        page.get_by_label("At most").select_option("view (reading only)")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Copy the token").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert faults(page) == []
        token = page.locator("#token").inner_text()
        assert page.evaluate("navigator.clipboard.readText()") == token
        address = f"{site.url}/api/repos"
        answer = page.request.get(address, headers={"Authorization": f"Bearer {token}"})
        assert {repo["slug"].partition("/")[0] for repo in answer.json()} == {"shop"}
        refused = page.request.post(f"{address}/shop/cart/builds", headers={"Authorization": f"Bearer {token}"})
        assert refused.status == 403
