"""A DRF view that answers a constant, in a Django project of its own: what edrone's endpoint is measured against.

No middleware, no database, nothing read: as little as Django REST framework can do.
"""

from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=[],
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
    ROOT_URLCONF=__name__,
    SECRET_KEY="constant",  # noqa: S106 - signs nothing
)
application = get_wsgi_application()

from rest_framework.negotiation import BaseContentNegotiation  # noqa: E402 - needs settings
from rest_framework.renderers import JSONRenderer  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from benchmarks.trees import pipeline  # noqa: E402

ANSWER = {"Data": pipeline("edrone", "master")}


class Any_(BaseContentNegotiation):  # noqa: N801 - Any is taken
    """Take the first renderer whatever is accepted."""

    def select_renderer(self, _: Any, renderers: Any, __: Any = None) -> Any:
        """Take the first."""
        return renderers[0], renderers[0].media_type


class Constant(APIView):
    """Answers always the same."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = Any_

    def post(self, _: Request) -> Response:
        """Answer."""
        return Response(ANSWER)


urlpatterns = [path("edrone", Constant.as_view())]
