"""The page of freezes: those that hold or are planned, the last ones, and a form."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from builds.access.finding import visible_repos
from builds.access.rules import has_rights
from builds.freezes.access import may_freeze, may_make, visible_freezes
from builds.freezes.actions import STATES, NotYours, lift, make
from builds.freezes.forms import FreezeForm
from builds.freezes.models import Freeze
from builds.freezes.reading import not_over
from builds.freezes.unknown_names import unknown_names
from texts.sentence import translated
from web.localized import localized
from web.pages import shown

MOST_OVER = 50  # freezes that are over, and shown
DIGITS = 18  # of a number that any column holds


@dataclass(frozen=True)
class FreezeLine:
    freeze: Freeze
    state: str
    word: str | Promise
    may_lift: bool


@require_http_methods(["GET", "HEAD", "POST"])
def freezes_page(request: HttpRequest) -> HttpResponseBase:
    """List the freezes that the reader may see; make and lift them."""
    if request.method == "POST" and not has_rights(request.user):  # asks Drone's database, before anything is made
        raise Http404
    form, refused = FreezeForm(request.POST if "pattern" in request.POST else None), ""
    try:
        if request.method == "POST" and perform(request, form):
            return redirect("admin:builds_freezes")
    except NotYours as error:
        refused = localized(error)
    status = 403 if refused else 422 if form.is_bound else 200
    return shown(request, "freezes/freezes.html", context(request, form, refused), status)


def perform(request: HttpRequest, form: FreezeForm) -> bool:
    """Make or lift a freeze; return False where the form is not right."""
    if "lift" in request.POST:
        return lift_named(request, request.POST["lift"])
    if not form.is_valid():
        return False
    try:
        freeze = make(request.user, form.freeze())
    except ValidationError as error:
        for name, texts in error.message_dict.items():
            form.add_error(name if name in form.fields else None, texts)
        return False
    messages.success(request, _("The freeze was made."))
    for note in unknown_names(freeze, partial(visible_repos, request.user)):
        messages.warning(request, translated(note, _))
    return True


def lift_named(request: HttpRequest, number: str) -> bool:
    fits = number.isascii() and number.isdigit() and len(number) <= DIGITS
    freezes = visible_freezes(request.user, Freeze.objects.filter(pk=int(number))) if fits else []
    if not freezes:
        raise Http404
    if lift(request.user, freezes[0]):
        messages.success(request, _("The freeze was lifted."))
    else:
        messages.warning(request, _("Nothing to lift: the freeze was over already."))
    return True


def context(request: HttpRequest, form: FreezeForm, refused: str) -> dict[str, Any]:
    now = timezone.now()
    current = not_over(now).order_by("begins", "id")
    over = Freeze.objects.filter(Q(ends__lte=now) | Q(lifted__isnull=False)).order_by("-id").iterator(chunk_size=500)
    return {
        "title": _("Freezes"),
        "form": form if may_make(request.user) else None,
        "refused": refused,
        "current": [line_of(request.user, freeze, now) for freeze in visible_freezes(request.user, current)],
        "over": [line_of(request.user, freeze, now) for freeze in visible_freezes(request.user, over, MOST_OVER)],
    }


def line_of(user: Any, freeze: Freeze, now: datetime) -> FreezeLine:
    state = freeze.state(now)
    return FreezeLine(freeze, state, STATES[state], state in {"holds", "planned"} and may_freeze(user, freeze))
