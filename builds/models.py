"""Drone's tables and edrone's own."""

from builds.access.drone_bindings import DroneBinding
from builds.access.failure_models import Failures
from builds.access.models import Grant
from builds.access.token_models import ApiToken
from builds.drone_db.models import Build, Cron, Latest, Log, Repo, Stage, Step
from builds.drone_db.people import DroneUser, Perm
from builds.freezes.models import Freeze
from builds.notices.models import Channel, Notice, Position, Subscription
from builds.starting.models import AuditRecord
from builds.statistics.models import BuildBlock, BuildSummary, OpenDay, SummedDay

__all__ = [
    "ApiToken", "AuditRecord", "Build", "BuildBlock", "BuildSummary", "Channel", "Cron", "DroneBinding",
    "DroneUser", "Failures", "Freeze", "Grant", "Latest", "Log", "Notice", "OpenDay", "Perm", "Position", "Repo",
    "Stage", "Step", "Subscription", "SummedDay",
]  # fmt: skip
