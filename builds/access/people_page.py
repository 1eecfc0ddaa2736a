"""The page People and access: who can do what where, and why. For superusers, and whoever may change grants."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from builds.access.drone_bindings import BindingState, DroneBinding
from builds.access.models import Level
from builds.access.people_actions import ACTIONS
from builds.access.people_rows import PeopleQuery, groups, people
from web.pages import shown
from web.parameters import takes

PERMISSION = "builds.change_grant"
LONGEST = 500  # characters of a value of the address
DECISIONS = 50  # that are shown at once


@require_http_methods(["GET", "POST"])
@takes("q", "repo", "after", show=("groups",))
def people_page(request: HttpRequest) -> HttpResponseBase:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    refused = ""
    if request.method == "POST":
        try:
            messages.success(request, perform(request))
            return HttpResponseRedirect(request.get_full_path())
        except ValidationError as error:
            refused = " ".join(error.messages)
    return shown(request, "access/people.html", context(request, refused), 422 if refused else 200)


def perform(request: HttpRequest) -> str:
    action = ACTIONS.get(request.POST.get("do", ""))
    if action is None:
        raise Http404
    return action(request)


def context(request: HttpRequest, refused: str) -> dict[str, Any]:
    values = {name: request.GET.get(name, "").replace("\0", "").strip()[:LONGEST] for name in ("q", "repo", "after", "show")}
    query = PeopleQuery(values["q"], values["repo"], values["after"])
    of_groups = values["show"] == "groups"
    page = groups(query) if of_groups else people(query)
    here = reverse("admin:builds_people")
    filters = {name: values[name] for name in ("show", "q", "repo") if values[name]}
    sent = request.POST
    return {
        "title": _("People and access"),
        "query": query,
        "chosen": len(filters),
        "of_groups": of_groups,
        "people": page,
        "refused": refused,
        "refused_grants": {sent.get("group" if of_groups else "user"): sent} if refused and sent.get("do") == "grant" else {},
        "levels": Level.choices,
        "waiting": DroneBinding.objects.filter(state=BindingState.WAITING).order_by("pk")[:DECISIONS],
        "refused_accounts": DroneBinding.objects.filter(state=BindingState.REFUSED).order_by("-since")[:DECISIONS],
        "may_open": any(request.user.has_perm(f"auth.{verb}_{'group' if of_groups else 'user'}") for verb in ("view", "change")),
        "may_change_users": request.user.has_perm("auth.change_user"),
        "next": f"{here}?{urlencode(filters | {'after': page.next})}" if page.next else "",
        "first": f"{here}?{urlencode(filters)}" if query.after else "",
    }
