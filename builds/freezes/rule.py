"""The one rule of freezes: does one of them cover a start? Pure; asked by pages, REST, and Drone's validation."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from posixpath import normpath
from urllib.parse import unquote

from builds.access.models import covers, patterns_in
from builds.drone_db.vocabulary import DEPLOYMENTS
from builds.freezes.models import Freeze
from pipelines.build_request import BuildRequest
from texts.sentence import Sentence

NOT_SEEN = {"C", "Z"}  # Unicode's categories of control and format characters, and of blanks: a shell drops these around a word
ORDINARY = {"push", "tag", "cron", "custom"}  # a pull request runs what is not merged: nothing is frozen by its base branch
PREFIX = re.compile("/*(?:refs/+)?(heads|tags)/+", re.IGNORECASE)
REVISION = re.compile(r"[~^].*|@\{.*", re.DOTALL)  # master~0 and master@{0} are commits of master; no branch's name holds these
END_OF_PATH = re.compile("[?#]")
DEFAULT_BRANCH = {"HEAD", "@"}  # to git; which branch that is, nobody says to validation
LONGEST = 500  # characters of Drone's columns; spelled longer, a name may be any: accents on one letter are sorted in square time


@dataclass(frozen=True)
class Start:
    """A build that is to be started, as far as freezes look."""

    slug: str
    names: tuple[str, ...]  # the target, or the operation and its target; empty: an ordinary build
    branches: tuple[str, ...] = ()  # of an ordinary build: all that its ref may mean; a tag is refs/tags/NAME
    anywhere: bool = False  # nobody can tell where it deploys


def start_of(build: BuildRequest, to: str | None) -> Start:
    """Return what freezes look at.

    Args:
        build: as Drone asks about it, or will.
        to: the target of its operation, as of `operation_target`.
    """
    if build.event in DEPLOYMENTS:
        return named(build.slug, build.deploy_to)
    if build.event == "custom" and build.action:  # a promotion inherits an action, which then means nothing
        return named(build.slug, build.action, *filter(None, [to]), anywhere=to is None)
    if len(build.ref) > LONGEST:
        return Start(build.slug, (), ("HEAD",) if build.event in ORDINARY else ())
    if build.event == "custom":  # a person wrote the branch
        return Start(build.slug, (), tuple(meant_by(build.ref)))
    return Start(build.slug, (), (build.ref.removeprefix("refs/heads/"),) if build.event in ORDINARY else ())


def named(slug: str, *names: str, anywhere: bool = False) -> Start:
    return Start(slug, names, anywhere=anywhere or any(len(name) > LONGEST for name in names))


def meant_by(ref: str) -> Iterator[str]:
    """Yield the branches and tags that a forge may take a ref for that a person wrote.

    Drone makes refs/heads/heads/master of `heads/master`, and asks the forge without refs/heads/ and refs/tags/ at the front
    (go-scm, TrimRef); to git, `heads/master` is the branch master.
    """
    for spelling in (ref, in_address(ref)):
        name = REVISION.sub("", seen(spelling))
        yield name.removeprefix("refs/heads/")
        while prefix := PREFIX.match(name):
            name = name[prefix.end() :]
            if prefix[1].casefold() == "tags":
                yield f"refs/tags/{name}"
            yield name


def in_address(ref: str) -> str:
    """Return the ref that a forge reads in an address that go-scm 1.42 puts a ref into as it is.

    `master?` and `master#x` end there, `m%61ster` is master, and so are `x/../master` and `../commits/master`.
    """
    ref = seen(ref)
    prefix = PREFIX.match(ref)
    start = prefix.end() if prefix else 0
    parts = normpath(unquote(END_OF_PATH.split(ref[start:])[0]).lstrip("/")).split("/")
    return ref[:start] + "/".join(parts[2 * parts.count("..") :])


def covering(freezes: Iterable[Freeze], start: Start, now: datetime) -> Freeze | None:
    """Return the freeze that covers a start: of several the one that holds longest."""
    return next(iter(all_covering(freezes, start, now)), None)


def all_covering(freezes: Iterable[Freeze], start: Start, now: datetime) -> list[Freeze]:
    """Return the freezes that cover a start, the one that holds longest first."""
    in_force = (freeze for freeze in freezes if holds(freeze, now) and covers_start(freeze, start))
    return sorted(in_force, key=lambda freeze: (freeze.ends is None, freeze.ends or now, -freeze.pk), reverse=True)


def holds(freeze: Freeze, now: datetime) -> bool:
    return freeze.state(now) == "holds"


def covers_start(freeze: Freeze, start: Start) -> bool:
    return covers(freeze.pattern, start.slug) and frozen_name(freeze, start) is not None


def frozen_name(freeze: Freeze, start: Start) -> str | None:
    """Return which target, operation or branch of a start a freeze names: the target before the operation; None for none."""
    if start.anywhere and freeze.targets:
        return start.names[0]
    if start.names:
        return next((name for name in reversed(start.names) if matches(name, freeze.targets)), None)
    if freeze.branches and (unsure := DEFAULT_BRANCH.intersection(start.branches)):
        return unsure.pop()
    return next((name for name in start.branches if name and matches(name, freeze.branches)), None)


def matches(name: str, patterns: str) -> bool:
    """Return whether one of the patterns matches, in any case, and whatever is not seen: `Production ` is not to slip through."""
    return any(fnmatchcase(alike(name), alike(pattern)) for pattern in patterns_in(patterns))


def alike(name: str) -> str:
    """Return the same for names that look alike: ü may be one character, or two."""
    return seen(unicodedata.normalize("NFC", name.casefold()))


def seen(name: str) -> str:
    return "".join(letter for letter in name if unicodedata.category(letter)[0] not in NOT_SEEN)


def sentence(freeze: Freeze, start: Start) -> Sentence:
    """Say what a freeze that covers a start has frozen, until when, why, and by whom."""
    values = {"what": frozen_name(freeze, start), "slug": start.slug, "reason": freeze.reason, "user": freeze.username}
    if freeze.ends is None:
        return Sentence("%(what)s of %(slug)s is frozen by %(user)s until the freeze is lifted: “%(reason)s”.", **values)
    return Sentence(
        "%(what)s of %(slug)s is frozen by %(user)s until %(end)s UTC: “%(reason)s”.",
        **values,
        end=f"{freeze.ends:%Y-%m-%d %H:%M}",
    )
