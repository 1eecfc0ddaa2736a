"""Grants: who may see and start what in which repositories (edrone's own database)."""

import re
from collections.abc import Collection

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from texts.characters import storable

# What a repository's full name is made of; GitLab's namespaces have slashes. `*` is left to the pattern's end.
SEGMENT = r"[^/*\s\x00-\x1f\x7f]+"
PATTERN = re.compile(rf"\*|(?:{SEGMENT}/)+(?:\*|{SEGMENT})")
NAME = re.compile(r"[^\s,]+")  # of an operation or a target, or a pattern of such names


class Level(models.IntegerChoices):
    """What a grant allows; each level includes those before it."""

    VIEW = 1, _("view")
    RUN = 2, _("run")
    DEPLOY = 3, _("deploy")


class Grant(models.Model):
    """Lets a user, or all users of a group, see or start something in the repositories that a pattern names."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="grants", verbose_name=_("user")
    )
    group = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="grants", verbose_name=_("group"))
    pattern = models.CharField(
        _("repositories"),
        max_length=500,
        help_text=_(
            "* for all repositories, namespace/* for those of a namespace and the namespaces below it, or namespace/name for one."
        ),
    )
    level = models.SmallIntegerField(_("level"), choices=Level.choices, help_text=_("Each level includes those before it."))
    only = models.CharField(
        _("limited to"),
        max_length=500,
        blank=True,
        help_text=_(
            "Operations and targets that may be started, separated by commas; * matches any characters. "
            "Leave empty for all. This does not limit viewing."
        ),
    )

    class Meta:
        ordering = ("pattern", "level", "pk")
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, group__isnull=True) | models.Q(user__isnull=True, group__isnull=False),
                name="grant_user_or_group",
                violation_error_message=_("Choose either a user or a group."),
            ),
            models.CheckConstraint(condition=models.Q(level__in=Level.values), name="grant_level"),
            models.UniqueConstraint(
                fields=("user", "pattern", "level", "only"),
                condition=models.Q(user__isnull=False),
                name="grant_once_a_user",
                violation_error_message=_("This grant already exists."),
            ),
            models.UniqueConstraint(
                fields=("group", "pattern", "level", "only"),
                condition=models.Q(group__isnull=False),
                name="grant_once_a_group",
                violation_error_message=_("This grant already exists."),
            ),
        )

    def __str__(self) -> str:
        limited = f", {gettext('limited to')} {self.only}" if self.only else ""
        return f"{self.user or self.group}: {self.get_level_display()} {self.pattern}{limited}"

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Normalize `only` before its length is checked: what is stored may be longer than what was written."""
        self.only = ", ".join(self.patterns) or self.only
        super().clean_fields(exclude)

    def clean(self) -> None:
        try:
            refuse_pattern(self.pattern)
        except ValidationError as error:
            raise ValidationError({"pattern": error}) from None
        try:
            refuse_no_names(self.only)
        except ValidationError as error:
            raise ValidationError({"only": error}) from None
        if self.only and self.level == Level.VIEW:
            raise ValidationError(
                {"only": _("A view grant cannot be limited to operations or targets: leave this empty, or choose run.")}
            )

    @property
    def patterns(self) -> tuple[str, ...]:
        return patterns_in(self.only)

    def covers(self, slug: str) -> bool:
        return covers(self.pattern, slug)


def patterns_in(text: str) -> tuple[str, ...]:
    """Return the patterns that stand in a text with commas or blanks between them, each once."""
    return tuple(dict.fromkeys(NAME.findall(text)))


def refuse_no_names(text: str) -> None:
    """Refuse a list of commas and blanks: whoever wrote one did not mean what an empty list means, which is all.

    Raises:
        ValidationError: with what to do.
    """
    if text and not patterns_in(text):
        raise ValidationError(_("There is no name in this list: write one, or leave the list empty."))


def refuse_pattern(pattern: str) -> None:
    """Refuse a pattern that matches nothing, or that no column holds.

    Raises:
        ValidationError: with the forms that there are.
    """
    if not PATTERN.fullmatch(pattern) or storable(pattern) != pattern:
        raise ValidationError(
            _("“%(pattern)s” is not a valid repository pattern: write *, namespace/* or namespace/name."),
            params={"pattern": pattern},
        )


def covers(pattern: str, slug: str) -> bool:
    """Return whether a pattern covers the full name of a repository."""
    return slug.startswith(pattern[:-1]) if pattern.endswith("*") else slug == pattern
