"""The lists and forms of users and groups, in the look of edrone's other lists."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from builds.access.people_page import PERMISSION as PEOPLE
from builds.notices.managing import PERMISSION as NOTICES
from builds.starting.audit_api import PERMISSION as AUDIT

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"


def test_the_list_of_users_says_who_may_what_in_words(admin: Client):
    ann = User.objects.create_user("ann", first_name="Ann", last_name="Example", is_active=False)
    ann.groups.add(Group.objects.create(name="shop team"), Group.objects.create(name="<b>"))
    page = admin.get(USERS).content.decode()
    cells = dict(re.findall(r"field-(\w+)[^>]*>(.*?)</t[dh]>", page[page.index(">ann<") :], re.DOTALL))
    assert "Ann Example" in cells["full_name"]
    assert "&lt;b&gt;, shop team" in cells["groups_of"]
    assert "deactivated" in cells["state"]
    assert ">superuser</td>" in page
    assert "<img" not in page[page.index("result_list") :]
    assert "is_staff" not in page


def test_more_users_need_no_more_queries(admin: Client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(USERS).status_code == 200
        return len(captured)

    group = Group.objects.create(name="shop team")
    User.objects.create_user("ann").groups.add(group)
    before = queries()
    for number in range(20):
        User.objects.create_user(f"u{number}").groups.add(group)
    assert queries() == before


def test_a_button_deletes_the_chosen_rows(admin: Client):
    Group.objects.create(name="shop team")
    page = admin.get(GROUPS).content.decode()
    action = re.search(r'name="action" value="(\w+)">\s*<button [^>]*name="index" value="(\d)">([^<]*)<', page)
    assert action
    assert action[3] == "Delete selected groups"
    chosen = {"action": action[1], "index": action[2], "_selected_action": str(Group.objects.get().pk)}
    assert "Delete the selected group" in admin.post(GROUPS, chosen).content.decode()
    admin.post(GROUPS, chosen | {"post": "yes"})
    assert not Group.objects.exists()


OF_A_PROVIDER = "Users that end in @oidc are made by signing in there: let this person sign in to edrone once."


def renamed(admin: Client, user: User, name: str) -> str:
    """Give a user another name in the form; return the page that refused it, or an empty text."""
    page = admin.get(f"{USERS}{user.pk}/change/")
    values = {key: value for key, value in page.context["adminform"].form.initial.items() if key in {"email", "is_active"}}
    sent = admin.post(
        f"{USERS}{user.pk}/change/", values | {"username": name, "date_joined_0": "2026-01-01", "date_joined_1": "00:00"}
    )
    return sent.content.decode() if sent.status_code == 200 else ""


@pytest.mark.parametrize("name", ["ada@oidc", "ada@OIDC", "ada\uff20oidc"])
def test_a_name_of_somebody_who_signs_in_elsewhere_is_given_to_nobody(name: str, admin: Client):
    passwords = {"usable_password": "true", "password1": "battery-staple", "password2": "battery-staple"}
    assert OF_A_PROVIDER in admin.post(f"{USERS}add/", passwords | {"username": name}).content.decode()
    bob = User.objects.create_user("bob")
    assert OF_A_PROVIDER in renamed(admin, bob, name)
    assert not User.objects.filter(username__icontains="ada").exists()
    admin.post(f"{USERS}add/", passwords | {"username": "ada@example.com"})
    assert User.objects.filter(username="ada@example.com").exists()


def test_who_signs_in_elsewhere_keeps_the_name_or_gets_another_one_of_there(admin: Client):
    ada = User.objects.create_user("ada@oidc")
    for name in ("ada@oidc", "ada.lovelace@oidc"):
        assert not renamed(admin, ada, name)
        ada.refresh_from_db()
        assert ada.username == name
    assert "Users that end in @github are made" in renamed(admin, ada, "ada@github")


def test_a_name_that_differs_from_another_in_case_alone_is_given_to_nobody(admin: Client):
    ann, bob = User.objects.create_user("ann"), User.objects.create_user("bob")
    assert "There is a user ann." in admin.post(f"{USERS}add/", {"username": "ANN", "usable_password": "false"}).content.decode()
    assert "There is a user ann." in renamed(admin, bob, "Ann")
    assert not renamed(admin, ann, "Ann")


def test_permissions_are_folded_and_no_hash_is_shown(admin: Client):
    ann = User.objects.create_user("ann", password="a-long-password")
    page = admin.get(f"{USERS}{ann.pk}/change/").content.decode()
    assert re.search(r"<details><summary>Permissions</summary>.*Can add API token.*</details>", page, re.DOTALL)
    assert "pbkdf2" not in page
    assert "Reset password" in page
    assert 'name="is_staff"' not in page
    assert ">Home</a> &rsaquo;" in page


def test_every_permission_that_a_page_asks_for_is_given_in_the_form(admin: Client):
    """docs/people.md names them."""
    group, named = (
        Group.objects.create(name="notifiers"),
        {PEOPLE, NOTICES, AUDIT, "configs.view_servedconfig", "configs.view_lasterror"},
    )
    page = admin.get(f"{GROUPS}{group.pk}/change/")
    offered = {
        f"{each.content_type.app_label}.{each.codename}": each.pk
        for each in page.context["adminform"].form.fields["permissions"].queryset
    }
    assert named <= offered.keys()
    assert not {"builds.add_channel", "builds.view_channel", "sessions.change_session"} & offered.keys()
    assert "Can change channel" in page.content.decode()
    admin.post(f"{GROUPS}{group.pk}/change/", {"name": "notifiers", "permissions": [offered[NOTICES]]})
    user = User.objects.create_user("ann")
    user.groups.add(group)
    assert user.has_perm(NOTICES)


def test_who_may_not_change_users_sees_none(viewer: Client):
    assert viewer.get(USERS).status_code == viewer.get(GROUPS).status_code == 403
