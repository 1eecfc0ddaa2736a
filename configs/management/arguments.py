"""The arguments by which commands name a build."""

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from configs.client.drone_request import request_for
from pipelines.build_request import BuildRequest
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
