"""Signing in with GitHub, GitLab and Gitea: who one is then, and all that goes wrong on the way."""

import json
import socket
import time
from dataclasses import replace
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client

from builds.access.models import Grant, Level
from builds.access.token_models import ApiToken, make_token
from builds.signing_in import requests_out
from demo.standin.http import Handler, Response
from tests.builds.conftest import person
from tests.builds.signing_in.conftest import Browser
from tests.conftest import every_row
from tests.sign_in_providers import DEEP, SECRET, TOKEN, Provider, said, trickles

NO_ACCESS = "but you may not see any repository yet"


def text(answer: Any) -> str:
    return str(answer.content.decode())


def who(browser: Browser) -> str | None:
    """Name the user of a session."""
    pk = browser.session.get("_auth_user_id")
    return User.objects.get(pk=pk).username if pk else None


def test_somebody_new_becomes_a_user_without_any_rights(browser: Browser, forge: tuple[str, Provider]):
    name, _ = forge
    answer = browser.sign_in(name)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    user = User.objects.get()
    assert (user.username, user.email, user.first_name, user.last_name) == (f"ada@{name}", "", "", "")
    assert not any((user.is_staff, user.is_superuser, user.has_usable_password(), user.groups.exists()))
    account = SocialAccount.objects.get()
    assert (account.user, account.provider, account.uid, account.extra_data) == (user, name, "7", {"login": "ada"})


def test_the_same_account_is_the_same_user_whatever_its_login_is_now(browser: Browser, github: Provider):
    browser.sign_in()
    github.person["login"] = "ada-lovelace"
    other = Browser()
    other.sign_in()
    assert who(other) == "ada@github" == User.objects.get().username
    assert SocialAccount.objects.get().extra_data == {"login": "ada-lovelace"}


def test_nobody_becomes_somebody_else_by_an_equal_name_or_address(browser: Browser, github: Provider):
    admin = person("admin", is_superuser=True, email="admin@example.com")
    for number, login in enumerate(("admin", "ADMIN", "аdmin", "admin", "Admin@github"), 1):  # noqa: RUF001 - the third is Cyrillic
        github.person |= {"id": number, "login": login}
        other = Browser()
        other.sign_in()
        assert who(other) != "admin"
        assert NO_ACCESS in text(other.get("/admin/"))
    names = set(User.objects.exclude(pk=admin.pk).values_list("username", flat=True))
    assert names == {"admin@github", "admin-2@github", "dmin@github", "admin-3@github", "admin@github@github"}


def test_a_taken_name_is_left_to_who_has_it(browser: Browser, github: Provider):
    taken = person("Ada@GitHub", is_superuser=True)
    browser.sign_in()
    assert who(browser) == "ada-2@github"
    assert not SocialAccount.objects.filter(user=taken).exists()


