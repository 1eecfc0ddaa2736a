"""What takes long to find out about the tree: mistakes and last changes. Looked for beside the requests, and kept."""

import json
import logging
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connections

from builds.drone_db.errors import DroneDatabaseUnavailable
from builds.tree.trust import trusted
from pipelines.check.examine import Found, look_into
from pipelines.check.findings import ERROR, Finding
from pipelines.check.trusted import Trusted
from pipelines.inventory.last_changes import LastCommit, last_changes
from pipelines.tree.tree import Tree
from texts.characters import encodable

logger = logging.getLogger(__name__)
FEW = 200  # files that are examined within this process; more would keep its other threads waiting
AT_ONCE = 1.0  # seconds that a page waits for what is soon there
STILL_TRUE = 300.0  # seconds; meanwhile Drone may trust other repositories
LONGEST = 900  # seconds


@dataclass(frozen=True)
class FoundMistake:
    line: int
    column: int
    severity: str
    id: str
    message: str

    @classmethod
    def of(cls, finding: Finding) -> "FoundMistake":
        message = encodable(finding.message)  # which may name a file
        return cls(finding.line, finding.column, finding.severity, finding.id, message)

    @property
    def is_error(self) -> bool:
        return self.severity == ERROR


@dataclass(frozen=True)
class TreeInspection:
    stamp: int  # of the tree that was looked at
    mistakes: dict[str, list[FoundMistake]] = field(default_factory=dict)  # by path
    once: list[Finding] = field(default_factory=list)  # of which a reader is told the first of each check
    changes: dict[str, LastCommit] = field(default_factory=dict)  # by path
    failed: bool = False  # nothing was found out


class KeptInspection:
    """The last inspection; asked for another tree, it begins a new one and gives the last until that is done."""

    def __init__(self, inspect: Callable[[int, int], TreeInspection]) -> None:
        self.inspect = inspect
        self.lock = threading.Lock()
        self.last: TreeInspection | None = None
        self.made = 0.0  # on the monotonic clock
        self.running: threading.Thread | None = None

    def of(self, stamp: int, files: int) -> TreeInspection | None:
        """Return the inspection of a tree; an older one, or None, while it is under way."""
        with self.lock:
            is_current = self.last is not None and self.last.stamp == stamp
            if is_current and time.monotonic() - self.made < STILL_TRUE:
                return self.last
            if not self.running:
                self.running = threading.Thread(target=self.run, args=(stamp, files), daemon=True)
                self.running.start()
            running = self.running
        if not is_current:
            running.join(AT_ONCE)
        return self.last

    def run(self, stamp: int, files: int) -> None:
        try:
            result = self.inspect(stamp, files)
        except Exception:
            logger.exception("The tree could not be inspected.")
            result = TreeInspection(stamp, failed=True)
        with self.lock:
            self.last, self.made, self.running = result, time.monotonic(), None


def inspect(stamp: int, files: int) -> TreeInspection:
    """Examine the tree as checkprojects does, and ask git."""
    root = settings.EDRONE_PROJECTS
    found = (examined_here if files <= FEW else examined_apart)(root, trusted_by_drone())
    mistakes: dict[str, list[FoundMistake]] = defaultdict(list)
    for finding in found.findings:
        mistakes[finding.path].append(FoundMistake.of(finding))
    return TreeInspection(stamp, dict(mistakes), found.once, last_changes(root))


def trusted_by_drone() -> Trusted | None:
    """Return which repositories Drone trusts; None where nobody knows. The thread's connection is given back."""
    try:
        return trusted()
    except DroneDatabaseUnavailable as error:
        logger.warning("Which repositories Drone trusts is not known: %s", error)
        return None
    finally:
        connections["drone"].close()


def examined_here(root: Path, trusted: Trusted | None) -> Found:
    return look_into(Tree(root), settings.EDRONE_NAMESPACES, trusted=trusted)


def examined_apart(root: Path, trusted: Trusted | None) -> Found:
    """Examine in a process of its own, which gives way to all others."""
    command = [sys.executable, "-m", "pipelines.check"]
    nice = [nice, "-n", "10"] if (nice := shutil.which("nice")) else []
    wanted = json.dumps({"root": str(root.absolute()), "namespaces": sorted(settings.EDRONE_NAMESPACES), "trusted": trusted})
    done = subprocess.run(  # noqa: S603 - no shell, nothing of a request
        [*nice, *command], cwd=settings.BASE_DIR, input=wanted, capture_output=True, text=True, timeout=LONGEST, check=True
    )
    found = json.loads(done.stdout)
    return Found(*([Finding(*fields) for fields in found[name]] for name in ("findings", "once")))
