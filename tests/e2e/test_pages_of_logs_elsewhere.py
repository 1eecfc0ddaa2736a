"""The page of a log that Drone keeps elsewhere, while all that may ask Drone are waiting: it tries again until it has it."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, expect

from demo.standin.http import Request, Response, serving
from tests.e2e.browsing import faults, reader
from tests.hostile import HOSTILE, database
from tests.server import running

STEP = f"/admin/builds/build/ismewen/edrone/{HOSTILE}/-/step/1/1/"
PASSWORD = "a-long-password-of-the-tests"
LINES = b'[{"pos":0,"out":"from S3\\n","time":0}]\n'


def test_it_says_that_edrone_is_busy_and_shows_the_log_once_it_is_not(tmp_path: Path, browser: Browser):
    free = threading.Event()
    drone = database(tmp_path / "drone.sqlite")
    with closing(sqlite3.connect(drone)) as connection, connection:
        connection.execute("DELETE FROM logs")

    def answer(_: Request) -> Response:
        free.wait(60)
        return Response(200, LINES)

    settings = {
        "DRONE_DATABASE_URL": f"sqlite:///{drone}",
        "SECRET_KEY": "tests-" * 8,
        "EDRONE_WORKERS": "1",
        "EDRONE_THREADS": "8",
    }
    with serving(answer) as other, running(tmp_path, DRONE_SERVER=other.url, DRONE_TOKEN="t" * 32, **settings) as edrone:
        made = edrone.manage(
            "shell",
            "--command",
            "from django.contrib.auth.models import User; "
            f"User.objects.create_user('anna', password='{PASSWORD}', is_staff=True, is_superuser=True)",
        )
        assert made.returncode == 0, made.stderr
        with reader(browser, edrone.url, "anna", PASSWORD) as page:
            for _ in range(4):  # as many as may ask Drone at once; the browser has two more connections, and edrone three places
                page.evaluate("address => { fetch(address); }", f"{edrone.url}{STEP}")
            page.wait_for_timeout(1000)
            second = page.context.new_page()
            second.goto(f"{edrone.url}{STEP}")
            expect(second.get_by_text("Too many requests are already waiting for Drone")).to_be_visible()
            assert faults(second) == []
            free.set()
            expect(second.locator("#L1")).to_contain_text("from S3", timeout=15_000)
            expect(second.get_by_text("Too many requests are already waiting")).to_have_count(0)
