"""A provider as allauth knows it: from the address that a browser is sent to, with state and PKCE, to who came back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from requests import RequestException
from urllib3.exceptions import HTTPError

from builds.signing_in.errors import AWAY, NOT_ACCEPTED, REFUSED, SignInError
from builds.signing_in.known import LONGEST_UID, Identity, Known
from builds.signing_in.requests_out import slot
from texts.characters import printable

ERROR_CODE = re.compile(r'error"?[:=]\s*"?([a-z_]{1,60})')  # of RFC 6749, in allauth's message


class ProviderAdapter(OAuth2Adapter):
    """What the kinds of providers have in common."""

    def __init__(self, request: HttpRequest, known: Known) -> None:
        super().__init__(request)
        self.known = known

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:  # noqa: ARG002 - allauth's
        return request.build_absolute_uri(reverse("signin-callback", args=[self.known.id]))

    def scope(self) -> list[str]:
        raise NotImplementedError

    def identity(self, answer: dict[str, Any], state: dict[str, Any]) -> Identity:
        """Return who came back, by the answer that had the access token in it."""
        raise NotImplementedError


class Provider(OAuth2Provider):
    def __init__(self, request: HttpRequest, adapter: ProviderAdapter) -> None:
        known = adapter.known
        app = SocialApp(
            provider=known.id,
            name=known.name,
            client_id=known.client_id,
            secret=known.secret,
            settings={"oauth_pkce_enabled": True},
        )
        super().__init__(request, app=app)
        self.id, self.name, self.adapter = known.id, known.name, adapter

    def get_oauth2_adapter(self, request: HttpRequest) -> ProviderAdapter:  # noqa: ARG002 - allauth's
        return self.adapter

    def begin(self, **state: Any) -> str:
        """Return the address to send the browser to; `state` is what `identity` and the page need when it comes back.

        Raises:
            SignInError: the provider cannot be asked where that is.
        """
        nonce = {"nonce": state["nonce"]}  # forges ignore it
        with slot(), answering():
            scope = self.adapter.scope()
            response: HttpResponse = self.redirect(self.request, "login", data=state, auth_params=nonce, scope=scope)
        return str(response.headers["Location"])

    def finish(self, state: dict[str, Any]) -> Identity:
        """Exchange the code for a token, and ask with it who came back. The token is not kept.

        Raises:
            SignInError: the provider does not answer, or not as it should.
        """
        with slot(), answering():
            client = self.adapter.get_client(self.request, self.app)
            verifier = state.get("pkce_code_verifier")
            try:
                answer = self.adapter.get_access_token_data(self.request, self.app, client, pkce_code_verifier=verifier)
            except OAuth2Error as error:
                code = ERROR_CODE.search(str(error))
                reason = f"{place(self.adapter.access_token_url)} answered {code[1] if code else 'no access token'}"
                raise SignInError(REFUSED if '"error"' in str(error) or code else NOT_ACCEPTED, reason=reason) from None
            identity = self.adapter.identity(answer, state["data"])
        if not (0 < len(identity.uid) <= LONGEST_UID and identity.uid.isprintable() and identity.uid == identity.uid.strip()):
            raise SignInError(NOT_ACCEPTED, reason="it identifies the person with an odd text")
        return identity


def place(address: str) -> str:
    """Return an address for the log, without what may be secret in it."""
    parts = urlsplit(address)
    return printable(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


@contextmanager
def answering() -> Iterator[None]:
    """Turn what goes wrong with a provider's answer into one kind of error, without what was sent."""
    try:
        yield
    # JSON's errors, those of requests included, and Django's for an address that it sends nobody to.
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError, SuspiciousOperation) as error:
        raise SignInError(NOT_ACCEPTED, reason=f"its answer has an unknown form ({type(error).__name__})") from None
    except (RequestException, HTTPError, OSError) as error:
        answer = getattr(error, "response", None)
        if answer is not None:
            reason = f"{place(str(answer.url))} answered with status {answer.status_code}"
            refused = HTTPStatus.BAD_REQUEST <= answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
            raise SignInError(REFUSED if refused else NOT_ACCEPTED, reason=reason) from None
        raise SignInError(AWAY, HTTPStatus.SERVICE_UNAVAILABLE, reason=type(error).__name__) from None
