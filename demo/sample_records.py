"""What edrone would have recorded in the month of the sample builds: what each was served, the last error, who started what."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from builds.served.build_keys import REFUSED
from builds.starting.models import AuditRecord, Outcome, Verb
from configs.records.identity import digests_of
from configs.records.models import LastError
from configs.records.rows import AnsweredRequest, insert, key_of, note, row_of
from demo.forgetting import MARK, SLUGS
from demo.sample_data.sample_builds import EDRONES_ERROR
from demo.standin.database import Row, shown
from demo.standin.yaml_source import body
from pipelines.build_request import BuildRequest, parse
from pipelines.errors import ConfigError
from pipelines.resolve.resolve import Resolved, resolve
from pipelines.tree.revision import name_of
from pipelines.tree.tree import Tree

VERBS = {"custom": Verb.CREATE, "promote": Verb.PROMOTE, "rollback": Verb.ROLLBACK}
NEVER_ASKED = {"skipped"}
ERROR = ConfigError(EDRONES_ERROR.partition(REFUSED)[2])
MEANS = VERSION = MARK  # so that they are known among true ones


def make_records(path: Path) -> None:
    """Record what today's tree says to the sample builds as if Drone had asked when they were triggered."""
    revision, audited = name_of(settings.EDRONE_PROJECTS), []
    with transaction.atomic():
        for build, repo in sample(path):
            if build["status"] in NEVER_ASKED:
                continue
            request, moment = parse(body(build, repo)), datetime.fromtimestamp(build["created"], UTC)
            if build["status"] == "error":
                record_error(AnsweredRequest(request, ERROR, revision), moment)
            elif found := found_in_tree(request):
                record(AnsweredRequest(request, found, revision), found, moment)
            if verb := verb_of(build):
                audited.append(audit_record(build, repo, verb, moment))
        AuditRecord.objects.bulk_create(audited)


def has_records(path: Path) -> bool:
    """Return whether what is recorded is of these sample builds: others began at another second."""
    first = AuditRecord.objects.filter(slug__in=SLUGS, means=MEANS).order_by("time").first()
    if first is None:
        return False
    query = "SELECT repo_slug FROM builds JOIN repos ON repo_id = build_repo_id WHERE build_number = ? AND build_created = ?"
    with closing(sqlite3.connect(path)) as connection:
        try:
            return (first.slug,) in connection.execute(query, (first.build, int(first.time.timestamp())))
        except sqlite3.Error:  # the file is damaged
            return False


def sample(path: Path) -> Iterator[tuple[Row, Row]]:
    """Return each build, as Drone's API has it, with its repository's row; the oldest first."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        repos = {row["repo_id"]: dict(row) for row in connection.execute("SELECT * FROM repos")}
        for row in connection.execute("SELECT * FROM builds ORDER BY build_created, build_id"):
            yield shown("build", dict(row)), repos[row["build_repo_id"]]


def found_in_tree(request: BuildRequest) -> Resolved | None:
    try:
        return resolve(request, Tree(settings.EDRONE_PROJECTS), settings.EDRONE_NAMESPACES)
    except ConfigError:  # whoever runs this may have a tree of their own, that has nothing for these builds
        return None


def record(ask: AnsweredRequest, found: Resolved, moment: datetime) -> None:
    key = key_of(ask)
    row = row_of(ask, found, key, digests_of(key, settings.SECRET_KEY))
    insert(row | {"served": moment, "late": False, "version": VERSION})


def record_error(ask: AnsweredRequest, moment: datetime) -> None:
    note(ask, ERROR)
    # Drone asked when it had no number yet.
    LastError.objects.filter(slug=ask.request.slug).update(time=moment, number=0, version=VERSION)


def verb_of(build: Row) -> Verb | None:
    """Return what a person did at edrone's pages to start a build; None for what a push, a schedule or Drone started."""
    if build["event"] in VERBS:
        return VERBS[build["event"]]
    return Verb.RESTART if build.get("parent") else None


def audit_record(build: Row, repo: Row, verb: Verb, moment: datetime) -> AuditRecord:
    return AuditRecord(
        time=moment,
        username=build["trigger"],
        means=MEANS,
        verb=verb,
        slug=repo["repo_slug"],
        number=build.get("parent"),
        branch=build["source"] if verb == Verb.CREATE else build["target"],
        operation=build["action"] if verb == Verb.CREATE else "",
        target=build.get("deploy_to", ""),
        params=build.get("params") or {},
        outcome=Outcome.DONE,
        finished=moment,
        status=200,
        build=build["number"],
        build_status="pending",
    )
