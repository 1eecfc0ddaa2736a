"""The menu: only pages that there are and that the reader may see, and where the reader is."""

from typing import Any

from django.contrib.sessions.models import Session

from builds.starting.models import AuditRecord
from configs.records.models import LastError
from web.menu import entries, word_of

LISTS = {"AuditRecord": "/admin/builds/auditrecord/", "Grant": "/admin/builds/grant/"}


def menu(path: str, *models: str) -> dict[str, Any]:
    apps = [{"models": [{"object_name": model, "admin_url": LISTS[model]} for model in models]}]
    return {str(entry.label): entry for entry in entries(path, apps, people=False)}


def test_lists_that_the_reader_may_not_see_are_left_out_and_so_are_menus_without_any():
    assert [str(page.label) for page in menu("/admin/", "AuditRecord")["Records"].below] == ["Audit log"]
    assert [str(page.label) for page in menu("/admin/", "AuditRecord")["Settings"].below] == ["Freezes", "Notices"]
    assert "Records" not in menu("/admin/")


def test_a_list_is_called_as_in_the_menu():
    assert [word_of(model._meta) for model in (AuditRecord, LastError)] == ["Audit log", "Errors"]  # noqa: SLF001 - documented
    assert word_of(Session._meta) == "Sessions"  # noqa: SLF001


def test_every_entry_leads_somewhere():
    for entry in menu("/admin/", *LISTS).values():
        assert entry.url or all(page.url for page in entry.below)


def test_the_section_is_marked_on_its_page_and_below_it():
    assert menu("/admin/")["Overview"].current == "page"
    below = menu("/admin/builds/build/shop/cart/1/", *LISTS)
    assert below["Builds"].current == "true"
    assert {entry.current for name, entry in below.items() if name != "Builds"} == {""}
    record = menu("/admin/builds/auditrecord/1/change/", *LISTS)["Records"]
    assert (record.current, record.below[0].current) == ("true", "true")
