"""Whatever a list of the administration is asked for is answered or refused, and nothing of it looks like a failure of edrone."""

from io import StringIO

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

LARGE = "9" * 30
COLUMNS = (
    "id", "slug", "ref", "event", "number", "level", "verb", "outcome", "time", "username", "groups", "is_staff", "is_superuser", "user",
    "date_joined",
)  # fmt: skip
QUERIES = [
    "", "e=1", "p=abc", "p=0", "p=-1", f"p={LARGE}", "p=%00", "e=1&p=abc", "o=..", "o=99", "o=-1.x.1", f"o={LARGE}", "o=%00", "all=",
    "_facets", "_facets=x", "_popup=1", "_to_field=password", "_to_field=%00", "q=%00", "q=%ff", "q=%22", "q=" + "x" * 5000,
    "q=" + "x+" * 3000, "q=" + "+".join(map(str, range(1500))), "user__password__startswith=a", "password__startswith=a", "nosuch=1",
    "id__in=", "pk=1", "id__lt=abc", "id__lt=%00", f"id__lt={LARGE}", "=1", "%00=1", "__=1", "username__regex=(", "user__username__regex=(",
    "date_joined__year=99999999", "_changelist_filters=%00", "&".join(f"a{number}=1" for number in range(2000)),
    *(f"{column}={value}" for column in COLUMNS for value in ("x", "%00", LARGE)),
    *(f"{column}__exact=x" for column in COLUMNS), *(f"{column}__id__exact={LARGE}" for column in COLUMNS),
    *(f"{column}__isnull=x" for column in COLUMNS),
]  # fmt: skip
ROWS = [["abc"], ["\0"], [LARGE], ["1", "²"], ["-1"]]
LISTS = [
    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # noqa: SLF001 - a name of Django's
    for model in site._registry  # noqa: SLF001
]
WITH_ACTIONS = [reverse(f"admin:{name}_changelist") for name in ("auth_user", "auth_group", "builds_grant", "builds_apitoken")]
OF_DJANGO = [path for path in LISTS if not path.endswith(("/build/", "/repo/"))]
REFUSED = [
    "user__password__startswith=a", "password__startswith=a", "_to_field=password", "nosuch=1", "pk=1", "username__regex=(",
    "date_joined__year=99999999", "id__lt=%00", "p=%00", "e=1&id__lt=abc",
]  # fmt: skip
ROW_OFFERS = ["is_superuser__exact=1", "is_active__exact=0", "groups__id__exact=1", "groups__isnull=True"]


@pytest.mark.slow
@pytest.mark.parametrize("path", LISTS)
def test_no_list_fails_or_logs_a_traceback_whatever_it_is_asked_for(admin: Client, logged: StringIO, path: str):
    for query in QUERIES:
        answer = admin.get(f"{path}?{query}")
        assert answer.status_code in {200, 302, 400}, query[:80]
        assert "no-store" in answer.headers["Cache-Control"]
    assert "Traceback" not in logged.getvalue()


@pytest.mark.parametrize("path", OF_DJANGO)
def test_what_no_filter_offers_is_refused_in_a_sentence(admin: Client, logged: StringIO, path: str):
    for query in REFUSED:
        answer = admin.get(f"{path}?{query}")
        assert answer.status_code == 400, query
        page = answer.content.decode()
        assert "Open the page from the menu and choose again." in page or f"“{query.partition('=')[0]}”" in page
    assert "Traceback" not in logged.getvalue()


@pytest.mark.parametrize("query", ROW_OFFERS)
def test_what_a_filter_offers_is_answered(admin: Client, query: str):
    assert admin.get(f"{reverse('admin:auth_user_changelist')}?{query}").status_code == 200


def test_a_search_of_more_than_a_sentence_is_refused_on_the_list(admin: Client):
    page = admin.get(reverse("admin:auth_user_changelist"), {"q": "x " * 3000})
    assert page.status_code == 200
    assert "Ensure this value has at most 200 characters" in page.content.decode()


@pytest.mark.parametrize("path", WITH_ACTIONS)
def test_rows_that_cannot_be_there_are_refused(admin: Client, logged: StringIO, path: str):
    for rows in ROWS:
        assert admin.post(path, {"action": "delete_selected", "_selected_action": rows}).status_code == 400, rows
    assert admin.post(path, {"action": "delete_selected", "_selected_action": ["99"]}).status_code in {200, 302}
    assert "Traceback" not in logged.getvalue()


def test_what_is_sent_cannot_begin_a_line_of_the_log(admin: Client, logged: StringIO):
    admin.get(f"{reverse('admin:auth_user_changelist')}?a%0AERROR%20forged=1")
    assert "ERROR forged" in logged.getvalue()
    assert "\nERROR forged" not in logged.getvalue()


def test_no_name_is_completed_by_django(admin: Client):
    asked = {"app_label": "builds", "model_name": "grant", "field_name": "user", "term": "a"}
    assert admin.get("/admin/autocomplete/", asked).status_code == 404
