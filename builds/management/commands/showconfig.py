"""`manage.py showconfig`: what would be served. Reads the tree only; no server, secret or database is needed.

With --build it says what a build was served, which edrone's own database knows.
"""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from builds.served.build_keys import numbered
from configs.management.arguments import add_build, build_of, own_file
from configs.management.base import EdroneCommand
from configs.records.models import ServedConfig
from configs.records.rules import shown_for
from configs.records.showing import difference, text_of
from pipelines.build_request import LARGEST_NUMBER, BuildRequest
from pipelines.language.origins import annotated
from pipelines.resolve.explain import CandidateState, explain
from pipelines.resolve.own_file import convert
from pipelines.resolve.resolve import resolve
from pipelines.tree.tree import Tree


class Command(EdroneCommand):
    help = "Print the YAML that Drone would get for a build of SLUG."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_build(parser)
        parser.add_argument(
            "--explain",
            action="store_true",
            help="also list each candidate file, and why it was taken or not; and say where each step came from",
        )

        parser.add_argument("--own", metavar="FILE", help="convert the repository's own file, which this is, instead")
        parser.add_argument("--build", type=int, metavar="N", help="what build N was served, whatever the tree says today")
        parser.add_argument("--diff", type=int, metavar="M", help="with --build: how that differs from what build M was served")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["build"] is not None:
            self.show_served(options)
            return
        if options["diff"] is not None:
            raise CommandError("--diff compares two builds: name the other one with --build.")
        request, tree = build_of(options), Tree(settings.EDRONE_PROJECTS)
        if options["own"]:
            self.show_own(request, tree, own_file(options["own"], request), explained=options["explain"])
            return
        if options["explain"]:
            for line in explanation(request, tree):
                self.stdout.write(f"# {line}")
        resolved = resolve(request, tree, settings.EDRONE_NAMESPACES)
        if resolved.yaml is None:
            self.stderr.write(f"projects/{resolved.path} says `kind: repository`: Drone reads the repository's own file.")
        else:
            self.stdout.write(annotated(resolved.yaml, resolved.origins) if options["explain"] else resolved.yaml, ending="")

    def show_own(self, request: BuildRequest, tree: Tree, own: str, *, explained: bool) -> None:
        converted = convert(request, own, tree, settings.EDRONE_NAMESPACES)
        if converted is None or converted.yaml is None:
            self.stderr.write("The file extends nothing: Drone uses it as it is.")
            self.stdout.write(own, ending="")
        else:
            self.stdout.write(annotated(converted.yaml, converted.origins) if explained else converted.yaml, ending="")

    def show_served(self, options: dict[str, Any]) -> None:
        if options["branch"] or options["tag"] or options["event"] or options["operation"]:
            raise CommandError("--build names one build: leave out BRANCH, --tag, --event and --operation.")
        new = record_of(options["slug"], options["build"])
        if options["diff"] is not None:
            self.stdout.write(difference(record_of(options["slug"], options["diff"]), new), ending="")
        else:
            self.stdout.write(text_of(new, explained=options["explain"]), ending="")


def record_of(slug: str, number: int) -> ServedConfig:
    """Return the record of the build that Drone's table names so, else the newest of this repository and number.

    A name and a number alone may be those of another build: of a repository that had this name before, or was deleted since.
    """
    if not 1 <= number <= LARGEST_NUMBER:
        raise CommandError(f"{number} is no number of a build: they count from 1.")
    records = ServedConfig.objects.select_related("file__text").filter(slug=slug, number=number).order_by("-id")
    try:
        keys = numbered(number, slug)
        record = shown_for(keys[0]) if keys else records.first()
    except ImproperlyConfigured:  # SECRET_KEY is empty
        raise CommandError(
            "SECRET_KEY is not set, and --build needs the one of the server, by which it tells builds of one commit apart."
            " `make run` keeps it in the file secret_key of the state folder."
        ) from None
    if record is None:
        how = ", or its number is not known yet: set DRONE_DATABASE_URL so that edrone can look it up in Drone's own table"
        raise CommandError(
            f"No record is known to be of build {number} of {slug}: it was not served by edrone, got an error, or is forgotten"
            f"{'' if keys else how}."
        )
    return record


def explanation(request: BuildRequest, tree: Tree) -> Iterator[str]:
    """Return a line for each candidate: taken or not, and why."""
    explanation = explain(request, tree, settings.EDRONE_NAMESPACES)
    yield from explanation.remarks
    nearer = next(
        (f"projects/{tried.path}" for tried in explanation.candidates if tried.state == CandidateState.TAKEN), "what cannot serve"
    )
    for tried in explanation.candidates:
        yield (
            f"projects/{tried.path}: "
            + {
                CandidateState.TAKEN: "taken",
                CandidateState.MISSING: "not there (nor as .yml)",
                CandidateState.BROKEN: f"is there, and cannot serve: {explanation.found}",
                CandidateState.BEHIND: f"not looked at, since {nearer} is nearer",
            }[tried.state]
        )
