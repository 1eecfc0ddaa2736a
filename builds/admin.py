"""Where Django looks for what this app adds to the administration."""

from builds.access import grants_admin, people_admin, tokens_admin
from builds.served import admin as served_admin
from builds.starting import audit_admin

__all__ = ["audit_admin", "grants_admin", "people_admin", "served_admin", "tokens_admin"]
