"""`manage.py dronegrants`: the SQL of a role that can read what edrone reads, and nothing else."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections

from builds.drone_db.inspection import wanted
from configs.management.base import EdroneCommand

LONGEST = 63  # bytes of a name in PostgreSQL


class Command(EdroneCommand):
    help = "Print the SQL that lets a role of PostgreSQL read just the columns that edrone reads; run it in Drone's database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", required=True, help="the role that edrone connects as; it must exist")
        parser.add_argument("--schema", default="public", help="the schema of Drone's tables (public)")

    def handle(self, *_: Any, role: str, schema: str, **__: Any) -> None:
        own = connections["default"]
        if own.vendor == "postgresql" and own.settings_dict["USER"] == role:
            self.stderr.write(
                f"warning: {role} is also the role of DATABASE_URL: make one that only reads, such as edrone_reader."
            )
        role, schema = quoted(role), quoted(schema)
        self.stdout.write(
            "-- What edrone may read of Drone's database. Columns that an older Drone lacks are passed over, so run it"
        )
        self.stdout.write(
            "-- again after an upgrade of Drone. As the owner of the tables: psql -v ON_ERROR_STOP=1 -f FILE DATABASE"
        )
        self.stdout.write("BEGIN;")
        self.stdout.write(f"GRANT USAGE ON SCHEMA {schema} TO {role};")
        for table, columns in sorted(wanted().items()):
            names = ", ".join(f"'{column}'" for column in columns)
            self.stdout.write(GRANT.format(table=table, names=names, schema=literal(schema), role=literal(role)))
        self.stdout.write("COMMIT;")


GRANT = """DO $edrone$ DECLARE present text; BEGIN
  IF to_regclass({schema} || '.{table}') IS NOT NULL THEN
    EXECUTE 'REVOKE ALL ON ' || {schema} || '.{table} FROM ' || {role};
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO present FROM pg_attribute
      WHERE attrelid = to_regclass({schema} || '.{table}') AND attnum > 0 AND NOT attisdropped AND attname IN ({names});
    EXECUTE 'GRANT SELECT (' || present || ') ON ' || {schema} || '.{table} TO ' || {role};
  END IF;
END $edrone$;"""


def quoted(name: str) -> str:
    if not name or "\0" in name or len(name.encode()) > LONGEST:
        raise CommandError(f"{name!r} cannot be a name in PostgreSQL: give 1 to {LONGEST} bytes.")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return text as a string of SQL; `$edrone$` is split, since it would end the block."""
    return "'" + text.replace("'", "''").replace("$edrone", "$' || 'edrone") + "'"
