"""`…/operations`: what can be started by hand in a repository."""

from rest_framework.request import Request
from rest_framework.response import Response

from builds.access.rules import may
from builds.rest.base import RepositoryView
from builds.rest.shapes import Shape, present
from builds.starting.operations import LEVELS, listed
from pipelines.operations.operation import Input
from pipelines.resolve.operation_list import ListedOperation


class OperationsView(RepositoryView):
    def get(self, request: Request, **_: str) -> Response:
        """List operations by name, broken ones with the reason; `permitted` says whether the user may start them."""
        return Response([operation_shape(request, self.repo.slug, entry) for entry in listed(self.repo)])


def operation_shape(request: Request, slug: str, entry: ListedOperation) -> Shape:
    """Return an operation as JSON. `inputs` is absent where the file has no head: any parameters are accepted then."""
    operation = entry.operation
    if operation is None:
        return {"name": entry.name, "file": entry.path, "error": entry.error, "permitted": False}
    return {
        "name": operation.name,
        "title": operation.title or operation.name,
        **present(description=operation.description),
        "level": operation.level,
        **present(target=operation.target),
        "file": operation.path,
        **({} if operation.inputs is None else {"inputs": [input_shape(each) for each in operation.inputs]}),
        "permitted": may(request.user, LEVELS[operation.level], slug, operation.name),
    }


def input_shape(wanted: Input) -> Shape:
    """Return an input as JSON; `default` is absent where it has none."""
    return {
        "name": wanted.name,
        "type": wanted.type,
        **present(description=wanted.description),
        "required": wanted.required,
        **({} if wanted.default is None else {"default": wanted.default}),
        **present(options=list(wanted.options)),
    }
