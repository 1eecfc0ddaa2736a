"""API tokens, with which programs act as a user (edrone's own database)."""

import hashlib
import re
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
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
    """A token; only its hash is stored."""

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
        """Replace the token's text, and let it expire after this many days."""
        self.text = PREFIX + secrets.token_urlsafe(RANDOM)
        self.start, self.digest = self.text[:SHOWN], digest_of(self.text)
        self.expires = timezone.now() + timedelta(days=days)

    def save_use(self) -> None:
        now = timezone.now()
        if self.last_used is None or now - self.last_used >= BETWEEN_USES:
            type(self).objects.filter(pk=self.pk).update(last_used=now)


def make_token(user: Any, name: str, days: int = DAYS) -> ApiToken:
    """Create a token. Its text is in `text` of the object returned, and nowhere else."""
    token = ApiToken(user=user, name=name)
    token.renew(days)
    token.save()
    return token


def has_form(text: str) -> bool:
    return FORM.fullmatch(text) is not None


def digest_of(text: str) -> str:
    """Hash a token. A plain hash of 256 random bits cannot be reversed, and a slow one would slow down each request."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
