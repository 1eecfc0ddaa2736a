"""What is done on Django's pages of users, groups, grants, tokens and accounts is in the log, without any value."""

from ipaddress import ip_network
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client

from builds.access.models import Grant
from builds.access.token_models import ApiToken
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "battery-staple-horse"


def test_each_change_on_these_pages_is_a_line_of_the_log(caplog: Any, settings: Any) -> None:
    caplog.set_level("INFO", "edrone.people")
    settings.LANGUAGE_CODE, settings.EDRONE_TRUSTED_PROXIES = "zh-hans", [ip_network("10.0.0.0/8")]
    root, ann, devs = Client(), person("ann"), Group.objects.create(name="devs")
    root.force_login(person("root", is_superuser=True))

    def post(page: str, **fields: Any) -> None:
        answer = root.post(f"/admin/{page}", fields)
        assert answer.status_code in {200, 302}, answer.content.decode()

    post(f"auth/user/{ann.pk}/change/", username="ann", is_active="on", is_superuser="on", groups=[devs.pk])
    post(f"auth/user/{ann.pk}/password/", password1=NEW_PASSWORD, password2=NEW_PASSWORD, usable_password="true")
    post("builds/grant/add/", group=devs.pk, pattern="shop/*", level=1)
    post("builds/apitoken/add/", name="ci", days=1)
    post("socialaccount/socialaccount/add/", user=ann.pk, provider="proxy", uid="ann")
    grant, token, account = Grant.objects.get(), ApiToken.objects.get(), SocialAccount.objects.get()
    post("auth/group/", action="delete_selected", _selected_action=[devs.pk], post="yes")
    post(f"socialaccount/socialaccount/{account.pk}/delete/", post="yes")
    lines = [entry.getMessage() for entry in caplog.records if entry.name == "edrone.people"]
    assert lines == [
        f'did=change by=root kind=user id={ann.pk} what=ann changed="Superuser status, Groups"',
        f"did=change by=root kind=user id={ann.pk} what=ann changed=password",
        f'did=add by=root kind=grant id={grant.pk} what="devs: view shop/*"',
        f'did=add by=root kind=apitoken id={token.pk} what="ci ({token.start}\\u2026)"',
        f"did=add by=root kind=socialaccount id={account.pk} what=ann",
        f"did=delete by=root kind=group id={devs.pk} what=devs",
        f"did=delete by=root kind=socialaccount id={account.pk} what=ann",
    ]
    assert NEW_PASSWORD not in caplog.text


def test_who_is_deleted_takes_their_entries_of_the_history_along_and_no_line_of_the_log(caplog: Any) -> None:
    """docs/threat-model.md says so."""
    caplog.set_level("INFO", "edrone.people")
    root, helper, ann = person("root", is_superuser=True), person("helper", is_superuser=True), person("ann")
    client = Client()
    client.force_login(helper)
    client.post(f"/admin/auth/user/{ann.pk}/change/", {"username": "ann", "is_active": "on", "is_superuser": "on"})
    assert LogEntry.objects.filter(user=helper).exists()
    client.force_login(root)
    client.post(f"/admin/auth/user/{helper.pk}/delete/", {"post": "yes"})
    assert not LogEntry.objects.exclude(user=root).exists()
    assert f'did=change by=helper kind=user id={ann.pk} what=ann changed="Superuser status"' in caplog.messages
