"""The events of Drone's builds, in Drone's words."""

EVENTS = ("push", "pull_request", "tag", "cron", "custom", "promote", "rollback")
MANUAL_EVENTS = frozenset({"custom", "promote", "rollback"})  # of builds that people start
