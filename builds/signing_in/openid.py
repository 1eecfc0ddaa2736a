"""OpenID Connect (OpenID Connect Core 1.0, Discovery 1.0).

allauth does not check the signature of an ID token that came straight from the provider, nor its nonce; this does both.
"""

import time
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.adapter import get_adapter

from builds.signing_in.errors import NOT_ACCEPTED, SignInError
from builds.signing_in.known import Identity
from builds.signing_in.provider import ProviderAdapter

RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
ALGORITHMS = [*RSA, "ES256", "ES384", "ES512", "EdDSA"]  # never a shared secret
CLOCKS = 60  # seconds that the provider's clock may differ
KEPT = 300  # seconds for which what a provider says of itself is not asked again
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
configurations: dict[str, tuple[float, dict[str, Any]]] = {}  # by issuer, with the time when it was read


class OpenIDAdapter(ProviderAdapter):
    @property
    def authorize_url(self) -> str:
        return str(self.configuration["authorization_endpoint"])

    @property
    def access_token_url(self) -> str:
        return str(self.configuration["token_endpoint"])

    @property
    def basic_auth(self) -> bool:
        methods = self.configuration.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return "client_secret_post" not in methods

    @property
    def configuration(self) -> dict[str, Any]:
        issuer = self.known.server
        read_at, configuration = configurations.get(issuer, (0.0, {}))
        if not configuration or time.monotonic() - read_at > KEPT:
            configuration = get(f"{issuer}/.well-known/openid-configuration")
            check_configuration(configuration, issuer)
            configurations[issuer] = (time.monotonic(), configuration)
        return configuration

    def scope(self) -> list[str]:
        scopes = ["openid", "profile"]
        return [*scopes, "groups"] if "groups" in self.configuration.get("scopes_supported", []) else scopes

    def identity(self, answer: dict[str, Any], state: dict[str, Any]) -> Identity:
        claims = self.verified(answer["id_token"], state["nonce"])
        if address := self.configuration.get("userinfo_endpoint"):
            more = get(address, answer["access_token"])
            if more.get("sub") != claims["sub"]:
                raise SignInError(NOT_ACCEPTED, reason="its userinfo is about somebody else than its ID token")
            claims = more | claims
        login = claims.get("preferred_username") or claims["sub"]
        groups = claims.get(self.known.groups_claim) or []  # some providers write null for none
        names = [groups] if isinstance(groups, str) else groups
        if not isinstance(claims["sub"], str) or not isinstance(login, str):
            raise SignInError(NOT_ACCEPTED, reason="its ID token names no user")
        return Identity(self.known.id, claims["sub"], login, frozenset(name for name in names if isinstance(name, str)))

    def verified(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token.

        Raises:
            SignInError: its signature, issuer, audience, time or nonce is wrong.
        """
        import jwt  # noqa: PLC0415 - 12 MB, which only `serve` with such a provider need load

        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.key(token),
                algorithms=ALGORITHMS,
                audience=self.known.client_id,
                issuer=self.configuration["issuer"],
                leeway=CLOCKS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise SignInError(NOT_ACCEPTED, reason=f"its ID token is not valid ({type(error).__name__})") from None
        if claims.get("nonce") != nonce:
            raise SignInError(NOT_ACCEPTED, reason="its ID token belongs to another sign-in (nonce)")
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != self.known.client_id:
            raise SignInError(NOT_ACCEPTED, reason="its ID token is for another application (azp)")
        return claims

    def key(self, token: str) -> Any:
        import jwt  # noqa: PLC0415 - as above

        header = jwt.get_unverified_header(token)
        wanted, algorithm = header.get("kid"), header.get("alg")
        published = get(self.configuration["jwks_uri"])
        if algorithm in RSA:  # a key need not name its algorithm (RFC 7517), and PyJWT takes each such RSA key for one of RS256
            published["keys"] = [{"alg": algorithm, **key} if key.get("kty") == "RSA" else key for key in published["keys"]]
        keys = jwt.PyJWKSet.from_dict(published).keys
        fitting = [key for key in keys if key.public_key_use in {None, "sig"} and wanted in {None, key.key_id}]
        if len(fitting) != 1:
            raise SignInError(NOT_ACCEPTED, reason="its ID token is signed with a key that it does not publish")
        return fitting[0]


def check_configuration(configuration: dict[str, Any], issuer: str) -> None:
    if configuration["issuer"].rstrip("/") != issuer:
        raise SignInError(NOT_ACCEPTED, reason="it says that it is another issuer than EDRONE_OIDC_ISSUER")
    allowed = {"https", urlsplit(issuer).scheme}
    addresses = [*(configuration[name] for name in ENDPOINTS), configuration.get("userinfo_endpoint") or issuer]
    if any(urlsplit(address).scheme not in allowed for address in addresses):
        raise SignInError(NOT_ACCEPTED, reason="its endpoints are not on https")


def get(address: str, token: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with get_adapter().get_requests_session() as session:
        reply = session.get(address, headers=headers)
    reply.raise_for_status()
    content = reply.json()
    if not isinstance(content, dict):
        raise TypeError
    return content
