"""Forms of the pages that start builds; an operation's fields come from its head."""

import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from builds.starting.errors import InvalidCommand
from builds.starting.parameters import COLUMNS, refuse_invalid
from pipelines.operations.inputs import missing_or_wrong
from pipelines.operations.operation import Input, Operation
from texts.sentence import translated
from web.localized import localized

OF_INPUTS = "input-"  # before the names of an operation's inputs, so that they are never taken for other fields
LINE_END = re.compile(r"\r?\n")  # no other: a value may hold U+2028
EXPLICIT = {"string", "choice"}  # types whose empty value means something where there is a default


class Suggesting(forms.TextInput):
    """A text field with suggestions."""

    template_name = "web/suggesting.html"

    def __init__(self, suggestions: list[str]) -> None:
        super().__init__(attrs={"spellcheck": "false"})
        self.suggestions = suggestions

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs']['id']}-list"
        return context | {"suggestions": self.suggestions}


class ParametersField(forms.CharField):
    """Parameters as NAME=value, one per line."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            label=gettext_lazy("Parameters"),
            help_text=gettext_lazy("One per line: NAME=value. Each step gets them as environment variables."),
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
            strip=False,
        )

    def clean(self, value: Any) -> dict[str, str]:
        params: dict[str, str] = {}
        for number, line in enumerate(LINE_END.split(super().clean(value)), 1):
            name, equals, content = line.partition("=")
            if not line.strip():
                continue
            if not equals or not name.strip():
                message = _("Line %(number)s: write each parameter as NAME=value on a line of its own.")
                raise ValidationError(message, params={"number": number})
            if name.strip() in params:
                raise ValidationError(_("%(name)s appears twice."), params={"name": name.strip()})
            params[name.strip()] = content
        try:
            refuse_invalid(params)
        except InvalidCommand as error:
            raise ValidationError(localized(error)) from error
        return params


class LinesField(forms.CharField):
    """Takes a text of several lines, whose line ends browsers send as CRLF."""

    def __init__(self, **shared: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}), strip=False, **shared)

    def to_python(self, value: Any) -> str:
        return LINE_END.sub("\n", super().to_python(value) or "")


class RunForm(forms.Form):
    """Starts an operation or a normal build. Without a head to name its inputs, it takes any parameters."""

    def __init__(self, data: Any, operation: Operation | None, branches: list[str], targets: list[str]) -> None:
        super().__init__(data)
        self.target = OF_INPUTS + operation.target if operation and operation.target else ""
        self.inputs = operation.inputs if operation else None
        self.fields["branch"] = forms.CharField(
            label=gettext_lazy("Branch"), initial=branches[0] if branches else "", widget=Suggesting(branches), max_length=400
        )
        for entry in self.inputs or ():
            self.fields[OF_INPUTS + entry.name] = field_of(entry)
        if self.inputs is None:
            self.fields["params"] = ParametersField()
        if isinstance(self.fields.get(self.target), forms.CharField):  # a choice names its targets in the head
            self.fields[self.target].widget = Suggesting(targets)
            ask_about_new_target(self, self.target, targets)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        refuse_new_target(self, self.target)
        params = self.params
        for entry in self.inputs or ():
            name = OF_INPUTS + entry.name
            if name not in self.errors and (reason := missing_or_wrong(entry, params)):  # one sentence for one mistake
                self.add_error(name, translated(reason, gettext))
        return cleaned

    @property
    def params(self) -> dict[str, str]:
        """The parameters of the build. Empty inputs are left out, unless empty is a value that differs from the default."""
        if self.inputs is None:
            return dict(self.cleaned_data.get("params") or {})
        values = {entry.name: str(self.cleaned_data.get(OF_INPUTS + entry.name) or "") for entry in self.inputs}
        return {
            entry.name: values[entry.name]
            for entry in self.inputs
            if values[entry.name] or (entry.default and entry.type in EXPLICIT)
        }


def field_of(wanted: Input) -> forms.Field:
    """Return the form field of an input; RunForm.clean validates it."""
    shared: dict[str, Any] = {
        "label": wanted.name, "help_text": wanted.description, "required": False, "initial": wanted.default or ""
    }  # fmt: skip
    field: forms.Field
    if wanted.type in {"choice", "boolean"}:
        words = wanted.options if wanted.type == "choice" else ("true", "false")
        empty = [] if wanted.default is not None else [("", "")]
        field = forms.ChoiceField(choices=[*empty, *((word, word) for word in words)], **shared)
    elif wanted.default and LINE_END.search(wanted.default):
        field = LinesField(**shared)
    else:
        number = wanted.type == "number"
        widget = forms.TextInput(attrs={"spellcheck": "false"} | ({"inputmode": "decimal"} if number else {}))
        field = forms.CharField(widget=widget, strip=number, **shared)
    field.widget.is_required = wanted.required
    return field


NEW = "new_target"


def ask_about_new_target(form: forms.Form, name: str, known: Collection[str]) -> None:
    """Add a box to tick where the target that is asked for was never deployed to."""
    value = form.fields[name].to_python(form[name].data) if form.is_bound else ""
    if value and value not in known:
        form.fields[NEW] = forms.BooleanField(required=False, label=gettext_lazy("Deploy to a new target"))


def refuse_new_target(form: forms.Form, name: str) -> None:
    """Refuse a target that was never deployed to, where the box is not ticked."""
    if NEW in form.fields and not form.cleaned_data.get(NEW) and (target := form.cleaned_data.get(name)):
        form.add_error(
            NEW, _("Nothing was deployed to “%(target)s” from this repository before. Is it spelled right?") % {"target": target}
        )


class TargetField(forms.CharField):
    """Takes a target that was deployed to before as it is called, with blanks around it too."""

    def __init__(self, known: list[str]) -> None:
        super().__init__(label=gettext_lazy("Target"), widget=Suggesting(known), max_length=COLUMNS["target"], strip=False)
        self.known = known

    def to_python(self, value: Any) -> str:
        target = super().to_python(value) or ""
        return target if target in self.known else target.strip()


class TargetForm(forms.Form):
    """Promotes a build, or rolls a target back to it."""

    def __init__(self, data: Any, targets: list[str]) -> None:
        super().__init__(data)
        self.fields["target"] = TargetField(targets)
        ask_about_new_target(self, "target", targets)
        self.fields["params"] = ParametersField()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        refuse_new_target(self, "target")
        return cleaned


class RestartForm(forms.Form):
    only = forms.ChoiceField(choices=[("failed", "failed")], required=False, widget=forms.HiddenInput)
    debug = forms.BooleanField(
        required=False,
        label=gettext_lazy("Keep the machine for debugging"),
        help_text=gettext_lazy("Drone's debug mode, if the runner supports it."),
    )

    def __init__(self, data: Any, *, may_debug: bool) -> None:
        super().__init__(data)
        if not may_debug and not self.debugs:
            del self.fields["debug"]

    @property
    def debugs(self) -> bool:
        return "debug" in self.fields and bool(self["debug"].data)


class NothingMore(forms.Form):
    """Has no fields: cancel, approve and decline ask only for confirmation."""
