"""What all addresses of the API share: who asks, which repository, how errors look."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn

from django.conf import settings
from django.db import connections
from django.http import HttpRequest
from django.utils import translation
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, NotFound, PermissionDenied
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from builds.access.authentication import IN_THE_ADDRESS, NO_TOKEN, BearerToken
from builds.access.finding import visible_repo
from builds.access.token_models import ApiToken
from builds.drone_db.models import Repo
from builds.rest.errors import NO_ADDRESS, BadRequest, NoRepository, answer_error
from builds.rest.parameters import LARGEST, refuse_repeated, refuse_unknown
from builds.rest.rendering import Json
from texts.characters import shortened

SAMPLE_DATA = "These builds are sample data: set DRONE_DATABASE_URL to see those of your Drone server."
WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)


class JsonAlways(DefaultContentNegotiation):
    """Refuse nobody over an Accept header."""

    def select_renderer(self, _: Request, renderers: Any, __: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Somebody(BasePermission):
    def has_permission(self, request: Request, _: APIView) -> bool:
        if request.user.is_authenticated:
            return True
        # The query as it was sent: a guest is told 401 also where its parameters are too many to be read.
        raise NotAuthenticated(IN_THE_ADDRESS if "access_token=" in request.META.get("QUERY_STRING", "") else NO_TOKEN)


class NotReadingOnly(BasePermission):
    """Refuses to change anything for a token that is for reading only."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        offered = str(request.method).lower() in view.http_method_names and hasattr(view, str(request.method).lower())
        if offered and request.method not in SAFE_METHODS and isinstance(request.auth, ApiToken) and request.auth.reads_only:
            raise PermissionDenied("Forbidden: this token is for reading only. Make one that may run or deploy.")
        return True


class ApiView(APIView):
    authentication_classes: Sequence[type[BaseAuthentication]] = (BearerToken,)
    permission_classes: Sequence[type[BasePermission]] = (Somebody, NotReadingOnly)
    renderer_classes = (Json,)
    content_negotiation_class = JsonAlways
    http_method_names = ("get", "head", "post", "delete")
    parameters: Collection[str] = frozenset()  # of a GET
    alternatives: Collection[str] = frozenset()  # those of them that may be repeated: one of the values will do
    asks_drone = False  # commands to Drone read their parameters themselves; what changes something else has none
    only_at_drone: Collection[str] = frozenset()  # methods that Drone's API has at this address

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        """Answer in English, whatever the client's language is: programs read it."""
        with translation.override("en"):
            return super().dispatch(*args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then refuse parameters that would do nothing."""
        super().initial(request, *args, **kwargs)
        if request.method in {"GET", "HEAD"} and hasattr(self, "get"):
            refuse_unknown(request.query_params, self.parameters)
            refuse_repeated(request.query_params, self.alternatives)
        elif request.method in self.allowed_methods and not self.asks_drone:
            refuse_unknown(request.query_params, ())

    def http_method_not_allowed(self, request: HttpRequest, *_: Any, **__: Any) -> NoReturn:
        """Refuse a method, and name who has it if Drone does."""
        method = str(request.method)
        if method in self.only_at_drone:
            detail = f"Method Not Allowed: edrone does not offer {method} at this address, as Drone does; use Drone itself."
        else:
            detail = f"Method Not Allowed: this address takes {', '.join(self.allowed_methods)}, not {shortened(method)}."
        raise MethodNotAllowed(method, detail)

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response]:
        return answer_error

    def handle_exception(self, exc: Exception) -> Response:
        """Answer any exception, and never with a page of Django's."""
        response = super().handle_exception(exc)
        response.exception = True
        return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        finished = super().finalize_response(request, response, *args, **kwargs)
        finished.headers["Content-Language"] = "en"  # Django would name the client's
        if settings.EDRONE_DEMO:
            finished.headers["X-Edrone-Note"] = SAMPLE_DATA
        return finished


class RepositoryView(ApiView):
    """An address of a repository, or below one. Whether the user may see the repository is decided before anything else."""

    repo: Repo

    def check_permissions(self, request: Request) -> None:
        """Find the repository before the method, the parameters and the body are looked at."""
        super().check_permissions(request)
        self.repo = repository(request, self.kwargs["slug"])


class NotOffered(ApiView):
    """An address that Drone's API has and edrone's has not."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        """Answer 404 to whoever may know, whatever the method is."""
        super().initial(request, *args, **kwargs)
        raise NotFound(
            f"Not Found: edrone does not offer this part of Drone's API ({shortened(kwargs['part'])}); use Drone itself."
        )


class NotOfferedBelow(NotOffered, RepositoryView):
    """Such an address below a repository."""


class NowhereBelow(RepositoryView):
    """An address below a repository that is not there."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        super().initial(request, *args, **kwargs)
        raise NotFound(NO_ADDRESS)


class Nowhere(ApiView):
    """Any address under /api that is not there."""

    authentication_classes = ()
    permission_classes = ()

    def initial(self, *_: Any, **__: Any) -> NoReturn:
        raise NotFound(NO_ADDRESS)


def repository(request: Request, slug: str) -> Repo:
    """Find a repository that the user may see.

    Raises:
        DroneDatabaseUnavailable: nobody can tell.
        NoRepository: there is none, or the user may not see it: the two are the same to the letter.
    """
    repo = visible_repo(request.user, slug)
    if repo is None:
        connections["drone"].ensure_connection()  # where it is away, nobody can tell: the same answer for those who may see it
        raise NoRepository(f"Not Found: there is no repository {shortened(slug)}, or you may not see it.")
    return repo


def whole(text: str, what: str) -> int:
    """Read a number of an address as Drone does, in 64 bits.

    Raises:
        BadRequest: it is none, or too large.
    """
    if not WHOLE.fullmatch(text):
        raise BadRequest(f"“{shortened(text)}” is no number of a {what}: a whole number belongs there.")
    if len(text.lstrip("+-0")) > len(str(LARGEST)) or not -LARGEST - 1 <= int(text) <= LARGEST:
        raise BadRequest(f"“{shortened(text)}” is no number of a {what}: it is too large.")
    return int(text)
