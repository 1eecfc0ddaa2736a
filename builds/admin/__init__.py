"""The administration: browsing builds, running by hand, grants and tokens."""

from builds.admin import grants, registered, tokens

__all__ = ["grants", "registered", "tokens"]
