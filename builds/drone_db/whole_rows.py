"""Whole rows of Drone's tables by plain SQL, for what most requests ask.

Django puts a query together anew each time, column by column, which takes longer than all the rest (docs/performance.md).
"""

from functools import cache
from typing import Any, TypeVar

from django.db import connections

from builds.drone_db import catalogue
from builds.drone_db.models import DroneModel

Row = TypeVar("Row", bound=DroneModel)


def rows_of(model: type[Row], condition: str, *values: str | int) -> list[Row]:
    """Return rows of a model's table.

    Args:
        model: whose columns are read.
        condition: what stands after the table's name, with %s for each value.
        values: for the condition.
    """
    connection, fields = connections["drone"], fields_of(model)
    table = model._meta.db_table  # noqa: SLF001 - public in all but name
    columns = selected(model, catalogue.columns(connection).get(table))
    statement = f"SELECT {columns} FROM {table} {condition}"  # noqa: S608 - edrone's own words
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    names = [field.attname for field in fields]
    return [
        model.from_db("drone", names, [field.from_db_value(value) for field, value in zip(fields, row, strict=True)])
        for row in rows
    ]


@cache
def selected(model: type[DroneModel], there: frozenset[str] | None) -> str:
    """List a model's columns; one that the connected database lacks is NULL, which reads as the default."""
    columns = (field.column for field in fields_of(model))
    return ", ".join(column if there is None or column in there else "NULL" for column in columns)


def fields_of(model: type[DroneModel]) -> tuple[Any, ...]:
    """Return the fields that have a column; each reads what a database gives (fields.py)."""
    return model._meta.concrete_fields  # noqa: SLF001 - likewise
