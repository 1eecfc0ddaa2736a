"""The addresses that Drone asks for YAML; Drone follows no redirect, so both spellings answer."""

from django.urls import path

from configs.endpoint.views import ConfigurationView, ConversionView

urlpatterns = [
    path("edrone", ConfigurationView.as_view(), name="config"),
    path("edrone/", ConfigurationView.as_view(), name="config-slash"),
    path("edrone/convert", ConversionView.as_view(), name="convert"),
    path("edrone/convert/", ConversionView.as_view(), name="convert-slash"),
]
