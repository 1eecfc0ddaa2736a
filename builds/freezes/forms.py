"""The form of a freeze."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from builds.access.limit_field import LimitField
from builds.freezes.actions import checked
from builds.freezes.local_time import LONGEST, NoSuchTime, in_utc, zone_of
from builds.freezes.models import MOST, Freeze

FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


class Local(forms.Field):
    """A wall clock's time, without a zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        for form in FORMATS:
            try:
                return datetime.strptime(str(value).strip(), form)  # noqa: DTZ007 - its zone is another field
            except ValueError:
                continue
        if value:
            raise ValidationError(_("Write a date and a time, such as 2026-12-24 18:00."))
        return None


class FreezeForm(forms.Form):
    pattern = forms.CharField(
        label=gettext_lazy("Repositories"), max_length=MOST, help_text=gettext_lazy("*, namespace/* or namespace/name")
    )
    targets = LimitField(
        label=gettext_lazy("Targets and operations"),
        max_length=MOST,
        required=False,
        initial="production",
        help_text=gettext_lazy("Separated by commas; * matches any characters."),
    )
    branches = LimitField(
        label=gettext_lazy("Branches"),
        max_length=MOST,
        required=False,
        help_text=gettext_lazy(
            "Also freezes the builds that pushes, schedules and people start there; operations, promotions and rollbacks "
            "are frozen by their names and targets alone. A tag is refs/tags/NAME. Leave empty for none."
        ),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=MOST)
    begins = Local(label=gettext_lazy("From"), required=False, help_text=gettext_lazy("Leave empty for now."))
    ends = Local(label=gettext_lazy("Until"), required=False, help_text=gettext_lazy("Leave empty until it is lifted."))
    zone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=LONGEST, initial="UTC", help_text=gettext_lazy("Such as Europe/Berlin.")
    )

    def clean(self) -> dict[str, Any]:
        """Make UTC of the times, and say all that is wrong at once."""
        super().clean()
        zone = zone_of(self.cleaned_data.get("zone", ""))
        if zone is None:
            self.add_error("zone", _("There is no such time zone: write one such as Europe/Berlin, or UTC."))
        for name in ("begins", "ends"):
            if local := self.cleaned_data.get(name):
                try:
                    # Of an hour that comes twice the freeze takes both.
                    self.cleaned_data[name] = in_utc(local, zone or UTC, late=name == "ends")
                except NoSuchTime:
                    self.add_error(name, _("There is no such time in this zone: its clocks skip it."))
        self.add_errors_of_freeze(without=set() if zone else {"begins", "ends"})
        return self.cleaned_data

    def add_errors_of_freeze(self, without: set[str]) -> None:
        """Add what the freeze itself finds wrong, at fields that are right so far; `without`: fields that nobody can judge."""
        try:
            checked(self.freeze())
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                if name in self.fields and name not in {*self.errors, *without}:
                    self.add_error(name, texts)

    def freeze(self) -> Freeze:
        """Return the freeze that is asked for, with what is right of it."""
        values = {name: self.cleaned_data.get(name, "") for name in ("pattern", "targets", "branches", "reason")}
        times = {name: time for name in ("begins", "ends") if (time := self.cleaned_data.get(name))}
        return Freeze(**values, **times)
