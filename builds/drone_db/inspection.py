"""Is the connected database Drone's, and may edrone read just what it should? From the catalogue, not from the rows."""

from dataclasses import dataclass

from django.apps import apps
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
    """What was found; each entry a sentence."""

    version: str  # such as "2.5.0 to 2.28", or empty where it is not Drone's at all
    tolerated: tuple[str, ...]  # what an older Drone lacks
    warnings: tuple[str, ...]  # secrets that this role could read
    differences: tuple[str, ...]  # what edrone needs and cannot have


def wanted() -> dict[str, dict[str, str]]:
    """Give the columns that edrone reads: table → column → kind of field."""
    found: dict[str, dict[str, str]] = {}
    for model in apps.get_app_config("builds").get_models():
        if issubclass(model, DroneModel):
            columns = found.setdefault(model._meta.db_table, {})  # noqa: SLF001 - public in all but name
            for field in model._meta.concrete_fields:  # noqa: SLF001 - likewise
                kind = field.target_field if isinstance(field, ForeignKey) else field
                if field.column:  # a key of several columns has none of its own
                    columns[field.column] = kind.get_internal_type()
    return found


def inspect(connection: BaseDatabaseWrapper) -> Inspection:
    """Compare the connected database with the models.

    Raises:
        DroneDatabaseUnavailable: it does not answer.
    """
    there = catalogue.read(connection)
    newer = not_yet(there)
    tolerated: list[str] = []
    differences: list[str] = []
    for table, columns in wanted().items():
        if table not in there:
            if table == "latest" and table in newer:
                tolerated.append("The table latest is not there: it reads as empty.")
            else:
                differences.append(f"The table {table} is not there.")
            continue
        for column in sorted(columns.keys() - there[table]):
            if column in newer.get(table, ()):
                tolerated.append(f"The column {table}.{column} is not there: it reads as its default.")
            else:
                differences.append(f"The column {table}.{column} is not there.")
    warnings = also_writes(connection)
    judge_columns(connection, differences, warnings)
    return Inspection(version_of(there), tuple(tolerated), tuple(warnings), tuple(differences))


def also_writes(connection: BaseDatabaseWrapper) -> list[str]:
    """Warn of a role that edrone's own database is written with: what it is granted and refused should be about reading alone."""
    mine, drones = connections["default"].settings_dict, connection.settings_dict
    if connection.vendor != "postgresql" or any(mine[name] != drones[name] for name in ("USER", "HOST", "PORT")):
        return []
    return [f"The role {drones['USER']} is that of DATABASE_URL too: give DRONE_DATABASE_URL one that only reads (dronegrants)."]


def judge_columns(connection: BaseDatabaseWrapper, differences: list[str], warnings: list[str]) -> None:
    """Look at types, and at what the role may read."""
    columns = wanted()
    with connection.cursor() as cursor:
        cursor.execute(TYPES[connection.vendor])
        for table, column, kind, readable in sorted(cursor.fetchall()):
            if connection.vendor == "postgresql" and column in SECRETS.get(table, ()) and readable:
                warnings.append(f"This role can read {table}.{column}, which edrone never asks for: see manage.py dronegrants.")
            if column not in columns.get(table, {}):
                continue
            if not readable:
                differences.append(f"This role may not read {table}.{column}: see manage.py dronegrants.")
            if kind not in KINDS[connection.vendor][columns[table][column]]:
                differences.append(f"The column {table}.{column} is of type {kind}, which edrone does not expect there.")


def version_of(there: catalogue.Columns) -> str:
    """Say which Drone made these tables, as far as they tell."""
    if not {"repos", "builds", "stages", "steps", "logs"} <= there.keys():
        return ""
    above = [version for version, _ in SINCE[: place_of(there)]]
    since = next((version for version, _ in SINCE[place_of(there) :]), OLDEST)
    return f"{since} or newer, but older than {above[-1]}" if above else f"{since} or newer"


def place_of(there: catalogue.Columns) -> int:
    """Say which entry of SINCE is the newest that has left anything in these tables; its length for none."""
    left = (any(columns & there.get(table, frozenset()) for table, columns in added.items()) for _, added in SINCE)
    return next((place for place, is_there in enumerate(left) if is_there), len(SINCE))


def not_yet(there: catalogue.Columns) -> dict[str, set[str]]:
    """Give what came after the Drone that made these tables, table → columns: it may be missing."""
    found: dict[str, set[str]] = {}
    for _, added in SINCE[: place_of(there)]:
        for table, columns in added.items():
            found.setdefault(table, set()).update(columns)
    return found
