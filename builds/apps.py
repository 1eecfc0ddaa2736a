"""The builds as a Django app."""

from django.apps import AppConfig


class BuildsConfig(AppConfig):
    """Names the app."""

    name = "builds"
