"""`manage.py checkdrone`: is the connected database one that edrone can read?"""

import sys
from typing import Any

from django.core.management.base import CommandError
from django.db import connections

from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.inspection import inspect
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = "Compare Drone's database (DRONE_DATABASE_URL) with what edrone reads; ends with 1 where something is missing."

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            report = inspect(connections["drone"])
        except DroneDatabaseUnavailable as error:
            reason = f" ({' '.join(str(error.__cause__).split())})" if error.__cause__ else ""
            raise CommandError(f"{error}{reason}") from None
        self.stdout.write(f"Drone {report.version}" if report.version else "These are not the tables of a Drone server.")
        for word, sentences in (
            ("fine", report.tolerated),
            ("warning", report.warnings),
            ("error", report.differences),
        ):
            for sentence in sentences:
                self.stdout.write(f"{word}: {sentence}")
        if report.differences:
            sys.exit(1)
        self.stdout.write("edrone can read it.")
