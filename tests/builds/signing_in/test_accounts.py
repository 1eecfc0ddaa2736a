"""Connecting accounts: by the person or a superuser, to one user each, and never the last way in taken away."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from builds.access.models import Grant, Level
from builds.signing_in.accounts import disconnect
from builds.signing_in.known import Known
from tests.builds.conftest import person
from tests.builds.signing_in.conftest import Browser, use
from tests.builds.signing_in.test_forges import NO_ACCESS, text, who
from tests.sign_in_providers import OpenID, Provider

HERE = "/admin/signin/"


@pytest.fixture
def ada(browser: Browser) -> User:
    user = person("ada", Level.VIEW, password="right-horse")
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return user


def test_who_signed_in_with_a_password_connects_an_account_and_signs_in_with_it(browser: Browser, ada: User, github: Provider):
    assert "Connect an account at GitHub" in text(browser.get(HERE))
    answer = browser.sign_in(connect="true")
    assert answer.headers["Location"] == HERE
    assert "You can now sign in with your account at GitHub." in text(browser.get(HERE))
    assert SocialAccount.objects.get().user == ada == User.objects.get()
    other = Browser()
    other.sign_in()
    assert who(other) == "ada"
    assert other.get("/admin/").status_code == 200


def test_without_connect_an_account_of_the_same_name_is_somebody_elses(browser: Browser, ada: User, github: Provider):
    browser.sign_in()
    assert who(browser) == "ada@github"
    assert SocialAccount.objects.get().user != ada


def test_the_same_id_and_login_at_another_provider_are_somebody_else(
    browser: Browser, ada: User, github: Provider, settings: Any
):
    use(settings, Known("gitlab", "GitLab", github.url))
    browser.sign_in("github", connect="true")
    browser.force_login(person("bob", Level.VIEW))
    assert browser.sign_in("gitlab", connect="true").status_code == 302
    for provider, name in (("github", "ada"), ("gitlab", "bob")):
        other = Browser()
        other.sign_in(provider)
        assert who(other) == name
    known = SocialAccount.objects.values_list("provider", "uid", "user__username", "extra_data__login")
    assert set(known) == {("github", "7", "ada", "ada"), ("gitlab", "7", "bob", "ada")}


def test_an_account_of_another_user_is_not_taken_from_them(browser: Browser, ada: User, github: Provider):
    Browser().sign_in()
    answer = browser.sign_in(connect="true")
    assert answer.status_code == 409
    assert "belongs to another user of edrone already" in text(answer)
    assert (who(browser), SocialAccount.objects.get().user.username) == ("ada", "ada@github")


def test_nothing_is_connected_to_who_came_in_between(browser: Browser, ada: User, github: Provider):
    back = browser.agree(browser.begin(connect="true"))
    browser.force_login(person("bob", Level.VIEW))
    assert browser.come_back(back).status_code == 400
    assert not SocialAccount.objects.exists()


def test_nobody_connects_without_being_signed_in(browser: Browser, github: Provider):
    answer = browser.post("/admin/signin/github/", {"connect": "true"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/admin/login/?next={HERE}")
    assert not User.objects.exists()
    assert Browser().get(HERE).headers["Location"].startswith("/admin/login/")


def test_who_lost_the_last_right_connects_nothing_and_stays_who_they_are(browser: Browser, ada: User, github: Provider):
    Grant.objects.all().delete()
    answer = browser.post("/admin/signin/github/", {"connect": "true"})
    assert answer.status_code == 403
    assert NO_ACCESS in text(answer)
    assert who(browser) == "ada"


def test_the_list_says_when_somebody_signed_in_last(browser: Browser, github: Provider):
    with time_machine.travel("2026-01-02T03:00:00Z"):
        browser.sign_in()
    with time_machine.travel("2026-02-03T04:00:00Z", tick=False):
        Browser().sign_in()
    assert SocialAccount.objects.get().last_login == datetime(2026, 2, 3, 4, tzinfo=UTC)


def test_an_account_can_be_disconnected_and_its_groups_go_with_it(browser: Browser, ada: User, oidc: OpenID, logged: StringIO):
    Group.objects.create(name="oidc:devs")
    browser.sign_in("oidc", connect="true")
    assert ada.groups.exists()
    account = SocialAccount.objects.get()
    browser.post(f"{HERE}{account.pk}/remove/")
    assert not SocialAccount.objects.exists()
    assert not ada.groups.exists()
    assert "An account of oidc was disconnected from ada" in logged.getvalue()


def test_groups_made_by_hand_stay_whatever_they_are_called(browser: Browser, ada: User, github: Provider):
    ada.groups.add(Group.objects.create(name="github:devs"))
    disconnect(SocialAccount.objects.create(user=ada, provider="github", uid="7"))
    assert ada.groups.count() == 1


def test_the_last_way_in_cannot_be_taken_away(browser: Browser, github: Provider, ada: User, settings: Any):
    browser.sign_in(connect="true")
    ada.set_unusable_password()
    ada.save()
    browser.force_login(ada)
    assert "Disconnect" not in text(browser.get(HERE))
    answer = browser.post(f"{HERE}{SocialAccount.objects.get().pk}/remove/", follow=True)
    assert "This is your only way to sign in." in text(answer)
    assert SocialAccount.objects.exists()


def test_nobody_disconnects_the_account_of_another(browser: Browser, github: Provider, ada: User):
    Browser().sign_in()
    assert browser.post(f"{HERE}{SocialAccount.objects.get().pk}/remove/").status_code == 404
    assert SocialAccount.objects.exists()


def test_the_page_asks_the_database_no_more_often_for_more_accounts(
    browser: Browser, ada: User, github: Provider, django_assert_num_queries: Any
):
    SocialAccount.objects.create(user=ada, provider="github", uid="first")
    with CaptureQueriesContext(connection) as one:
        browser.get(HERE)
    for uid in range(19):
        SocialAccount.objects.create(user=ada, provider="github", uid=str(uid), extra_data={"login": f"<b>{uid}\u202e"})
    with django_assert_num_queries(len(one)):
        page = text(browser.get(HERE))
    assert page.count("Disconnect") == 20
    assert "<b>1" not in page


def test_a_superuser_connects_an_account_to_a_user_and_nobody_else_does(
    browser: Browser, ada: User, github: Provider, admin_user: Any
):
    address = "/admin/socialaccount/socialaccount/"
    assert browser.get(f"{address}add/").status_code == 403
    ada.user_permissions.add(*admin_permissions())
    assert browser.post(f"{address}add/", {"user": admin_user.pk, "provider": "github", "uid": "7"}).status_code == 403
    root = Browser()
    root.force_login(admin_user)
    assert root.post(f"{address}add/", {"user": ada.pk, "provider": "nosuch", "uid": "7"}).status_code == 200
    assert root.post(f"{address}add/", {"user": ada.pk, "provider": "github", "uid": "7"}).status_code == 302
    other = Browser()
    other.sign_in()
    assert who(other) == "ada"
    assert root.get(address).status_code == 200
    account = SocialAccount.objects.get()
    assert "ada" in text(root.get(f"{address}{account.pk}/change/"))
    assert root.post(f"{address}{account.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not SocialAccount.objects.exists()


def test_a_superuser_disconnects_several_accounts_at_once_and_their_groups_go_with_them(
    oidc: OpenID, ada: User, admin_user: Any, browser: Browser
):
    Group.objects.create(name="oidc:devs")
    browser.sign_in("oidc", connect="true")
    assert ada.groups.exists()
    root = Browser()
    root.force_login(admin_user)
    chosen = {"action": "delete_selected", "_selected_action": SocialAccount.objects.get().pk, "post": "yes"}
    assert root.post("/admin/socialaccount/socialaccount/", chosen).status_code == 302
    assert not SocialAccount.objects.exists()
    assert not ada.groups.exists()


def admin_permissions() -> Any:
    return Permission.objects.filter(content_type__app_label="socialaccount")


def test_without_a_provider_there_is_no_page_of_accounts(browser: Browser, ada: User, admin_user: Any):
    assert browser.get(HERE).status_code == 404
    browser.force_login(admin_user)
    assert "socialaccount" not in text(browser.get("/admin/"))
