"""Changing a password: what becomes of sessions and API tokens."""

import pytest
from django.test import Client

from builds.access.models import Level
from builds.access.token_models import ApiToken, make_token
from tests.builds.api import Api
from tests.builds.conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_drone")]
OWN = {"old_password": "right-horse", "new_password1": "battery-staple", "new_password2": "battery-staple"}
ANOTHERS = {"password1": "battery-staple", "password2": "battery-staple", "usable_password": "true"}


def ada():
    return person("ada", Level.VIEW, password="right-horse")


def logged_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_who_has_no_valid_token_is_asked_nothing_and_told_about_sessions_only():
    user = ada()
    ApiToken.objects.filter(pk=make_token(user, "old").pk).update(expires="2020-01-01T00:00:00Z")
    make_token(person("bob"), "of another")
    client = logged_in(user)
    assert "revoke_tokens" not in client.get("/admin/password_change/").content.decode()
    done = client.post("/admin/password_change/", OWN, follow=True).content.decode()
    assert "your sessions in other browsers have ended" in done
    assert "API token" not in done.split("messagelist")[1].split("</ul>")[0]


def test_the_page_says_how_many_tokens_there_are():
    user = ada()
    make_token(user, "one")
    client = logged_in(user)
    assert "Also revoke the 1 valid API token" in client.get("/admin/password_change/").content.decode()
    make_token(user, "two")
    assert "Also revoke all 2 valid API tokens" in client.get("/admin/password_change/").content.decode()


@pytest.mark.parametrize(
    ("revoke", "status", "said"),
    [({}, 200, "1 API token of ada is still valid."), ({"revoke_tokens": "on"}, 401, "1 API token of ada was revoked.")],
)
def test_with_the_own_password_the_own_tokens_end_if_that_is_wanted(revoke, status, said):
    user = ada()
    token, others = make_token(user, "hers"), make_token(person("bob"), "his")
    here, elsewhere = logged_in(user), logged_in(user)
    done = here.post("/admin/password_change/", OWN | revoke, follow=True)
    assert said in done.content.decode()
    assert Api(token=token.text).get("/api/user").status_code == status
    assert Api(token=others.text).get("/api/user").status_code == 200
    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302


def test_a_wrong_old_password_revokes_nothing():
    user = ada()
    make_token(user, "hers")
    logged_in(user).post("/admin/password_change/", OWN | {"old_password": "wrong", "revoke_tokens": "on"})
    assert ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("revoke", "said"),
    [({}, "2 API tokens of ada are still valid."), ({"revoke_tokens": "on"}, "2 API tokens of ada were revoked.")],
)
@pytest.mark.parametrize("disabled", [False, True])
def test_with_anothers_password_their_tokens_end_if_that_is_wanted(revoke, said, disabled):
    user = ada()
    tokens = [make_token(user, name) for name in ("one", "two")]
    hers, root = logged_in(user), logged_in(person("root", is_superuser=True))
    address = f"/admin/auth/user/{user.pk}/password/"
    assert "Also revoke all 2 valid API tokens" in root.get(address).content.decode()
    data = {"usable_password": "false", "unset-password": "1"} if disabled else ANOTHERS
    done = root.post(address, data | revoke, follow=True).content.decode()
    assert "All sessions of ada have ended." in done
    assert said in done
    assert {Api(token=token.text).get("/api/user").status_code for token in tokens} == ({401} if revoke else {200})
    assert hers.get("/admin/").status_code == 302


def test_what_is_wrong_or_not_allowed_changes_and_says_nothing():
    user = ada()
    make_token(user, "hers")
    root = logged_in(person("root", is_superuser=True))
    address = f"/admin/auth/user/{user.pk}/password/"
    wrong = {"password2": "something-else", "revoke_tokens": "on"}
    assert "sessions of ada" not in root.post(address, ANOTHERS | wrong, follow=True).content.decode()
    assert logged_in(user).post(address, ANOTHERS | {"revoke_tokens": "on"}).status_code == 403
    assert root.get("/admin/auth/user/999999/password/").status_code == 404
    assert ApiToken.objects.exists()
