"""`manage.py shareprojects`: steps that stand alike in many files, put into `_shared/`."""

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from configs.management.arguments import path_in_tree
from configs.management.base import EdroneCommand
from configs.management.progress import progress_on
from pipelines.check.report import one_line
from pipelines.git import GitError, git
from pipelines.importing.alike import ShareableStep
from pipelines.importing.applying import patch, write
from pipelines.importing.sharing import Sharing, share
from pipelines.tree.tree import Tree


class Command(EdroneCommand):
    help = (
        "Write steps that stand alike, or nearly, in three or more pipelines into files of _shared/, and let the pipelines "
        "extend them. No other line is touched, and each file is composed to prove that it means the same; else it is left."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "paths",
            metavar="PATH",
            nargs="*",
            help="files or folders of the tree; all where none is named",
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing but a patch, for `git apply` or `patch -p1`")

    def handle(self, *_: Any, **options: Any) -> None:
        root = settings.EDRONE_PROJECTS
        within = [path_in_tree(path, root) for path in options["paths"]]
        with progress_on(self.stderr) as progress:
            sharing = share(Tree(root), [path for path in within if path], progress)
        stream = self.stderr if options["dry_run"] else self.stdout
        for line in report(sharing, dry=options["dry_run"]):
            stream.write(one_line(line))
        if options["dry_run"]:
            for line in patch(sharing, folder_of(root)):
                self.stdout.write(line, ending="")
            return
        try:
            write(sharing, root)
        except OSError as error:
            name = error.filename2 or error.filename
            raise CommandError(f"{name}: {error.strerror}. Fix it and run the same command again.") from None


def folder_of(root: Path) -> str:
    """Return the folder of the tree in its repository, from whose root a patch is applied; else from the folder above it."""
    real = Path(os.path.realpath(root))
    try:
        return git(real, "rev-parse", "--show-prefix").rstrip("/")
    except GitError:
        return real.name


def report(sharing: Sharing, *, dry: bool) -> Iterator[str]:
    """Yield every shared file with all the places that extend it, and what is left as it is."""
    for shared in sharing.steps:
        yield heading(shared)
        for use in shared.uses:
            yield f"  {use.place}"
    if sharing.left:
        yield "Left as they are:"
    for use, why in sharing.left:
        yield f"  {use.place}: {why}"
    steps, files = sum(len(shared.uses) for shared in sharing.steps), len(sharing.before)
    verb, new = "would extend" if dry else "extend", len(sharing.after) - files
    yield f"{steps:,} steps of {files:,} files {verb} {len(sharing.steps):,} shared files, {new:,} of them new."


def heading(shared: ShareableStep) -> str:
    count, same = len(shared.uses), shared.identical
    alike = "all identical" if same == count else f"{same:,} identical, the others nearly"
    where = "one repository" if shared.repositories == 1 else f"{shared.repositories:,} repositories"
    return f"projects/{shared.path}: {count:,} {'step' if count == 1 else 'steps'} of {where} ({alike})"
