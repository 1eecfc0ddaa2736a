"""Somebody whom one of Django's permissions lets in sees only links that they may follow."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from builds.access.models import Grant, Level
from builds.starting.models import AuditRecord

LINK = re.compile(r'href="(/admin/[^"#]*)')


@pytest.mark.parametrize(
    "permission",
    ["view_auditrecord", "view_grant", "change_grant", "view_user", "change_user", "view_group", "view_servedconfig"],
)
def test_each_link_of_each_page_leads_somewhere(permission: str, drone: None):
    ann = User.objects.create_user("ann")
    ann.groups.add(Group.objects.create(name="team"))
    Grant.objects.create(user=ann, pattern="shop/*", level=Level.RUN)
    Grant.objects.create(group=Group.objects.get(), pattern="*", level=Level.VIEW)
    AuditRecord.objects.create(user=ann, username="ann", verb="restart", slug="ismewen/edrone", number=1)
    reader = User.objects.create_user("reader")
    reader.user_permissions.add(Permission.objects.get(codename=permission))
    client = Client()
    client.force_login(reader)
    seen, to_see = set(), ["/admin/"]
    while to_see:
        path = to_see.pop()
        seen.add(path)
        answer = client.get(path, follow=True)
        assert answer.status_code == 200, path
        page = "" if answer.streaming else answer.content.decode()
        to_see += {unescape(link) for link in LINK.findall(page)} - seen - {*to_see}
    assert len(seen) > 10