@pytest.mark.parametrize(
    "page",
    ["/admin/", "/admin/builds/build/", "/admin/builds/apitoken/add/", "/admin/signin/", "/admin/password_change/", "/admin/no"],
)
def test_who_has_no_rights_sees_one_page_that_says_so_and_nothing_else(page: str, browser: Browser, github: Provider):
    browser.sign_in()
    answer = browser.get(page)
    assert answer.status_code == 403
    assert NO_ACCESS in text(answer)
    assert "ada@github" in text(answer)
    assert "Repositories</a>" not in text(answer)
    assert browser.get(page, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_who_has_no_rights_makes_no_token_and_can_log_out(browser: Browser, github: Provider):
    browser.sign_in()
    assert browser.post("/admin/builds/apitoken/add/", {"name": "x", "days": 9}).status_code == 403
    assert not ApiToken.objects.exists()
    assert browser.post("/admin/logout/").status_code == 200
    assert browser.get("/admin/").headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("of_a_group", [False, True])
def test_a_grant_opens_the_pages_at_the_next_request_and_its_end_closes_them(
    of_a_group: bool, browser: Browser, github: Provider
):
    browser.sign_in()
    user = User.objects.get()
    group = Group.objects.create(name="developers")
    user.groups.add(group)
    assert browser.get("/admin/").status_code == 403
    holder = {"group": group} if of_a_group else {"user": user}
    grant = Grant.objects.create(pattern="shop/*", level=Level.VIEW, **holder)
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/admin/auth/user/").status_code == 403
    assert browser.get("/admin/socialaccount/socialaccount/").status_code == 403
    grant.delete()
    assert browser.get("/admin/").status_code == 403


def test_who_was_deactivated_gets_nothing_from_the_next_request_on(browser: Browser, github: Provider):
    browser.sign_in()
    user = User.objects.get()
    Grant.objects.create(user=user, pattern="*", level=Level.VIEW)
    bearer = {"authorization": f"Bearer {make_token(user, 'hers').text}"}
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/api/user", headers=bearer).status_code == 200
    User.objects.update(is_active=False)
    assert browser.get("/admin/").status_code == 302
    assert browser.get("/api/user", headers=bearer).status_code == 403
    again = Browser()
    answer = again.sign_in()
    assert (answer.status_code, who(again)) == (403, None)
    assert "Your account in edrone is not active." in text(answer)


def test_the_page_that_was_asked_for_is_the_next_one(browser: Browser, github: Provider):
    assert browser.sign_in(next="/admin/builds/repo/?q=x").headers["Location"] == "/admin/builds/repo/?q=x"


@pytest.mark.parametrize("wanted", ["https://evil.example.com/", "//evil.example.com", "javascript:alert(1)", "https:evil", ""])
def test_no_sign_in_leads_to_another_site(wanted: str, browser: Browser, github: Provider):
    assert browser.sign_in(next=wanted).headers["Location"] == "/admin/"


def test_a_session_lasts_a_working_day_and_nothing_makes_it_last_longer(browser: Browser, github: Provider):
    """Who lost their account at the provider would else go on with a session that is written to now and then."""
    with time_machine.travel(time.time()) as clock:
        browser.sign_in()
        Grant.objects.create(user=User.objects.get(), pattern="*", level=Level.VIEW)
        clock.shift(11 * 3600)
        browser.begin()  # which the session notes
        assert browser.get("/admin/").status_code == 200
        clock.shift(3601)
        assert browser.get("/admin/").status_code == 302


def test_what_a_sign_in_leaves_in_the_database_is_kept_no_longer_than_it_lasts(browser: Browser, github: Provider):
    with time_machine.travel("2026-11-20T09:00:00Z", tick=False):
        browser.begin()
    with time_machine.travel("2026-11-20T09:09:00Z", tick=False):
        Browser().begin()
        assert Session.objects.count() == 2
    with time_machine.travel("2026-11-20T09:11:00Z", tick=False):
        Browser().begin()
        assert Session.objects.count() == 2
        browser.sign_in()
    with time_machine.travel("2026-11-20T20:00:00Z", tick=False):
        person("bob", is_staff=True)
        Client().force_login(User.objects.get(username="bob"))
        assert Session.objects.count() == 2
        assert browser.get("/admin/").status_code == 403  # still signed in, without any rights
    with time_machine.travel("2026-11-21T09:11:01Z", tick=False):
        Client().force_login(User.objects.get(username="bob"))
        assert Session.objects.count() == 2


def test_behind_a_proxy_that_ends_tls_the_way_back_is_https(browser: Browser, github: Provider):
    browser.defaults |= {
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_HOST": "evil.example.com",
        "HTTP_HOST": "testserver",
    }
    asked = parse_qs(urlsplit(browser.begin()).query)
    assert asked["redirect_uri"] == ["https://testserver/admin/signin/github/callback/"]


def test_only_a_form_of_edrone_begins_a_sign_in(browser: Browser, github: Provider):
    strict = Browser(enforce_csrf_checks=True)
    assert strict.post("/admin/signin/github/").status_code == 403
    answer = strict.get("/admin/signin/github/?process=connect&next=//evil.example.com&scope=repo&auth_params=x%3D1")
    assert answer.headers["Location"] == "/admin/login/"


def test_what_an_address_says_changes_nothing_that_github_is_asked_for(browser: Browser, github: Provider):
    asked = parse_qs(urlsplit(browser.begin("github/?scope=repo&auth_params=redirect_uri%3Dhttps://evil.example.com&")).query)
    assert asked["redirect_uri"] == ["http://testserver/admin/signin/github/callback/"]
    assert "scope" not in asked


@pytest.mark.parametrize("state", ["", "wrong", "of another browser", "spent", "old", "of another provider"])
def test_a_state_that_is_not_this_sign_ins_is_refused(state: str, browser: Browser, github: Provider, settings: Any):
    back = browser.agree(browser.begin())
    coming = browser
    if state == "of another browser":
        coming = Browser()
    elif state == "spent":
        browser.come_back(back)
        browser.logout()
    elif state == "of another provider":
        settings.SIGN_IN = settings.SIGN_IN | {"gitea": replace(settings.SIGN_IN["github"], id="gitea")}
        back = back.replace("/github/", "/gitea/")
    elif state in {"", "wrong"}:
        back = back.replace("state=", f"state={state}&was=")
    with time_machine.travel(time.time() + (601 if state == "old" else 0)):
        answer = coming.come_back(back)
    assert (answer.status_code, who(coming)) == (400, None)
    assert "This sign-in is no longer valid" in text(answer)
    assert 'href="/admin/login/"' in text(answer)


def test_a_code_that_was_used_already_signs_nobody_in(browser: Browser, github: Provider):
    thief = Browser()
    hers = browser.agree(browser.begin())
    his = parse_qs(urlsplit(thief.agree(thief.begin())).query)["state"][0]
    assert browser.come_back(hers).status_code == 302
    code = parse_qs(urlsplit(hers).query)["code"][0]
    answer = thief.get("/admin/signin/github/callback/", {"code": code, "state": his})
    assert (answer.status_code, who(thief)) == (403, None)


def test_a_code_of_another_browser_signs_nobody_in_since_pkce_binds_it(browser: Browser, github: Provider):
    thief = Browser()
    code = parse_qs(urlsplit(browser.agree(browser.begin())).query)["code"][0]
    his = parse_qs(urlsplit(thief.agree(thief.begin())).query)["state"][0]
    answer = thief.get("/admin/signin/github/callback/", {"code": code, "state": his})
    assert (answer.status_code, who(thief)) == (403, None)


def test_who_does_not_agree_is_told_that_nothing_happened(browser: Browser, github: Provider):
    answer = browser.come_back(browser.agree(browser.begin(), "no"))
    assert answer.status_code == 403
    assert "You did not allow edrone to know who you are at GitHub" in text(answer)


@pytest.mark.parametrize("error", ["server_error", "<script>alert(1)</script>", "x" * 9000, "a\r\nb"])
def test_an_error_of_the_provider_is_neither_shown_nor_a_line_of_its_own_in_the_log(
    error: str, browser: Browser, github: Provider, logged: StringIO
):
    state = parse_qs(urlsplit(browser.begin()).query)["state"][0]
    answer = browser.get("/admin/signin/github/callback/", {"error": error, "state": state})
    assert answer.status_code == 403
    assert error not in text(answer)
    assert "GitHub failed: " in logged.getvalue()
    assert "a\r\nb" not in logged.getvalue()
    assert "x" * 100 not in logged.getvalue()


TOKENS, USER = "/login/oauth/access_token", "/api/v3/user"
ODD: list[Any] = [
    None,
    [],
    "x",
    1,
    {},
    {"id": None, "login": "ada"},
    {"id": "7", "login": "ada"},
    {"id": 7},
    {"id": 7, "login": ""},
    {"id": True, "login": "ada"},
]


@pytest.mark.parametrize(
    ("path", "answer", "status"),
    [
        *[(USER, said(200, odd), 403) for odd in ODD],
        *[(path, said(status, {"message": "x"}), 403) for path in (TOKENS, USER) for status in (302, 401, 404, 500)],
        (TOKENS, said(200, {"error": "incorrect_client_credentials"}), 403),
        (TOKENS, said(200, []), 403),
        (TOKENS, Response(200, b"\xff\xfe", "application/json"), 403),
        (TOKENS, Response(200, b"<html>", "text/html"), 403),
        (USER, Response(200, b"{", "application/json"), 403),
        *[(path, DEEP, 403) for path in (TOKENS, USER)],
        (USER, Response(200, b" " * 2_000_000, "application/json"), 403),
        (USER, Response(302, headers={"Location": "https://evil.example.com/"}), 403),
        (USER, lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), 503),
        (TOKENS, trickles, 503),
    ],
)  # fmt: skip
def test_what_a_provider_answers_wrongly_signs_nobody_in(
    path: str, answer: Any, status: int, browser: Browser, github: Provider, monkeypatch: Any
):
    monkeypatch.setattr(requests_out, "ANSWER", 0.5)
    github.answers[path] = answer
    got = browser.sign_in()
    assert (got.status_code, who(browser), User.objects.count()) == (status, None, 0)
    assert "GitHub" in text(got)


