"""The addresses of the configuration endpoint; Drone follows no redirect, so both spellings answer."""

from django.urls import path

from configs.endpoint.views import ConfigurationView

urlpatterns = [
    path("edrone", ConfigurationView.as_view(), name="config"),
    path("edrone/", ConfigurationView.as_view(), name="config-slash"),
]
