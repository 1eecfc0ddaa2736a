"""`manage.py version`: what runs."""

import platform
from typing import Any

import django
from django.core.management.base import BaseCommand

from edrone_site import __version__


class Command(BaseCommand):
    help = "Print the versions of edrone, Django and Python."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        self.stdout.write(f"edrone {__version__} (Django {django.get_version()}, Python {platform.python_version()})")
