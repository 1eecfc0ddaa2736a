"""GitHub, GitLab and Gitea, on their own servers or on yours."""

from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.adapter import get_adapter

from builds.signing_in.errors import NOT_ACCEPTED, SignInError
from builds.signing_in.known import Identity
from builds.signing_in.provider import ProviderAdapter


@dataclass(frozen=True)
class Form:
    """Paths and words of a forge."""

    authorize: str
    token: str
    user: str
    login: str  # the field of the user's name
    scope: list[str]  # reads the name and nothing else


FORMS = {
    "github": Form("/login/oauth/authorize", "/login/oauth/access_token", "/api/v3/user", "login", []),
    "gitlab": Form("/oauth/authorize", "/oauth/token", "/api/v4/user", "username", ["read_user"]),
    "gitea": Form("/login/oauth/authorize", "/login/oauth/access_token", "/api/v1/user", "login", ["read:user"]),
}
GITHUB, GITHUB_API = "https://github.com", "https://api.github.com/user"


class ForgeAdapter(ProviderAdapter):
    @property
    def form(self) -> Form:
        return FORMS[self.known.id]

    @property
    def authorize_url(self) -> str:
        return self.known.server + self.form.authorize

    @property
    def access_token_url(self) -> str:
        return self.known.server + self.form.token

    @property
    def user_url(self) -> str:
        return GITHUB_API if self.known.server == GITHUB else self.known.server + self.form.user

    def scope(self) -> list[str]:
        return self.form.scope

    def identity(self, answer: dict[str, Any], state: dict[str, Any]) -> Identity:  # noqa: ARG002 - of OpenID Connect
        with get_adapter().get_requests_session() as session:
            reply = session.get(self.user_url, headers={"Authorization": f"Bearer {answer['access_token']}"})
        reply.raise_for_status()
        user = reply.json()
        number, login = user["id"], user[self.form.login]
        if type(number) is not int or not isinstance(login, str) or not login:
            raise SignInError(NOT_ACCEPTED, reason="it names no user")
        return Identity(self.known.id, str(number), login)
