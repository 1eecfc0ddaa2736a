"""Tags and filters of all pages: every text that somebody else wrote goes through `harmless`."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from texts.sentence import told
from web import statuses, text, times

register = template.Library()
for function in (text.harmless, text.lines_of, text.one_line, text.plain, times.moment, times.duration):
    register.filter(function)


@register.filter
def said(sentence: Any) -> SafeString:
    """Return a sentence of edrone's in the reader's language."""
    return text.harmless(told(sentence, gettext), 4000)


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
def colour(word: str) -> str:
    """Return the CSS class of a status."""
    return statuses.look(word).colour
