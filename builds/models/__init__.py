"""Drone's tables and edrone's own."""

from builds.models.access import Grant, Level
from builds.models.audit import AuditRecord
from builds.models.drone import Build, Cron, Latest, Log, Repo, Stage, Step
from builds.models.failures import Failures
from builds.models.tokens import ApiToken

__all__ = ["ApiToken", "AuditRecord", "Build", "Cron", "Failures", "Grant", "Latest", "Level", "Log", "Repo", "Stage", "Step"]
