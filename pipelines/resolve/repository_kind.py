"""`kind: repository`: the file of the tree that leaves a repository its own file."""

import re

import yaml

from pipelines.errors import Unusable
from pipelines.language.kinds import kinds
from pipelines.operations.operation import is_operation

MAY_BE_REPOSITORY = re.compile(r"kind\W+(?:str\W+)?repository\b")


def keeps_its_own_file(path: str, text: str) -> bool:
    """Return whether the only document of a text is `kind: repository`.

    Raises:
        Unusable: there are other documents beside it, and Drone would wait for ever for a runner of that kind; or it is an
            operation, in whose place Drone would run whatever the repository's own file does.
    """
    if not MAY_BE_REPOSITORY.search(text):
        return False  # without parsing, as nearly every file
    try:
        documents = kinds(text)
    except yaml.YAMLError:
        return False  # served as it is: Drone names the mistake in a build that people see
    if "repository" not in documents:
        return False
    if len(documents) > 1:
        raise Unusable(f"projects/{path}: `kind: repository` must be the only document of its file.")
    if is_operation(path):
        raise Unusable(
            f"projects/{path}: an operation is a pipeline, and cannot leave it to the repository (`kind: repository`)."
        )
    return True
