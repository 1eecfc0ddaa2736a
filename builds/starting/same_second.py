"""Keeps restarts apart that are served different texts: Drone gives all builds of a commit and a second the text of the first.

To Drone and to edrone's endpoint, a promotion of a build looks like the restart of one, and a new build like that of one.
"""

import time
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from builds.starting.behind import BRANCH
from builds.starting.errors import AnotherRestart
from builds.starting.models import STARTING, AuditRecord, Outcome, Verb
from configs.database.postgresql.base import give_back
from texts.sentence import Sentence

APART = timedelta(seconds=1)
LOOK = 0.1  # seconds between two looks
MOST = 5.0  # seconds of waiting
UNDER_WAY = timedelta(seconds=30)  # what is older was given up, or Drone has its second already


def wait_for_other_restarts(record: AuditRecord, created: int) -> None:
    """Wait until the build, and the restarts of its commit that were asked for before, are a second old.

    Meanwhile the connections to databases are given back: all pages share a few.

    Args:
        record: of what is started.
        created: when the build that is restarted was created, in Unix seconds; 0 for a new build.

    Raises:
        AnotherRestart: Drone has not answered one of them in time.
    """
    give_back()
    end = time.monotonic() + MOST
    time.sleep(min(max(created + 1 - time.time(), 0), 1))
    while others_of_this_second(record):
        if time.monotonic() > end:
            raise AnotherRestart(Sentence("Another build of the same commit has not been answered yet. Try again."))
        give_back()
        time.sleep(LOOK)


def others_of_this_second(record: AuditRecord) -> bool:
    now = timezone.now()
    recent = Q(outcome=Outcome.STARTED, time__gt=now - UNDER_WAY) | Q(finished__gt=now - APART)
    before = AuditRecord.objects.filter(recent, slug=record.slug, verb__in=STARTING, pk__lt=record.pk)
    # Drone looks up the commit of a new build, which names no branch either where it is of the default branch.
    name = record.branch.removeprefix(BRANCH)
    same_commit, same_branch = Q(commit=record.commit), Q(branch__in=("", name, BRANCH + name))
    if record.verb != Verb.CREATE:
        before = before.filter(same_commit | same_branch & Q(verb=Verb.CREATE))
    elif record.branch:
        before = before.filter(same_commit | same_branch)
    # Of a refused one Drone made no build, but for what was cancelled at once.
    others = before.exclude(outcome=Outcome.REFUSED, build=None)
    return (others if record.only_failed else others.filter(only_failed=True)).exists()
