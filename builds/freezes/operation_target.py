"""Where an operation deploys to, as the head of its file in the tree says."""

from django.conf import settings

from pipelines.build_request import BuildRequest
from pipelines.errors import ConfigError, NoFileServes
from pipelines.operations.inputs import with_defaults
from pipelines.resolve.resolve import resolve
from pipelines.tree.tree import Tree


def operation_target(build: BuildRequest) -> str | None:
    """Return the target that a build's inputs name, or the default; empty where it is no operation, or one that deploys nowhere.

    Returns None where nobody can tell: the file cannot be read now, or the input is left out and has no default.
    """
    if build.event != "custom" or not build.action:
        return ""
    try:
        operation = resolve(build, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES).operation
    except NoFileServes:  # so nothing runs, or what failed of a build of before: its audit record says where (deploys_to.py)
        return ""
    except ConfigError:
        return None
    if not operation or not operation.target:
        return ""
    return build.params.get(operation.target) or with_defaults(operation, {}).get(operation.target)
