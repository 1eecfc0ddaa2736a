"""The providers that people may sign in with, as settings.py reads them. What a provider is: builds/signing_in/known.py."""

from collections.abc import Collection
from dataclasses import replace

from django.core.exceptions import ImproperlyConfigured

from builds.signing_in.known import Known

FORGES = {
    "github": Known("github", "GitHub", "https://github.com"),
    "gitlab": Known("gitlab", "GitLab", "https://gitlab.com"),
    "gitea": Known("gitea", "Gitea", ""),
}
LONGEST_NAME = 60  # characters on a button


def openid(name: str, groups_claim: str) -> Known:
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ImproperlyConfigured(
            f"EDRONE_OIDC_NAME cannot be used: set it to a name of at most {LONGEST_NAME} characters; it is on a button."
        )
    return Known("oidc", name or "OpenID Connect", "", groups_claim=groups_claim or "groups")


def configured(known: Known, client_id: str, secret: str, server: str) -> Known | None:
    """Return a provider with what is set for it; None where nothing is.

    Raises:
        ImproperlyConfigured: something is missing; the line names the variable.
    """
    prefix = f"EDRONE_{known.id.upper()}"
    address = f"{prefix}_{'ISSUER' if known.id == 'oidc' else 'SERVER'}"
    variables = {f"{prefix}_CLIENT_ID": client_id, f"{prefix}_CLIENT_SECRET": secret, address: server or known.server}
    if not (client_id or secret or server):
        return None
    if missing := [name for name, content in variables.items() if not content]:
        present = [name for name, content in variables.items() if content and (name != address or server)]
        raise ImproperlyConfigured(f"{missing[0]} is not set, but {present[0]} is: set both, or unset all {prefix}_….")
    return replace(known, client_id=client_id, secret=secret, server=server or known.server)


def need_a_way_in(passwords: bool, *others: Collection[object]) -> None:
    if not passwords and not any(others):
        raise ImproperlyConfigured(
            "EDRONE_PASSWORDS cannot be used: without passwords nobody could sign in; "
            "set up a provider (docs/signing-in.md) or EDRONE_TRUSTED_PROXIES first."
        )
