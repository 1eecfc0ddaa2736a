"""`manage.py compareprojects`: who gets another pipeline."""

import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from configs.management.base import EdroneCommand
from configs.management.progress import progress_on
from pipelines.compare import report
from pipelines.compare.comparing import BREAKS, compare
from pipelines.compare.revision import tree_at, tree_before
from pipelines.tree.tree import Tree

FORMATS = {"text": report.text, "markdown": report.markdown}


class Command(EdroneCommand):
    help = (
        "Say which repositories, branches and operations get a pipeline that means something else, and how many are only written "
        "otherwise; exit code 1 where one of them newly breaks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("base", metavar="BASE", help="a folder, or a git revision of the repository that holds the tree")
        parser.add_argument("head", metavar="HEAD", nargs="?", help="likewise; the tree as it is now where it is not named")
        parser.add_argument(
            "--repos", metavar="FILE", help="repositories that have no files of their own: one namespace/name a line"
        )
        parser.add_argument("--format", choices=FORMATS, default="text", help="markdown: a comment for a merge request")

        parser.add_argument("--text", action="store_true", help="compare texts, and show also what is only written otherwise")

    def handle(self, *_: Any, **options: Any) -> None:
        root = settings.EDRONE_PROJECTS
        slugs = read_slugs(options["repos"]) if options["repos"] else []
        with (
            tree_at(options["head"] or str(root), root) as head,
            tree_before(options["base"], root) as (base, remark),
            progress_on(self.stderr) as progress,
        ):
            compared = replace(compare(Tree(base), Tree(head), settings.EDRONE_NAMESPACES, slugs, progress), remark=remark)
        if options["text"]:
            compared = compared.by_text()
        for line in FORMATS[options["format"]](compared):
            self.stdout.write(line)
        if compared.of(BREAKS):
            sys.exit(1)


def read_slugs(file: str) -> list[str]:
    """Read the names of repositories, one a line; blank lines and # comments are ignored."""
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--repos {file} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    slugs = []
    for number, line in enumerate(lines, start=1):
        slug = line.partition("#")[0].strip()
        namespace, _, name = slug.rpartition("/")
        if slug and not (namespace and name):
            raise CommandError(f"{file}:{number}: {slug!r} is not a repository: write namespace/name.")
        if slug:
            slugs.append(slug)
    return slugs
