"""Signing in by the header Remote-User of a trusted proxy, which has asked for a password or a certificate itself.

Only the TCP peer counts, never X-Forwarded-For. The API is not concerned: it takes tokens.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from builds.signing_in.accounts import sign_in
from builds.signing_in.errors import BAD_HEADER, SignInError
from builds.signing_in.known import LONGEST_UID, PROXY, Identity
from builds.signing_in.pages import refused
from web.error_pages import in_the_administration

SESSION_KEY = "remote_user"  # the name with which a session began
NAME = re.compile(rf"[^\s,]{{1,{LONGEST_UID}}}")  # a header that comes twice reaches us as one with a comma


def remote_user(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let a session of the proxy's last as long as it is trusted and says the same name; who signed in otherwise stays."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if in_the_administration(request):
            try:
                follow(request)
            except SignInError as error:
                return refused(request, error, "Remote-User")
        return get_response(request)

    return middleware


def follow(request: HttpRequest) -> None:
    name = name_from_proxy(request)
    if request.session.get(SESSION_KEY, name) != name:
        logout(request)
    if name and not request.user.is_authenticated and request.path not in {reverse("admin:login"), reverse("admin:logout")}:
        if not (NAME.fullmatch(name) and name.isprintable()):
            raise SignInError(BAD_HEADER, HTTPStatus.BAD_REQUEST, reason="the header names nobody")
        sign_in(request, Identity(PROXY, name, name))
        request.session[SESSION_KEY] = name


def name_from_proxy(request: HttpRequest) -> str:
    """Return what the header says if a trusted proxy sent it, else an empty text."""
    try:
        peer = ip_address(str(request.META.get("REMOTE_ADDR", "")).partition("%")[0])
    except ValueError:
        return ""
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped:
        peer = peer.ipv4_mapped
    if not any(peer in network for network in settings.EDRONE_TRUSTED_PROXIES):
        return ""
    return str(request.META.get("HTTP_REMOTE_USER", "")).strip()
