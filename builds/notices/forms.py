"""What people send about channels and subscriptions, in the pages and through REST."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy

from builds.access.models import refuse_pattern
from builds.notices.addresses import KINDS, WrongAddress, apprise_address
from builds.notices.models import Channel, Topic
from texts.characters import storable
from texts.sentence import translated


def naming(choices: Iterable[str]) -> dict[str, Any]:
    """Return a field's message for a value that is none of these: only REST can send one."""
    return {
        "invalid_choice": format_lazy(gettext_lazy("“%(value)s” is unknown; there are {choices}."), choices=", ".join(choices))
    }


class SubscriptionForm(forms.Form):
    pattern = forms.CharField(label=gettext_lazy("repositories"), max_length=500, validators=[refuse_pattern])
    channel = forms.ModelChoiceField(
        label=gettext_lazy("channel"),
        queryset=Channel.objects.all(),
        error_messages={"invalid_choice": gettext_lazy("There is no such channel.")},
    )
    topics = forms.MultipleChoiceField(label=gettext_lazy("events"), choices=Topic.choices, error_messages=naming(Topic.values))


class AddressForm(forms.Form):
    address = forms.CharField(label=gettext_lazy("address"), max_length=4000)
    kind: str  # the name of the channel's kind

    def clean_address(self) -> str:
        return checked_address(self.kind, self.cleaned_data["address"])


class ChannelForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("name"), max_length=100)
    kind = forms.ChoiceField(
        label=gettext_lazy("kind"), choices=[(kind.name, kind.title) for kind in KINDS.values()], error_messages=naming(KINDS)
    )
    address = forms.CharField(label=gettext_lazy("address"), max_length=4000)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if storable(name) != name:
            raise forms.ValidationError(gettext("This holds a NUL character, or is not Unicode text."))
        if Channel.objects.filter(name=name).exists():
            raise forms.ValidationError(gettext("There is a channel of this name already."))
        return name

    def clean_address(self) -> str:
        kind = self.cleaned_data.get("kind")
        return checked_address(kind, self.cleaned_data["address"]) if kind else ""


def checked_address(kind: str, text: str) -> str:
    """Return an address as Apprise takes it.

    Raises:
        ValidationError: with the sentence.
    """
    try:
        return apprise_address(KINDS[kind], text)
    except WrongAddress as error:
        raise forms.ValidationError(translated(error.args[0], gettext)) from None


def problems_of(form: Any) -> list[str]:
    """Return one sentence for each field that cannot be taken; none repeats an address."""
    return [f"{form.fields[name].label}: {' '.join(map(str, messages))}" for name, messages in form.errors.items()]
