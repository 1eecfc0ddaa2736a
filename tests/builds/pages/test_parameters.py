"""What no page can be asked for: refused with the parameter, the value and what is possible, on all pages alike."""

import html

import pytest
from django.test import Client

from tests.builds.pages.conftest import reader

pytestmark = pytest.mark.usefixtures("drone")

WORDS = [
    ("repo/?show=zzz", "“zzz” is not a valid value of the parameter “show”. It can be: red, all."),
    ("deployments/?drift=zz", "“zz” is not a valid value of the parameter “drift”. It can be: true."),
    ("people/?show=zzz", "“zzz” is not a valid value of the parameter “show”. It can be: groups."),
    ("tree/?show=zzz", "“zzz” is not a valid value of the parameter “show”. It can be: shared, unused, mistakes."),
    ("statistics/?event=push,zzz", "“zzz” is not a valid value of the parameter “event”. It can be: push, pull_request, tag,"),
    (
        "statistics/?period=zzz",
        "“zzz” is not a valid value of the parameter “period”. It can be: 7, 30, 90, 365, a month such as 20",
    ),
    ("statistics/steps.csv?period=0", "“0” is not a valid value of the parameter “period”."),
    ("build/?before=abc", "“abc” is not a valid value of the parameter “before”."),
    ("build/?before=9999999999", "“9999999999” is not a valid value of the parameter “before”."),
    ("build/?status=zzz", "“zzz” is not a valid value of the parameter “status”. It can be: skipped,"),
    ("build/?since=zzz", "“zzz” is not a valid value of the parameter “since”. It can be: 2026-01-31, 2026-01-31T12:00:00Z."),
    ("auditrecord/?verb__exact=zzz", "“zzz” is not a valid value of the parameter “verb__exact”. It can be: create,"),
    ("grant/?level__exact=7", "“7” is not a valid value of the parameter “level__exact”. It can be: "),
]
NAMES = [
    ("repo/?sohw=red", "This page does not have the parameter “sohw”. It has: after, all, q, show."),
    ("build/?state=failure", "This page does not have the parameter “state”. It has: author, branch,"),
    ("deployments/?a%0Ab=1", "This page does not have the parameter “a"),
    ("people/?name=ann", "This page does not have the parameter “name”. It has: after, q, repo, show."),
    ("search/?text=ann", "This page does not have the parameter “text”. It has: q, repo."),
    ("tree/?name=ann", "This page does not have the parameter “name”. It has: after, q, show."),
    ("statistics/?days=7", "This page does not have the parameter “days”. It has: branch, event, period."),
    ("repo/ismewen/edrone/-/branches/?name=a", "This page does not have the parameter “name”. It has: after, q."),
    ("repo/ismewen/edrone/-/deployments/?target=a", "This page does not have the parameter “target”. It has: before, q."),
    ("repo/ismewen/edrone/-/configuration/?ref=a", "This page does not have the parameter “ref”. It has: branch, cron, event,"),
    ("repo/ismewen/edrone/-/statistics/?days=7", "This page does not have the parameter “days”."),
    ("auditrecord/?action=promote", "This page does not have the parameter “action”. It has: outcome, q,"),
]


@pytest.fixture
def admin() -> Client:
    return reader("admin", is_superuser=True)


@pytest.mark.parametrize(("address", "sentence"), WORDS + NAMES)
def test_what_a_page_does_not_know_is_refused_by_name(admin: Client, address: str, sentence: str):
    answer = admin.get(f"/admin/builds/{address}")
    assert answer.status_code == 400
    assert sentence in html.unescape(answer.content.decode())


@pytest.mark.parametrize(
    "address", ["repo/?show=&q=", "deployments/?drift=true", "people/?show=groups", "build/?before=", "grant/?level__exact="]
)
def test_what_a_form_sends_is_answered(admin: Client, address: str):
    assert admin.get(f"/admin/builds/{address}").status_code == 200


def test_a_refusal_tells_nothing_of_what_is_hidden():
    outsider = reader("outsider", "other/*")
    hidden, missing = (outsider.get(f"/admin/builds/repo/{slug}/-/branches/?name=a") for slug in ("ismewen/edrone", "no/such"))
    assert hidden.status_code == missing.status_code == 400
    assert len(hidden.content) - len("ismewen/edrone") == len(missing.content) - len("no/such")
