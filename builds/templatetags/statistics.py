"""Filters of statistics: numbers as people read them."""

from django import template
from django.template.defaultfilters import floatformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from web.statuses import look
from web.text import harmless
from web.times import duration

register = template.Library()
NOTHING = "-"


@register.filter
def share(per_cent: float | None) -> str:
    return NOTHING if per_cent is None else f"{floatformat(per_cent, -1)} %"


@register.filter
def seconds(value: float | None) -> str:
    return NOTHING if value is None else duration(round(value))


@register.filter
def change(points: float) -> str:
    """Write a difference of two shares."""
    rounded = round(points, 1)
    if not rounded:
        return gettext("as in the period before")
    sign = "▲" if rounded > 0 else "▼"
    return gettext("%(sign)s %(points)s points against the period before") % {
        "sign": sign,
        "points": floatformat(abs(rounded), -1),
    }


@register.filter
def number(value: float) -> str:
    """Write a number for SVG, in every language with a point."""
    return f"{value:g}"


@register.simple_tag
def status_word(word: str) -> SafeString:
    return harmless(look(word).word)
