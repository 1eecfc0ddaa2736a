"""`manage.py importprojects`: bring repositories' own files into the tree."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipelines.check.report import one_line
from pipelines.importing.alike import Candidate, candidates
from pipelines.importing.clones import OWN_FILES, Clone, NoClone, clone_of
from pipelines.importing.plan import Step, plan, write

NOTHING = (
    f"Nothing to import. A folder must be a git clone with a remote and with a {' or '.join(OWN_FILES)} that edrone can serve, "
    "and the tree must have no other file in its place; the lines above say what is wrong with each."
)
SHOWN = 5  # uses of a candidate that are written out


class Command(BaseCommand):
    help = "Bring the .drone.yml of each clone into the tree, byte for byte, and list the steps that they could share."
    requires_system_checks = ()  # only files are read and written

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("clones", metavar="CLONE", nargs="+", help="a clone of a repository, with a git remote")
        parser.add_argument("--dry-run", action="store_true", help="write nothing, and say what would be written")

    def handle(self, *_: Any, **options: Any) -> None:
        """Look at all clones, then write, then look for what is alike.

        Raises:
            CommandError: the tree has the file of none of them, or cannot be written.
        """
        root = settings.EDRONE_PROJECTS
        if not root.is_dir():
            raise CommandError(f"The tree {root} (setting EDRONE_PROJECTS) is not a folder; make it first.")
        clones: list[Clone] = []
        failed: list[str] = []
        for folder in options["clones"]:
            try:
                clones.append(clone_of(folder))
            except NoClone as error:
                failed.append(f"{folder}: not imported: {error}.")
        steps = plan(clones, root, settings.EDRONE_NAMESPACES)
        if not options["dry_run"]:
            try:
                write(steps, root)
            except OSError as error:
                name = error.filename2 or error.filename
                raise CommandError(f"{name}: {error.strerror}. Mend it and run the same command again.") from None
        for line in (*(told(step, dry=options["dry_run"]) for step in steps), *failed):
            self.stdout.write(one_line(line))
        written = [step for step in steps if not step.skipped]
        verb = "would be imported" if options["dry_run"] else "imported"
        self.stdout.write(f"{len(written)} of {len(options['clones'])} {verb}.")
        if not any(step.is_there or not step.skipped for step in steps):
            raise CommandError(NOTHING)
        texts = [(step.path, step.clone.content.decode()) for step in steps if not step.skipped or step.is_there]
        for found in candidates(texts):
            for line in shown(found):
                self.stdout.write(line)


def told(step: Step, *, dry: bool) -> str:
    clone = step.clone
    if step.skipped:
        return f"{clone.folder} ({clone.slug}): not imported: {step.skipped}."
    return f"{clone.folder} ({clone.slug}): {'would become' if dry else 'is now'} projects/{step.path}"


def shown(found: Candidate) -> Iterator[str]:
    """Return the lines that suggest a file of `_shared/`."""
    alike = "all identical" if found.identical == len(found.uses) else f"{found.identical} identical, the others nearly"
    yield f"\n# {len(found.uses)} steps in {found.pipelines} pipelines could be projects/{found.path} ({alike}):"
    yield found.text.rstrip("\n")
    groups: dict[str, list[str]] = {}
    for place, text in found.uses:
        groups.setdefault(text, []).append(str(place))
    for text, places in list(groups.items())[:SHOWN]:
        more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        yield f"# in place of {', '.join(places[:SHOWN])}{more}:"
        yield text.rstrip("\n")
    if len(groups) > SHOWN:
        yield f"# and {len(groups) - SHOWN} more that differ"
