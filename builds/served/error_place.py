"""The place in the tree that an error of edrone names, and the lines there as they are now."""

import re
from dataclasses import dataclass

from django.conf import settings

from builds.drone_db.models import Build
from builds.served.build_keys import error_of
from pipelines.build_request import BuildRequest
from pipelines.errors import ConfigError, Vanished
from pipelines.lookup.candidates import homes
from pipelines.tree.tree import Tree

PLACE = re.compile(r"projects/(?P<file>[^\s:]{1,500}\.ya?ml):(?P<line>\d{1,7})\b")  # as messages of `pipelines/` begin
AROUND = 5  # lines before and after it


@dataclass(frozen=True)
class ErrorPlace:
    file: str  # from the root of the tree
    line: int

    @property
    def path(self) -> str:
        return f"projects/{self.file}"


def error_place(build: Build) -> ErrorPlace | None:
    """Return the first place that the error of a build names; None where it is none of edrone's, or names none."""
    match = PLACE.search(error_of(build))
    return ErrorPlace(match["file"], int(match["line"])) if match else None


def lines_at(place: ErrorPlace, build: Build) -> list[tuple[int, str]]:
    """Read the lines around the place; none where the file is gone, or belongs to other repositories.

    Anybody who can make a build fail with a message of this form chooses the file: only those are shown that may serve the
    repository itself.
    """
    if not may_serve(place.file, build):
        return []
    try:
        with Tree(settings.EDRONE_PROJECTS).snapshot() as snapshot:
            source = snapshot.find(re.sub(r"\.yml$", ".yaml", place.file))
    except (ConfigError, Vanished):
        return []
    lines = source.text.splitlines() if source else []
    first = max(place.line - AROUND, 1)
    return list(enumerate(lines[first - 1 : place.line + AROUND], first)) if place.line <= len(lines) else []


def may_serve(file: str, build: Build) -> bool:
    """Return whether a file is in a folder of the build's repository, or a default that serves it."""
    if ".." in file.split("/"):
        return False
    request = BuildRequest(build.repo.namespace, build.repo.name, build.event, build.ref, build.target)
    places = homes(request, settings.EDRONE_NAMESPACES)
    defaults = {"default.yaml", *(f"{home}/default.yaml" for home in places.owner)}
    return file in defaults or any(file.startswith(f"{home}/") for home in places.repository)
