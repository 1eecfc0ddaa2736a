"""`manage.py checkdrone`: can edrone read the connected database, and use Drone's API?"""

import sys
from typing import Any

from django.core.management.base import CommandError
from django.db import connections

from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.inspection import inspect
from builds.drone_server.api_inspection import ERROR, inspect_api
from configs.management.base import EdroneCommand


class Command(EdroneCommand):
    help = (
        "Compare Drone's database (DRONE_DATABASE_URL) with what edrone reads, and try Drone's API (DRONE_SERVER, DRONE_TOKEN); "
        "ends with 1 where something is missing or refused."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            is_readable = self.check_database()
        finally:
            is_usable = self.check_api()
        if not (is_readable and is_usable):
            sys.exit(1)

    def check_database(self) -> bool:
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
        if not report.differences:
            self.stdout.write("edrone can read it.")
        return not report.differences

    def check_api(self) -> bool:
        found = list(inspect_api())
        for word, sentence in found:
            self.stdout.write(f"{word}: {sentence}")
        return all(word != ERROR for word, _ in found)
