"""`manage.py showconfig`: what would be served. Reads the tree only; no server, secret or database is needed."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from configs.compose.provenance import annotated
from configs.errors import ConfigError, Vanished
from configs.lookup import candidates
from configs.management.arguments import add_build, build_of
from configs.operations.finding import named, operation_candidates
from configs.payload import ConfigRequest
from configs.resolve import resolve
from configs.tree import Tree


class Command(BaseCommand):
    """Print the YAML that a build would get."""

    help = "Print the YAML that Drone would get for a build of SLUG."
    requires_system_checks = ()  # only the tree is read

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the build."""
        add_build(parser)
        parser.add_argument(
            "--explain",
            action="store_true",
            help="also list each candidate file, and why it was taken or not; and say where each step came from",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Print it, or end with the error that Drone would be told."""
        request, tree = build_of(options), Tree(settings.EDRONE_PROJECTS)
        try:
            if options["explain"]:
                for line in explanation(request, tree):
                    self.stdout.write(f"# {line}")
            resolved = resolve(request, tree, settings.EDRONE_NAMESPACES)
        except ConfigError as error:
            raise CommandError(str(error)) from None
        if resolved.yaml is None:
            self.stderr.write(f"projects/{resolved.path} says `kind: repository`: Drone reads the repository's own file.")
        else:
            self.stdout.write(annotated(resolved.yaml, resolved.origins) if options["explain"] else resolved.yaml, ending="")


def explanation(request: ConfigRequest, tree: Tree) -> Iterator[str]:
    """Say of each candidate why it was or was not taken."""
    name, namespaces = named(request), settings.EDRONE_NAMESPACES
    wanted = operation_candidates(request, name, namespaces) if name else candidates(request, namespaces)
    yield from wanted.remarks
    taken = ""
    with tree.snapshot() as snapshot:
        for path in wanted.paths:
            if taken:
                yield f"projects/{path}: not looked at, since {taken} is nearer"
                continue
            try:
                source = snapshot.find(path)
            except (ConfigError, Vanished) as error:
                yield f"projects/{path}: is there, and cannot serve: {error}"
                taken = "what cannot serve"
                continue
            if source:
                taken = f"projects/{source.path}"
                yield f"{taken}: taken"
            else:
                yield f"projects/{path}: not there (nor as .yml)"
