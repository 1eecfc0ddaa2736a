"""Signing in with an OpenID Connect provider: only tokens that it signed, for this edrone and this sign-in, count."""

import re
import socket
import time
from base64 import urlsafe_b64encode
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User

from builds.signing_in import openid
from builds.signing_in.errors import SignInError
from demo.standin.http import Response
from tests.builds.signing_in.conftest import Browser
from tests.builds.signing_in.test_forges import text, who
from tests.sign_in_providers import CLIENT, DEEP, OpenID, Provider, another_key, published, said


def test_somebody_new_becomes_a_user_without_any_rights(browser: Browser, oidc: OpenID):
    assert browser.sign_in("oidc").status_code == 302
    account = SocialAccount.objects.get()
    assert (account.user.username, account.provider, account.uid, account.extra_data) == (
        "ada@oidc",
        "oidc",
        "f1-ada",
        {"login": "ada"},
    )
    assert browser.get("/admin/").status_code == 403


def test_what_is_asked_for_is_who_one_is_and_no_mail_address(browser: Browser, oidc: OpenID):
    asked = parse_qs(urlsplit(browser.begin("oidc")).query)
    assert set(asked["scope"][0].split()) == {"openid", "profile", "groups"}
    assert len(asked["nonce"][0]) > 20
    openid.configurations.clear()
    oidc.configuration = {"scopes_supported": ["openid"]}
    assert "groups" not in parse_qs(urlsplit(browser.begin("oidc")).query)["scope"][0]


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://evil.example.com"}, "InvalidIssuerError"),
        ({"iss": None}, "MissingRequiredClaimError"),
        ({"aud": "another-application"}, "InvalidAudienceError"),
        ({"aud": None}, "MissingRequiredClaimError"),
        ({"aud": [CLIENT, "another"]}, "azp"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "azp"),
        ({"exp": NOW - 3600}, "ExpiredSignatureError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"iat": NOW + 3600}, "ImmatureSignatureError"),
        ({"nbf": NOW + 3600}, "ImmatureSignatureError"),
        ({"nonce": "of-another-sign-in"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": "somebody-else"}, "userinfo"),
        ({"sub": None}, "MissingRequiredClaimError"),
    ],
)
def test_a_token_that_is_not_for_this_sign_in_signs_nobody_in(
    claims: dict[str, Any], reason: str, browser: Browser, oidc: OpenID, logged: StringIO
):
    oidc.claims = claims
    answer = browser.sign_in("oidc")
    assert (answer.status_code, who(browser), User.objects.count()) == (403, None, 0)
    assert "edrone does not accept what Keycloak answered" in text(answer)
    assert reason in logged.getvalue()


@pytest.mark.parametrize(
    "signed",
    [
        {"key": another_key},
        {"header": {"kid": "two"}},
        {"key": another_key, "header": {}},
        {"key": lambda: None, "algorithm": "none"},
        {"key": lambda: "planted-client-secret-of-32-bytes!", "algorithm": "HS256"},
        {"key": lambda: "planted-client-secret-of-32-bytes!", "algorithm": "HS256", "of_key": {}},
        {"key": lambda: None, "algorithm": "none", "of_key": {}},
        {"key": another_key, "algorithm": "PS256", "of_key": {}},
        {"algorithm": "RS512"},  # the key says that it is for RS256
    ],
)
def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(signed: dict[str, Any], browser: Browser, oidc: OpenID):
    for name, content in signed.items():
        setattr(oidc, name, content)
    answer = browser.sign_in("oidc")
    assert (answer.status_code, who(browser), User.objects.count()) == (403, None, 0)


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256"])
def test_a_key_need_not_name_its_algorithm(algorithm: str, browser: Browser, oidc: OpenID):
    oidc.algorithm, oidc.of_key = algorithm, {}
    assert browser.sign_in("oidc").status_code == 302
    assert who(browser) == "ada@oidc"


@pytest.mark.parametrize("claims", [{"aud": [CLIENT]}, {"aud": [CLIENT, "another"], "azp": CLIENT}])
def test_a_token_that_is_for_edrone_among_others_counts(claims: dict[str, Any], browser: Browser, oidc: OpenID):
    oidc.claims = claims
    assert browser.sign_in("oidc").status_code == 302
    assert who(browser) == "ada@oidc"


def test_a_token_of_a_clock_that_differs_a_little_counts(browser: Browser, oidc: OpenID):
    with time_machine.travel(time.time(), tick=False):
        oidc.claims = {"exp": int(time.time()) - 20, "iat": int(time.time()) + 20}
        assert browser.sign_in("oidc").status_code == 302


def test_a_provider_with_one_key_need_not_name_it(browser: Browser, oidc: OpenID):
    oidc.header = {}
    assert browser.sign_in("oidc").status_code == 302


@pytest.mark.parametrize(
    ("path", "answer", "status"),
    [
        ("/.well-known/openid-configuration", said(404, {}), 403),
        ("/.well-known/openid-configuration", said(200, []), 403),
        ("/.well-known/openid-configuration", said(200, {"issuer": "https://evil.example.com"}), 403),
        ("/.well-known/openid-configuration", said(200, {"issuer": 7}), 403),
        ("/.well-known/openid-configuration", Response(200, b"<html>", "text/html"), 403),
        ("/.well-known/openid-configuration", DEEP, 403),
        ("/.well-known/openid-configuration", lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), 503),
    ],
)
def test_a_provider_that_does_not_say_what_it_is_cannot_be_begun_with(
    path: str, answer: Any, status: int, browser: Browser, oidc: OpenID
):
    oidc.answers[path] = answer
    page = browser.post("/admin/signin/oidc/")
    assert page.status_code == status
    assert "Keycloak" in text(page)


