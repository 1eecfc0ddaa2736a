"""The search of the bar on top: one thing that fits is opened, several are listed, and what is hidden is not found."""

from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tests.hostile import HOSTILE

SEARCH = "/admin/builds/search/"
REPO, BUILD = "/admin/builds/repo/ismewen/edrone/", f"/admin/builds/build/ismewen/edrone/{HOSTILE}/"


def search(client: Any, text: str, **more: str) -> Any:
    return client.get(SEARCH, {"q": text, **more})


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("ismewen/edrone", REPO),
        (" ismewen/edrone ", REPO),
        ("ismewen/ed", REPO),
        (f"ismewen/edrone#{HOSTILE}", BUILD),
        (f"edrone #{HOSTILE}", BUILD),
    ],
)
def test_the_one_thing_that_fits_is_opened(text, page, viewer):
    assert search(viewer, text)["Location"] == page


def test_a_number_alone_is_a_build_of_the_repository_that_one_looks_at(viewer):
    assert search(viewer, f"#{HOSTILE}", repo="ismewen/edrone")["Location"] == BUILD
    assert search(viewer, f"#{HOSTILE}", repo="no/such")["Location"] == BUILD  # the only one of that number


def test_several_things_are_listed_repositories_first(admin):
    text = search(admin, "e").content.decode()
    assert 0 < text.index("<h2>Repositories</h2>") < text.index("<h2>Builds</h2>")


@pytest.mark.parametrize("text", ["nothing-is-called-so", "#2000000000", "\0", "%", "0" * 40, "f" * 500, "'", "<b>"])
def test_what_fits_nothing_says_what_can_be_searched_for(text, outsider):
    answer = search(outsider, text)
    assert answer.status_code == 200
    assert "Nothing that you may see fits" in answer.content.decode() or text == "\0"


@pytest.mark.parametrize("text", ["ismewen/edrone", f"ismewen/edrone#{HOSTILE}", "ismewen", f"#{HOSTILE}"])
def test_what_a_reader_may_not_see_is_not_found(text, outsider):
    answer = search(outsider, text)
    assert answer.status_code == 200
    assert "/repo/ismewen" not in answer.content.decode()
    suggested = outsider.get(SEARCH, {"q": text}, headers={"HX-Request": "true"}).content.decode()
    assert "ismewen" not in suggested


def test_repositories_are_suggested_while_one_types(viewer):
    suggested = viewer.get(SEARCH, {"q": "edr"}, headers={"HX-Request": "true"}).content.decode()
    assert '<option value="ismewen/edrone">' in suggested
    assert "<html" not in suggested


def test_queries_do_not_grow_with_what_is_found(admin):
    with CaptureQueriesContext(connections["drone"]) as queries:
        search(admin, "e")
    assert len(queries) <= 8
