"""The daily jobs of docs/browsing.md: each takes no more clicks than are said there, begun on a page that has to do with none."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import reader
from tests.server import ROOT, Server, running

ADMIN, PASSWORD = "anna", "a-long-password-of-the-tests"
SAID = {
    job: int(clicks)
    for job, clicks in re.findall(r"^\| (\w[^|]+\?) \| (\d) \|", (ROOT / "docs/browsing.md").read_text(), re.MULTILINE)
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("daily-jobs"), SECRET_KEY="tests-" * 8) as server:
        made = server.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('{ADMIN}', password='{PASSWORD}', is_staff=True, is_superuser=True)",
        )
        assert made.returncode == 0, made.stderr
        yield server


class Job:
    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def menu(self, name: str) -> None:
        self.click(self.page.get_by_role("banner").get_by_role("link", name=name, exact=True))

    def row(self, slug: str) -> Locator:
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("link", name=slug, exact=True))

    def started(self) -> str:
        """Wait for the end of the build that was started; return its number."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("success")
        return self.page.url.rstrip("/").rpartition("/")[2]


@contextmanager
def job(site: Server, browser: Browser, name: str) -> Iterator[Job]:
    """Do a job on a desk; it takes just as many clicks as the document says."""
    with reader(browser, site.url, ADMIN, PASSWORD, viewport={"width": 1280, "height": 800}) as page:
        page.goto(f"{site.url}/admin/builds/grant/")
        job = Job(page)
        yield job
        assert job.clicks == SAID[name]


def test_every_job_of_the_document_is_done_here():
    assert len(SAID) == 5


def test_which_services_are_red(site, browser: Browser):
    with job(site, browser, "Which services are red?") as now:
        now.menu("Overview")
        expect(now.row("shop/checkout")).to_be_in_viewport()
        assert now.page.evaluate("scrollY") == 0


def test_why_did_it_fail(site, browser: Browser):
    with job(site, browser, "Why did it fail?") as now:
        now.menu("Overview")
        now.click(now.row("shop/checkout").get_by_role("link", name="#"))
        for seen in (
            now.page.locator(".failure h2"),
            now.page.locator(".failure .line").last,
            now.page.locator("#log .line").last,
        ):
            expect(seen).to_be_in_viewport()
        assert now.page.evaluate("scrollY") == 0


def test_how_often_did_it_fail(site, browser: Browser):
    with job(site, browser, "What is the success rate of a month?") as now:
        now.menu("Statistics")
        now.click(now.page.locator(".periods").get_by_role("link", name="30"))
        expect(now.page.locator(".periods a[aria-current]")).to_contain_text("30")
        expect(now.page.locator(".numbers")).to_be_visible()


def test_deploying_on_staging_with_inputs(site, browser: Browser):
    with job(site, browser, "How do I deploy on staging, with inputs?") as now:
        now.menu("Deployments")
        now.click(now.row("ismewen/edrone").get_by_role("link", name="Deploy…"))
        now.page.get_by_label("TARGET").select_option("staging")
        now.page.get_by_label("REPLICAS").fill("3")
        now.click(now.page.get_by_role("button", name="Continue…"))
        expect(now.page.locator(".deed")).to_contain_text("REPLICAS=3")
        assert now.page.locator(".deed.to-production").count() == 0
        now.click(now.page.get_by_role("button", name="Deploy to staging"))
        number = now.started()
        now.page.goto(f"{site.url}/admin/builds/repo/ismewen/edrone/-/deployments/")
        expect(now.page.locator("tr.live", has_text=f"#{number}")).to_contain_text(ADMIN)


def test_who_deployed_production_last_and_rolling_back(site, browser: Browser):
    with job(site, browser, "Who deployed production last, and how do I roll back?") as now:
        now.menu("Deployments")
        cell = now.row("shop/checkout").locator("td.production")
        expect(cell.locator(".quiet").first).to_contain_text("·")  # who, and since when
        live = cell.get_by_role("link").first.inner_text()
        now.click(cell.get_by_role("link", name="Roll back to #"))
        expect(now.page.locator(".deed.to-production")).to_contain_text(live)
        now.click(now.page.get_by_role("button", name="Roll back production"))
        number = now.started()
        now.page.goto(f"{site.url}/admin/builds/deployments/")
        expect(now.row("shop/checkout").locator("td.production")).to_contain_text(f"#{number} master")
