"""`manage.py checkprojects`: every mistake of the tree, before it is merged."""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.tree.trust import trusted
from configs.client.drone_request import request_for
from configs.management.arguments import own_file, path_in_tree
from configs.management.base import EdroneCommand
from configs.management.progress import progress_on
from pipelines.check.examine import examine
from pipelines.check.findings import ERROR, Finding
from pipelines.check.own_file import examine_own
from pipelines.check.report import FORMATS
from pipelines.language.references import is_own_file
from pipelines.tree.tree import Tree


class Command(EdroneCommand):
    help = "Examine every file of the tree: what Drone or a runner would refuse, what nothing can select, what may not be meant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "paths", metavar="PATH", nargs="*", help="files or folders of the tree to report on; all where none is named"
        )
        parser.add_argument(
            "--own",
            nargs=2,
            metavar=("SLUG", "FILE"),
            help="examine the own file of a repository instead, with what it extends in the tree",
        )
        parser.add_argument(
            "--format", choices=FORMATS, default="text", help="text; github: workflow commands; json (default: %(default)s)"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        root = settings.EDRONE_PROJECTS
        started = time.monotonic()
        if options["own"]:
            if options["paths"]:
                raise CommandError("--own examines one file: name no PATH.")
            slug, path = options["own"]
            self.examine_own_file(slug, path, options["format"])
            return
        within = [path_in_tree(path, root) for path in options["paths"]]
        within = [path for path in within if path]
        known = self.trusted()
        with progress_on(self.stderr) as progress:
            findings = examine(Tree(root), settings.EDRONE_NAMESPACES, within, progress, known)
        self.report(findings, options["format"], shown(root), f"{shown(root) or './'} ({time.monotonic() - started:.1f} s)")

    def examine_own_file(self, slug: str, path: str, form: str) -> None:
        try:
            request = request_for(slug, "", "", "")
        except ValueError as error:
            raise CommandError(str(error)) from None
        root = settings.EDRONE_PROJECTS
        found = examine_own(request, own_file(path, request), Tree(root), settings.EDRONE_NAMESPACES, self.trusted())
        findings = [one._replace(path=path if is_own_file(one.path) else f"{shown(root)}{one.path}") for one in found]
        self.report(findings, form, "", path)

    def trusted(self) -> dict[str, bool] | None:
        """Return which repositories Drone trusts; None where nobody knows."""
        try:
            return trusted()
        except DroneDatabaseUnavailable as error:
            self.stderr.write(f"Which repositories Drone trusts is not known: {error}")
            return None

    def report(self, findings: Sequence[Finding], form: str, root: str, where: str) -> None:
        """Write the findings and their number; exit with 1 where one of them is an error."""
        for line in FORMATS[form](findings, root):
            self.stdout.write(line)
        errors = sum(finding.severity == ERROR for finding in findings)
        self.stderr.write(f"{counted(errors, 'error')}, {counted(len(findings) - errors, 'warning')} in {where}")
        if errors:
            sys.exit(1)


def counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def shown(root: Path) -> str:
    """Return the path of the tree relative to the current folder, if it lies below."""
    here = os.path.relpath(root)
    return f"{root if here.startswith('..') else here}/".removeprefix("./")
