"""Freezes: what is not to be started for a while (edrone's own database)."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from builds.access.models import patterns_in, refuse_no_names, refuse_pattern
from texts.characters import one_line, storable

MOST = 500  # characters of a column
FIRST_YEAR, LAST_YEAR = 2000, 2099  # of what can be meant


class Freeze(models.Model):
    """Keeps promotions, rollbacks and operations from being started; where it names branches, their builds too."""

    pattern = models.CharField(gettext_lazy("repositories"), max_length=MOST)
    targets = models.CharField(gettext_lazy("targets and operations"), max_length=MOST, blank=True)  # patterns, as of a grant
    branches = models.CharField(gettext_lazy("branches"), max_length=MOST, blank=True)  # patterns; a tag is refs/tags/NAME
    reason = models.CharField(gettext_lazy("reason"), max_length=MOST)
    begins = models.DateTimeField(gettext_lazy("from"), default=timezone.now)
    ends = models.DateTimeField(gettext_lazy("until"), null=True, blank=True)  # None: until it is lifted
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+")
    username = models.CharField(gettext_lazy("by"), max_length=150)  # stays when the user is deleted
    made = models.DateTimeField(default=timezone.now, editable=False)
    lifted = models.DateTimeField(null=True, editable=False)
    lifted_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        ordering = ("-id",)
        verbose_name = gettext_lazy("freeze")
        verbose_name_plural = gettext_lazy("freezes")
        default_permissions: ClassVar = ()
        indexes: ClassVar = [models.Index(fields=["ends"], condition=models.Q(lifted=None), name="freeze_not_lifted")]

    def __str__(self) -> str:
        branches = f"{_('branches')} {self.branches}" if self.branches else ""
        return f"#{self.pk} {self.pattern}: {', '.join(filter(None, (self.targets, branches)))}"

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Normalize the lists of patterns before their length is checked: what is stored may be longer than what was written."""
        self.targets, self.branches = (", ".join(patterns_in(text)) or text for text in (self.targets, self.branches))
        super().clean_fields(exclude)

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        try:
            refuse_pattern(self.pattern)
        except ValidationError as error:
            errors["pattern"] = error
        errors |= self.errors_of_names()
        self.reason = one_line(self.reason)
        if not self.reason:
            errors["reason"] = _("Say why: everybody who meets the freeze reads it.")
        if self.ends and self.ends <= max(self.begins, timezone.now()):
            errors["ends"] = _("The end must be in the future, and after the beginning.")
        for name, time in (("begins", self.begins), ("ends", self.ends)):
            if time and not FIRST_YEAR <= time.astimezone(UTC).year <= LAST_YEAR:
                years = {"first": FIRST_YEAR, "last": LAST_YEAR}
                errors[name] = _("The year must be from %(first)s to %(last)s.") % years
        for name in ("targets", "branches", "reason", "username"):
            if storable(getattr(self, name)) != getattr(self, name):
                errors[name] = _("This holds a NUL character, or is not Unicode text.")
        if errors:
            raise ValidationError(errors)

    def errors_of_names(self) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        for name in ("targets", "branches"):
            try:
                refuse_no_names(getattr(self, name))
            except ValidationError as error:
                errors[name] = error
        if not patterns_in(f"{self.targets},{self.branches}"):
            errors["targets"] = _("Name what is frozen: targets, operations or branches, or * for all.")
        return errors

    def state(self, now: datetime) -> str:
        if self.lifted:
            return "lifted"
        if self.ends and self.ends <= now:
            return "over"
        return "planned" if self.begins > now else "holds"
