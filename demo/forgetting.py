"""Forgets sample builds that are no more: an audit trail holds nothing that never happened, and new ones have their numbers."""

from django.db import transaction
from django.db.models import F

from builds.notices.models import Notice, Position
from builds.starting.models import AuditRecord
from builds.statistics.summing import forget_all
from configs.records.models import Announcement, LastError, ServedConfig
from demo.sample_data.company import SERVICES

SLUGS = [service.slug for service in SERVICES]  # by which indexes find them
# What records of a demonstration begin with (settings.RECORD_PREFIX); nobody else can make such ones.
MARK = "demonstration"


def forget_demonstration(*, had_builds: bool) -> None:
    """Delete what edrone's own database holds of a demonstration.

    Args:
        had_builds: False: only its records can tell whether this database had one; most have none.
    """
    with transaction.atomic():
        if forget_records() or had_builds:
            forget_all()
            Notice.objects.filter(slug__in=SLUGS).delete()
            Position.objects.update(version=F("version") + 1, newest=None)


def forget_records() -> bool:
    """Return whether there were any."""
    audited = AuditRecord.objects.filter(slug__in=SLUGS, means__startswith=MARK)
    Announcement.objects.filter(record__in=audited.order_by().values("pk")).delete()
    recorded = (
        audited,
        ServedConfig.objects.filter(slug__in=SLUGS, version__startswith=MARK),
        LastError.objects.filter(slug__in=SLUGS, version__startswith=MARK),
    )
    return any([rows.delete()[0] for rows in recorded])  # noqa: C419 - all of them
