"""The Django app of builds: Drone's tables, who may see them, and the REST API."""

from django.apps import AppConfig


class BuildsConfig(AppConfig):
    """Nothing beyond Django's own."""

    name = "builds"
