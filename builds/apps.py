"""The builds as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BuildsConfig(AppConfig):
    """Registers the system checks, how a number of Drone's is looked up, and who may see what."""

    name = "builds"
    verbose_name = _("Builds")

    def ready(self) -> None:
        """Register them."""
        from builds import access, numbered, system_checks  # noqa: F401, PLC0415
        from configs.numbered import finders  # noqa: PLC0415
        from configs.visible import conditions  # noqa: PLC0415

        finders.append(numbered.numbered)
        conditions.append(access.visible)
