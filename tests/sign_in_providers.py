"""Stand-ins for GitHub, GitLab, Gitea and an OpenID Connect provider: real HTTP servers that check what they are sent.

Forms: docs.github.com «Authorizing OAuth apps», docs.gitlab.com «OAuth 2.0 identity provider API», docs.gitea.com «OAuth2
provider», RFC 6749, RFC 7636 (PKCE), OpenID Connect Core 1.0 and Discovery 1.0.
"""

import base64
import hashlib
import html
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from demo.standin.http import Handler, LocalServer, Request, Response, serving

CLIENT, SECRET = "edrone-of-the-tests", "planted-client-secret"
TOKEN = "planted-access-token"
Answer = Response | Callable[[Handler], None]


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def another_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Code:
    redirect_uri: str
    challenge: str
    nonce: str


@dataclass
class Provider:
    """What a provider knows, and how it misbehaves."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"id": 7, "login": "ada", "email": "admin@example.com"})
    codes: dict[str, Code] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)  # by path: instead of the right one

    def __call__(self, request: Request) -> Answer:
        if request.path in self.answers:
            return self.answers[request.path]
        routes = {"/favicon.ico": lambda _: Response(204)} | self.routes()
        return routes[request.path](request) if request.path in routes else said(404, {"message": "Not Found"})

    def routes(self) -> dict[str, Callable[[Request], Answer]]:
        return {
            "/login/oauth/authorize": self.authorize,
            "/oauth/authorize": self.authorize,
            "/login/oauth/access_token": self.token,
            "/oauth/token": self.token,
            "/api/v3/user": lambda request: self.user(request, self.person),
            "/api/v1/user": lambda request: self.user(request, self.person),
            "/api/v4/user": lambda request: self.user(request, {**self.person, "username": self.person["login"]}),
        }

    def authorize(self, request: Request) -> Response:
        """Show the page on which the person agrees."""
        asked = dict(request.query)
        assert asked["client_id"] == CLIENT, asked
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        code = secrets.token_hex(8)
        self.codes[code] = Code(asked["redirect_uri"], asked["code_challenge"], asked.get("nonce", ""))
        back = {"code": code, "state": asked["state"]}, {"error": "access_denied", "state": asked["state"]}
        yes, no = (html.escape(f"{asked['redirect_uri']}?{urlencode(answer)}") for answer in back)
        page = f'<!DOCTYPE html><title>Provider</title><a id="yes" href="{yes}">Authorize</a> <a id="no" href="{no}">Cancel</a>'
        return Response(200, page.encode(), "text/html; charset=utf-8")

    def spent(self, request: Request) -> Code | None:
        """Return what a code was given for, once, to edrone and nobody else."""
        sent = dict(parse_qsl(request.body.decode()))
        assert (sent["client_id"], sent["client_secret"]) == (CLIENT, SECRET), "the application"
        code = self.codes.pop(sent["code"], None)
        if code is None or sent["redirect_uri"] != code.redirect_uri:
            return None
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        return code if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code.challenge else None

    def token(self, request: Request) -> Response:
        if self.spent(request) is None:  # GitHub says so with status 200
            return said(200, {"error": "bad_verification_code", "error_description": "The code is incorrect or expired."})
        return said(200, {"access_token": TOKEN, "token_type": "bearer", "scope": ""})

    def user(self, request: Request, person: dict[str, Any]) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return said(401, {"message": "Bad credentials"})
        return said(200, person)


@dataclass
class OpenID(Provider):
    """An OpenID Connect provider whose tokens are signed with a real key."""

    person: dict[str, Any] = field(default_factory=lambda: {"sub": "f1-ada", "preferred_username": "ada", "groups": ["devs"]})
    claims: dict[str, Any] = field(default_factory=dict)  # of the ID token, instead of the right ones; None: left out
    configuration: dict[str, Any] = field(default_factory=dict)  # likewise
    key: Callable[[], Any] = rsa_key
    algorithm: str = "RS256"
    of_key: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256"})  # what the published key says of itself
    header: dict[str, Any] = field(default_factory=lambda: {"kid": "one"})

    def routes(self) -> dict[str, Callable[[Request], Answer]]:
        return {
            "/.well-known/openid-configuration": lambda _: said(200, self.configured()),
            "/authorize": self.authorize,
            "/token": self.token,
            "/keys": lambda _: said(200, {"keys": [published(rsa_key(), "one") | self.of_key]}),
            "/userinfo": lambda request: self.user(request, self.person),
        }

    def configured(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": ["openid", "profile", "groups"],
        } | self.configuration

    def token(self, request: Request) -> Response:
        code = self.spent(request)
        if code is None:
            return said(400, {"error": "invalid_grant"})
        now = int(time.time())
        right = {"iss": self.url, "aud": CLIENT, "sub": self.person["sub"], "iat": now, "exp": now + 300, "nonce": code.nonce}
        claims = {name: content for name, content in (right | self.claims).items() if content is not None}
        signed = jwt.encode(claims, self.key(), algorithm=self.algorithm, headers=self.header)
        return said(200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "id_token": signed})


def published(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    return jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"}


def said(status: int, content: Any) -> Response:
    return Response(status, json.dumps(content).encode())


DEEP = Response(200, b"[" * 500_000)


def hangs(handler: Handler) -> None:
    """Say nothing, until the other side goes away."""
    handler.connection.recv(1)


def trickles(handler: Handler) -> None:
    """Send a byte now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


@contextmanager
def standing_in(provider: Provider, port: int = 0) -> Iterator[LocalServer]:
    with serving(provider, port) as server:
        provider.url = server.url
        yield server
