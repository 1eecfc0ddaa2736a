"""Ends API tokens with what they were made to end with, and the sessions of a person."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext

from builds.access.token_models import ApiToken


class EndsTokens:
    """A password validator that accepts any password: Django tells validators when a password was changed."""

    def validate(self, password: str, user: Any = None) -> None:
        pass

    def get_help_text(self) -> str:
        return gettext("A new password revokes the API tokens that were made to end with it.")

    def password_changed(self, password: str, user: Any = None) -> None:  # noqa: ARG002 - Django's
        end_with_password(user)


def end_with_password(user: Any) -> None:
    if user is not None and user.pk:
        ApiToken.objects.filter(user_id=user.pk, ends_with_password=True).delete()


def end_tokens(user: User) -> int:
    """Revoke all API tokens of a user; return how many were valid."""
    tokens = ApiToken.objects.filter(user=user)
    valid = tokens.filter(expires__gt=timezone.now()).count()
    tokens.delete()
    return valid


def end_sessions(user: User) -> int:
    """End all sessions of a user; return their number.

    Whose a session is, is written inside it only, so all that have not expired are read. That takes long where there are very
    many, but only an administrator asks for it; a mark on each user, which every request compares, would cost all requests.
    """
    sessions = Session.objects.filter(expire_date__gt=timezone.now())
    theirs = [
        session.session_key
        for session in sessions.iterator(chunk_size=1000)
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=theirs).delete()
    return len(theirs)


def deactivate(user: User) -> None:
    """Let a user do nothing any more. Sessions and tokens end, and do not come back if the user is activated again."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user)
    end_tokens(user)
