"""`manage.py checkprojects`: every mistake of the tree, before it is merged."""

import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from configs.management.base import EdroneCommand
from configs.management.progress import progress_on
from pipelines.check.examine import examine
from pipelines.check.findings import ERROR
from pipelines.check.report import FORMATS
from pipelines.tree.tree import Tree


class Command(EdroneCommand):
    help = "Examine every file of the tree: what Drone or a runner would refuse, what nothing can select, what may not be meant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "paths", metavar="PATH", nargs="*", help="files or folders of the tree to report on; all where none is named"
        )
        parser.add_argument(
            "--format", choices=FORMATS, default="text", help="text; github: workflow commands; json (default: %(default)s)"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        root = settings.EDRONE_PROJECTS
        started = time.monotonic()
        within = [path_in_tree(path, root) for path in options["paths"]]
        with progress_on(self.stderr, "files") as progress:
            findings = examine(Tree(root), settings.EDRONE_NAMESPACES, [path for path in within if path], progress)
        for line in FORMATS[options["format"]](findings, shown(root)):
            self.stdout.write(line)
        errors = sum(finding.severity == ERROR for finding in findings)
        self.stderr.write(
            f"{errors} errors, {len(findings) - errors} warnings in {shown(root) or './'} ({time.monotonic() - started:.1f} s)"
        )
        if errors:
            sys.exit(1)


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


def shown(root: Path) -> str:
    """Return the path of the tree relative to the current folder, if it lies below."""
    here = os.path.relpath(root)
    return f"{root if here.startswith('..') else here}/".removeprefix("./")
