"""What `make run` does: makes what a first look needs, then starts the production server.

Makes what is missing (a secret key, the database, an administrator, a YAML secret; a demonstration too where no Drone and no
database is named) and prints where to look. Everything that it writes goes to the state folder (EDRONE_STATE).
"""

import os
import secrets
import sys
from contextlib import nullcontext
from pathlib import Path
from shlex import quote

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from edrone_site.demonstration import choose_demonstration, end_demonstration, stand_in_for_drone
from edrone_site.environment import folder, truth, value
from edrone_site.listening import bindable_address
from edrone_site.state_lock import lock_state
from texts.characters import one_line

ADMINISTRATOR = "admin"  # whom the first run makes
NO_ADMINISTRATOR = (
    f"edrone cannot start: there is no administrator, and none can be made, since the user {ADMINISTRATOR} exists without those "
    "rights. Make one: manage.py createsuperuser, with the settings of this run."
)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
    try:
        demonstration = choose_demonstration()
        yaml_secret = make_secrets(folder("EDRONE_STATE", "var"))
        django.setup()
        lock_state(settings.EDRONE_STATE, settings.EDRONE_ADDRESS)
        bindable_address(settings.HOST, settings.PORT)
        password = prepare_database()
        if not settings.EDRONE_DEMO:
            end_demonstration()
        with stand_in_for_drone() if demonstration else nullcontext():
            sys.stdout.write(welcome(yaml_secret, password))
            sys.stdout.flush()
            call_command("serve")
    except ImproperlyConfigured as error:
        sys.exit(f"edrone cannot start: {error}")
    except OSError as error:
        place = error.filename or folder("EDRONE_STATE", "var")  # a write to a full disk names no file
        sys.exit(f"edrone cannot start: {place}: {error.strerror}. Set EDRONE_STATE to a folder that can be written.")
    except DatabaseError as error:
        reason = one_line(error)
        sys.exit(f"edrone cannot start: its own database cannot be used: {reason}. Look at DATABASE_URL and EDRONE_STATE.")
    except CommandError as error:
        sys.exit(str(error))


def make_secrets(state: Path) -> str:
    """Set SECRET_KEY and DRONE_YAML_SECRET in the environment if they are missing, and return the YAML secret that was made.

    Return "" if one is set or EDRONE_ALLOW_UNSIGNED is. SECRET_KEY is kept in the state folder, so that logins outlive a restart;
    the YAML secret is for this run only.
    """
    if not os.environ.get("SECRET_KEY"):
        state.mkdir(parents=True, exist_ok=True)
        key_file = state / "secret_key"
        if not (key_file.exists() and key_file.stat().st_size):  # it is empty where an earlier run ended too soon
            key_file.touch(mode=0o600)
            key_file.write_text(secrets.token_hex(32))
        os.environ["SECRET_KEY"] = key_file.read_text()
    if os.environ.get("DRONE_YAML_SECRET") or value("EDRONE_ALLOW_UNSIGNED", truth, default=False):
        return ""
    os.environ["DRONE_YAML_SECRET"] = yaml_secret = secrets.token_hex(16)
    return yaml_secret


def prepare_database() -> str:
    """Bring the tables up to date, make an administrator if there is none, and return its password, or "" if there was one."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - models need django.setup()
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0)
    if User.objects.filter(is_superuser=True).exists():
        return ""
    if User.objects.filter(username=ADMINISTRATOR).exists():
        raise CommandError(NO_ADMINISTRATOR)
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(ADMINISTRATOR, password=password)
    return password


def welcome(yaml_secret: str, password: str) -> str:
    site = settings.EDRONE_ADDRESS
    login = f"admin, password {password} (shown this once)" if password else "as before (changepassword, below, sets another one)"
    if not settings.EDRONE_PASSWORDS:
        login = "without a password, as docs/signing-in.md says"
    if yaml_secret:
        secret = f"{yaml_secret} (of this run; set DRONE_YAML_SECRET to keep one)"
    else:
        secret = "yours, from DRONE_YAML_SECRET" if settings.DRONE_YAML_SECRETS else "none: EDRONE_ALLOW_UNSIGNED is on"
    # Another terminal has none of these; without them a command would work on another tree, or on an empty database.
    here = "".join(f"{name}={quote(os.environ[name])} " for name in ("EDRONE_STATE", "EDRONE_PROJECTS") if os.environ.get(name))
    asking = f"DRONE_YAML_SECRET={yaml_secret or '…'} " if settings.DRONE_YAML_SECRETS else ""
    if settings.PORT != 8000:  # noqa: PLR2004 - the default
        asking = f"PORT={settings.PORT} {asking}"
    other_password = (
        "" if password or not settings.EDRONE_PASSWORDS else f"\n  {here}.venv/bin/python manage.py changepassword NAME"
    )
    if settings.EDRONE_DEMO:
        builds = "made up, with a stand-in for Drone that runs nothing; docs/connecting.md connects yours"
    else:
        builds = "those of DRONE_DATABASE_URL" if settings.DRONE_DATABASE else "none; set DRONE_DATABASE_URL to see yours"
    return f"""edrone is starting.

  Open this address    {site}/admin/
  Log in as            {login}

  Drone asks           {site}/edrone
  YAML secret          {secret}
  tree                 {settings.EDRONE_PROJECTS}
  state                {settings.EDRONE_STATE}
  builds               {builds}

Try next, in another terminal:
  {here}.venv/bin/python manage.py showconfig ismewen/edrone master --explain
  {here}{asking}.venv/bin/python manage.py askconfig ismewen/edrone master
  {here}.venv/bin/python manage.py createtoken admin{other_password}

Ctrl-C ends it.

"""
