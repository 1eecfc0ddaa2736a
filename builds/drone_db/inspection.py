"""Inspects the connected database: whether it is Drone's, and what edrone's role may read. Reads the catalogue, no rows."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain

from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import ForeignKey

from builds.drone_db import catalogue
from builds.drone_db.models import DroneModel

# What came after 1.0.0, newest first (docs/drone.md 5.2): since when, table → columns.
SINCE: tuple[tuple[str, dict[str, set[str]]], ...] = (
    ("2.5.0", {"steps": {"step_schema"}, "cards": {"card_data"}}),
    ("2.2.0", {"repos": {"repo_cancel_running"}}),
    ("2.0.2", {"steps": {"step_depends_on", "step_image", "step_detached"}, "templates": {"template_data"}}),
    ("1.10.1", {"repos": {"repo_throttle"}, "stages": {"stage_limit_repo"}}),
    ("1.10.0", {"builds": {"build_debug"}}),
    ("1.7.0", {"latest": {"latest_name"}}),
    ("1.6.0", {"repos": {"repo_cancel_pulls", "repo_cancel_push"}}),
    ("1.3.1", {"builds": {"build_deploy_id"}}),
    ("1.1.0", {"builds": {"build_cron"}, "orgsecrets": {"secret_data"}}),
)
OLDEST = "1.0.0"
SECRETS = {
    "users": ("user_hash", "user_oauth_token", "user_oauth_refresh"),
    "repos": ("repo_signer", "repo_secret"),
    "secrets": ("secret_data",),
    "orgsecrets": ("secret_data",),
    "nodes": ("node_ca_key", "node_tls_key"),
}
PEOPLE = ("users", "perms")
KINDS = {
    "postgresql": {
        "BigIntegerField": {"int2", "int4", "int8"},
        "TextField": {"varchar", "text", "bpchar"},
        "BooleanField": {"bool"},
        "BinaryField": {"bytea"},
    },
    "sqlite": {  # as declared; the columns hold anything, and of a view nothing is declared
        "BigIntegerField": {"INTEGER", "NUMBER", ""},
        "TextField": {"TEXT", ""},
        "BooleanField": {"BOOLEAN", ""},
        "BinaryField": {"BLOB", ""},
    },
}
TYPES = {
    "sqlite": """
SELECT m.name, c.name, c.type, 1 FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type IN ('table', 'view')""",
    "postgresql": """
SELECT c.relname, a.attname, t.typname, has_column_privilege(c.oid, a.attnum, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND pg_catalog.pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped
""",
}


@dataclass(frozen=True)
class Inspection:
    """The result; each entry is a sentence."""

    version: str  # such as "2.5.0 to 2.28", or empty where it is not Drone's at all
    tolerated: tuple[str, ...]  # what an older Drone lacks
    warnings: tuple[str, ...]  # secrets that this role could read
    differences: tuple[str, ...]  # what edrone needs and cannot have


def wanted() -> dict[str, dict[str, str]]:
    """Return the columns that edrone reads: table → column → type of field."""
    tables: dict[str, dict[str, str]] = {}
    for model in apps.get_app_config("builds").get_models():
        if issubclass(model, DroneModel):
            columns = tables.setdefault(model._meta.db_table, {})  # noqa: SLF001 - public in all but name
            for field in model._meta.concrete_fields:  # noqa: SLF001 - likewise
                kind = field.target_field if isinstance(field, ForeignKey) else field
                if field.column:  # a key of several columns has none of its own
                    columns[field.column] = kind.get_internal_type()
    return tables


def inspect(connection: BaseDatabaseWrapper) -> Inspection:
    """Compare the connected database with the models.

    Raises:
        DroneDatabaseUnavailable: it does not answer.
    """
    there = catalogue.read(connection)
    optional = not_yet(there)
    tolerated: list[str] = []
    differences: dict[str, list[str]] = defaultdict(list)  # by table
    for table, columns in wanted().items():
        if table not in there:
            if table == "latest" and table in optional:
                tolerated.append("The table latest is not there: it reads as empty.")
            else:
                differences[table].append(f"The table {table} is not there.")
            continue
        for column in sorted(columns.keys() - there[table]):
            if column in optional.get(table, ()):
                tolerated.append(f"The column {table}.{column} is not there: it reads as its default.")
            else:
                differences[table].append(f"The column {table}.{column} is not there.")
    warnings = also_writes(connection)
    judge_columns(connection, differences, warnings)
    if any(differences.get(table) for table in PEOPLE):
        if settings.EDRONE_GRANTS_FROM_DRONE:
            differences["people"] = ["So nobody gets access by what Drone says of them; everything else works."]
        else:
            differences = {table: sentences for table, sentences in differences.items() if table not in PEOPLE}
            tolerated.append("What Drone says of people cannot be read: only EDRONE_GRANTS_FROM_DRONE needs it.")
    return Inspection(version_of(there), tuple(tolerated), tuple(warnings), tuple(chain(*differences.values())))


def also_writes(connection: BaseDatabaseWrapper) -> list[str]:
    """Warn where edrone's own database uses the same role: Drone's should be read by a role that only reads."""
    own, drones = connections["default"].settings_dict, connection.settings_dict
    if connection.vendor != "postgresql" or any(own[name] != drones[name] for name in ("USER", "HOST", "PORT")):
        return []
    return [f"The role {drones['USER']} is that of DATABASE_URL too: give DRONE_DATABASE_URL one that only reads (dronegrants)."]


def judge_columns(connection: BaseDatabaseWrapper, differences: dict[str, list[str]], warnings: list[str]) -> None:
    """Check the types of columns, and what the role may read."""
    columns = wanted()
    with connection.cursor() as cursor:
        cursor.execute(TYPES[connection.vendor])
        for table, column, kind, readable in sorted(cursor.fetchall()):
            if connection.vendor == "postgresql" and column in SECRETS.get(table, ()) and readable:
                warnings.append(f"This role can read {table}.{column}, which edrone never asks for: see manage.py dronegrants.")
            if column not in columns.get(table, {}):
                continue
            if not readable:
                differences[table].append(f"This role may not read {table}.{column}: see manage.py dronegrants.")
            if kind not in KINDS[connection.vendor][columns[table][column]]:
                differences[table].append(f"The column {table}.{column} is of type {kind}, which edrone does not expect there.")


def version_of(there: catalogue.Columns) -> str:
    """Return which versions of Drone create these tables."""
    if not {"repos", "builds", "stages", "steps", "logs"} <= there.keys():
        return ""
    above = [version for version, _ in SINCE[: place_of(there)]]
    since = next((version for version, _ in SINCE[place_of(there) :]), OLDEST)
    return f"{since} or newer, but older than {above[-1]}" if above else f"{since} or newer"


def place_of(there: catalogue.Columns) -> int:
    """Return the index of the newest entry of SINCE with a column in these tables; the length of SINCE for none."""
    left = (any(columns & there.get(table, frozenset()) for table, columns in added.items()) for _, added in SINCE)
    return next((place for place, is_there in enumerate(left) if is_there), len(SINCE))


def not_yet(there: catalogue.Columns) -> dict[str, set[str]]:
    """Return the columns of newer versions of Drone, table → columns: these may be missing."""
    tables: dict[str, set[str]] = {}
    for _, added in SINCE[: place_of(there)]:
        for table, columns in added.items():
            tables.setdefault(table, set()).update(columns)
    return tables
