"""Tags and filters of all pages: every text that somebody else wrote goes through `harmless`."""

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext

from texts.sentence import translated
from web import admin_filters, statuses, text, times
from web import menu as menus

register = template.Library()
register.filter(menus.word_of)
for function in (
    text.harmless,
    text.lines_of,
    text.one_line,
    text.plain,
    text.whole,
    times.moment,
    times.exactly,
    times.with_times,
    times.duration,
):
    register.filter(function)


@register.filter
def said(sentence: Any) -> SafeString:
    """Return a sentence of edrone's in the reader's language."""
    return text.harmless(translated(sentence, gettext), 4000)


@register.simple_tag
def status(word: str) -> SafeString:
    """Return a status as a sign and a word in a colour."""
    look = statuses.look(word)
    return format_html(
        '<span class="status {}"><svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        '<circle cx="8" cy="8" r="8"/><path d="{}"/></svg>{}</span>',
        look.colour,
        look.sign,
        text.harmless(look.word),
    )


@register.filter
def labelled(cells: Any, headers: list[dict[str, Any]]) -> list[SafeString]:
    """Return the cells of Django's lists with their column and role, which phones need: there a row is a card."""
    return [labelled_cell(cell, column_of(header)) for cell, header in zip(cells, headers, strict=False)]


def labelled_cell(cell: SafeString, column: str) -> SafeString:
    role = "rowheader" if cell.startswith("<th") else "cell"
    rest = mark_safe(cell[3:])  # noqa: S308 - Django has escaped it
    empty = mark_safe(" data-empty") if cell.endswith(">-</td>") else ""
    return format_html('{}role="{}" data-label="{}"{}{}', mark_safe(f"{cell[:3]} "), role, column, empty, rest)  # noqa: S308 - a tag


def column_of(header: dict[str, Any]) -> str:
    """Name a column; that of the boxes to tick has no name."""
    return "" if "action-checkbox" in header.get("class_attrib", "") else capfirst(str(header["text"]))


@register.filter
def colour(word: str) -> str:
    """Return the CSS class of a status."""
    return statuses.look(word).colour


@register.inclusion_tag("web/menu.html", takes_context=True)
def menu(context: dict[str, Any]) -> dict[str, Any]:
    """Draw the menu of a page of the administration."""
    request, apps, repo = context["request"], context.get("available_apps", []), context.get("repo")
    tokens = [model["admin_url"] for app in apps for model in app["models"] if model["object_name"] == "ApiToken"]
    return {
        "request": request,
        "user": context["user"],
        "csrf_token": context.get("csrf_token", ""),
        "entries": menus.entries(request.path, apps, people=context["user"].has_perm("builds.change_grant")),
        "accounts": reverse("signin-accounts") if settings.SIGN_IN else "",
        "search": reverse("admin:builds_search"),
        "marks": reverse("admin:builds_marks"),
        "searched": context.get("searched", ""),
        "slug": context.get("slug") or getattr(repo, "slug", ""),
        "tokens": next(iter(tokens), ""),
    }


@register.simple_tag(takes_context=True)
def shortcuts(context: dict[str, Any]) -> list[menus.Entry]:
    """Return the pages that a key leads to."""
    return menus.sections(context["request"].path)


@register.simple_tag
def filter_fields(changes: Any) -> list[admin_filters.Field]:
    """Return the filters of a list of the administration as fields."""
    return admin_filters.fields(changes)


@register.simple_tag
def filter_rest(changes: Any) -> list[admin_filters.Narrowed]:
    """Return the conditions of a list of the administration that have no field."""
    return admin_filters.narrowed(changes)