def late(answer: Response) -> Any:
    def answered(handler: Handler) -> None:
        time.sleep(0.4)
        handler.reply(answer)

    return answered


def test_a_provider_that_is_late_again_and_again_is_given_up(browser: Browser, github: Provider, monkeypatch: Any):
    """Each of its answers comes in time, but not all of them together."""
    back = browser.agree(browser.begin())
    github.answers[TOKENS] = late(said(200, {"access_token": TOKEN}))
    github.answers[USER] = late(said(200, github.person))
    monkeypatch.setattr(requests_out, "ALL_REQUESTS", 0.6)
    answer = browser.come_back(back)
    assert (answer.status_code, who(browser)) == (503, None)
    assert "GitHub cannot be reached, or takes too long to answer." in text(answer)


def test_the_log_says_that_an_answer_is_too_large(browser: Browser, github: Provider, logged: StringIO):
    github.answers[USER] = Response(200, b'{"id": 7, "login": "ada"' + b" " * 2_000_000 + b"}")
    assert browser.sign_in().status_code == 403
    assert "its answer is too large" in logged.getvalue()


@pytest.mark.parametrize("path", [TOKENS, USER])
@pytest.mark.parametrize("status", [302, 307, 500])
def test_the_log_says_with_which_status_a_provider_failed(
    path: str, status: int, browser: Browser, github: Provider, logged: StringIO
):
    github.answers[path] = Response(status, b'{"access_token": "x", "id": 7, "login": "ada"}', headers={"Location": "/elsewhere"})
    assert browser.sign_in().status_code == 403
    assert f"{path} answered with status {status}" in logged.getvalue()


