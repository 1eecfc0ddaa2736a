"""Drone's tables and edrone's own."""

from builds.access.failure_models import Failures
from builds.access.models import Grant, Level
from builds.access.token_models import ApiToken
from builds.drone_db.models import Build, Cron, Latest, Log, Repo, Stage, Step
from builds.starting.models import AuditRecord

__all__ = ["ApiToken", "AuditRecord", "Build", "Cron", "Failures", "Grant", "Latest", "Level", "Log", "Repo", "Stage", "Step"]
