"""The builds as a Django app."""

from django.apps import AppConfig


class BuildsConfig(AppConfig):
    """Registers the system checks."""

    name = "builds"

    def ready(self) -> None:
        """Register the checks."""
        from builds import checks  # noqa: F401, PLC0415
