"""What the administration says where there is nothing, or nothing for the reader."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from builds.browsing import builds_list
from web import error_pages

BUILDS = "/admin/builds/build/"
MISSING = ["/admin/no/such/page/", f"{BUILDS}ismewen/edrone/99999/", "/admin/builds/repo/no/such/"]


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("path", MISSING)
def test_a_page_that_is_not_there_says_so_with_the_menu(path, viewer):
    answer = viewer.get(path)
    assert answer.status_code == 404
    assert '<nav class="menu"' in text(answer)
    assert "<h1>Not found</h1>" in text(answer)
    assert "no-store" in answer["Cache-Control"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/nope", "/edrone/x", "/static/no.css"])
def test_an_address_outside_of_the_administration_is_edrones_own_page_for_a_browser(path, viewer, db):
    html = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for client, menu in ((viewer, True), (Client(), False)):
        answer = client.get(path, headers=html)
        assert answer.status_code == 404
        assert "<h1>Not found</h1>" in text(answer)
        assert ('<nav class="menu"' in text(answer)) == menu
        assert ('<a href="/admin/login/">Log in</a>' in text(answer)) != menu
        assert "no-store" in answer["Cache-Control"]
    assert client.get(path)["Content-Type"] == "text/plain"  # to a program


def test_a_page_that_follows_what_is_gone_is_loaded_anew(viewer):
    gone = f"{BUILDS}ismewen/edrone/99999/-/live/"
    assert viewer.get(gone, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "HX-Refresh" not in viewer.get(gone).headers


def test_what_a_reader_may_not_see_reads_as_what_is_not_there(outsider):
    hidden, missing = (outsider.get(f"{BUILDS}ismewen/edrone/{number}/") for number in (1, 99999))
    assert hidden.status_code == missing.status_code == 404
    assert "This page does not exist" in text(hidden)
    assert "ismewen" not in text(hidden).replace("/admin/builds/build/ismewen/edrone/1/", "")


def test_who_may_not_open_a_page_of_the_administration_is_told_so_with_the_menu(viewer, caplog):
    answer = viewer.get("/admin/auth/user/")
    assert answer.status_code == 403
    assert "Forbidden (Permission denied): /admin/auth/user/" in caplog.text
    assert "Traceback" not in caplog.text  # nothing is broken
    assert '<nav class="menu"' in text(answer)
    assert "<h1>Not allowed</h1>" in text(answer)


def test_a_form_without_its_token_was_not_sent(viewer, drone):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = viewer.cookies
    for client, menu in ((strict, True), (Client(enforce_csrf_checks=True), False)):
        answer = client.post("/admin/login/", {"username": "x"})
        assert answer.status_code == 403
        assert "Nothing was done" in text(answer)
        assert '<a href="/admin/login/">Log in</a>' in text(answer)
        assert ('<nav class="menu"' in text(answer)) == menu


def test_somebody_who_is_not_logged_in_is_asked_to_and_programs_get_few_words(drone):
    for path in MISSING:
        assert Client().get(path)["Location"].startswith("/admin/login/")
    for path in ("/no/such/page", "/edrone/x"):
        answer = Client().get(path)
        assert answer.status_code == 404
        assert len(answer.content) < 300


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/vnd.drone.config.v1+json"])
def test_a_drone_that_is_given_an_address_without_its_path_is_told_so(drone, accept):
    answer = Client(enforce_csrf_checks=True, headers={"Accept": accept}).post("/", b"{}", content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/plain")
    assert "set its DRONE_YAML_ENDPOINT to this address with /edrone at the end" in answer.content.decode()
    assert Client().get("/")["Location"] == "/admin/"


def test_a_program_that_is_refused_as_a_form_gets_no_page(drone):
    answer = Client(enforce_csrf_checks=True).post("/favicon.ico")
    assert (answer.status_code, answer["Content-Type"]) == (403, "text/plain")
    assert answer.content.decode().startswith("Forbidden: CSRF")


@pytest.mark.parametrize(("error", "status", "retry_after"), [(OperationalError, 503, "10"), (ValueError, 500, None)])
def test_what_goes_wrong_is_said_without_what_the_log_says(viewer, monkeypatch, error, status, retry_after):
    def broken(*_: Any) -> None:
        raise error("secret of the log")

    monkeypatch.setattr(builds_list, "find", broken)
    viewer.raise_request_exception = False
    answer = viewer.get(BUILDS)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, retry_after)
    assert "Something went wrong" in text(answer)
    assert "secret of the log" not in text(answer)
    assert "/static/web/pages" in text(answer)
    assert len(error_pages.broken(RequestFactory().get("/metrics")).content) < 300


def test_these_pages_are_in_the_readers_language(viewer, monkeypatch):
    chinese = {"Accept-Language": "zh-hans"}
    monkeypatch.setattr(builds_list, "find", None)
    viewer.raise_request_exception = False
    for path in (MISSING[0], "/admin/auth/user/", BUILDS):
        assert '<html lang="zh-hans"' in text(viewer.get(path, headers=chinese))
