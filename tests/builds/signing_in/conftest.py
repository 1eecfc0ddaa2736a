"""A browser, and providers to sign in with."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client

from builds.signing_in import openid
from builds.signing_in.known import Known
from tests.sign_in_providers import CLIENT, SECRET, OpenID, Provider, standing_in

BACKENDS = ["django.contrib.auth.backends.ModelBackend", "builds.signing_in.backend.ElsewhereBackend"]


class Browser(Client):
    """A browser that can also go to a provider."""

    def begin(self, provider: str = "github", **form: str) -> str:
        """Press a button; return the address to which the browser is sent."""
        page = self.post(f"/admin/signin/{provider}/", form)
        assert page.status_code == 200, page.content.decode()
        found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())
        assert found, page.content.decode()
        return html.unescape(found[1])

    def agree(self, address: str, choice: str = "yes") -> str:
        """Agree at the provider; return the address to which it sends the browser back."""
        page = requests.get(address, timeout=10)
        found = re.search(rf'id="{choice}" href="([^"]+)"', page.text)
        assert found, page.text
        return html.unescape(found[1])

    def come_back(self, address: str) -> Any:
        parts = urlsplit(address)
        return self.get(f"{parts.path}?{parts.query}")

    def sign_in(self, provider: str = "github", **form: str) -> Any:
        return self.come_back(self.agree(self.begin(provider, **form)))


def use(settings: Any, known: Known) -> None:
    settings.SIGN_IN = {**settings.SIGN_IN, known.id: replace(known, client_id=CLIENT, secret=SECRET)}
    settings.AUTHENTICATION_BACKENDS = BACKENDS


@pytest.fixture
def browser(db: None, no_drone: None) -> Browser:
    return Browser()


@pytest.fixture(params=["github", "gitlab", "gitea"])
def forge(request: Any, settings: Any) -> Iterator[tuple[str, Provider]]:
    provider = Provider()
    with standing_in(provider):
        use(settings, Known(request.param, request.param.title(), provider.url))
        yield request.param, provider


@pytest.fixture
def github(settings: Any) -> Iterator[Provider]:
    provider = Provider()
    with standing_in(provider):
        use(settings, Known("github", "GitHub", provider.url))
        yield provider


@pytest.fixture
def oidc(settings: Any) -> Iterator[OpenID]:
    provider = OpenID()
    openid.configurations.clear()
    with standing_in(provider):
        use(settings, Known("oidc", "Keycloak", provider.url, groups_claim="groups"))
        yield provider
