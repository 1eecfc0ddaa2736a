"""`…/builds/{number}/logs/{stage}/{step}`: what a step printed."""

from django.http import HttpResponse
from rest_framework.request import Request

from builds.api.base import ApiView, repository, whole
from builds.api.errors import NotFound
from builds.queries import log_of, step_of


class LogView(ApiView):
    """The log of a step."""

    def get(self, request: Request, slug: str, number: str, stage: str, step: str) -> HttpResponse:
        """Give it byte for byte as it was stored."""
        repo = repository(request, slug)
        places = whole(number, "build"), whole(stage, "stage"), whole(step, "step")
        found = step_of(repo.pk, *places)
        if found is None:
            raise NotFound("Not Found: build {} of {} has no step {} in a stage {}.".format(places[0], slug, *places[:0:-1]))
        log = log_of(found)
        if log is None:
            raise NotFound(f"Not Found: step {found.name} of build {places[0]} has no log yet.")
        return HttpResponse(log, content_type="application/json")
