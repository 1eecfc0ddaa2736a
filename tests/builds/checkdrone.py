"""Runs `manage.py checkdrone` for tests of what it reports."""

from io import StringIO

from django.core.management import call_command


def checkdrone() -> tuple[int, str]:
    """Run the command; give its status and what it printed."""
    out = StringIO()
    try:
        call_command("checkdrone", stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()
