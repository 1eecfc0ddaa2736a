#!/usr/bin/env python
"""edrone's command line: `manage.py help` lists the commands."""

import os
import platform
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from edrone_site import __version__


def main() -> None:
    """Run one command; settings that cannot work end it with one line instead of a traceback."""
    if sys.argv[1:] in (["version"], ["--version"]):  # Django's own command would say its own alone
        sys.stdout.write(f"edrone {__version__} (Django {django.get_version()}, Python {platform.python_version()})\n")
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
    try:
        import edrone_site.settings  # noqa: F401, PLC0415 - read here, so that a wrong value is reported before Django starts
    except ImproperlyConfigured as error:
        sys.exit(f"edrone cannot start: {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
