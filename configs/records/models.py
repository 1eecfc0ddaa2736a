"""What was served to which build, each text once; and the last error of each repository.

A million builds of two thousand texts are to take less than a gigabyte, indexes included: docs/performance.md.
"""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from configs.records.identity import LONGEST
from pipelines.language.nodes import shown_path
from web.labels import EVENTS


def name_field(label: Any) -> "models.CharField[str, str]":
    """Make a column for a name of Drone's, cut by identity.shown."""
    return models.CharField(label, max_length=LONGEST, blank=True)


class ConfigText(models.Model):
    """A text that was served, kept exactly: as bytes, since PostgreSQL's text holds no NUL."""

    hash = models.CharField(primary_key=True, max_length=64)  # SHA-256 of the content, in hexadecimal digits
    content = models.BinaryField()  # UTF-8

    def __str__(self) -> str:
        return self.hash[:12]

    @property
    def yaml(self) -> str:
        return bytes(self.content).decode()


class ConfigFile(models.Model):
    """The file that served, in one state: its text, and where each part of that came from."""

    digest = models.UUIDField(primary_key=True)  # of all that follows
    path = models.TextField(db_index=True)  # from the root of the tree; after a / that of a repository's own file
    sources = models.JSONField()  # paths of all files that the text came from, first this one
    origins = models.BinaryField()  # see records/packing.py
    # None: the repository keeps its own file
    text = models.ForeignKey(ConfigText, models.DO_NOTHING, null=True)

    def __str__(self) -> str:
        return self.shown

    @property
    def shown(self) -> str:
        return shown_path(self.path)

    @property
    def shown_sources(self) -> list[str]:
        return [shown_path(source) for source in self.sources]


class ServedConfig(models.Model):
    """What one build was served. Several builds may share one text; each that edrone knows of has a record of its own."""

    repo_id = models.BigIntegerField()  # Drone's
    slug = name_field(_("repository"))  # the repository's full name
    build_id = models.BigIntegerField(null=True)  # Drone's; None as long as it is not known which build it was
    number = models.BigIntegerField(default=0)  # of the build; 0 as long as it is not known
    event = name_field(_("event"))
    action = name_field(_("operation"))
    ref = name_field(_("ref"))
    after = name_field(_("commit"))  # the commit
    target = name_field(_("branch"))
    deploy_to = name_field(_("target"))
    parent = models.BigIntegerField(_("parent build"), default=0)  # number of the build that was restarted or promoted
    trigger = name_field(_("started by"))  # @hook, @cron, or the login of who started it
    author = name_field(_("author"))  # login, as Drone says it
    sender = name_field(_("sender"))  # likewise
    created = models.BigIntegerField()  # Unix seconds, of Drone's clock
    served = models.DateTimeField()
    conversion = models.BooleanField(
        _("conversion"), default=False, db_default=False
    )  # of the repository's own file; else the configuration
    late = models.BooleanField(_("recorded late"), default=False)  # asked for the first time when a stage started
    version = models.CharField(_("version of edrone"), max_length=40)  # of edrone
    revision = name_field(_("revision of the tree"))  # of the tree: a commit, or the name of the folder that a link leads to
    identity = models.UUIDField(null=True, unique=True)  # see identity.BuildDigests; None: not asked at the build's trigger
    without_created = models.UUIDField()
    cache_key = models.UUIDField()
    # DO_NOTHING: the database itself refuses to delete what is still in use (pruning.py)
    file = models.ForeignKey(ConfigFile, models.DO_NOTHING, db_index=False)

    class Meta:
        """A build has one record; each filter of the admin has an index that gives the newest first."""

        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["repo_id", "build_id", "conversion"],
                condition=models.Q(build_id__isnull=False),
                name="one_record_a_build",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["cache_key", "created"], name="served_by_cache_key"),
            models.Index(fields=["slug", "-id"], name="served_by_slug"),
            models.Index(fields=["repo_id", "target", "-id"], name="served_by_branch"),
            models.Index(fields=["ref", "-id"], name="served_by_ref"),
            models.Index(fields=["event", "-id"], name="served_by_event"),
            models.Index(fields=["number", "-id"], name="served_by_number"),
            models.Index(fields=["file", "-id"], name="served_by_file"),
            models.Index(fields=["served"], name="served_by_time"),
        ]
        verbose_name = _("served configuration")
        verbose_name_plural = _("served configurations")

    def __str__(self) -> str:
        if self.number:
            return gettext("%(slug)s build %(number)s") % {"slug": self.slug, "number": self.number}
        return gettext("%(slug)s %(event)s of %(ref)s") % {
            "slug": self.slug,
            "event": EVENTS.get(self.event, self.event),
            "ref": self.ref,
        }


class LastError(models.Model):
    """The last error that builds of a repository got instead of a configuration."""

    slug = models.CharField(_("repository"), max_length=LONGEST, unique=True)  # the repository's full name
    event = name_field(_("event"))
    ref = name_field(_("ref"))
    target = name_field(_("branch"))
    number = models.BigIntegerField(default=0)  # of the build; 0 where it was being triggered
    trigger = name_field(_("started by"))  # @hook, @cron, or the login of who started it
    message = models.TextField(_("message"))
    time = models.DateTimeField()
    version = models.CharField(_("version of edrone"), max_length=40)  # of edrone
    revision = name_field(_("revision of the tree"))  # of the tree

    class Meta:
        ordering = ("-time",)
        indexes: ClassVar = [models.Index(fields=["-time"], name="last_error_by_time")]
        verbose_name = _("last error")
        verbose_name_plural = _("last errors")

    def __str__(self) -> str:
        return self.slug


class Announcement(models.Model):
    """A start that may do more than what anybody may ask of Drone; see records/announcements.py."""

    class Kind(models.TextChoices):
        OVERRIDE = "override"  # of a freeze
        ONLY_FAILED = "only_failed"  # a restart without what succeeded

    kind = models.CharField(max_length=20, choices=Kind.choices)
    record = models.BigIntegerField()  # of the audit record that says who starts it
    build = models.UUIDField()  # a digest of what Drone will ask about
    build_without_parent = models.UUIDField(null=True)  # the same, where Drone may not name the parent of a restart
    file = models.ForeignKey(ConfigFile, models.DO_NOTHING, null=True, db_index=False)  # that serves it; None: what the tree says
    time = models.DateTimeField(default=timezone.now)
    claimed = models.DateTimeField(null=True)  # by the build that was announced
    used = models.DateTimeField(null=True)  # from when on it counts for no build

    class Meta:
        default_permissions: ClassVar = ()
        indexes: ClassVar = [models.Index(fields=["time"], name="announced_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} of audit record {self.record}"
