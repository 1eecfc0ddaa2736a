"""Drone's words (docs/drone.md 6). Other words, of a newer Drone, are passed on as they are."""

from django.db.models import TextChoices


class Status(TextChoices):
    """Of builds, stages and steps; a build is never blocked or waiting."""

    SKIPPED = "skipped"
    BLOCKED = "blocked"
    DECLINED = "declined"
    WAITING = "waiting_on_dependencies"
    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"
    KILLED = "killed"
    ERROR = "error"


# The words of Drone's partial index of builds. A build is never blocked: one that waits for approval is pending or running.
UNFINISHED = frozenset({Status.PENDING.value, Status.RUNNING.value})
NOT_FINISHED = UNFINISHED | {Status.BLOCKED.value, Status.WAITING.value}  # of builds, stages and steps
SETTLED = 600  # seconds after which nothing changes a build that has ended: a runner may report a killed one late
BROKEN = (Status.FAILURE.value, Status.ERROR.value)
RESULTS = (Status.SUCCESS.value, *BROKEN)  # of builds: a killed, declined or skipped one says nothing about the code
FAILED_STATUSES = (*BROKEN, Status.KILLED.value)  # of builds, stages and steps


class Event(TextChoices):
    PUSH = "push"
    PULL_REQUEST = "pull_request"
    TAG = "tag"
    CRON = "cron"
    CUSTOM = "custom"
    PROMOTE = "promote"
    ROLLBACK = "rollback"


DEPLOYMENTS = (Event.PROMOTE.value, Event.ROLLBACK.value)
HOOK, CRON = "@hook", "@cron"  # what triggered a build, where no person did


class Visibility(TextChoices):
    """Who may see a repository in Drone."""

    PUBLIC = "public"
    PRIVATE = "private"
    INTERNAL = "internal"


class LatestType(TextChoices):
    """What a row of `latest` is the newest build of."""

    BRANCH = "branch"
    PULL_REQUEST = "pull_request"
    DEPLOYMENT = "deployment"
