"""`manage.py synctree`: the tree follows a git repository."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from configs.management.base import EdroneCommand
from pipelines.tree.syncing import sync


class Command(EdroneCommand):
    help = "Bring the tree to the newest commit of a git branch in one step: EDRONE_PROJECTS is a link, which is swapped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "remote", metavar="REMOTE", help="address of the repository, or folder of a clone; no password in it: ps shows it"
        )
        parser.add_argument("--branch", default="HEAD", help="or a tag; else the default branch")
        parser.add_argument("--folder", default="", help="of the repository, which is the tree; else all of it")

    def handle(self, *_: Any, **options: Any) -> None:
        link = settings.EDRONE_PROJECTS
        synced = sync(link, options["remote"], options["branch"], options["folder"])
        if synced.changed:
            before = f"; it was at {synced.before}" if synced.before not in {"", synced.commit} else ""
            self.stdout.write(f"{link} is at {synced.commit} now{before}.")
        elif options["verbosity"] > 1:
            self.stdout.write(f"{link} is at {synced.commit} already.")
