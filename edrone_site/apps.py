"""The site as a Django app, so that it may have checks and commands."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Registers the system checks."""

    name = "edrone_site"

    def ready(self) -> None:
        """Register the checks."""
        from edrone_site import checks  # noqa: F401, PLC0415
