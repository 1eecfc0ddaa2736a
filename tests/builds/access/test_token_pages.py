"""Tokens in the administration: made and revoked by their owners, shown once."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from builds.access.models import Level
from builds.access.token_models import ApiToken, make_token
from tests.builds.api import Api, body
from tests.builds.conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_drone")]
TOKENS = "/admin/builds/apitoken/"


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def made(client: Client, **data: Any) -> Any:
    return client.post(f"{TOKENS}add/", {"name": "nightly deploys", "days": 30} | data)


def test_a_user_makes_a_token_which_is_shown_once_and_works():
    ada = person("ada", Level.VIEW)
    client = logged_in(ada)
    answer = made(client)
    shown = re.search(r'<pre id="token">(edrone_[\w-]+)</pre>', answer.content.decode())
    assert shown
    assert "no-store" in answer.headers["Cache-Control"]
    assert body(Api(token=shown[1]).get("/api/user"))["login"] == "ada"
    token = ApiToken.objects.get()
    for path in (TOKENS, f"{TOKENS}{token.pk}/change/", f"{TOKENS}{token.pk}/delete/", f"{TOKENS}{token.pk}/history/", "/admin/"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert shown[1] not in page.content.decode()
    kept = str([session.get_decoded() for session in Session.objects.all()]) + str(client.cookies)
    assert shown[1] not in kept


@pytest.mark.parametrize("data", [{"days": 0}, {"days": 3651}, {"days": "x"}, {"days": ""}, {"name": ""}, {"name": "x" * 101}])
def test_a_token_that_makes_no_sense_is_not_made(data):
    answer = made(logged_in(person("ada", Level.VIEW)), **data)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_a_user_sees_and_revokes_own_tokens_only():
    ada, bob = person("ada", Level.VIEW), person("bob", Level.VIEW)
    hers, his = make_token(ada, "hers"), make_token(bob, "his")
    client = logged_in(ada)
    listed = client.get(TOKENS).content.decode()
    assert "hers" in listed
    assert "his</a>" not in listed
    assert client.get(f"{TOKENS}{his.pk}/change/").status_code == 302  # as for one that is not there
    client.post(f"{TOKENS}{his.pk}/delete/", {"post": "yes"})
    client.post(TOKENS, {"action": "delete_selected", "_selected_action": [his.pk], "post": "yes"})
    assert ApiToken.objects.filter(pk=his.pk).exists()
    assert client.post(f"{TOKENS}{hers.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Api(token=hers.text).get("/api/user").status_code == 401
    assert Api(token=his.text).get("/api/user").status_code == 200


def test_a_superuser_sees_and_revokes_all_and_no_text():
    token = make_token(person("ada", Level.VIEW), "hers")
    client = logged_in(person("root", is_superuser=True))
    listed = client.get(TOKENS).content.decode()
    assert "hers" in listed
    assert token.text not in listed
    assert token.digest not in client.get(f"{TOKENS}{token.pk}/change/").content.decode()
    client.post(TOKENS, {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"})
    assert not ApiToken.objects.exists()


def test_nobody_makes_a_token_for_another_or_changes_one():
    ada, bob = person("ada", Level.VIEW), person("bob", Level.VIEW)
    client = logged_in(ada)
    made(client, user=bob.pk)
    token = ApiToken.objects.get()
    assert token.user == ada
    assert client.post(f"{TOKENS}{token.pk}/change/", {"name": "other", "days": 3650}).status_code == 403
    assert ApiToken.objects.get().name == "nightly deploys"


def test_who_may_see_nothing_makes_no_token():
    assert made(Client()).status_code == 302
    for outsider in (person("plain"), person("staff", is_staff=True), person("gone", Level.VIEW, is_active=False)):
        assert made(logged_in(outsider)).status_code in {302, 403}
    assert not ApiToken.objects.exists()


def test_a_grant_is_made_by_who_may_and_refused_with_a_sentence():
    root = logged_in(person("root", is_superuser=True))
    ada = person("ada", Level.VIEW)
    wrong = root.post("/admin/builds/grant/add/", {"user": ada.pk, "pattern": "shop", "level": 1, "only": ""})
    assert "is not a valid repository pattern" in wrong.content.decode()
    nobody = root.post("/admin/builds/grant/add/", {"pattern": "shop/*", "level": 1, "only": ""})
    assert "Choose either a user or a group." in nobody.content.decode()
    assert root.post("/admin/builds/grant/add/", {"user": ada.pk, "pattern": "shop/*", "level": 1, "only": ""}).status_code == 302
    assert "shop/*" in root.get("/admin/builds/grant/").content.decode()
    assert logged_in(ada).get("/admin/builds/grant/").status_code == 403
    assert logged_in(ada).post("/admin/builds/grant/add/", {"user": ada.pk, "pattern": "*", "level": 3}).status_code == 403