def test_another_issuer_than_the_configured_one_is_refused(browser: Browser, oidc: OpenID, logged: StringIO):
    oidc.configuration = {"issuer": "https://evil.example.com"}
    assert browser.post("/admin/signin/oidc/").status_code == 403
    assert "another issuer than EDRONE_OIDC_ISSUER" in logged.getvalue()


@pytest.mark.parametrize(
    "endpoint", ["javascript:alert(1)", "ftp://x/", "", None, pytest.param(f"http://example.com/{'x' * 20_000}", id="long")]
)
def test_an_endpoint_that_is_no_address_is_refused(endpoint: Any, browser: Browser, oidc: OpenID):
    oidc.configuration = {"authorization_endpoint": endpoint}
    assert browser.post("/admin/signin/oidc/").status_code == 403


@pytest.mark.parametrize("name", [*openid.ENDPOINTS, "userinfo_endpoint"])
@pytest.mark.parametrize("endpoint", ["http://sso.example.com/x", "ftp://sso.example.com/x"])
def test_of_a_provider_on_https_no_endpoint_is_asked_in_the_clear(name: str, endpoint: str):
    issuer = "https://sso.example.com"
    configuration = {"issuer": issuer} | dict.fromkeys([*openid.ENDPOINTS, "userinfo_endpoint"], "https://api.example.com/x")
    openid.check_configuration(configuration, issuer)
    with pytest.raises(SignInError, match="not on https"):
        openid.check_configuration(configuration | {name: endpoint}, issuer)


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("path", "answer", "status"),
    [
        *[("/token", said(code, {"error": "invalid_grant"}), 403) for code in (200, 400, 401)],
        ("/token", said(200, {"access_token": "x"}), 403),
        ("/token", said(200, {"access_token": "x", "id_token": "a.b.c"}), 403),
        ("/token", said(200, {"access_token": "x", "id_token": 7}), 403),
        ("/token", said(200, {"access_token": "x", "id_token": f"{encoded(DEEP.body)}.e30.x"}), 403),
        ("/keys", said(200, {"keys": []}), 403),
        ("/keys", said(200, {"keys": [{"kty": "RSA", "kid": "one"}]}), 403),
        ("/keys", said(200, []), 403),
        ("/keys", said(500, {}), 403),
        ("/keys", DEEP, 403),
        ("/userinfo", said(200, {}), 403),
        ("/userinfo", said(401, {}), 403),
        ("/userinfo", said(200, {"sub": "f1-ada", "preferred_username": 7}), 403),
        ("/userinfo", said(200, {"sub": "f1-ada", "preferred_username": "ada", "groups": 7}), 403),
    ],
)  # fmt: skip
def test_what_a_provider_answers_wrongly_signs_nobody_in(path: str, answer: Any, status: int, browser: Browser, oidc: OpenID):
    oidc.answers[path] = answer
    got = browser.sign_in("oidc")
    assert (got.status_code, who(browser), User.objects.count()) == (status, None, 0)


def test_a_key_that_changed_counts_at_once(browser: Browser, oidc: OpenID):
    assert browser.sign_in("oidc").status_code == 302
    oidc.key, oidc.header = another_key, {"kid": "two"}
    oidc.answers["/keys"] = said(200, {"keys": [published(another_key(), "two")]})
    other = Browser()
    assert other.sign_in("oidc").status_code == 302
    assert who(other) == "ada@oidc"


