"""`manage.py importprojects`: bring repositories' own files into the tree."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from configs.management.base import EdroneCommand
from pipelines.check.report import one_line
from pipelines.importing.alike import Candidate, candidates
from pipelines.importing.clones import OWN_FILES, Clone, NoClone, clone_of
from pipelines.importing.plan import Placement, plan, write

NOTHING = (
    f"Nothing to import. A folder must be a git clone with a remote and with a {' or '.join(OWN_FILES)} that edrone can serve, "
    "and the tree must have no other file in its place; the lines above say what is wrong with each."
)
SHOWN = 5  # uses of a candidate that are written out


class Command(EdroneCommand):
    help = (
        "Bring the .drone.yml of each clone into the tree, byte for byte, and list the steps that they could share. "
        "Exits with 0 if the tree has the file of every clone afterwards, also where it had the same file before; else with 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("clones", metavar="CLONE", nargs="+", help="a clone of a repository, with a git remote")
        parser.add_argument("--dry-run", action="store_true", help="write nothing, and say what would be written")

    def handle(self, *_: Any, **options: Any) -> None:
        """Look at all clones, then write, then look for what is alike.

        Raises:
            CommandError: the tree lacks the file of one of them, or cannot be written.
        """
        root = settings.EDRONE_PROJECTS
        if not root.is_dir():
            raise CommandError(f"The tree {root} (setting EDRONE_PROJECTS) is not a folder; make it first.")
        clones: list[Clone] = []
        refusals: list[str] = []
        for folder in options["clones"]:
            try:
                clones.append(clone_of(folder))
            except NoClone as error:
                refusals.append(f"{folder}: not imported: {error}.")
        placements = plan(clones, root, settings.EDRONE_NAMESPACES)
        if not options["dry_run"]:
            try:
                write(placements, root)
            except OSError as error:
                name = error.filename2 or error.filename
                raise CommandError(f"{name}: {error.strerror}. Fix it and run the same command again.") from None
        for line in (*(outcome(placement, dry=options["dry_run"]) for placement in placements), *refusals):
            self.stdout.write(one_line(line))
        imported = [placement for placement in placements if not placement.skipped]
        verb = "would be imported" if options["dry_run"] else "imported"
        self.stdout.write(f"{len(imported)} of {len(options['clones'])} {verb}.")
        in_tree = [placement for placement in placements if placement.is_there or not placement.skipped]
        if not in_tree:
            raise CommandError(NOTHING)
        texts = [(placement.path, placement.clone.content.decode()) for placement in in_tree]
        for line in suggestions(texts):
            self.stdout.write(line)
        if missing := len(options["clones"]) - len(in_tree):
            raise CommandError(
                f"{missing} of {len(options['clones'])} not imported: the lines above say why. Fix or leave them out."
            )


def outcome(placement: Placement, *, dry: bool) -> str:
    clone = placement.clone
    if placement.skipped:
        return f"{clone.folder} ({clone.slug}): not imported: {placement.skipped}."
    return f"{clone.folder} ({clone.slug}): {'would become' if dry else 'is now'} projects/{placement.path}"


def suggestions(texts: list[tuple[str, str]]) -> Iterator[str]:
    """Return the lines that suggest files of `_shared/` for the steps that the texts, by path, have in common."""
    for candidate in candidates(texts):
        yield from suggestion(candidate)


def suggestion(candidate: Candidate) -> Iterator[str]:
    """Return the lines that suggest a file of `_shared/`."""
    count, same = len(candidate.uses), candidate.identical
    alike = "all identical" if same == count else f"{same} identical, the others nearly"
    yield f"\n# {count} steps in {candidate.pipelines} pipelines could be projects/{candidate.path} ({alike}):"
    yield candidate.text.rstrip("\n")
    groups: dict[str, list[str]] = {}
    for place, text in candidate.uses:
        groups.setdefault(text, []).append(str(place))
    for text, places in list(groups.items())[:SHOWN]:
        more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        yield f"# in place of {', '.join(places[:SHOWN])}{more}:"
        yield text.rstrip("\n")
    if len(groups) > SHOWN:
        yield f"# and {len(groups) - SHOWN} more that differ"
