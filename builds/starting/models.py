"""Audit records: who asked Drone for what, and what came of it (edrone's own database)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from texts.sentence import Sentence, of_json


class Verb(models.TextChoices):
    """What Drone can be asked to do."""

    CREATE = "create", _("start")
    RESTART = "restart", _("restart")
    CANCEL = "cancel", _("cancel")
    PROMOTE = "promote", _("promote")
    ROLLBACK = "rollback", _("roll back")
    APPROVE = "approve", _("approve")
    DECLINE = "decline", _("decline")


STARTING = (Verb.CREATE, Verb.RESTART, Verb.PROMOTE, Verb.ROLLBACK)


class Outcome(models.TextChoices):
    STARTED = "started", _("in progress")  # or edrone ended before Drone answered
    DONE = "done", _("done")
    REFUSED = "refused", _("not done")
    UNCERTAIN = "uncertain", _("may have taken effect")


class AuditRecord(models.Model):
    """One command, written before Drone is asked, completed with its answer."""

    time = models.DateTimeField(_("time"), default=timezone.now)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("user"), max_length=150)  # stays when the user is deleted
    means = models.CharField(_("via"), max_length=150)  # the token's name and start, or the administration
    verb = models.CharField(_("action"), max_length=10, choices=Verb.choices)
    slug = models.CharField(_("repository"), max_length=500)
    number = models.BigIntegerField(_("build number"), null=True)  # the build that it was done to; None for a new one
    stage = models.BigIntegerField(_("stage"), null=True)  # of approve and decline; None: the whole build
    branch = models.CharField(_("branch"), max_length=500, blank=True)  # as it was asked for, or that of the build
    commit = models.CharField(_("commit"), max_length=500, blank=True)  # likewise
    operation = models.CharField(_("operation"), max_length=500, blank=True)  # of a custom build, what Drone calls its action
    target = models.CharField(_("target"), max_length=500, blank=True)
    build_message = models.CharField(_("build message"), max_length=500, blank=True)  # as it was asked for
    params = models.JSONField(_("parameters"), default=dict)  # name → value, masked where the name looks secret
    # Empty: none was overridden. db_default: the version before goes on to insert, while one replaces the other.
    override = models.CharField(_("reason for overriding a freeze"), max_length=500, blank=True, db_default="")
    only_failed = models.BooleanField(_("only what failed"), default=False, db_default=False)  # of a restart
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default=Outcome.STARTED)
    finished = models.DateTimeField(_("finished at"), null=True)
    status = models.SmallIntegerField(_("HTTP status"), null=True)  # HTTP status that the caller got
    message = models.TextField(_("message"), blank=True)  # what the caller was told where it was not done
    sentence = models.JSONField(null=True, editable=False)  # the same as a Sentence, so that pages can translate it
    build = models.BigIntegerField(_("build"), null=True)  # number of the build that Drone answered
    build_status = models.CharField(_("build status"), max_length=50, blank=True)  # its status then
    # Idempotency-Key; empty: none, or nothing was done and the key may be used again
    key = models.CharField(max_length=255, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)  # keyed hash of the whole command
    answer = models.JSONField(null=True, editable=False)  # the build that the caller got, masked; to give it again

    class Meta:
        ordering = ("-id",)
        verbose_name = _("audit record")
        verbose_name_plural = _("audit records")
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
        return f"{self.username}: {self.get_verb_display()} {self.slug}{f' #{self.number}' if self.number else ''}"

    @property
    def said(self) -> str:
        """The message as a Sentence, where it is one."""
        return Sentence(self.message) if self.sentence is None else of_json(self.sentence)
