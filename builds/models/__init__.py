"""All models of builds."""

from builds.models.access import Grant, Level
from builds.models.failures import Failures
from builds.models.tokens import ApiToken

__all__ = ["ApiToken", "Failures", "Grant", "Level"]