@pytest.mark.parametrize(
    ("path", "answer", "reason"),
    [
        (TOKENS, said(200, {"error": "incorrect_client_credentials"}), "answered incorrect_client_credentials"),
        (TOKENS, said(401, {"error": "invalid_client"}), "answered invalid_client"),
        (TOKENS, said(404, {"error": "Not Found"}), "answered no access token"),
        (USER, said(404, {"message": "x"}), "answered with status 404"),
    ],
)
def test_a_provider_that_refuses_edrone_is_said_to_and_the_log_names_the_address(
    path: str, answer: Any, reason: str, browser: Browser, github: Provider, logged: StringIO
):
    github.answers[path] = answer
    assert "GitHub refused edrone" in text(browser.sign_in())
    assert f"{path} {reason}" in logged.getvalue()


def test_a_provider_that_is_down_is_said_to_be(browser: Browser, settings: Any, github: Provider):
    back = browser.agree(browser.begin())
    known = settings.SIGN_IN["github"]
    settings.SIGN_IN = {"github": replace(known, server="http://127.0.0.1:1")}
    answer = browser.come_back(back)
    assert (answer.status_code, who(browser)) == (503, None)
    assert "GitHub cannot be reached, or takes too long to answer." in text(answer)


def test_only_some_threads_wait_for_providers(browser: Browser, github: Provider):
    held = [requests_out.slots.acquire(blocking=False) for _ in range(requests_out.MOST)]
    try:
        answer = browser.post("/admin/signin/github/")
    finally:
        for _ in held:
            requests_out.slots.release()
    assert answer.status_code == 503
    assert "Too many people are signing in" in text(answer)


def test_no_secret_is_logged_stored_or_shown(browser: Browser, github: Provider, logged: StringIO):
    github.answers[USER] = said(401, {"message": TOKEN})
    back = browser.agree(browser.begin())
    code = parse_qs(urlsplit(back).query)["code"][0]
    shown = text(browser.come_back(back))
    del github.answers[USER]
    shown += text(browser.post("/admin/signin/github/")) + text(browser.sign_in())
    everywhere = shown + logged.getvalue() + every_row() + json.dumps(dict(browser.session.items()))
    assert f"{USER} answered with status 401" in logged.getvalue()
    for secret in (SECRET, TOKEN, code):
        assert secret not in everywhere


def test_nothing_of_allauth_itself_is_reachable(browser: Browser, github: Provider, admin_user: Any):
    browser.force_login(admin_user)
    for path in (
        "login/",
        "signup/",
        "logout/",
        "email/",
        "password/reset/",
        "password/change/",
        "social/signup/",
        "3rdparty/",
        "github/login/",
    ):
        for before in ("/", "/accounts/", "/admin/signin/", "/admin/accounts/"):
            assert browser.get(before + path).status_code == 404, before + path
    for model in ("emailaddress", "socialapp", "socialtoken"):
        for app in ("account", "socialaccount"):
            assert browser.get(f"/admin/{app}/{model}/").status_code == 404


@pytest.mark.parametrize("path", ["/admin/signin/github/", "/admin/signin/github/callback/", "/admin/signin/nosuch/"])
def test_a_provider_that_is_not_set_up_is_not_there(path: str, browser: Browser):
    assert browser.get(path).status_code == 404
