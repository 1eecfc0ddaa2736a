"""The administration: browsing builds, running by hand, grants, tokens and the audit records."""

from builds.admin import audit, grants, people, registered, tokens

__all__ = ["audit", "grants", "people", "registered", "tokens"]
