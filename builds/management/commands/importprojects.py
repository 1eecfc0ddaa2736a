"""`manage.py importprojects`: bring repositories' own files into the tree, or say what they could extend where they are."""

import os
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.drone_db.models import Repo
from configs.client.drone_request import request_for
from configs.management.base import EdroneCommand
from pipelines.check.report import one_line
from pipelines.importing.advice import advice
from pipelines.importing.clones import Clone, NoClone, clone_of
from pipelines.importing.drone_repos import DroneRepo, DroneRepos
from pipelines.importing.extendable import NoProposal, OwnFile, Proposal, Proposals
from pipelines.importing.extendable_report import folder_above, patch, report
from pipelines.importing.own_files import OWN_FILES
from pipelines.importing.plan import Placement, plan, write
from pipelines.tree.tree import Tree

NOTHING = (
    f"Nothing to import. A folder must be a git clone with a remote and with a {OWN_FILES[0]} that edrone can serve, "
    "and the tree must have no other file in its place; the lines above say what is wrong with each."
)


class Command(EdroneCommand):
    help = (
        "Bring the pipeline of each clone into the tree, byte for byte: the file that Drone reads (DRONE_DATABASE_URL says "
        "which), else its .drone.yml, .drone/drone.yml or drone.yml, each also as .yaml. "
        "Exits with 0 if the tree has the file of every clone afterwards, also where it had the same file before; else with 1. "
        "With --leave-own-files nothing is written: see there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("clones", metavar="CLONE", nargs="+", help="a clone of a repository, with a git remote")
        parser.add_argument(
            "--path", metavar="PATH", action="append", default=[],
            help="the pipeline in each clone, instead; of several the first that is there",
        )  # fmt: skip
        parser.add_argument(
            "--leave-own-files", action="store_true",
            help="write nothing: say which steps of the files could extend shared files of the tree, and write a patch of the "
            "clones to standard output, for `git apply` or `patch -p1`",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="write nothing, and say what would be written")

    def handle(self, *_: Any, **options: Any) -> None:
        """Look at all clones, then write, then say what to know of them.

        Raises:
            CommandError: the tree lacks the file of one of them, or cannot be written.
        """
        root = settings.EDRONE_PROJECTS
        if not root.is_dir():
            raise CommandError(f"The tree {root} (setting EDRONE_PROJECTS) is not a folder; make it first.")
        folders = [name for name in os.listdir(root) if not name.startswith((".", "_", "@"))]
        repos = self.drone_repos()
        clones, refusals = look_at(options["clones"], options["path"], repos)
        if options["leave_own_files"]:
            self.propose(clones, refusals)
            return
        placements = plan(clones, root, settings.EDRONE_NAMESPACES)
        if not options["dry_run"]:
            try:
                write(placements, root)
            except OSError as error:
                name = error.filename2 or error.filename
                raise CommandError(f"{name}: {error.strerror}. Fix it and run the same command again.") from None
        in_tree = [placement for placement in placements if placement.is_there or not placement.skipped]
        for line in (
            *(outcome(placement, dry=options["dry_run"]) for placement in placements),
            *refusals,
            *advice(in_tree, folders, asked=repos is not None),
        ):
            self.stdout.write(one_line(line))
        imported = [placement for placement in placements if not placement.skipped]
        verb = "would be imported" if options["dry_run"] else "imported"
        self.stdout.write(f"{len(imported)} of {len(options['clones'])} {verb}.")
        if not in_tree:
            raise CommandError(NOTHING)
        self.stdout.write("`manage.py shareprojects --dry-run` shows what the files of the tree can share.")
        if missing := len(options["clones"]) - len(in_tree):
            raise CommandError(
                f"{missing} of {len(options['clones'])} not imported: the lines above say why. Fix or leave them out."
            )

    def propose(self, clones: Sequence[Clone], refusals: list[str]) -> None:
        """Say what own files could extend, and write the patch.

        Raises:
            CommandError: one of them could not be looked into.
        """
        proposed: list[tuple[Clone, Proposal]] = []
        proposals = Proposals(Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
        for clone in {Path(clone.folder).resolve(): clone for clone in clones}.values():
            try:
                request = replace(request_for(clone.slug, "", "", ""), config_path=clone.file)
                proposed.append((clone, proposals.of(OwnFile(request, clone.content))))
            except NoProposal as error:
                refusals.append(f"{clone.folder} ({clone.slug}): its {clone.file} is left out: {error}.")
        for line in (*chain.from_iterable(report(clone, proposal) for clone, proposal in proposed), *refusals):
            self.stderr.write(one_line(line))
        changed = [(clone, proposal) for clone, proposal in proposed if proposal.edit.uses]
        if changed:
            above = folder_above([clone for clone, _ in changed])
            for clone, proposal in changed:
                for line in patch(clone, proposal, above):
                    self.stdout.write(line, ending="")
            self.stderr.write(f"Nothing is written. Apply the patch in the folder {one_line(str(above))}.")
        if refusals:
            raise CommandError(f"{len(refusals)} left out: the lines above say why. Fix them, or name the other clones only.")

    def drone_repos(self) -> DroneRepos | None:
        """Return what Drone's database says of the repositories; None where it is not connected, or does not answer."""
        if not settings.DRONE_DATABASE or settings.EDRONE_DEMO:
            return None
        fields = ("namespace", "name", "config_path", "trusted", "protected")
        try:
            return DroneRepos(DroneRepo(*row) for row in Repo.objects.values_list(*fields).order_by("id"))
        except DroneDatabaseUnavailable as error:
            self.stderr.write(f"Which files Drone reads is not known: {error}")
            return None


def look_at(folders: Sequence[str], paths: Sequence[str], repos: DroneRepos | None) -> tuple[list[Clone], list[str]]:
    """Return the clones that can be imported, and why others cannot."""
    clones: list[Clone] = []
    refusals: list[str] = []
    for folder in folders:
        try:
            clones.append(clone_of(folder, paths, repos))
        except NoClone as error:
            refusals.append(f"{folder}: not imported: {error}.")
    return clones, refusals


def outcome(placement: Placement, *, dry: bool) -> str:
    clone = placement.clone
    if placement.skipped:
        return f"{clone.folder} ({clone.slug}): not imported: {placement.skipped}."
    return f"{clone.folder} ({clone.slug}): {'would become' if dry else 'is now'} projects/{placement.path}"
