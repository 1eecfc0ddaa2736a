"""What browsers are told, cookies, https, and Django's own list for production."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from edrone_site.middleware import HEADERS
from edrone_site.thread_limit import ThreadLimit
from tests.server import manage

PRODUCTION = {
    "SECRET_KEY": "8f1c0d6b5e2a49738f1c0d6b5e2a497390ab12cd34ef56a7b8c9d0e1f2a3b4c5",
    "DRONE_YAML_SECRET": "bea26a2221fd8090ea38720fc445eca6",
    "ALLOWED_HOSTS": "edrone.example.com",
    "EDRONE_HSTS": "31536000",
}
ADDRESSES = [
    ("GET", "/admin", 302),
    ("GET", "/admin/", 302),
    ("GET", "/admin/login/", 200),
    ("GET", "/admin/nosuchpage/", 302),
    ("POST", "/admin/login/", 403),
    ("GET", "/static/admin/css/base.css", 200),
    ("GET", "/static/nosuchfile", 404),
    ("GET", "/nosuchpage", 404),
    ("GET", "/edrone", 405),
    ("POST", "/edrone", 401),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/metrics", 200),
    ("GET", "/api/user", 401),
    ("GET", "/api/nosuchaddress", 404),
    ("GET", "/api/schema", 200),
    ("GET", "/api/docs", 200),
]
pytestmark = pytest.mark.django_db


def has_the_headers(answer: Any) -> bool:
    """Has an answer the security headers, and may no cache keep it? Django says that with more words; files are kept."""
    kept = {name: answer.headers.get(name) for name in HEADERS}
    of_caches = kept.pop("Cache-Control")
    a_file = answer.status_code == 200 and answer.request["PATH_INFO"].startswith("/static/")
    return kept.items() <= HEADERS.items() and ("max-age=60" if a_file else "no-store") in of_caches


@pytest.mark.parametrize(("method", "path", "status"), ADDRESSES)
def test_every_answer_has_the_security_headers(method: str, path: str, status: int):
    answer = Client(enforce_csrf_checks=True).generic(method, path)
    answer.close()  # a file is open until it is sent
    assert answer.status_code == status
    assert has_the_headers(answer)


def test_an_answer_to_a_wrong_host_has_them_too_and_says_which_setting_names_hosts():
    answer = Client(raise_request_exception=False).get("/admin/login/", headers={"host": "evil.example.com"})
    assert answer.status_code == 400
    assert has_the_headers(answer)
    assert "ALLOWED_HOSTS" in answer.content.decode()
    assert "evil" not in answer.content.decode()


def test_an_exception_inside_edrone_has_them_too_and_says_nothing(monkeypatch: pytest.MonkeyPatch):
    def crash(*_: Any) -> None:
        raise RuntimeError("planted in the message")

    monkeypatch.setattr("edrone_site.health.tree_state", crash)
    answer = Client(raise_request_exception=False).get("/readyz")
    assert answer.status_code == 500
    assert has_the_headers(answer)
    assert "planted" not in answer.content.decode()


def test_busy_has_them_too():
    sent: dict[str, str] = {}
    full = ThreadLimit(lambda *_: [], 1, ())
    assert full.slots.acquire(blocking=False)
    full({"PATH_INFO": "/"}, lambda _, headers: sent.update(headers))
    assert sent.items() >= HEADERS.items()


def test_no_policy_lets_a_script_stand_in_a_page():
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    assert "*" not in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("page", ["admin:login", "api-docs"])
def test_pages_have_nothing_inline(page: str):
    html = Client().get(reverse(page)).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\son\w+=|\sstyle=|<style", html)


def login(client: Client, user: Any, **headers: str) -> Any:
    """Log in by the form, as a browser does."""
    user.set_password("right")
    user.save()
    client.get("/admin/login/", headers=headers)
    form = {"username": user.username, "password": "right", "csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    return client.post("/admin/login/?next=/admin/", form, headers=headers)


def test_a_login_behind_a_proxy_that_ends_tls_needs_no_setting(admin_user: Any):
    client = Client(enforce_csrf_checks=True)
    headers = {"host": "testserver", "x-forwarded-proto": "https", "origin": "https://testserver"}
    assert login(client, admin_user, **headers).status_code == 302


def test_a_form_of_another_site_is_refused_whatever_it_says_of_https(admin_user: Any):
    client = Client(enforce_csrf_checks=True)
    for headers in ({"origin": "https://evil.example.com", "x-forwarded-proto": "https"}, {"origin": "http://evil.example.com"}):
        assert login(client, admin_user, **headers).status_code == 403


@pytest.mark.parametrize("origin", ["https://testserver", "http://testserver:8080"])
def test_a_proxy_that_hides_how_people_reach_edrone_is_told_of(origin: str, admin_user: Any):
    answer = login(Client(enforce_csrf_checks=True), admin_user, origin=origin)
    assert answer.status_code == 403
    assert "X-Forwarded-Proto" in answer.content.decode()


def test_cookies_are_for_edrone_alone(admin_user: Any):
    client = Client()
    login(client, admin_user)
    assert client.cookies["sessionid"]["httponly"]
    assert {client.cookies[name]["samesite"] for name in ("sessionid", "csrftoken")} == {"Lax"}


def test_without_the_setting_nothing_is_said_of_https():
    answer = Client().get("/admin/login/", headers={"x-forwarded-proto": "https"})
    assert "Strict-Transport-Security" not in answer.headers
    assert Client().get("/admin/login/").status_code == 200


@pytest.mark.slow
def test_django_has_nothing_to_say_of_production_settings(tmp_path: Any):
    done = manage("check", "--deploy", "--fail-level", "WARNING", EDRONE_STATE=str(tmp_path), **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "WARNINGS" not in done.stdout + done.stderr


@pytest.mark.slow
def test_it_would_have_something_to_say_otherwise(tmp_path: Any):
    less = {name: value for name, value in PRODUCTION.items() if name != "EDRONE_HSTS"}
    done = manage("check", "--deploy", "--fail-level", "WARNING", EDRONE_STATE=str(tmp_path), **less)
    assert done.returncode == 1
    assert "(site.W001) EDRONE_HSTS is not set" in done.stderr
    assert "SECURE_" not in done.stderr


def pages_without_names(resolver: Any = None, before: str = "/") -> list[str]:
    """Give the addresses of the site that name nothing, such as a repository."""
    found: list[str] = []
    for pattern in (resolver or get_resolver()).url_patterns:
        path = before + re.sub(r"^\^|\\Z$", "", str(pattern.pattern))
        found += pages_without_names(pattern, path) if isinstance(pattern, URLResolver) else [path]
    return [path for path in found if not re.search(r"[<(\\]", path)]


def test_nothing_but_files_is_kept_by_caches(admin_user: Any, no_drone: None):
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    asked = pages_without_names()
    assert {"/admin/jsi18n/", "/admin/", "/api/user", "/api/schema", "/readyz", "/favicon.ico", "/"} <= set(asked)
    for path in asked:
        if "logout" not in path:
            assert "no-store" in client.get(path).headers["Cache-Control"], path


@pytest.mark.parametrize("path", ["/api/schema", "/api/docs", "/admin/password_change/", "/admin/password_change/done/"])
def test_no_cache_keeps_what_the_api_is_or_a_page_of_passwords(path: str, admin_user: Any):
    client = Client()
    client.force_login(admin_user)
    answer = client.get(path)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_login_that_asked_for_no_page_leads_to_the_administration(admin_user: Any):
    answer = Client().post("/admin/login/", {"username": admin_user.username, "password": "password"})
    assert answer.headers["Location"] == "/admin/"


HTTPS = """
import django; django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
here = {"host": "edrone.example.com"}
page = client.get("/admin/login/", headers=here | {"x-forwarded-proto": "https"})
print(page.status_code, page.headers["Strict-Transport-Security"], bool(page.cookies["csrftoken"]["secure"]))
for path in ("/", "/admin", "/admin/login/"):
    moved = client.get(path, headers=here)
    print(moved.status_code, moved.headers["Location"])
for path in ("/healthz", "/metrics", "/readyz?exclude=database", "/api/schema", "/edrone"):
    print(client.get(path, headers=here).status_code)
print(client.post("/edrone").status_code)
"""


@pytest.mark.slow
def test_with_the_setting_people_are_on_https_and_drone_and_probes_are_not_redirected(tmp_path: Any):
    done = manage("shell", "--no-imports", "-c", HTTPS, EDRONE_STATE=str(tmp_path), **PRODUCTION)
    assert done.stdout.splitlines() == [
        "200 max-age=31536000 True",
        "301 https://edrone.example.com/",
        "301 https://edrone.example.com/admin",
        "301 https://edrone.example.com/admin/login/",
        *["200"] * 4,
        "405",
        "401",
    ], done.stderr
