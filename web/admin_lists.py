"""What the lists of the administration may be asked for: only what any database can answer."""

from typing import Any, ClassVar

from django import forms
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import (
    ALL_VAR,
    ERROR_FLAG,
    IGNORED_PARAMS,
    ORDER_VAR,
    PAGE_VAR,
    SEARCH_VAR,
    ChangeList,
    ChangeListSearchForm,
)
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict

from web.admin_filters import fields
from web.parameters import NotUnderstood, no_such_parameter, refuse_other_words

CHOICES = frozenset({"", "exact", "id__exact", "isnull"})  # what Django's filters ask of a field
LONGEST_SEARCH = 200  # characters: each word is a condition, and SQLite takes a thousand
DIGITS = 18  # of a number that any column holds


OF_A_LIST = {SEARCH_VAR, ORDER_VAR, PAGE_VAR, ALL_VAR, ERROR_FLAG, *IGNORED_PARAMS}
MOST_NAMED = 20  # values of a filter


class BoundedSearch(ChangeListSearchForm):
    """The search field of a list."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields = {SEARCH_VAR: forms.CharField(required=False, strip=False, max_length=LONGEST_SEARCH)}


class BoundedList(ChangeList):
    search_form_class = BoundedSearch


def without_empty(query: QueryDict) -> QueryDict:
    """Leave out what is empty: a form sends each of its fields, and Django looks for rows where the column is empty."""
    kept = query.copy()
    for name in [name for name in kept if name != SEARCH_VAR and not any(kept.getlist(name))]:
        del kept[name]
    kept._mutable = False  # noqa: SLF001 - as it came
    return kept


class Bounded:
    """What a list is asked for is refused with 400 where no row can fit it; beside Django's class."""

    list_filter: ClassVar[Any]
    empty: ClassVar[Any] = ""  # what the list says where there is no row at all: what it is for, what to do next

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's
        """Allow what the filters offer, and the pages of OnePage. Django allows each column with any condition, a `regex` too."""
        if value.lstrip("-").isdecimal() and len(value) > DIGITS:
            return False  # SQLite refuses it where Django hands it over as it is
        field, _, condition = lookup.partition("__")
        offered = {getattr(option, "parameter_name", option) for option in self.list_filter}
        return lookup == "id__lt" or (field in offered and condition in CHOICES)

    def get_changelist(self, *_: Any, **__: Any) -> type[ChangeList]:
        return BoundedList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the address; Django blames the database for a NUL, and for the second mistake in a row."""
        if any("\0" in value for name in request.GET if name != SEARCH_VAR for value in request.GET.getlist(name)):
            raise DisallowedModelAdminLookup("A value of this address holds a NUL.")
        request.GET = without_empty(request.GET)  # type: ignore[assignment]  # the request is this list's own
        self.refuse_unknown(request)
        try:
            changes = super().get_changelist_instance(request)  # type: ignore[misc]  # this is one half
        except IncorrectLookupParameters as error:
            if ERROR_FLAG in request.GET:
                raise DisallowedModelAdminLookup("A value of this address cannot be in the list.") from error
            raise
        for field in fields(changes):
            values = [option.value for option in field.options if option.value]
            refuse_other_words(field.name, [field.unknown], values[:MOST_NAMED])
        return changes

    def refuse_unknown(self, request: HttpRequest) -> None:
        """Refuse what Django would refuse without naming it."""
        for name in request.GET:
            if name not in OF_A_LIST and not self.lookup_allowed(name, request.GET.get(name, ""), request):
                offered = [getattr(option, "parameter_name", option) for option in self.list_filter]
                raise NotUnderstood(no_such_parameter(name, [SEARCH_VAR, *offered]))

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *more: Any, **named: Any) -> HttpResponse | None:
        """Look at the ids of the chosen rows; Django hands any text to the database."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(text.isascii() and text.isdecimal() and len(text) <= DIGITS for text in chosen):
            raise DisallowedModelAdminLookup("A chosen row has no number.")
        answer: HttpResponse | None = super().response_action(request, queryset, *more, **named)  # type: ignore[misc]  # likewise
        return answer
