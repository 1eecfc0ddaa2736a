"""`manage.py checkdrone`: is the connected database one that edrone can read?"""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.inspection import inspect


class Command(BaseCommand):
    help = "Compare Drone's database (DRONE_DATABASE_URL) with what edrone reads; ends with 1 where something is missing."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            found = inspect(connections["drone"])
        except DroneDatabaseUnavailable as error:
            reason = f" ({' '.join(str(error.__cause__).split())})" if error.__cause__ else ""
            raise CommandError(f"{error}{reason}") from None
        self.stdout.write(f"Drone {found.version}" if found.version else "These are not the tables of a Drone server.")
        for word, sentences in (("fine", found.tolerated), ("warning", found.warnings), ("error", found.differences)):
            for sentence in sentences:
                self.stdout.write(f"{word}: {sentence}")
        if found.differences:
            sys.exit(1)
        self.stdout.write("edrone can read it.")
