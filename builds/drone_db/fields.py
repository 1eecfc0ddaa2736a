"""Fields of tables that Drone writes: a missing column, NULL or an unreadable value reads as the default."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Col
from django.db.models.sql.compiler import SQLCompiler

from builds.drone_db import catalogue
from texts.characters import encodable
from web.times import datetime_of

if TYPE_CHECKING:  # only the stubs know these as generic
    TextField = models.TextField[str, str]
    AnyTextField = models.TextField[Any, Any]
    BigIntegerField = models.BigIntegerField[int, int]
    BooleanField = models.BooleanField[bool, bool]
    BinaryField = models.BinaryField[bytes, bytes]
else:
    TextField = AnyTextField = models.TextField
    BigIntegerField = models.BigIntegerField
    BooleanField, BinaryField = models.BooleanField, models.BinaryField

FALSE = {0, "", "0", "f", "false", "no"}
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # what 64 bits hold


class ColumnOrDefault(Col):
    """A column, or the field's default where the connected database lacks the column."""

    @property
    def identity(self) -> tuple[Any, ...]:
        """Compare columns. Django's own way inspects the constructor's signature, which takes a sixth of a whole request."""
        return self.__class__, self.alias, self.target, self.output_field

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Compose the column, or the default cast to its type: a bare number would be a position in ORDER BY."""
        field = self.target
        columns = catalogue.columns(connection).get(field.model._meta.db_table)  # noqa: SLF001 - public in all but name
        if columns is None or field.column in columns:
            return super().as_sql(compiler, connection)
        return f"CAST(%s AS {field.cast_db_type(connection)})", (field.get_db_prep_value(field.get_default(), connection),)


class DroneColumn:
    """Mixin of the fields below."""

    kind: type  # values of this type are taken as they are
    primary_key: bool
    get_default: Callable[[], Any]

    def get_col(self, alias: str, output_field: Any = None) -> Col:
        """Refer to the column in a query."""
        return ColumnOrDefault(alias, self, output_field)  # type: ignore[arg-type]  # this is one half of a field

    def from_db_value(self, value: Any, *_: Any) -> Any:
        if value is not None and type(value) is self.kind:
            return value
        if value is None:  # of a key: there is no row, as in an outer join
            return None if self.primary_key else self.get_default()
        try:
            return self.read(value)
        except (ValueError, TypeError, OverflowError, RecursionError):
            return self.get_default()

    def read(self, value: Any) -> Any:
        """Convert the value; an error means the default."""
        raise NotImplementedError


class String(DroneColumn, TextField):
    """Text; SQLite may hold bytes in a column of text."""

    kind: type = str

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"default": ""} | options)

    def read(self, value: Any) -> str:
        return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


class Whole(DroneColumn, BigIntegerField):
    """A whole number, also a time in Unix seconds (0: not yet)."""

    kind = int

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"default": 0} | options)

    def read(self, value: Any) -> int:
        return whole(value)


class Truth(DroneColumn, BooleanField):
    kind = bool

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"default": False} | options)

    def read(self, value: Any) -> bool:
        return (value.lower() if isinstance(value, str) else value) not in FALSE


class Bytes(DroneColumn, BinaryField):
    """Bytes; SQLite may hold text in a column of bytes."""

    kind = bytes

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"default": b""} | options)

    def read(self, value: Any) -> bytes:
        return value.encode() if isinstance(value, str) else bytes(value)


class JsonOfTexts(DroneColumn, AnyTextField):
    """A column of text that holds a JSON object or array of texts; the empty text, `null` and what is no JSON is the default.

    In SQLite the text comes as bytes (docs/drone.md 5.1).
    """

    kind = type(None)

    def read(self, value: Any) -> Any:
        """Parse; values that are no text are kept as their JSON."""
        content = json.loads(value)
        if isinstance(content, dict) and self.default is dict:
            return {encodable(key): text(item) for key, item in content.items()}
        if isinstance(content, list) and self.default is list:
            return [text(item) for item in content]
        return self.get_default()

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return super().get_db_prep_value(json.dumps(value) if value else "null", connection, prepared)


def whole(value: Any) -> int:
    """Make a whole number of 64 bits.

    Raises:
        ValueError, TypeError, OverflowError: it is none.
    """
    number = int(value)
    if not SMALLEST <= number <= LARGEST:
        raise OverflowError
    return number


def text(value: Any) -> str:
    """Return a string as it is, anything else as JSON."""
    return encodable(value) if isinstance(value, str) else json.dumps(value)


class Moment:
    """An aware datetime beside a column of Unix seconds; None for 0 and for what no calendar has."""

    def __init__(self, field: str) -> None:
        self.field = field

    def __get__(self, row: models.Model | None, _: type[models.Model]) -> datetime | None:
        if row is None:  # asked of the class, by tools that look for attributes
            return None
        return datetime_of(getattr(row, self.field))
