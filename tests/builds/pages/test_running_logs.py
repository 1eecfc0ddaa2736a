"""The log of a step that runs: what cannot be had yet is said, and nothing is offered that leads nowhere."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from builds.drone_server import client as drone_client
from demo.standin.http import Response, serving
from tests.builds.pages.test_pages import LIST
from tests.hostile import RUNNING

STEP, LOG = (f"{LIST}ismewen/edrone/{RUNNING}/-/{page}/1/2/" for page in ("step", "log"))


@pytest.fixture
def streaming(settings: Any) -> Iterator[Callable[[Response], None]]:
    """Run a Drone that answers as the test says."""
    with ExitStack() as held:

        def answering(answer: Response) -> None:
            settings.DRONE_SERVER = held.enter_context(serving(lambda _: answer)).url
            settings.DRONE_TOKEN = "token"
            drone_client.slots.cache_clear()

        yield answering
    drone_client.slots.cache_clear()


def lines(first: int, last: int) -> Response:
    """Stream lines by their numbers."""
    events = [{"pos": number - 1, "out": f"line {number}\n", "time": 0} for number in range(first, last + 1)]
    return Response(200, "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode())


@pytest.mark.parametrize("query", [{"q": "line"}, {"errors": "1"}])
def test_a_search_says_that_drone_could_not_be_asked(query, viewer, streaming):
    streaming(Response(502, b"<html>"))
    answer = viewer.get(f"{LOG}find/", query, headers={"Accept": "application/json"}).json()
    assert (answer["count"], answer["lines"]) == (0, [])
    assert "A proxy in front of Drone got no answer" in answer["said"]
    assert "A proxy in front of Drone got no answer" in viewer.get(f"{LOG}find/", query).content.decode()


def test_a_search_says_that_a_step_has_no_log(viewer):
    skipped = viewer.get(f"{LIST}ismewen/edrone/900/-/log/1/4/find/", {"q": "line"}).content.decode()
    assert "This step did not run, so it printed nothing." in skipped


def test_what_is_found_is_no_link_and_the_file_is_not_offered_until_the_step_has_ended(viewer, streaming):
    streaming(lines(1, 20))
    page = viewer.get(STEP).content.decode()
    assert "line 20" in page
    assert f"{LOG}file/" not in page
    found = viewer.get(f"{LOG}find/", {"q": "line 12"}).content.decode()
    assert '<div class="line"><a>12</a>' in found
    assert "/line/" not in found


def test_lines_that_drone_no_longer_holds_are_a_gap(viewer, streaming):
    streaming(lines(6001, 6003))
    for path, first in ((STEP, 1), (f"{LOG}after/100/", 101)):
        page = viewer.get(path).content.decode()
        (gap,) = re.findall(r'<div class="gap">.*?</div>', page, re.DOTALL)
        assert f"Lines {first} to 6000" in gap
        assert "Drone keeps only the newest lines of a running step." in gap
        assert re.findall(r'id="L(\d+)"', page) == ["6001", "6002", "6003"]
    for after in (6000, 6002):
        assert 'class="gap"' not in viewer.get(f"{LOG}after/{after}/").content.decode()
