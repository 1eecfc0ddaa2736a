"""Pages stay small, whatever is in what they show."""

import json
import re
from typing import Any

import pytest

from builds.drone import places
from tests.builds.pages.test_pages import LIST
from tests.hostile import RUNNING
from tests.standin.http import Response, serving

MOST = 300_000  # bytes of a page
LINES = {
    "long": "x" * 20_000,
    "coloured": "".join(f"\x1b[{31 + number % 6}mx" for number in range(600)),
    "hidden": "a\u202e" * 2000,
}


def stream_of(lines: list[str]) -> Response:
    events = [json.dumps({"pos": pos, "out": f"{out}\n", "time": pos}) for pos, out in enumerate(lines)]
    return Response(200, "".join(f"data: {event}\n\n" for event in events).encode())


@pytest.mark.parametrize("kind", LINES)
def test_the_lines_of_a_running_step_come_in_pieces_of_bounded_size_and_all_come(kind, viewer, settings: Any):
    count = 100
    with serving(lambda _: stream_of([LINES[kind]] * count)) as server:
        settings.DRONE_SERVER, settings.DRONE_TOKEN = server.url, "token"
        places.places.cache_clear()
        path, seen = f"{LIST}ismewen/edrone/{RUNNING}/-/step/1/2/", 0
        while seen < count:
            answer = viewer.get(path)
            page = answer.content.decode()
            assert len(answer.content) < MOST
            numbers = [int(number) for number in re.findall(r'id="L(\d+)"', page)]
            assert numbers == list(range(seen + 1, seen + 1 + len(numbers)))
            assert numbers
            seen = numbers[-1]
            assert ('hx-trigger="load, every 2s"' in page) == (seen < count)  # what is left is asked for at once
            path = re.findall(r'hx-get="([^"]+/after/\d+/)"', page)[0]
        assert path.endswith(f"/after/{count}/")
    places.places.cache_clear()
