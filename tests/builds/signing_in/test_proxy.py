"""The header Remote-User: of a trusted proxy only, an identity of its own, and only as long as the proxy says so."""

from ipaddress import ip_network
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User

from builds.access.models import Grant, Level
from builds.access.token_models import make_token
from tests.builds.conftest import person
from tests.builds.signing_in.conftest import BACKENDS, Browser
from tests.builds.signing_in.test_forges import NO_ACCESS, text, who
from tests.sign_in_providers import Provider

PROXY = "10.0.0.7"


@pytest.fixture
def behind(browser: Browser, settings: Any) -> Browser:
    settings.EDRONE_TRUSTED_PROXIES = (ip_network("10.0.0.7"), ip_network("fd00::/8"))
    settings.AUTHENTICATION_BACKENDS = BACKENDS
    browser.defaults["REMOTE_ADDR"] = PROXY
    return browser


def named(name: str) -> dict[str, str]:
    return {"remote-user": name}


def may_see(username: str) -> None:
    Grant.objects.create(user=User.objects.get(username=username), pattern="*", level=Level.VIEW)


def test_who_the_proxy_names_is_an_identity_of_its_own(behind: Browser):
    person("ada", is_superuser=True)
    answer = behind.get("/admin/", headers=named("ada"))
    assert answer.status_code == 403
    assert NO_ACCESS in text(answer)
    assert who(behind) == "ada@proxy"
    assert SocialAccount.objects.get().extra_data == {"login": "ada"}
    may_see("ada@proxy")
    assert behind.get("/admin/", headers=named("ada")).status_code == 200


@pytest.mark.parametrize("address", ["10.0.0.8", "127.0.0.1", "", "nonsense", "fe80::1%eth0", "::ffff:10.0.0.8"])
def test_a_header_from_elsewhere_is_not_read(address: str, behind: Browser):
    headers = named("ada") | {"x-forwarded-for": PROXY, "x-real-ip": PROXY, "forwarded": f"for={PROXY}"}
    answer = behind.get("/admin/", headers=headers, REMOTE_ADDR=address)
    assert answer.headers["Location"].startswith("/admin/login/")
    assert not User.objects.exists()


@pytest.mark.parametrize("address", [PROXY, "::ffff:10.0.0.7", "fd00::1", "fd00::1%eth0"])
def test_addresses_are_compared_as_addresses(address: str, behind: Browser):
    assert behind.get("/admin/", headers=named("ada"), REMOTE_ADDR=address).status_code == 403


@pytest.mark.parametrize("name", ["ada,root", "ada, root", "a b", "x" * 151, "ada\x00", "ada\u202eb"])
def test_a_header_that_came_twice_or_names_nobody_is_refused(name: str, behind: Browser):
    answer = behind.get("/admin/", headers=named(name))
    assert answer.status_code == 400
    assert "Remote-User that names nobody" in text(answer)
    assert not User.objects.exists()


def test_a_session_ends_with_the_header(behind: Browser):
    behind.get("/admin/", headers=named("ada"))
    may_see("ada@proxy")
    assert behind.get("/admin/", headers=named("ada")).status_code == 200
    assert behind.get("/admin/").status_code == 302
    behind.get("/admin/", headers=named("ada"))
    assert behind.get("/admin/", headers=named("ada"), REMOTE_ADDR="10.0.0.8").status_code == 302


def test_a_session_ends_when_the_proxy_is_trusted_no_more(behind: Browser, settings: Any):
    behind.get("/admin/", headers=named("ada"))
    may_see("ada@proxy")
    settings.EDRONE_TRUSTED_PROXIES = ()
    assert behind.get("/admin/", headers=named("ada")).status_code == 302
    assert not behind.session.items()


def test_another_name_is_another_session(behind: Browser):
    behind.get("/admin/", headers=named("ada"))
    behind.get("/admin/", headers=named("bob"))
    assert who(behind) == "bob@proxy"


def test_who_signed_in_with_a_password_stays_who_they_are(behind: Browser):
    root = person("root", is_superuser=True, password="right-horse")
    assert behind.get("/admin/login/", headers=named("ada")).status_code == 200
    assert not User.objects.exclude(pk=root.pk).exists()
    form = {"username": "root", "password": "right-horse"}
    assert behind.post("/admin/login/", form, headers=named("ada")).status_code == 302
    assert behind.get("/admin/", headers=named("ada")).status_code == 200
    assert who(behind) == "root"


def test_it_opens_no_api_and_no_configuration(behind: Browser):
    behind.get("/admin/", headers=named("ada"))
    may_see("ada@proxy")
    assert behind.get("/api/user", headers=named("ada")).status_code == 401
    token = make_token(person("bob", Level.VIEW), "his").text
    answer = behind.get("/api/user", headers=named("ada") | {"authorization": f"Bearer {token}"})
    assert answer.json()["login"] == "bob"
    assert behind.post("/edrone", headers=named("ada")).status_code == 401


def test_a_deactivated_person_gets_nothing_more(behind: Browser):
    behind.get("/admin/", headers=named("ada"))
    may_see("ada@proxy")
    User.objects.update(is_active=False)
    answer = behind.get("/admin/", headers=named("ada"))
    assert answer.status_code == 403
    assert "is not active" in text(answer)


def test_who_comes_by_a_proxy_connects_an_account_and_disconnects_it_again(behind: Browser, github: Provider):
    behind.defaults["HTTP_REMOTE_USER"] = "ada"
    behind.get("/admin/")
    may_see("ada@proxy")
    assert "</strong> · Trusted proxy" in text(behind.get("/admin/signin/"))
    behind.sign_in(connect="true")
    assert text(behind.get("/admin/signin/")).count("Disconnect") == 1
    proxy, connected = SocialAccount.objects.order_by("pk")
    assert behind.post(f"/admin/signin/{proxy.pk}/remove/").status_code == 404
    assert behind.post(f"/admin/signin/{connected.pk}/remove/").status_code == 302
    assert SocialAccount.objects.get() == proxy


def test_without_the_proxy_its_name_is_no_way_in(behind: Browser, github: Provider, settings: Any):
    behind.get("/admin/", headers=named("ada"))
    may_see("ada@proxy")
    SocialAccount.objects.create(user=User.objects.get(), provider="github", uid="7")
    settings.EDRONE_TRUSTED_PROXIES = ()
    other = Browser()
    other.sign_in()
    answer = other.post(f"/admin/signin/{SocialAccount.objects.get(provider='github').pk}/remove/", follow=True)
    assert "This is your only way to sign in." in text(answer)
    assert SocialAccount.objects.count() == 2


def test_it_is_off_unless_it_is_set(browser: Browser):
    assert browser.get("/admin/", headers=named("ada"), REMOTE_ADDR=PROXY).status_code == 302
    assert not User.objects.exists()
