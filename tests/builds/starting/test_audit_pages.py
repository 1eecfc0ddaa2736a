"""The audit records in the administration."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils.html import strip_tags
from django.utils.translation import override

from builds.access.models import Level
from builds.starting.models import AuditRecord
from builds.templatetags.builds import means
from tests.builds.conftest import person

LIST = "/admin/builds/auditrecord/"
pytestmark = pytest.mark.django_db


def record(**fields: Any) -> AuditRecord:
    row = {"username": "ann", "means": "token nightly (edrone_abcd…)", "verb": "create", "slug": "ismewen/edrone", "operation": "check",
           "params": {"A": "<script>", "API_KEY": "********"}, "outcome": "done", "status": 200, "build": 21, "build_status": "pending"}  # fmt: skip
    return AuditRecord.objects.create(**(row | fields))


def logged_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def auditor() -> Client:
    user = person("auditor", Level.VIEW, "ismewen/*", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_auditrecord"))
    return logged_in(user)


def test_it_is_for_those_with_the_permission_and_of_the_repositories_that_they_see(auditor, admin_client):
    seen, hidden = record(), record(slug="shop/cart")
    staff = logged_in(person("staff", Level.DEPLOY, is_staff=True))
    for path in (LIST, f"{LIST}{seen.pk}/change/"):
        assert staff.get(path).status_code == 403
        assert Client().get(path).status_code == 302
        assert auditor.get(path).status_code == 200
    assert b"shop/cart" not in auditor.get(LIST).content
    assert auditor.get(f"{LIST}{hidden.pk}/change/").status_code == 302  # as one that is not there
    assert b"shop/cart" in admin_client.get(LIST).content


def test_what_was_done_in_a_demonstration_says_so():
    token = "demonstration, token nightly (edrone_abcd…)"
    assert strip_tags(means(token)) == token
    with override("zh-hans"):
        assert "administration" not in means("demonstration, administration")
        assert "token" not in means(token)


def test_a_record_is_shown_whole_and_harmless(auditor):
    page = auditor.get(f"{LIST}{record().pk}/change/").content.decode()
    for part in (
        "ann",
        "token nightly",
        "ismewen/edrone",
        "check",
        "A=&lt;script&gt;",
        "API_KEY=********",
        ">#21</a>",
        "pending",
    ):
        assert part in page, part
    assert "A=<script>" not in page


def test_what_would_be_hidden_is_named(auditor):
    words = "a\u202egnp.sh\u200b\x1b[31m"
    made = record(operation="", branch=words, target=words, build_message=words, params={words: words}, username=words)
    for path in (LIST, f"{LIST}{made.pk}/change/", f"{LIST}{made.pk}/history/"):
        page = auditor.get(path).content.decode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]", page), path
        assert "a[U+202E]gnp.sh[U+200B][ESC][31m" in page, path


def test_nobody_changes_adds_or_deletes(admin_client):
    row = record()
    for path in (f"{LIST}add/", f"{LIST}{row.pk}/delete/"):
        assert admin_client.get(path).status_code == 403
    assert admin_client.post(f"{LIST}{row.pk}/change/", {"slug": "x"}).status_code == 403


def test_filters_search_and_pages_without_counting(auditor, django_assert_max_num_queries):
    for number in range(60):
        record(build=number + 1)
    record(username="ben", verb="promote", operation="", target="production", outcome="refused", build=None)
    with django_assert_max_num_queries(8) as asked:
        first = auditor.get(LIST)
    assert not any("COUNT(" in query["sql"].upper() for query in asked)
    assert first.content.count(b"field-username") == 50
    assert first.content.count(b">ben<") == 1
    older = auditor.get(LIST, {"id__lt": first.context["cl"].paginator.older})
    assert older.content.count(b"field-username") == 11
    for query, rows in {
        "q=ben": 1,
        "q=ismewen/edrone": 50,
        "verb__exact=promote": 1,
        "outcome__exact=refused": 1,
        "time=day": 50,
        "q=nobody": 0,
    }.items():
        assert auditor.get(f"{LIST}?{query}").content.count(b"field-username") == rows, query
