"""Is the connected database Drone's, and may edrone read just what it should? From the catalogue, not from the rows."""

from dataclasses import dataclass

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import ForeignKey

from builds import catalogue
from builds.models.drone import DroneModel

# What tells versions apart, newest first (drone-facts 6.3): a column or, with "", a table, and since when it is there.
SINCE = (
    ("steps", "step_schema", "2.5.0"),
    ("repos", "repo_cancel_running", "2.2.0"),
    ("steps", "step_image", "2.0.2"),
    ("repos", "repo_throttle", "1.10.1"),
    ("builds", "build_debug", "1.10.0"),
    ("latest", "latest_name", "1.7.0"),
    ("repos", "repo_cancel_pulls", "1.6.0"),
    ("builds", "build_deploy_id", "1.3.1"),
    ("builds", "build_cron", "1.1.0"),
)
OLDEST = "1.0.0"
ADDED = {
    "builds": {"build_debug", "build_cron", "build_deploy_id"},
    "repos": {"repo_cancel_pulls", "repo_cancel_push", "repo_cancel_running", "repo_throttle"},
    "stages": {"stage_limit_repo"},
    "steps": {"step_depends_on", "step_image", "step_detached", "step_schema"},
}  # columns that came after 1.0.0
SECRETS = {
    "users": ("user_hash", "user_oauth_token", "user_oauth_refresh"),
    "repos": ("repo_signer", "repo_secret"),
    "secrets": ("secret_data",),
    "orgsecrets": ("secret_data",),
    "nodes": ("node_ca_key", "node_tls_key"),
}
POSTGRESQL_KINDS = {
    "BigIntegerField": {"int2", "int4", "int8"},
    "TextField": {"varchar", "text", "bpchar"},
    "BooleanField": {"bool"},
    "BinaryField": {"bytea"},
}
TYPES = """
SELECT c.relname, a.attname, t.typname, has_column_privilege(c.oid, a.attnum, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND pg_catalog.pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped
"""


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
    tolerated: list[str] = []
    differences: list[str] = []
    for table, columns in wanted().items():
        if table not in there:
            if table == "latest":
                tolerated.append("The table latest is not there: it reads as empty.")
            else:
                differences.append(f"The table {table} is not there.")
            continue
        for column in sorted(columns.keys() - there[table]):
            if column in ADDED.get(table, ()):
                tolerated.append(f"The column {table}.{column} is not there: it reads as its default.")
            else:
                differences.append(f"The column {table}.{column} is not there.")
    warnings: list[str] = []
    if connection.vendor == "postgresql":
        judge_columns(connection, differences, warnings)
    return Inspection(version_of(there), tuple(tolerated), tuple(warnings), tuple(differences))


def judge_columns(connection: BaseDatabaseWrapper, differences: list[str], warnings: list[str]) -> None:
    """Look at types, and at what the role may read."""
    columns = wanted()
    with connection.cursor() as cursor:
        cursor.execute(TYPES)
        for table, column, kind, readable in sorted(cursor.fetchall()):
            if column in SECRETS.get(table, ()) and readable:
                warnings.append(f"This role can read {table}.{column}, which edrone never asks for: see manage.py dronegrants.")
            if column not in columns.get(table, {}):
                continue
            if not readable:
                differences.append(f"This role may not read {table}.{column}: see manage.py dronegrants.")
            if kind not in POSTGRESQL_KINDS[columns[table][column]]:
                differences.append(f"The column {table}.{column} is of type {kind}, which edrone does not expect there.")


def version_of(there: catalogue.Columns) -> str:
    """Say which Drone made these tables, as far as they tell."""
    if not {"repos", "builds", "stages", "steps", "logs"} <= there.keys():
        return ""
    above = ""
    for table, column, since in SINCE:
        if column in there.get(table, ()):
            return f"{since} or newer" if not above else f"{since} or newer, but older than {above}"
        above = since
    return f"{OLDEST} or newer, but older than {above}"
