"""The Django app of the configuration endpoint."""

from django.apps import AppConfig


class ConfigsConfig(AppConfig):
    """Registers the system checks."""

    name = "configs"

    def ready(self) -> None:
        """Register the checks."""
        from configs import system_checks  # noqa: F401, PLC0415
