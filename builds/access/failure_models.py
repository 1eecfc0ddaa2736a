"""Failed logins and wrong tokens, counted so that they can be slowed down (edrone's own database)."""

from django.db import models


class Failures(models.Model):
    """How often somebody failed in the present window of time."""

    who = models.CharField(max_length=64, primary_key=True)  # a hash: people type passwords where names belong
    since = models.DateTimeField(db_index=True)  # when the window began
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.count} since {self.since:%Y-%m-%d %H:%M:%S}"