@pytest.mark.parametrize("sub", ["", " ", "a\nb", "x" * 200, 7])
def test_a_subject_that_cannot_be_kept_signs_nobody_in(sub: Any, browser: Browser, oidc: OpenID):
    oidc.person["sub"] = sub
    assert browser.sign_in("oidc").status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("Ada", "ada@oidc"),
        ("ada@example.com", "ada@example.com@oidc"),
        ("jürgen", "jurgen@oidc"),
        ("张三", "张三@oidc"),
        ("ａｄａ", "ada@oidc"),  # noqa: RUF001 - wide letters
        ("аdа", "d@oidc"),  # noqa: RUF001 - Cyrillic
        ("ada\u202egnp", "ada-gnp@oidc"),
        ("<script>", "script@oidc"),
        ("@@@", "user@oidc"),
        ("x" * 9000, "x" * 120 + "@oidc"),
        ("Ⅷ…ﬀ", "viii...ff@oidc"),
        ("a" + "\u0301" * 10_000 + "\u0327" * 10_000 + "b", "a@oidc"),  # which Python would sort for seconds
    ],
)  # fmt: skip
def test_names_look_like_no_other(login: str, expected: str, browser: Browser, oidc: OpenID):
    oidc.person["preferred_username"] = login
    assert browser.sign_in("oidc").status_code == 302
    assert who(browser) == expected


def member_of(user: User) -> set[str]:
    return set(user.groups.values_list("name", flat=True))


def test_groups_follow_the_claim_at_each_sign_in_and_those_made_by_hand_stay(browser: Browser, oidc: OpenID, logged: StringIO):
    for name in ("oidc:devs", "oidc:ops", "devs", "by hand", "oidc:nobody", "github:devs", "OIDC:ops"):
        Group.objects.create(name=name)
    oidc.person["groups"] = ["devs", "by hand", "no such group", 7, None]
    browser.sign_in("oidc")
    user = User.objects.get()
    assert member_of(user) == {"oidc:devs"}
    user.groups.add(*Group.objects.filter(name__in=["by hand", "oidc:nobody", "github:devs", "OIDC:ops"]))
    oidc.person["groups"] = ["ops", "devs"]
    browser.sign_in("oidc")
    assert member_of(user) == {"oidc:devs", "oidc:ops", "by hand", "github:devs", "OIDC:ops"}
    del oidc.person["groups"]
    browser.sign_in("oidc")
    assert member_of(user) == {"by hand", "github:devs", "OIDC:ops"}
    changes = re.findall(r"signing_in ada@oidc has the groups that oidc names: (.*)", logged.getvalue())
    assert changes == ["oidc:devs", "oidc:devs, oidc:ops", "none"]
    assert not Group.objects.filter(name="no such group").exists()


def test_groups_stay_while_somebody_signs_in_otherwise(browser: Browser, oidc: OpenID, github: Provider):
    Group.objects.create(name="oidc:devs")
    oidc.person["groups"] = ["devs"]
    browser.sign_in("oidc")
    user = User.objects.get()
    SocialAccount.objects.create(user=user, provider="github", uid=str(github.person["id"]))
    Browser().sign_in("github")
    assert member_of(user) == {"oidc:devs"}


@pytest.mark.parametrize(
    ("groups", "member"),
    [("devs", True), ("dev", False), (["DEVS"], False), (["/devs"], False), ({"devs": 1}, True), (None, False)],
)
def test_a_claim_names_groups_exactly(groups: Any, member: bool, browser: Browser, oidc: OpenID):
    Group.objects.create(name="oidc:devs")
    oidc.person["groups"] = groups
    browser.sign_in("oidc")
    assert member_of(User.objects.get()) == ({"oidc:devs"} if member else set())


def test_the_signed_claim_counts_more_than_userinfo(browser: Browser, oidc: OpenID):
    for name in ("oidc:devs", "oidc:ops"):
        Group.objects.create(name=name)
    oidc.claims = {"groups": ["ops"]}
    browser.sign_in("oidc")
    assert member_of(User.objects.get()) == {"oidc:ops"}


def test_a_provider_without_userinfo_will_do(browser: Browser, oidc: OpenID):
    oidc.configuration = {"userinfo_endpoint": None}
    oidc.claims = {"preferred_username": "ada"}
    assert browser.sign_in("oidc").status_code == 302
    assert who(browser) == "ada@oidc"
