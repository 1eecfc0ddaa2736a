"""Drone's words (docs/drone.md 6). A word that is not here, from a newer Drone, is passed on as it is."""

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


class Event(TextChoices):
    PUSH = "push"
    PULL_REQUEST = "pull_request"
    TAG = "tag"
    CRON = "cron"
    CUSTOM = "custom"
    PROMOTE = "promote"
    ROLLBACK = "rollback"


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
