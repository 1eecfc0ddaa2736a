"""What is summed up of days that are over (edrone's own database). Days are counted from 1970-01-01, in UTC."""

from typing import ClassVar

from django.db import models


class SummedDay(models.Model):
    """A day of which every repository has its summary, or is among the open ones."""

    day = models.IntegerField(primary_key=True)
    first_id = models.BigIntegerField()  # no build of the day has a smaller id, nor a greater one than last_id
    last_id = models.BigIntegerField()
    builds = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.day)


class OpenDay(models.Model):
    """A day of a repository that is read from Drone: one of its builds has not ended, or some were purged."""

    repo_id = models.BigIntegerField()
    day = models.IntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "repo_id"], name="one_open_day_a_repository")]

    def __str__(self) -> str:
        return f"{self.repo_id} on {self.day}"


class BuildSummary(models.Model):
    """The builds of a repository on a day, in the form of facts.py."""

    repo_id = models.BigIntegerField()
    day = models.IntegerField()
    lowest = models.BigIntegerField()  # numbers of builds
    highest = models.BigIntegerField()
    good = models.IntegerField()  # builds that ended in success
    finished = models.IntegerField()  # in success, failure or error
    builds = models.BinaryField()
    names = models.TextField()
    steps = models.TextField()
    filtered_steps = models.TextField()  # the same by event and branch
    flaky = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "repo_id"], name="one_summary_a_day_and_repository")]
        indexes: ClassVar = [models.Index(fields=["repo_id", "day"], name="summary_by_repository")]

    def __str__(self) -> str:
        return f"{self.repo_id} on {self.day}"


class BuildBlock(models.Model):
    """The summaries of all repositories on some days in one row, which is read much faster; see blocks.py."""

    day = models.IntegerField()  # the first one
    days = models.IntegerField()
    counts = models.TextField()  # repository, builds that ended in success, those with a result; and so on
    builds = models.BinaryField()
    names = models.TextField()
    steps = models.TextField()
    filtered_steps = models.TextField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "days"], name="one_block_of_these_days")]

    def __str__(self) -> str:
        return f"{self.days} days from {self.day} on"
