"""/api/docs in a browser: the API is tried with a token, nothing comes from elsewhere, nothing is refused by the policy."""

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.drones import RECORDED
from tests.e2e.browsing import faults
from tests.server import Server, running


@pytest.fixture(scope="module")
def edrone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("page")
    copy = folder / "drone.sqlite"
    shutil.copy(RECORDED / "drone-2.28.2.sqlite", copy)
    with running(folder, DRONE_DATABASE_URL=f"sqlite:///{copy}") as server:
        yield server


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str], edrone: Server) -> Iterator[Page]:
    """Open a page that notes what the browser complains of, and every request to elsewhere."""
    opened = browser.new_page()
    opened.set_default_timeout(15_000)
    opened.on("console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: complaints.append(request.url) if not at_home(request.url, edrone) else None)
    yield opened
    opened.close()


def at_home(url: str, edrone: Server) -> bool:
    return url.startswith(("data:", "blob:")) or urlsplit(url).netloc == urlsplit(edrone.url).netloc


def test_the_api_can_be_tried_with_a_token(page, edrone, complaints):
    token = edrone.manage("createtoken", "admin").stdout.strip()
    page.goto(f"{edrone.url}/api/docs")
    page.click("button.authorize")
    page.fill(".auth-container input", token)
    page.click(".auth-btn-wrapper button.authorize")
    page.click(".auth-btn-wrapper button.btn-done")
    page.click("#operations-user-user .opblock-summary-control")
    page.click("#operations-user-user button.execute")
    page.wait_for_selector("#operations-user-user .live-responses-table")
    answer = page.inner_text("#operations-user-user .live-responses-table")
    assert "200" in answer
    assert '"login": "admin"' in answer
    assert page.eval_on_selector_all("#api select", "all => all.length > 0 && all.every(one => one.ariaLabel)")
    page.screenshot(path=edrone.output.parent / "docs.png", full_page=True)
    assert complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_has_no_fault_but_the_links_in_buttons_of_swagger_ui(page, edrone, theme):
    page.emulate_media(color_scheme=theme)
    page.goto(f"{edrone.url}/api/docs")
    for method in ("get", "post", "delete"):
        page.locator(f".opblock-{method} .opblock-summary-control").first.click()
    page.wait_for_selector(".opblock-post textarea")
    page.wait_for_selector(".opblock-delete .execute")
    page.click("button.authorize")
    page.wait_for_selector(".auth-container input")
    assert [fault for fault in faults(page) if "Interactive controls must not be nested" not in fault] == []


def test_the_pages_of_tokens_work_under_the_policy(page, edrone, complaints):
    password = edrone.printed().split("password ")[1].split(" ")[0]
    page.goto(f"{edrone.url}/admin/builds/apitoken/add/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", password)
    page.click("input[type=submit]")
    page.fill("#id_name", "browser")
    page.click("input[name=_save]")
    token = page.inner_text("#token")
    assert token.startswith("edrone_")
    page.goto(f"{edrone.url}/admin/builds/grant/add/")
    page.wait_for_selector("select#id_user")
    page.screenshot(path=edrone.output.parent / "grant.png")
    assert complaints == []
    for path in (
        "/admin/",
        "/admin/builds/apitoken/",
        "/admin/auth/user/",
        "/admin/auth/user/1/change/",
        "/admin/auth/user/add/",
    ):
        page.goto(edrone.url + path)
    assert complaints == []
