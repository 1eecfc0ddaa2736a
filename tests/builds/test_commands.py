"""`manage.py adduser`, `createsuperuser`, `grant`, `revoke`, `createtoken` and `changepassword`."""

import getpass
from datetime import timedelta
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from builds.access.models import Grant, Level
from builds.access.rules import may
from builds.access.token_models import ApiToken, digest_of, make_token
from builds.access.user_names import PROVIDERS
from builds.signing_in.known import PROXY
from edrone_site import sign_in
from tests.builds.access.drone_people import drone_user, signed_in
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


@pytest.mark.parametrize("admin", [True, False])
def test_createtoken_says_who_may_see_nothing_but_not_of_administrators_of_drone(change, settings, capsys, admin):
    """No command knows the login of DRONE_TOKEN, without which nobody counts as an administrator."""
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE, settings.DRONE_TOKEN = True, "github", "x" * 32
    drone_user(change, 7, "ann", admin=admin)
    signed_in("ann", "ann")
    run("createtoken", "ann")
    assert ("may not see any repository yet" in capsys.readouterr().err) is not admin


@pytest.mark.parametrize(("pattern", "sees"), [("other/*", False), ("shop/cart", True), ("*", True)])
def test_createtoken_says_that_its_pattern_covers_nothing_that_the_user_may_see(capsys, pattern, sees):
    person("ada", Level.VIEW, "shop/*")
    run("createtoken", "ada", "--pattern", pattern)
    said = capsys.readouterr().err
    assert (f"ada may not see any repository of {pattern} yet, so this token shows nothing" in said) is not sees


def test_createtoken_names_who_may_have_been_meant():
    person("ismewen")
    with pytest.raises(CommandError, match="no user ismewn; did you mean ismewen"):
        run("createtoken", "ismewn")


@pytest.mark.parametrize("words", [("grant", "ann", "*", "view"), ("createtoken", "ann"), ("revoke", "ann", "*")])
def test_for_an_unknown_user_nothing_is_suggested_that_gives_rights(words):
    with pytest.raises(CommandError, match=r"^There is no user ann; make one with `manage.py adduser`\.$"):
        run(*words)


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea", "oidc", "proxy"])
@pytest.mark.parametrize(
    ("words", "what_then"),
    [
        (("grant", "{}", "shop/*", "view"), " After that, run this again."),
        (("createtoken", "{}"), " After that, run this again."),
        (("adduser", "{}", "--no-password"), ""),
        (("createsuperuser", "--noinput", "--username={}", "--email="), ""),
    ],
)
def test_who_signs_in_elsewhere_has_to_do_so_once_before(provider, words, what_then):
    name = f"ada@{provider}"
    with pytest.raises(CommandError) as refused:
        run(*(word.format(name) for word in words))
    assert str(refused.value).endswith(
        f"Users that end in @{provider} are made by signing in there: let this person sign in to edrone once.{what_then}"
    )
    assert not User.objects.exists()


def test_a_misspelt_name_of_a_provider_is_suggested_all_the_same():
    person("linus@oidc")
    with pytest.raises(CommandError, match=r"no user linsu@oidc; did you mean linus@oidc\? Users that end in @oidc"):
        run("grant", "linsu@oidc", "shop/*", "view")


def test_an_address_of_mail_is_a_name_like_any_other():
    run("adduser", "ada@example.com", "--no-password")
    assert User.objects.get().username == "ada@example.com"


def test_the_names_that_signing_in_makes_are_those_of_all_providers():
    providers = {*sign_in.FORGES, sign_in.openid("", "").id, PROXY}
    assert providers == PROVIDERS


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
        *((("ci", "*", "deploy", "--only", only), "There is no name in --only") for only in ("", " ", ",", " , ")),
        (("ci", "a/" + "b" * 500, "view"), "at most 500"),
    ],
)
def test_grant_refuses(words, message):
    person("ci")
    with pytest.raises(CommandError, match=message):
        run("grant", *words)
    assert not Grant.objects.exists()


def test_grant_and_revoke_take_a_group_in_place_of_a_user():
    Group.objects.create(name="devs")
    assert run("grant", "--group", "devs", "shop/*", "run") == "devs: run shop/*\n"
    assert run("grant", "shop/cart", "deploy", "--group", "devs") == "devs: deploy shop/cart\n"
    assert run("revoke", "--group", "devs", "shop/cart") == "removed: devs: deploy shop/cart\n"
    assert run("revoke", "--group", "devs", "--all") == "removed: devs: run shop/*\n"
    with pytest.raises(CommandError, match="no group dev; did you mean devs"):
        run("grant", "--group", "dev", "*", "view")
    with pytest.raises(CommandError, match="no group other; make one in the administration"):
        run("revoke", "--group", "other", "--all")
    person("ann")
    for words in (("grant", "ann", "*", "view", "--group", "devs"), ("grant", "*", "view")):
        with pytest.raises(CommandError, match="Name a user, or a group with --group"):
            run(*words)
    assert not Grant.objects.exists()


