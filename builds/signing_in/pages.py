"""The pages of signing in: to a provider and back, the reader's accounts there, and what is said where it went wrong."""

import logging
import secrets
from http import HTTPStatus
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builds.access.drone_rights import drone_rights
from builds.access.login import forget_ended_sessions
from builds.signing_in.accounts import connect, disconnect, sign_in
from builds.signing_in.errors import CANCELLED, LOST, NOT_ACCEPTED, SignInError
from builds.signing_in.forges import FORMS, ForgeAdapter
from builds.signing_in.known import PROXY, Known
from builds.signing_in.openid import OpenIDAdapter
from builds.signing_in.provider import Provider
from web.pages import shown

SIGN_IN_LASTS = 600  # seconds; allauth keeps its state no longer

logger = logging.getLogger("edrone.signing_in")


@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Send the browser to a provider, by a page of its own: browsers let a form lead to no other site than its policy names."""
    known = configured(provider)
    if request.method == "GET":
        return HttpResponseRedirect(reverse("admin:login"))
    connecting = bool(request.POST.get("connect"))
    if connecting and not request.user.is_authenticated:  # the session has ended; a plain sign-in would make a second user
        return redirect_to_login(reverse("signin-accounts"), reverse("admin:login"))
    if connecting and not admin.site.has_permission(request):
        return no_access(request)
    state = {
        "nonce": secrets.token_urlsafe(24),
        "next": next_page(request),
        "user": request.user.pk if connecting else None,
    }
    try:
        address = of_allauth(request, known).begin(**state)
    except SignInError as error:
        return refused(request, error, known.name)
    if not request.user.is_authenticated:
        request.session.set_expiry(SIGN_IN_LASTS)
        forget_ended_sessions()
    return framed(request, "signing_in/continue.html", {"address": address, "name": known.name})


@require_GET
def callback(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Take who comes back from a provider."""
    known = configured(provider)
    try:
        return finished(request, known)
    except SignInError as error:
        return refused(request, error, known.name)


def finished(request: HttpRequest, known: Known) -> HttpResponseBase:
    provider = of_allauth(request, known)
    try:
        state = provider.unstash_redirect_state(request, request.GET.get("state", ""))
    except PermissionDenied:
        raise SignInError(LOST, HTTPStatus.BAD_REQUEST, reason="no such sign-in was begun in this browser") from None
    attempt = state["data"]
    if request.GET.get("error") == "access_denied":
        raise SignInError(CANCELLED, HTTPStatus.FORBIDDEN, reason="access_denied")
    if not request.GET.get("code"):
        raise SignInError(NOT_ACCEPTED, reason=ascii(request.GET.get("error", "it sent no code"))[:60])
    if attempt["user"] is not None and attempt["user"] != request.user.pk:
        raise SignInError(LOST, HTTPStatus.BAD_REQUEST, reason="another user began this")
    identity = provider.finish(state)
    if attempt["user"] is None:
        sign_in(request, identity)
        return HttpResponseRedirect(attempt["next"])
    connect(request.user, identity)
    messages.success(request, _("You can now sign in with your account at %(name)s.") % {"name": known.name})
    return HttpResponseRedirect(reverse("signin-accounts"))


@require_GET
def accounts(request: HttpRequest) -> HttpResponseBase:
    """Show with which accounts the reader signs in."""
    if not settings.SIGN_IN:
        raise Http404
    own = accounts_of(request.user)
    removable = may_disconnect(request.user, own)
    rows = [(name_of(account), account, removable and account.provider != PROXY) for account in own]
    context = {"title": _("How you sign in"), "rows": rows, "providers": settings.SIGN_IN.values()}
    return shown(request, "signing_in/accounts.html", context)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponseBase:
    own = accounts_of(request.user)
    account = next((account for account in own if account.pk == pk and account.provider != PROXY), None)
    if account is None:
        raise Http404
    if may_disconnect(request.user, own):
        logger.info("An account of %s was disconnected from %s", account.provider, request.user.get_username())
        disconnect(account)
        messages.success(request, _("You can no longer sign in with this account."))
    else:
        messages.error(request, _("This is your only way to sign in. Connect another account first."))
    return HttpResponseRedirect(reverse("signin-accounts"))


def accounts_of(user: Any) -> list[SocialAccount]:
    """Return the accounts with which a user can sign in now."""
    providers = [*settings.SIGN_IN, *([PROXY] if settings.EDRONE_TRUSTED_PROXIES else [])]
    accounts = SocialAccount.objects.select_related("user").filter(user_id=user.pk, provider__in=providers)
    return list(accounts.order_by("provider", "pk"))


def name_of(account: SocialAccount) -> str:
    return _("Trusted proxy") if account.provider == PROXY else str(settings.SIGN_IN[account.provider].name)


def may_disconnect(user: Any, own: list[SocialAccount]) -> bool:
    return len(own) > 1 or (settings.EDRONE_PASSWORDS and user.has_usable_password())


def configured(provider: str) -> Known:
    known: Known | None = settings.SIGN_IN.get(provider)
    if known is None:
        raise Http404
    return known


def of_allauth(request: HttpRequest, known: Known) -> Provider:
    return Provider(request, ForgeAdapter(request, known) if known.id in FORMS else OpenIDAdapter(request, known))


def next_page(request: HttpRequest) -> str:
    """Return the page of edrone that was wanted before."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return reverse("admin:index")


def refused(request: HttpRequest, error: SignInError, name: str) -> HttpResponse:
    """Say why nobody was signed in, with a way back; the log gets the reason."""
    logger.warning("Signing in with %s failed: %s", name, error)
    context = {"title": _("Not signed in"), "sentence": error.sentence % {"name": name}}
    return framed(request, "signing_in/refused.html", context, error.status)


def no_access(request: HttpRequest) -> HttpResponse:
    """Say to somebody who signed in that there is nothing to see."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"title": _("No access yet"), "drone_says": drone_rights(request.user).sentence}
    return framed(request, "signing_in/no_access.html", context, HTTPStatus.FORBIDDEN)


def framed(request: HttpRequest, template: str, context: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    """Return a page without the menu, which leads nowhere before somebody is signed in, and without what a provider sent."""
    response = shown(request, template, context | {"has_permission": False, "onward": request.path}, status)
    return response.render()
