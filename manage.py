#!/usr/bin/env python
"""edrone's command line: `manage.py help` lists the commands."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError, DataError, IntegrityError

from configs.records.own_database import trouble
from edrone_site.management.commands import version


def main() -> None:
    """Run one command; settings and databases that cannot work end it with one line instead of a traceback."""
    if sys.argv[1:] == ["--version"] or sys.argv[1:2] == ["version"]:  # Django would say its own alone; no settings are needed
        version.Command().run_from_argv([sys.argv[0], "version", *sys.argv[2:]])
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
    try:
        import edrone_site.settings  # noqa: F401, PLC0415 - read here, so that a wrong value is reported before Django starts
    except ImproperlyConfigured as error:
        sys.exit(f"edrone cannot start: {error}")
    try:
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except DatabaseError as error:
        if isinstance(error, IntegrityError | DataError) or "--traceback" in sys.argv:
            raise
        sys.exit(f"{trouble(error)} ({' '.join(str(error).split())})")
    except KeyboardInterrupt:
        sys.exit(130)  # as of shells
    except BrokenPipeError:  # as of `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to write at the end
        sys.exit(1)


if __name__ == "__main__":
    main()