def test_revoke_removes_what_it_names_and_nothing_else():
    person("ann", Level.VIEW, "shop/*")
    for level in (Level.VIEW, Level.RUN):
        Grant.objects.create(user=person(f"bob{level}", level, "shop/*"), pattern="a/b", level=level)
    Grant.objects.create(user=User.objects.get(username="ann"), pattern="shop/*", level=Level.RUN, only="check")
    Grant.objects.create(user=User.objects.get(username="ann"), pattern="shop/cart", level=Level.RUN)
    assert run("revoke", "ann", "shop/*").count("removed: ann: ") == 2
    assert Grant.objects.filter(user__username="ann").get().pattern == "shop/cart"
    assert Grant.objects.count() == 5
    for words, message in (
        (("ann", "shop/*"), "ann has no such grant, but for shop/cart"),
        (("ann",), "Name one pattern"),
        (("ann", "shop/cart", "--all"), "Name one pattern"),
        ((), "Name a user"),
        (("ann", "x", "y"), "Name one pattern"),
    ):
        with pytest.raises(CommandError, match=message):
            run("revoke", *words)
    assert run("revoke", "ann", "--all") == "removed: ann: run shop/cart\n"
    with pytest.raises(CommandError, match=r"ann has no such grant\."):
        run("revoke", "ann", "--all")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("builds_grant", ("grant", "ann", "*", "view")), ("builds_grant", ("revoke", "ann", "--all")), ("auth_user", ("adduser", "bob", "--no-password")),
        ("builds_apitoken", ("createtoken", "ann")), ("builds_freeze", ("freeze", "*", "production", "--reason", "r")), ("builds_freeze", ("unfreeze",)),
    ],
)  # fmt: skip
def test_a_database_without_tables_is_said_in_a_sentence(table, words):
    person("ann", is_superuser=True)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
    with pytest.raises(CommandError, match=rf"run manage\.py migrate\. \(no such table: {table}\)"):
        run(*words)


def test_adduser_makes_somebody_without_rights(monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda *_: "battery-staple")  # it asks the terminal
    Group.objects.create(name="devs")
    assert "see `manage.py grant`" in run("adduser", "ann", "--group", "devs")
    ann = User.objects.get()
    assert ann.check_password("battery-staple")
    assert (ann.is_superuser, ann.is_active, [group.name for group in ann.groups.all()]) == (False, True, ["devs"])
    assert not may(ann, Level.VIEW, "shop/cart")
    run("adduser", "robot", "--no-password")
    assert not User.objects.get(username="robot").has_usable_password()


def test_adduser_does_not_say_that_members_of_a_group_with_grants_see_nothing():
    devs = Group.objects.create(name="devs")
    Grant.objects.create(group=devs, pattern="shop/*", level=Level.VIEW)
    assert run("adduser", "carl", "--no-password", "--group", "devs") == "carl is made.\n"


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_adduser_refuses_a_password_that_is_not_utf_8_in_a_sentence(monkeypatch, errors):
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"\xff\xfe\xfe12345678\n"), "utf-8", errors))
    with pytest.raises(CommandError, match="The password is not UTF-8; nothing was done"):
        run("adduser", "ann", "--password-stdin")
    assert not User.objects.exists()


def test_adduser_does_not_show_a_password_where_there_is_no_terminal(monkeypatch):
    monkeypatch.setattr("getpass.getpass", getpass.fallback_getpass)  # type: ignore[attr-defined]  # not in the stubs
    monkeypatch.setattr("sys.stdin", StringIO("battery-staple\nbattery-staple\n"))
    with pytest.raises(CommandError, match="There is no terminal to ask: add --password-stdin"):
        run("adduser", "ann")
    assert not User.objects.exists()


def test_adduser_reads_a_password_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("battery-staple\n"))
    run("adduser", "ann", "--password-stdin")
    assert User.objects.get().check_password("battery-staple")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("BOB", "--no-password"), "There is a user bob"),
        (("ada\uff20oidc", "--no-password"), "Users that end in @oidc"),  # normalized to ada@oidc
        (("a b", "--no-password"), "'a b' cannot be a user name"),
        (("", "--no-password"), "cannot be a user name"),
        (("a\0", "--no-password"), "cannot be a user name"),
        (("x" * 151, "--no-password"), "cannot be a user name"),
        (("ann", "--no-password", "--group", "devs"), "no group devs"),
        (("ann",), "too common"),
        (("ann", "--no-password", "--password-stdin"), "not allowed with"),
    ],
)
def test_adduser_refuses(words, message, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda *_: "password")
    person("bob")
    with pytest.raises(CommandError, match=message):
        run("adduser", *words)
    assert User.objects.count() == 1


@pytest.mark.parametrize(("name", "message"), [("BOB", "There is a user bob"), ("ada@OIDC", "Users that end in @oidc")])
def test_createsuperuser_refuses_what_adduser_refuses(name, message):
    person("bob")
    with pytest.raises(CommandError, match=message):
        run("createsuperuser", "--noinput", f"--username={name}", "--email=")
    assert User.objects.count() == 1


def test_adduser_without_a_terminal_says_what_to_add(monkeypatch):
    def closed(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", closed)
    with pytest.raises(CommandError, match="add --password-stdin or --no-password"):
        run("adduser", "ann")


def test_createtoken_narrows():
    person("ci", Level.DEPLOY)
    run("createtoken", "ci", "--level", "view", "--pattern", "shop/*", "--ends-with-password", "--ends-with-rights")
    token = ApiToken.objects.get()
    assert (token.level, token.pattern, token.ends_with_password, token.ends_with_rights) == (Level.VIEW, "shop/*", True, True)
    with pytest.raises(CommandError, match="“shop” is not a valid repository pattern"):
        run("createtoken", "ci", "--pattern", "shop")
    for pattern in ("", " ", ","):
        with pytest.raises(CommandError, match="is not a valid repository pattern"):
            run("createtoken", "ci", "--pattern", pattern)
    for level in ("admin", ""):
        with pytest.raises(CommandError, match="invalid choice"):
            run("createtoken", "ci", "--level", level)
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("made_to_end", [True, False])
def test_changepassword_ends_what_was_made_to_end_with_it(made_to_end, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda **_: "battery-staple")
    make_token(person("ada"), "one", ends_with_password=made_to_end)
    run("changepassword", "ada")
    assert ApiToken.objects.exists() != made_to_end


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
