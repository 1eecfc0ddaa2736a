"""The filters of a list of the administration as fields of one form, as the list of builds has them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import FieldDoesNotExist


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    options: tuple[Option, ...]
    unknown: str  # what the address asks for and the filter does not have


@dataclass(frozen=True)
class Narrowed:
    """A condition of the address that has no field, and the list without it."""

    name: str
    label: str
    value: str
    without: str


def fields(changes: Any) -> list[Field]:
    """Return a field for each filter of Django's ChangeList."""
    return [field(changes, spec) for spec in changes.filter_specs]


def field(changes: Any, spec: Any) -> Field:
    """Read what a filter offers from its links: each names the value that it leads to.

    A filter of two parameters (a group, or none) is offered by its first alone.
    """
    name, *others = spec.expected_parameters()
    options = []
    for choice in spec.choices(changes):
        asked = parse_qs(choice["query_string"].removeprefix("?"))
        if not any(other in asked for other in others):
            options.append(Option(asked.get(name, [""])[0], str(choice["display"]), bool(choice["selected"])))
    value = str(changes.params.get(name) or "")
    known = any(option.value == value for option in options)
    return Field(name, str(spec.title), tuple(options), "" if known else value)


def narrowed(changes: Any) -> list[Narrowed]:
    """Return the other conditions of the address, such as the repository whose records are listed."""
    known = {name for spec in changes.filter_specs for name in spec.expected_parameters()} | {SEARCH_VAR, ORDER_VAR, PAGE_VAR}
    return [
        Narrowed(name, label(changes, name), str(value), changes.get_query_string(remove=[name]))
        for name, value in changes.params.items()
        if name not in known and "__lt" not in name
    ]


def label(changes: Any, name: str) -> str:
    """Return what people call a column of the list."""
    try:
        return str(changes.opts.get_field(name.partition("__")[0]).verbose_name)
    except FieldDoesNotExist:
        return name
