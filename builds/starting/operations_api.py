"""`…/operations`: what can be started by hand in a repository."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.rules import may
from builds.rest.base import RepositoryView
from builds.rest.shapes import Shape, present
from builds.starting.operations import LEVELS
from pipelines.operations.operation import Input
from pipelines.resolve.operation_list import ListedOperation, list_operations
from pipelines.tree.tree import Tree


class OperationsView(RepositoryView):
    """The operations of a repository."""

    def get(self, request: Request, **_: str) -> Response:
        """List them by name, the broken ones with what is wrong; `permitted` says whether the user may start it."""
        repo = self.repo
        found = list_operations(repo.namespace, repo.name, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
        return Response([operation_shape(request, repo.slug, each) for each in found])


def operation_shape(request: Request, slug: str, listed: ListedOperation) -> Shape:
    """An operation, with the file that defines it; without `inputs` where the file says nothing of them and any may be given."""
    found = listed.operation
    if found is None:
        return {"name": listed.name, "file": listed.path, "error": listed.error, "permitted": False}
    return {
        "name": found.name,
        "title": found.title or found.name,
        **present(description=found.description),
        "level": found.level,
        "file": found.path,
        **({} if found.inputs is None else {"inputs": [input_shape(each) for each in found.inputs]}),
        "permitted": may(request.user, LEVELS[found.level], slug, found.name),
    }


def input_shape(wanted: Input) -> Shape:
    """An input; `default` is absent where it has none."""
    return {
        "name": wanted.name,
        "type": wanted.type,
        **present(description=wanted.description),
        "required": wanted.required,
        **({} if wanted.default is None else {"default": wanted.default}),
        **present(options=list(wanted.options)),
    }
