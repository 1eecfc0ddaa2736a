"""Counts of wrong passwords (edrone's own database)."""

from django.db import models


class Failures(models.Model):
    """How many wrong passwords were tried for a name in the current window of time."""

    who = models.CharField(max_length=64, primary_key=True)  # a hash: people type passwords where names belong
    since = models.DateTimeField(db_index=True)  # when the window began
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.count} since {self.since:%Y-%m-%d %H:%M:%S}"
