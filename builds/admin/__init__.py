"""The administration's pages of builds."""

from builds.admin import grants, tokens

__all__ = ["grants", "tokens"]
