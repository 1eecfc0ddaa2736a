"""The arguments by which commands name a build, and files."""

import os
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError

from configs.client.drone_request import body, request_for
from pipelines.build_request import BuildRequest, refuse_too_large
from pipelines.events import EVENTS, MANUAL_EVENTS


def add_build(parser: ArgumentParser) -> None:
    """Add SLUG, BRANCH, --event, --tag and --operation."""
    parser.add_argument("slug", metavar="SLUG", help="repository, as namespace/name")
    parser.add_argument("branch", metavar="BRANCH", nargs="?", default="", help="branch (of a pull request: the base branch)")
    parser.add_argument("--event", choices=EVENTS, default="", help="push where nothing else is said")
    parser.add_argument("--tag", default="", help="a tag instead of a branch")
    parser.add_argument("--operation", default="", metavar="NAME", help="an operation, which is started by hand")


def build_of(options: dict[str, Any]) -> BuildRequest:
    """Return the build that these arguments name."""
    if options["tag"] and options["branch"]:
        raise CommandError("Name a branch or a tag, not both.")
    if options["operation"] and options["event"] not in {"", "custom"}:
        raise CommandError("Operations are builds of the event custom, and of no other.")
    event = "custom" if options["operation"] else options["event"]
    try:
        request = request_for(options["slug"], options["branch"], event, options["tag"])
    except ValueError as error:
        raise CommandError(str(error)) from None
    if event not in MANUAL_EVENTS:
        return request
    trigger = next(iter(sorted(settings.EDRONE_MANUAL_BUILDS_BY)), "somebody")
    return replace(request, action=options["operation"], trigger=trigger)


def own_file(path: str, request: BuildRequest) -> str:
    """Read a repository's own file, from wherever it is on this machine.

    Raises:
        CommandError: it cannot be read.
        Malformed: Drone's request for its conversion would be too large for edrone.
    """
    try:
        text = Path(path).read_bytes().decode()
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path}: is not UTF-8.") from None
    refuse_too_large(body(request, created=0, text=text))
    return text


def path_in_tree(path: str, root: Path) -> str:
    """Return the path below the tree's root, empty for the root, of a file or folder named from here or from the root."""
    real = os.path.realpath(root)
    for candidate in (Path(path).absolute(), root / path):
        if os.path.lexists(candidate):
            # Links of the folder are followed, and not of the file: a link in the tree is a file of its own.
            at = os.path.join(os.path.realpath(candidate.parent), candidate.name)
            inside = os.path.relpath(os.path.realpath(at) if os.path.realpath(at) == real else at, real)
            if inside == "." or not inside.startswith(".."):
                return "" if inside == "." else inside
    if os.path.lexists(path):
        raise CommandError(f"{path} is not in the tree {root}.")
    raise CommandError(f"{path}: there is no such file or folder, neither here nor in the tree {root}.")


def url_of(text: str) -> str:
    """Return the value of --url; raise CommandError where it is no whole address."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise CommandError(f"--url {text}: write the whole address, with http:// or https:// at its beginning.")
    return text
