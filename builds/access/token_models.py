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

from builds.access.models import Level, refuse_pattern

PREFIX = "edrone_"  # so that scanners for leaked secrets can know one
RANDOM = 32  # bytes
FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}", re.ASCII)  # as many bytes as that, in base 64
SHOWN = len(PREFIX) + 4  # characters by which the owner tells tokens apart
DAYS = 365
MOST_DAYS = 3650
BETWEEN_USES = timedelta(minutes=5)  # the last use is written no oftener
TOKEN_LEVELS = [
    (Level.VIEW.value, _("view (reading only)")),
    (Level.RUN.value, Level.RUN.label),
    (Level.DEPLOY.value, Level.DEPLOY.label),
]


class ApiToken(models.Model):
    """A token; only its hash is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100, help_text=_("What it is for, for example: nightly deploys."))
    start = models.CharField(_("begins with"), max_length=SHOWN, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)  # SHA-256 in hex
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires = models.DateTimeField(_("expires"), editable=False)
    pattern = models.CharField(
        _("only repositories"),
        max_length=500,
        blank=True,
        db_default="",
        validators=[refuse_pattern],
        help_text=_("*, namespace/* or namespace/name. Leave empty for all that you may see."),
    )
    level = models.SmallIntegerField(
        _("at most"),
        choices=TOKEN_LEVELS,
        null=True,
        blank=True,
        help_text=_("The token may do no more than you, and no more than this."),
    )
    ends_with_password = models.BooleanField(
        _("end it with my password"), default=False, db_default=False, help_text=_("A new password of yours revokes the token.")
    )
    ends_with_rights = models.BooleanField(
        _("end it with my rights"),
        default=False,
        db_default=False,
        help_text=_(
            "If the token is used while you are not active, or may see no repository any more, it is revoked, and stays so."
        ),
    )
    last_used = models.DateTimeField(_("last used"), null=True, editable=False)
    text = ""  # the token itself, where it was made just now; it is kept nowhere

    class Meta:
        ordering = ("-created", "-pk")
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"

    @property
    def reads_only(self) -> bool:
        return self.level == Level.VIEW

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


def make_token(user: Any, name: str, days: int = DAYS, **limits: Any) -> ApiToken:
    """Create a token. Its text is in `text` of the object returned, and nowhere else.

    Args:
        user: its owner.
        name: what it is for.
        days: how long it is valid.
        limits: pattern, level, ends_with_password, ends_with_rights, as of ApiToken.
    """
    token = ApiToken(user=user, name=name, **limits)
    token.renew(days)
    token.save()
    return token


def has_form(text: str) -> bool:
    return FORM.fullmatch(text) is not None


def digest_of(text: str) -> str:
    """Hash a token. A plain hash of 256 random bits cannot be reversed, and a slow one would slow down each request."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
