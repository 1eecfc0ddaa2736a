"""Lists of the administration: nothing is counted, whatever the address asks, and every page is reached."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from builds.access.models import Grant, Level
from builds.access.token_models import make_token
from builds.starting.models import AuditRecord

LISTS = ["auth/user/", "auth/group/", "builds/grant/", "builds/apitoken/", "builds/auditrecord/", "configs/servedconfig/",
         "configs/lasterror/"]  # fmt: skip


def read(client: Any, path: str, **parameters: Any) -> Any:
    """Read a list, and check that it counts nothing."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/admin/{path}", parameters)
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert answer.status_code == 200
    assert not re.search(r"\d+ (results?|total|users?|grants?|audit records?)\b", answer.content.decode())
    return answer


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("parameters", [{}, {"_facets": "True"}, {"q": "ismewen/edrone"}, {"all": ""}])
def test_no_list_counts(path, parameters, admin):
    some = User.objects.create_user("some")
    for number in range(136):
        AuditRecord.objects.create(username="some", means="", verb="cancel", slug="ismewen/edrone", number=number)
        Grant.objects.create(user=some, pattern=f"ismewen/{number}", level=Level.VIEW)
    make_token(some, "x")
    read(admin, path, **parameters)
    if path == "builds/auditrecord/":
        assert "Showing 50" in admin.get(f"/admin/{path}").content.decode()


def test_every_page_of_the_grants_is_reached(admin):
    some = User.objects.create_user("some")
    for number in range(250):
        Grant.objects.create(user=some, pattern=f"ismewen/{number:03}", level=Level.VIEW)
    seen: list[str] = []
    for number in (1, 2, 3):
        answer = read(admin, "builds/grant/", p=number)
        seen += [grant.pattern for grant in answer.context["cl"].result_list]
        assert (f"?p={number + 1}" in answer.content.decode()) == (number < 3)
    assert seen == [f"ismewen/{number:03}" for number in range(250)]
    for wrong in ("4", "99999999999", "x", "-1"):
        assert admin.get("/admin/builds/grant/", {"p": wrong}).status_code in {200, 302}
