"""`manage.py sumbuilds`: sums up the days that statistics need, all at once."""

import time
from typing import Any

from django.core.management.base import CommandParser

from builds.statistics.periods import date_of, today
from builds.statistics.summing import days_to_sum, forget_all, sum_days
from configs.management.base import EdroneCommand

REPORTED = 100  # days


class Command(EdroneCommand):
    help = "Sum up the builds of all days that are over. Statistics need it; their pages do it for the days that they show."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="forget what was summed up before")

    def handle(self, *_: Any, again: bool, **__: Any) -> None:
        now = time.time()
        if again:
            forget_all()
        days = days_to_sum(range(today(now) + 1), now)
        for count, day in enumerate(sum_days(days, now, float("inf")), 1):
            if count % REPORTED == 0:
                self.stdout.write(f"{count} of {len(days)} days, back to {date_of(day)}")
        self.stdout.write(f"{len(days)} days summed up.")
