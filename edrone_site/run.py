"""`make run`: everything that a first look needs, then the production server.

Makes what is missing (a secret key, the database, an administrator, a YAML secret), says where to look, and serves.
All that it writes goes to the state folder (EDRONE_STATE).
"""

import os
import secrets
import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from edrone_site import environment
from edrone_site.management.commands.serve import free_address
from texts.characters import one_line


def main() -> None:
    """Prepare, print, serve."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
    if not any(os.environ.get(name, "").strip() for name in ("DRONE_DATABASE_URL", "EDRONE_DEMO")):
        os.environ["EDRONE_DEMO"] = "true"
    try:
        made = make_secrets(environment.folder("EDRONE_STATE", "var"))
        django.setup()
        settings = environment.read()
        free_address(settings.host, settings.port)
        password = prepare_database()
        sys.stdout.write(welcome(settings, made, password))
        sys.stdout.flush()
        call_command("serve")
    except ImproperlyConfigured as error:
        sys.exit(f"edrone cannot start: {error}")
    except OSError as error:
        sys.exit(f"edrone cannot start: {error.filename}: {error.strerror}. Set EDRONE_STATE to a folder that can be written.")
    except DatabaseError as error:
        reason = one_line(error)
        sys.exit(f"edrone cannot start: its own database cannot be used: {reason}. Look at DATABASE_URL and EDRONE_STATE.")
    except CommandError as error:
        sys.exit(str(error))


def make_secrets(state: Path) -> str:
    """Put SECRET_KEY and DRONE_YAML_SECRET into the environment where they are missing.

    SECRET_KEY is kept in the state folder, so that logins outlive a restart. The YAML secret is made for this run only.

    Returns:
        The YAML secret that was made; empty where there was one, or none is wanted.
    """
    if not os.environ.get("SECRET_KEY"):
        state.mkdir(parents=True, exist_ok=True)
        kept = state / "secret_key"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_text(secrets.token_hex(32))
        os.environ["SECRET_KEY"] = kept.read_text()
    if os.environ.get("DRONE_YAML_SECRET") or environment.value("EDRONE_ALLOW_UNSIGNED", environment.truth, default=False):
        return ""
    os.environ["DRONE_YAML_SECRET"] = made = secrets.token_hex(16)
    return made


def prepare_database() -> str:
    """Bring the tables up to date, and make an administrator where there is none.

    Returns:
        The password of the administrator that was made; empty where there was one.
    """
    from django.contrib.auth.models import User  # noqa: PLC0415 - models need django.setup()
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0)
    if User.objects.filter(is_superuser=True).exists():
        return ""
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser("admin", password=password)
    return password


def welcome(settings: environment.Environment, made: str, password: str) -> str:
    """Say where everything is and what to try next."""
    site = settings.address
    login = f"user admin, password {password} (shown this once)" if password else "as before"
    if made:
        secret = f"{made} (of this run; set DRONE_YAML_SECRET to keep one)"
    else:
        secret = "yours, from DRONE_YAML_SECRET" if settings.yaml_secrets else "none: EDRONE_ALLOW_UNSIGNED is on"
    prefix = f"DRONE_YAML_SECRET={made or '…'} " if settings.yaml_secrets else ""
    if settings.port != 8000:  # noqa: PLR2004 - the default
        prefix = f"PORT={settings.port} {prefix}"
    if settings.demo:
        builds = "sample data; set DRONE_DATABASE_URL to see your own"
    else:
        builds = "those of DRONE_DATABASE_URL" if settings.drone_database else "none; set DRONE_DATABASE_URL to see yours"
    return f"""edrone is starting on {site}

  Drone asks      {site}/edrone
  YAML secret     {secret}
  administration  {site}/admin/, {login}
  tree            {settings.projects}
  state           {settings.state}
  builds          {builds}

Try next, in another terminal:
  .venv/bin/python manage.py showconfig ismewen/edrone master --explain
  {prefix}.venv/bin/python manage.py askconfig ismewen/edrone master

Ctrl-C ends it.

"""


if __name__ == "__main__":
    main()
