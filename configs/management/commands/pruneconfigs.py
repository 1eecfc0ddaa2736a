"""`manage.py pruneconfigs`: forget what was served long ago."""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import CommandError

from configs.management.base import EdroneCommand
from configs.records.pruning import prune

LONGEST = 36_500  # days


class Command(EdroneCommand):
    help = "Forget what was served to builds more than DAYS days ago, and texts that no other build was served."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, required=True, help="records that are older are deleted; 1 or more")

    def handle(self, *_: Any, **options: Any) -> None:
        days = options["days"]
        if not 1 <= days <= LONGEST:
            raise CommandError(f"--days must be a whole number from 1 to {LONGEST}: builds that still run ask again.")
        records, texts = prune(datetime.now(UTC) - timedelta(days=days))
        self.stdout.write(f"{records} records and {texts} texts deleted.")
