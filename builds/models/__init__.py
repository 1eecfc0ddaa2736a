"""Drone's tables and edrone's own."""

from builds.models.drone import Build, Cron, Latest, Log, Repo, Stage, Step

__all__ = ["Build", "Cron", "Latest", "Log", "Repo", "Stage", "Step"]
