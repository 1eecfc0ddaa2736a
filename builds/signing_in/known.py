"""A provider that people may sign in with, and who it says that somebody is. Pure."""

from dataclasses import dataclass, field

PROXY = "proxy"  # the provider of identities that a trusted proxy names
LONGEST_UID = 150  # characters, of what identifies somebody at a provider


@dataclass(frozen=True)
class Known:
    id: str  # in addresses, user names and SocialAccount.provider
    name: str  # on buttons
    server: str  # address without a slash at its end; the issuer of an OpenID Connect provider
    client_id: str = ""
    secret: str = field(default="", repr=False)
    groups_claim: str = ""  # OpenID Connect only


@dataclass(frozen=True)
class Identity:
    """Who somebody is at a provider."""

    provider: str  # Known.id, or PROXY
    uid: str  # never given to another person there, unlike the login
    login: str
    groups: frozenset[str] | None = None  # None: this provider names no groups
