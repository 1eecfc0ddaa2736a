"""`manage.py createtoken`, `changepassword` and `grant`."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from builds.access.models import Grant, Level
from builds.access.rules import may
from builds.access.token_models import ApiToken, digest_of, make_token
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_createtoken_prints_only_the_token_and_keeps_only_its_hash():
    user = person("ci")
    text = run("createtoken", "ci").removesuffix("\n")
    token = ApiToken.objects.get()
    assert token.digest == digest_of(text)
    assert token.user == user
    assert all(text not in str(value) for value in ApiToken.objects.values().get().values())
    assert timedelta(days=364) < token.expires - timezone.now() < timedelta(days=366)


def test_createtoken_takes_days():
    person("ci")
    run("createtoken", "ci", "--days", "1")
    assert ApiToken.objects.get().expires - timezone.now() < timedelta(days=1, seconds=1)


@pytest.mark.parametrize("days", ["0", "-1", "3651", "99999999999"])
def test_createtoken_refuses_days_that_make_no_sense(days):
    person("ci")
    with pytest.raises(CommandError, match="from 1 to 3650"):
        run("createtoken", "ci", "--days", days)
    assert not ApiToken.objects.exists()


def test_createtoken_names_who_may_have_been_meant():
    person("ismewen")
    with pytest.raises(CommandError, match="no user ismewn; did you mean ismewen"):
        run("createtoken", "ismewn")


@pytest.mark.parametrize("words", [("grant", "ann", "*", "view"), ("createtoken", "ann")])
def test_for_an_unknown_user_nothing_is_suggested_that_gives_rights(words):
    with pytest.raises(CommandError, match=r"^There is no user ann; make one in the administration, under Users\.$"):
        run(*words)


def test_createtoken_refuses_who_is_not_active():
    person("gone", is_active=False)
    with pytest.raises(CommandError, match="not active"):
        run("createtoken", "gone")


def test_grant_makes_a_grant_once():
    user = person("ci")
    assert (
        run("grant", "ci", "shop/*", "deploy", "--only", "staging", "smoke-*")
        == "ci: deploy shop/*, limited to staging, smoke-*\n"
    )
    assert "was there" in run("grant", "ci", "shop/*", "deploy", "--only", "staging", "smoke-*")
    assert Grant.objects.count() == 1
    assert may(user, Level.DEPLOY, "shop/cart", "staging")
    assert not may(user, Level.DEPLOY, "shop/cart", "production")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nobody", "*", "view"), "no user nobody"),
        (("ci", "shop", "view"), "“shop” is not a valid repository pattern"),
        (("ci", "*", "admin"), "invalid choice"),
        (("ci", "*", "view", "--only", "x"), "A view grant cannot be limited"),
        (("ci", "a/" + "b" * 500, "view"), "at most 500"),
    ],
)
def test_grant_refuses(words, message):
    person("ci")
    with pytest.raises(CommandError, match=message):
        run("grant", *words)
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("option", "left", "said"),
    [
        ([], 2, ["2 API tokens of ada are still valid.", "repeat this command with --revoke-tokens."]),
        (["--revoke-tokens"], 0, ["2 API tokens of ada were revoked."]),
    ],
)
def test_changepassword_says_what_becomes_of_the_tokens(option, left, said, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda **_: "battery-staple")  # it asks the terminal
    ada = person("ada")
    make_token(ada, "one"), make_token(ada, "two"), make_token(person("bob"), "of another")
    text = run("changepassword", "ada", *option)
    assert "Password changed successfully for user 'ada'" in text
    assert all(sentence in text for sentence in said)
    assert ("--revoke-tokens" in text) == bool(left)
    assert ApiToken.objects.filter(user=ada).count() == left
    assert ApiToken.objects.count() == left + 1
    ada.refresh_from_db()
    assert ada.check_password("battery-staple")


def test_changepassword_does_not_speak_of_tokens_where_there_are_none(monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda **_: "battery-staple")
    person("ada")
    assert "oken" not in run("changepassword", "ada")


def test_where_the_password_is_not_changed_no_token_is_revoked(monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda **_: "1")
    make_token(person("ada"), "one")
    with pytest.raises(CommandError, match="Aborting"):
        run("changepassword", "ada", "--revoke-tokens")
    assert ApiToken.objects.exists()
