"""The addresses of Drone's other extensions; Drone POSTs to what it is told, so both spellings answer."""

from django.urls import path

from builds.extensions.events import EventsView
from builds.extensions.validation import ValidationView

urlpatterns = [
    path("edrone/validate", ValidationView.as_view(), name="validate"),
    path("edrone/validate/", ValidationView.as_view(), name="validate-slash"),
    path("edrone/events", EventsView.as_view(), name="events"),
    path("edrone/events/", EventsView.as_view(), name="events-slash"),
]
