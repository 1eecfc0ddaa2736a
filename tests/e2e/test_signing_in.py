"""Signing in with a forge and with OpenID Connect, in a browser: what one sees is what grants say, and no more."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import LOOKS, faults, wider_than_the_window
from tests.hostile import database
from tests.server import PATIENCE, Server, running
from tests.sign_in_providers import CLIENT, SECRET, OpenID, Provider, standing_in

PASSWORD = "a-long-password-of-the-tests"
REPOS = "/admin/builds/repo/"


@dataclass
class Site:
    server: Server
    github: Provider
    oidc: OpenID
    pictures: Path

    def manage(self, *words: str) -> None:
        done = self.server.manage(*words)
        assert done.returncode == 0, done.stderr

    def shell(self, code: str) -> None:
        self.manage("shell", "--command", f"from django.contrib.auth.models import Group, User; {code}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("signing-in")
    github, oidc = Provider(), OpenID()
    with ExitStack() as stack:
        for provider in (github, oidc):
            stack.enter_context(standing_in(provider))
        settings = {
            "EDRONE_GITHUB_CLIENT_ID": CLIENT,
            "EDRONE_GITHUB_CLIENT_SECRET": SECRET,
            "EDRONE_GITHUB_SERVER": github.url,
            "EDRONE_OIDC_CLIENT_ID": CLIENT,
            "EDRONE_OIDC_CLIENT_SECRET": SECRET,
            "EDRONE_OIDC_ISSUER": oidc.url,
            "EDRONE_OIDC_NAME": "Keycloak",
            "EDRONE_TRUSTED_PROXIES": "127.0.0.1",
            "DRONE_DATABASE_URL": f"sqlite:///{database(folder / 'drone.sqlite')}",
            "SECRET_KEY": "tests-" * 8,
        }
        server = stack.enter_context(running(folder, **settings))
        made = Site(server, github, oidc, folder)
        made.shell(f"User.objects.create_user('ada', password='{PASSWORD}')")
        made.manage("grant", "ada", "shop/*", "view")
        yield made


@contextmanager
def window(browser: Browser, *, allowed: tuple[int, ...] = (), **look: Any) -> Iterator[Page]:
    """Open a browser of its own; at the end the console may have said nothing but the statuses `allowed`."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | look)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    unexpected = [text for text in complaints if not any(f"status of {status} " in text for status in allowed)]
    assert unexpected == []


def sign_in(page: Page, site: Site, button: str) -> None:
    page.goto(f"{site.server.url}{REPOS}")
    page.get_by_role("button", name=button).click()
    page.get_by_role("link", name="Authorize").click()
    page.wait_for_url(f"{site.server.url}{REPOS}")


def slugs(page: Page) -> set[str]:
    return set(page.locator(f"a[href^='{REPOS}']").evaluate_all("links => links.map(a => a.pathname)")) - {REPOS}


def test_whoever_signs_in_with_github_sees_what_grants_say_and_signs_out(site: Site, browser: Browser):
    with window(browser, allowed=(403,)) as page:
        sign_in(page, site, "Sign in with GitHub")
        expect(page.get_by_text("You are signed in as ada@github, but you may not see any repository yet.")).to_be_visible()
        site.manage("grant", "ada@github", "ismewen/edrone", "view")
        page.reload()
        assert slugs(page) == {f"{REPOS}ismewen/edrone/"}
        site.shell("from builds.access.models import Grant; Grant.objects.filter(user__username='ada@github').delete()")
        page.reload()
        expect(page.get_by_text("you may not see any repository yet")).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        page.goto(f"{site.server.url}{REPOS}")
        expect(page.get_by_role("button", name="Sign in with GitHub")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_whoever_signs_in_with_openid_connect_sees_what_their_groups_may(scripts: bool, site: Site, browser: Browser):
    site.shell("Group.objects.get_or_create(name='oidc:devs')")
    site.shell(
        "from builds.access.models import Grant; "
        "Grant.objects.get_or_create(group=Group.objects.get(name='oidc:devs'), pattern='shop/*', level=1)"
    )
    with window(browser, java_script_enabled=scripts) as page:
        sign_in(page, site, "Sign in with Keycloak")
        found = page.locator(f"a[href^='{REPOS}shop/']")
        expect(found.first).to_be_visible()
        expect(page.locator(f"a[href^='{REPOS}ismewen/']")).to_have_count(0)


def test_an_account_is_connected_and_is_a_way_in_from_then_on(site: Site, browser: Browser):
    site.github.person |= {"id": 4711, "login": "lovelace"}
    with window(browser) as page:
        page.goto(f"{site.server.url}/admin/")
        page.fill("#id_username", "ada")
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.goto(f"{site.server.url}/admin/signin/")
        page.get_by_role("button", name="Connect an account at GitHub").click()
        page.get_by_role("link", name="Authorize").click()
        expect(page.get_by_text("You can now sign in with your account at GitHub.")).to_be_visible()
        expect(page.get_by_text("lovelace").first).to_be_visible()
    with window(browser) as page:
        sign_in(page, site, "Sign in with GitHub")
        expect(page.locator(f"a[href^='{REPOS}shop/']").first).to_be_visible()
    site.github.person |= {"id": 7, "login": "ada"}


def test_a_proxy_signs_in_by_its_header_and_a_header_that_came_twice_does_not(site: Site, browser: Browser):
    with window(browser, allowed=(403,), extra_http_headers={"Remote-User": "ann"}) as page:
        page.goto(f"{site.server.url}/admin/")
        expect(page.get_by_text("You are signed in as ann@proxy")).to_be_visible()
    with window(browser, allowed=(400,), extra_http_headers={"Remote-User": "ann,root"}) as page:
        page.goto(f"{site.server.url}/admin/")
        expect(page.get_by_text("header Remote-User that names nobody")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_signing_in_looks_right_to_axe_and_fits(look: str, site: Site, browser: Browser):
    with window(browser, allowed=(400, 403), **LOOKS[look]) as page:

        def looks_right(name: str) -> None:
            page.screenshot(path=site.pictures / f"{look}-{name}.png")
            assert faults(page) == [], name
            assert not wider_than_the_window(page), name

        page.goto(f"{site.server.url}/admin/login/")
        looks_right("login")
        page.goto(f"{site.server.url}/admin/signin/github/callback/?state=x&code=y")
        looks_right("refused")
        site.github.person["id"] = 99
        page.goto(f"{site.server.url}/admin/login/")
        page.locator("button[formaction$='/github/']").click()
        page.get_by_role("link", name="Authorize").click()
        page.wait_for_url(f"{site.server.url}/admin/")
        looks_right("no-access")
        site.shell("User.objects.filter(socialaccount__uid='99').update(is_superuser=True)")
        for name, path in {"accounts": "/admin/signin/", "all": "/admin/socialaccount/socialaccount/"}.items():
            page.goto(f"{site.server.url}{path}")
            looks_right(name)
        page.goto(f"{site.server.url}/admin/socialaccount/socialaccount/add/")
        looks_right("add")
        site.shell("User.objects.filter(socialaccount__uid='99').delete()")
        site.github.person["id"] = 7
