"""The menu of all pages: what there is, what the reader may see of it, and where the reader is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Entry:
    label: str | Promise
    url: str = ""
    current: str = ""  # for aria-current: page, or true for pages below it
    key: str = ""  # g and this letter lead there
    below: tuple["Entry", ...] = ()


SECTIONS = (  # label, name of the address, key
    (_("Overview"), "admin:index", "o"),
    (_("Builds"), "admin:builds_build_changelist", "b"),
    (_("Repositories"), "admin:builds_repo_changelist", "r"),
    (_("Deployments"), "admin:builds_deployments", "d"),
    (_("Statistics"), "admin:builds_statistics", "s"),
    (_("Tree"), "admin:builds_tree", "t"),
)
RECORDS = (  # label, model
    (_("Audit log"), "AuditRecord"),
    (_("Served configurations"), "ServedConfig"),
    (_("Errors"), "LastError"),
)
PEOPLE = (_("People and access"), "admin:builds_people")
NOTICES = (_("Notices"), "admin:builds_notices")
FREEZES = (_("Freezes"), "admin:builds_freezes")
SETTINGS = (
    (_("Grants"), "Grant"),
    (_("Users"), "User"),
    (_("Groups"), "Group"),
    (_("Connected accounts"), "SocialAccount"),
    (_("API tokens"), "ApiToken"),
)
LISTS = {model: label for label, model in (*RECORDS, *SETTINGS)}


def word_of(options: Any) -> str:
    """Return what the list of a model is called: as in the menu, where it is there."""
    return str(LISTS.get(options.object_name) or capfirst(options.verbose_name_plural))


def sections(path: str) -> list[Entry]:
    pages = [(label, reverse(name), key) for label, name, key in SECTIONS]
    return [Entry(label, url, where(path, url), key) for label, url, key in pages]


def entries(path: str, apps: list[dict[str, Any]], *, people: bool) -> list[Entry]:
    """Return the whole menu.

    Args:
        path: that of the page.
        apps: what the reader may see of the administration, as Django's `available_apps`.
        people: whether the reader may decide who may do what.
    """
    lists = {model["object_name"]: model["admin_url"] for app in apps for model in app["models"] if model["admin_url"]}
    docs = reverse("api-docs")
    parts = [
        *sections(path),
        submenu(_("Records"), RECORDS, lists, path),
        submenu(_("Settings"), SETTINGS, lists, path, [*([PEOPLE] if people else []), FREEZES, NOTICES]),
        Entry(_("API"), docs, where(path, docs)),
    ]
    return [entry for entry in parts if entry.url or entry.below]


def submenu(
    label: Promise,
    models: tuple[tuple[Promise, str], ...],
    lists: dict[str, str],
    path: str,
    pages: Sequence[tuple[Promise, str]] = (),
) -> Entry:
    urls = [(name, reverse(page)) for name, page in pages] + [(name, lists[model]) for name, model in models if model in lists]
    below = tuple(Entry(name, url, where(path, url)) for name, url in urls)
    return Entry(label, current="true" if any(entry.current for entry in below) else "", below=below)


def where(path: str, url: str) -> str:
    """Return whether a page is this one, or belongs below it; below the overview is everything."""
    if path == url:
        return "page"
    return "true" if path.startswith(url) and url != reverse("admin:index") else ""
