"""The arguments by which commands name a build."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from configs.asking import request_for
from configs.payload import ConfigRequest

EVENTS = ("push", "pull_request", "tag", "cron", "custom", "promote", "rollback")


def add_build(parser: ArgumentParser) -> None:
    """Add SLUG, BRANCH, --event and --tag."""
    parser.add_argument("slug", metavar="SLUG", help="repository, as namespace/name")
    parser.add_argument("branch", metavar="BRANCH", nargs="?", default="", help="branch (of a pull request: the base branch)")
    parser.add_argument("--event", choices=EVENTS, default="", help="push where nothing else is said")
    parser.add_argument("--tag", default="", help="a tag instead of a branch")


def build_of(options: dict[str, Any]) -> ConfigRequest:
    """Give the build that the arguments name."""
    if options["tag"] and options["branch"]:
        raise CommandError("Name a branch or a tag, not both.")
    try:
        return request_for(options["slug"], options["branch"], options["event"], options["tag"])
    except ValueError as error:
        raise CommandError(str(error)) from None
