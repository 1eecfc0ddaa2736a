"""What an administrator does on the page People and access. Each is kept in the log, and returns the sentence to show."""

import logging
from typing import Any

from django import forms
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from builds.access import binding
from builds.access.drone_bindings import BindingState, DroneBinding
from builds.access.limit_field import LimitField
from builds.access.models import Grant, Level
from builds.access.token_endings import deactivate as end_all
from builds.access.token_endings import end_sessions, end_tokens
from configs.endpoint.request_log import Fields
from configs.records.own_database import save_new
from texts.characters import shortened
from texts.hidden_characters import plain

logger = logging.getLogger("edrone.people")
DIGITS = 18  # of a number that any column holds


class GrantForm(forms.Form):
    """What a person or a group is granted."""

    pattern = forms.CharField(label=gettext_lazy("repositories"), max_length=500)
    level = forms.TypedChoiceField(label=gettext_lazy("level"), choices=Level.choices, coerce=int)
    only = LimitField(label=gettext_lazy("limited to"), max_length=500, required=False)


def grant(request: HttpRequest) -> str:
    """Make a grant.

    Raises:
        ValidationError: with the reason.
    """
    form = GrantForm(request.POST)
    if not form.is_valid():
        raise ValidationError([f"{form[name].label}: {' '.join(map(str, messages))}" for name, messages in form.errors.items()])
    holder = {"group": group_of(request)} if "group" in request.POST else {"user": user_of(request)}
    new = Grant(**holder, **form.cleaned_data)
    save_new(new)
    return kept(request, new, _("Granted: %(grant)s.") % {"grant": plain(str(new))}, ADDITION, **fields_of_grant(new))


def revoke(request: HttpRequest) -> str:
    removed = find(Grant.objects.select_related("user", "group"), request.POST.get("id", ""))
    if removed.user:
        may_change(request, removed.user)
    Grant.objects.filter(pk=removed.pk).delete()  # `removed` keeps its id, which the history needs
    return kept(request, removed, _("Removed: %(grant)s.") % {"grant": plain(str(removed))}, DELETION, **fields_of_grant(removed))


def end(request: HttpRequest) -> str:
    user = user_of(request)
    sessions, tokens = end_sessions(user), end_tokens(user)
    sentence = _("Ended %(sessions)s and %(tokens)s of %(user)s.") % {
        "sessions": ngettext("%(number)s session", "%(number)s sessions", sessions) % {"number": sessions},
        "tokens": ngettext("%(number)s API token", "%(number)s API tokens", tokens) % {"number": tokens},
        "user": plain(user.get_username()),
    }
    return kept(request, user, sentence, user=user.get_username(), sessions=sessions, tokens=tokens)


def deactivate(request: HttpRequest) -> str:
    user = user_of(request)
    may_change_users(request)
    if user == request.user:
        raise ValidationError(_("You cannot deactivate yourself."))
    end_all(user)
    sentence = _("%(user)s can no longer sign in; all sessions and API tokens have ended.")
    return kept(request, user, sentence % {"user": plain(user.get_username())}, user=user.get_username())


def activate(request: HttpRequest) -> str:
    user = user_of(request)
    may_change_users(request)
    user.is_active = True
    user.save(update_fields=["is_active"])
    sentence = _("%(user)s can sign in again.") % {"user": plain(user.get_username())}
    return kept(request, user, sentence, user=user.get_username())


def accept(request: HttpRequest) -> str:
    waiting = find(DroneBinding.objects.filter(state=BindingState.WAITING), request.POST.get("id", ""))
    binding.accept(waiting)
    sentence = _("This account now counts as Drone's user “%(login)s”.") % {"login": plain(waiting.login)}
    return kept(request, waiting, sentence, **fields_of_binding(waiting))


def refuse(request: HttpRequest) -> str:
    waiting = find(DroneBinding.objects.filter(state=BindingState.WAITING), request.POST.get("id", ""))
    binding.refuse(waiting)
    sentence = _("This account does not count as Drone's user “%(login)s”.") % {"login": plain(waiting.login)}
    return kept(request, waiting, sentence, **fields_of_binding(waiting))


def reconsider(request: HttpRequest) -> str:
    refused = find(DroneBinding.objects.filter(state=BindingState.REFUSED), request.POST.get("id", ""))
    binding.reconsider(refused)
    sentence = _("The account with the login “%(login)s” waits for your decision again.") % {"login": plain(refused.login)}
    return kept(request, refused, sentence, **fields_of_binding(refused))


ACTIONS = {
    "grant": grant,
    "revoke": revoke,
    "end": end,
    "deactivate": deactivate,
    "activate": activate,
    "accept": accept,
    "refuse": refuse,
    "reconsider": reconsider,
}


def kept(request: HttpRequest, about: Any, sentence: str, flag: int = CHANGE, **fields: Any) -> str:
    """Keep who did what to whom, in the log and in the history of what was changed (Django's); return the sentence."""
    logger.info(Fields(did=request.POST["do"], by=request.user.get_username(), **fields))
    by: Any = request.user.pk  # whoever is here is logged in
    LogEntry.objects.log_actions(by, [about], flag, sentence, single_object=True)
    return sentence


def fields_of_grant(grant: Grant) -> dict[str, str]:
    holder = {"group": grant.group.name} if grant.group else {"user": str(grant.user)}
    limits = {"pattern": shortened(grant.pattern), "level": Level(grant.level).name.lower(), "only": shortened(grant.only)}
    return holder | limits


def fields_of_binding(binding: DroneBinding) -> dict[str, Any]:
    account = {"provider": binding.provider, "account": binding.uid, "login": shortened(binding.login)}
    return account | {"drone_user": binding.drone_user_id}


def user_of(request: HttpRequest) -> User:
    """Find the user that a form is about."""
    user: User = find(User.objects.all(), request.POST.get("user", ""))
    may_change(request, user)
    return user


def may_change(request: HttpRequest, user: User) -> None:
    """Let only superusers do anything to a superuser."""
    if user.is_superuser and not request.user.is_superuser:
        raise PermissionDenied


def group_of(request: HttpRequest) -> Group:
    group: Group = find(Group.objects.all(), request.POST.get("group", ""))
    return group


def find(rows: Any, pk: str) -> Any:
    row = rows.filter(pk=int(pk)).first() if pk.isascii() and pk.isdecimal() and len(pk) <= DIGITS else None
    if row is None:
        raise Http404
    return row


def may_change_users(request: HttpRequest) -> None:
    if not request.user.has_perm("auth.change_user"):
        raise PermissionDenied
