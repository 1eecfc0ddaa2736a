"""Who started what: written before Drone is asked, completed with its answer (edrone's own database)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Verb(models.TextChoices):
    """What somebody may want Drone to do."""

    CREATE = "create"
    RESTART = "restart"
    CANCEL = "cancel"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    APPROVE = "approve"
    DECLINE = "decline"


class Outcome(models.TextChoices):
    """How it ended."""

    STARTED = "started", "under way"  # or edrone ended before Drone answered
    DONE = "done", "done"
    REFUSED = "refused", "nothing was done"
    UNCERTAIN = "uncertain", "may have been done"


class AuditRecord(models.Model):
    """One thing that somebody wanted of Drone."""

    time = models.DateTimeField(default=timezone.now)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(max_length=150)  # stays when the user is deleted
    means = models.CharField(max_length=150)  # the token's name and start, or the administration
    verb = models.CharField(max_length=10, choices=Verb.choices)
    slug = models.CharField(_("repository"), max_length=500)
    number = models.BigIntegerField(null=True)  # the build that it was done to; None for a new one
    stage = models.BigIntegerField(null=True)  # of approve and decline; None: the whole build
    branch = models.CharField(max_length=500, blank=True)  # as it was asked for, or that of the build
    commit = models.CharField(max_length=500, blank=True)  # likewise
    operation = models.CharField(max_length=500, blank=True)  # of a custom build, what Drone calls its action
    target = models.CharField(max_length=500, blank=True)
    build_message = models.CharField(_("message of the build"), max_length=500, blank=True)  # as it was asked for
    params = models.JSONField(default=dict)  # name → value, masked where the name looks secret
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.STARTED)
    finished = models.DateTimeField(null=True)
    status = models.SmallIntegerField(null=True)  # HTTP status that the caller got
    message = models.TextField(blank=True)  # what the caller was told where it was not done
    build = models.BigIntegerField(null=True)  # number of the build that Drone answered
    build_status = models.CharField(max_length=50, blank=True)  # its status then
    # Idempotency-Key; empty: none, or nothing was done and the key may be used again
    key = models.CharField(max_length=255, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)  # keyed hash of the whole wish
    answer = models.JSONField(null=True, editable=False)  # the build that the caller got, masked; to give it again

    class Meta:
        """The newest first; a key belongs to one thing that its user wanted."""

        ordering = ("-id",)
        verbose_name = _("audit record")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], condition=~models.Q(key=""), name="one_record_a_key"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["slug", "-id"], name="audit_by_slug"),
            models.Index(fields=["slug", "build"], name="audit_by_build"),
            models.Index(fields=["username", "-id"], name="audit_by_username"),
            models.Index(fields=["time"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        """Say who wanted what."""
        return f"{self.username}: {self.verb} {self.slug}{f' #{self.number}' if self.number else ''}"
