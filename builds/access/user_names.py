"""Which names administrators give to users, in the administration and by commands.

Names that end with a provider belong to those who sign in there (builds/signing_in/names.py): whoever else had `ada@oidc` would
be taken for that person.
"""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

PROVIDERS = frozenset({"github", "gitlab", "gitea", "oidc", "proxy"})


def provider_in(name: str) -> str:
    """Return the provider at the end of a name that signing in makes; empty for other names."""
    end = name.rpartition("@")[2].casefold() if "@" in name else ""
    return end if end in PROVIDERS else ""


def made_by_signing_in(provider: str) -> str:
    return gettext("Users that end in @%(provider)s are made by signing in there: let this person sign in to edrone once.") % {
        "provider": provider
    }


def refuse_user_name(name: str, before: str = "") -> None:
    """Refuse a name that belongs to somebody else.

    Args:
        name: one that Django's validators let pass.
        before: the name that the user has until now; empty for a new user. One of a provider may become another one of it.

    Raises:
        ValidationError: it is a name that signing in makes, or another user's, whatever its case: people take one for the other.
    """
    name = User.normalize_username(name)
    provider = provider_in(name)
    if provider and provider != provider_in(before):
        raise ValidationError(made_by_signing_in(provider), code="made_by_signing_in")
    if name != before and (there := User.objects.filter(username__iexact=name).exclude(username=before).first()):
        raise ValidationError(gettext("There is a user %(name)s.") % {"name": there.username}, code="unique")
