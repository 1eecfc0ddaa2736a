"""`manage.py version`: prints the versions of edrone, Django and Python."""

import platform
from typing import Any

import django

from configs.management.base import EdroneCommand
from edrone_site import __version__


class Command(EdroneCommand):
    help = "Print the versions of edrone, Django and Python."

    def handle(self, *_: Any, **__: Any) -> None:
        self.stdout.write(f"edrone {__version__} (Django {django.get_version()}, Python {platform.python_version()})")
