"""Tokens by which programs use the API in a user's name (edrone's own database)."""

import hashlib
import re
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connections, models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

PREFIX = "edrone_"  # so that scanners for leaked secrets can know one
RANDOM = 32  # bytes
FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}", re.ASCII)  # as many bytes as that, in base 64
SHOWN = len(PREFIX) + 4  # characters by which the owner tells tokens apart
DAYS = 365
MOST_DAYS = 3650
BETWEEN_USES = timedelta(minutes=5)  # the last use is written no oftener


class ApiToken(models.Model):
    """A token, known by its hash alone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100, help_text=_("What it is for, for example: nightly deploys."))
    start = models.CharField(_("begins with"), max_length=SHOWN, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256 in hex
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires = models.DateTimeField(_("expires"), editable=False)
    last_used = models.DateTimeField(_("last used"), null=True, editable=False)
    text = ""  # the token itself, where it was made just now; it is kept nowhere

    class Meta:
        ordering = ("-created", "-pk")
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"

    @property
    def expired(self) -> bool:
        return self.expires <= timezone.now()

    def renew(self, days: int) -> None:
        """Take a new text, valid for some days."""
        self.text = PREFIX + secrets.token_urlsafe(RANDOM)
        self.start, self.digest = self.text[:SHOWN], digest_of(self.text)
        self.expires = timezone.now() + timedelta(days=days)

    def used(self) -> None:
        now = timezone.now()
        if self.last_used is None or now - self.last_used >= BETWEEN_USES:
            type(self).objects.filter(pk=self.pk).update(last_used=now)


def make_token(user: Any, name: str, days: int = DAYS) -> ApiToken:
    """Make a token; its text is in `text` of what is returned, and can be read nowhere else."""
    token = ApiToken(user=user, name=name)
    token.renew(days)
    token.save()
    return token


def is_known(digest: str) -> bool:
    """Is there a token with this hash? In plain SQL, cheaper than what Django composes, so that a wrong token costs little."""
    with connections[router.db_for_read(ApiToken)].cursor() as cursor:
        cursor.execute("SELECT 1 FROM builds_apitoken WHERE digest = %s", [digest])
        return cursor.fetchone() is not None


def has_form(text: str) -> bool:
    """Can it be a token at all?"""
    return FORM.fullmatch(text) is not None


def digest_of(text: str) -> str:
    """Hash a token. It is 256 random bits, so a plain hash cannot be turned back; a slow one would slow each request."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
