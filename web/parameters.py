"""What the address of a page may ask for: a mistyped word is refused with a sentence, for it would look like an answer."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from web.text import plain

Page = Callable[..., HttpResponseBase]


class NotUnderstood(BadRequest):
    """The message is a sentence for the reader: what is wrong in the address, and what can be there."""


def takes(*names: str, **words: Collection[str]) -> Callable[[Page], Page]:
    """Refuse other parameters than these; `words` are those that take one word of a list, or nothing."""
    known = {*names, *words}

    def taking(page: Page) -> Page:
        @wraps(page)
        def checked(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
            refuse_unknown(request.GET, known)
            for name, possible in words.items():
                refuse_other_words(name, request.GET.getlist(name), possible)
            return page(request, *arguments, **named)

        return checked

    return taking


def refuse_unknown(names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise NotUnderstood(no_such_parameter(name, known))


def refuse_other_words(name: str, words: Collection[str], possible: Collection[str]) -> None:
    for word in words:
        if word and word not in possible:
            raise NotUnderstood(cannot_be(name, word, possible))


def no_such_parameter(name: str, known: Collection[str]) -> str:
    return _("This page does not have the parameter “%(name)s”. It has: %(known)s.") % {
        "name": plain(name),
        "known": ", ".join(sorted(known)),
    }


def cannot_be(name: str, word: str, possible: Collection[str]) -> str:
    """Return the sentence about a value; `possible` are words, or examples."""
    return _("“%(word)s” is not a valid value of the parameter “%(name)s”. It can be: %(possible)s.") % {
        "word": plain(word),
        "name": name,
        "possible": ", ".join(possible),
    }
