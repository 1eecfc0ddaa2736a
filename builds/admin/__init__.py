"""The administration: browsing builds, running by hand, grants and tokens."""

from builds.admin import registered

__all__ = ["registered"]
