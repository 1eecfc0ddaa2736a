"""The Django app of the configuration endpoint."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConfigsConfig(AppConfig):
    """Registers the system checks."""

    name = "configs"
    verbose_name = _("Configurations")

    def ready(self) -> None:
        from configs import system_checks  # noqa: F401, PLC0415
