"""`manage.py askconfig`: ask a running edrone as Drone does. It is how an operator finds out why nothing builds."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from configs.client.diagnosis import AskError, ask
from configs.client.drone_request import body
from configs.endpoint.signature import CONFIGURATION, CONVERSION
from configs.management.arguments import add_build, build_of, own_file, url_of
from configs.management.base import EdroneCommand
from pipelines.build_request import BuildRequest

ADDRESS = f"{settings.EDRONE_ADDRESS}/edrone"
OWN_FILE = "204: Drone reads the repository's own file."
AS_IT_IS = "204: the file extends nothing: Drone uses it as it is."


class Command(EdroneCommand):
    help = "Ask a running edrone for the YAML of a build of SLUG, as a Drone server would, and say what is wrong if it fails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_build(parser)
        parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE", help="an input of the operation")
        parser.add_argument("--convert", metavar="FILE", help="ask to convert the repository's own file instead, which this is")
        parser.add_argument("--url", help=f"default: {ADDRESS}; with --convert: {ADDRESS}/convert")

    def handle(self, *_: Any, **options: Any) -> None:
        if not settings.DRONE_YAML_SECRETS:
            raise CommandError("DRONE_YAML_SECRET is not set: set it to the secret that the Drone server uses.")
        request = with_inputs(build_of(options), options["input"])
        own = own_file(options["convert"], request) if options["convert"] else None
        extension, url = (CONFIGURATION, ADDRESS) if own is None else (CONVERSION, f"{ADDRESS}/convert")
        # There is no build: nothing is recorded.
        content = body(request, created=0, text=own)
        try:
            text = ask(url_of(options["url"] or url), content, settings.DRONE_YAML_SECRETS[0], datetime.now(UTC), extension)
        except AskError as error:
            raise CommandError(str(error)) from None
        if text is None:
            self.stderr.write(OWN_FILE if own is None else AS_IT_IS)
        else:
            self.stdout.write(text, ending="")


def with_inputs(request: BuildRequest, inputs: Sequence[str]) -> BuildRequest:
    """Return the request with the inputs of its operation, which Drone sends beside the operation's name."""
    if not request.action:
        if inputs:
            raise CommandError("--input is of an operation: name it with --operation.")
        return request
    pairs = [pair.partition("=") for pair in inputs]
    if wrong := next((name for name, equals, _ in pairs if not (name and equals)), None):
        raise CommandError(f"--input {wrong}: write NAME=VALUE.")
    return replace(request, params={name: value for name, _, value in pairs} | {"action": request.action})
