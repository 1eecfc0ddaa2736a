"""The builds as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BuildsConfig(AppConfig):
    name = "builds"
    verbose_name = _("Builds")

    def ready(self) -> None:
        from builds import system_checks  # noqa: F401, PLC0415
        from builds.freezes.actions import changed  # noqa: PLC0415
        from builds.notices.freezes import tell  # noqa: PLC0415

        changed.connect(tell)
