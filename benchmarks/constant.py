"""A DRF view that answers a constant: what edrone's endpoint is measured against.

With CONSTANT=bare in a Django project of its own, without middleware, database or log: as little as Django REST framework can do.
With CONSTANT=site as one more address of edrone's site, as a view that somebody adds to it.
"""

import os
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import path

if os.environ["CONSTANT"] == "site":
    os.environ["DJANGO_SETTINGS_MODULE"] = "edrone_site.settings"
    import edrone_site.settings

    edrone_site.settings.ROOT_URLCONF = __name__
else:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["rest_framework"],
        MIDDLEWARE=[],
        REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
        ROOT_URLCONF=__name__,
        SECRET_KEY="constant",  # noqa: S106 - signs nothing
    )
django.setup()

from rest_framework.negotiation import BaseContentNegotiation  # noqa: E402 - needs settings
from rest_framework.renderers import JSONRenderer  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from benchmarks.trees import pipeline  # noqa: E402

ANSWER = {"Data": pipeline("edrone", "master")}


class FirstRenderer(BaseContentNegotiation):
    """Takes the first renderer, whatever is accepted."""

    def select_renderer(self, _: Any, renderers: Any, __: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class Constant(APIView):
    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = FirstRenderer

    def post(self, _: Request) -> Response:
        return Response(ANSWER)


urlpatterns = [path("constant", Constant.as_view())]
if os.environ["CONSTANT"] == "site":
    urlpatterns += import_module("edrone_site.urls").urlpatterns
application = WSGIHandler()
