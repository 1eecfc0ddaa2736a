"""The builds as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BuildsConfig(AppConfig):
    """Registers the system checks, how a number of Drone's is looked up, and who may see what."""

    name = "builds"
    verbose_name = _("Builds")

    def ready(self) -> None:
        """Register them."""
        from builds import system_checks  # noqa: F401, PLC0415
        from builds.access import rules  # noqa: PLC0415
        from builds.served import build_keys  # noqa: PLC0415
        from configs.records.build_numbers import finders  # noqa: PLC0415
        from configs.visible import conditions  # noqa: PLC0415

        finders.append(build_keys.numbered)
        conditions.append(rules.visible)
