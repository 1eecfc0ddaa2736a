"""Who is told what, by which way, and what was told (edrone's own database)."""

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from builds.access.models import refuse_pattern
from builds.notices.addresses import KINDS
from builds.notices.problems import in_words


class Topic(models.TextChoices):
    """What people want to be told of."""

    FAILED = "failed", _("failed")
    FIXED = "fixed", _("fixed")
    DEPLOYED = "deployed", _("every deployment")
    WAITING = "waiting", _("waiting for approval")
    TREE_ERROR = "tree_error", _("error of the tree")
    FROZEN = "frozen", _("frozen or lifted")


TEST = "test"  # the topic of a notice that only tries a channel


class Channel(models.Model):
    """A way to tell people something; only administrators make one, since it makes edrone call somewhere."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=[(kind.name, kind.title) for kind in KINDS.values()])
    sealed = models.TextField(editable=False)  # the address, which is a secret (sealing.py)
    language = models.CharField(max_length=20)  # of its notices
    site = models.CharField(max_length=300)  # where people reach edrone, for links: https://edrone.example.com
    failures = models.PositiveIntegerField(default=0)  # in a row
    problem = models.CharField(max_length=300, blank=True)  # what the last one was; in English
    rests_until = models.DateTimeField(null=True)  # nothing is sent before
    held_until = models.DateTimeField(null=True)  # a worker sends, and has it for itself until then

    class Meta:
        ordering = ("name",)
        verbose_name = _("channel")
        verbose_name_plural = _("channels")

    def __str__(self) -> str:
        return self.name

    @property
    def problem_in_words(self) -> str:
        return in_words(self.problem)


class Subscription(models.Model):
    """Lets what happens in some repositories be told to a channel, as far as its owner may see them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="subscriptions")
    pattern = models.CharField(max_length=500, validators=[refuse_pattern])
    topics = models.JSONField(default=list, blank=True)  # values of Topic

    class Meta:
        ordering = ("pattern", "pk")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "channel", "pattern"],
                name="one_subscription_a_pattern",
                violation_error_message=_("You have a subscription of these repositories to this channel already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.pattern}"

    def clean(self) -> None:
        if not self.topics:
            raise ValidationError({"topics": _("Choose at least one event.")})


class State(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("notice", "waiting")
    SENT = "sent", pgettext_lazy("notice", "sent")
    FAILED = "failed", pgettext_lazy("notice", "could not be sent")
    DROPPED = "dropped", pgettext_lazy("notice", "not sent: nobody who may see the repository subscribes to it")


class Notice(models.Model):
    """Something to tell to a channel, once."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="notices")
    topic = models.CharField(max_length=20)  # of Topic, or TEST
    about = models.CharField(max_length=100)  # names what is told: of a channel and a topic, each is told once
    slug = models.CharField(max_length=500, blank=True)  # the repository's full name; of a freeze, its pattern
    number = models.BigIntegerField(default=0)  # of the build; 0: it is about none
    status = models.CharField(max_length=50, blank=True)  # of the build, or of the freeze
    operation = models.CharField(max_length=100, blank=True, db_default="")  # that the build ran
    title = models.CharField(max_length=300)
    body = models.TextField()
    path = models.CharField(max_length=1000, blank=True)  # of the page that shows it
    created = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(default=timezone.now)  # when it is tried next
    attempts = models.PositiveIntegerField(default=0)
    reached = models.JSONField(default=list, db_default=[])  # digests of the recipients that have it, while others have not
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    ended = models.DateTimeField(null=True)  # when it was sent, or given up
    problem = models.CharField(max_length=300, blank=True)  # what the last attempt said; in English

    class Meta:
        ordering = ("-pk",)
        default_permissions = ()
        constraints: ClassVar = [models.UniqueConstraint(fields=["channel", "topic", "about"], name="told_once_a_channel")]
        indexes: ClassVar = [
            models.Index(fields=["state", "channel", "id"], name="notices_of_channel_by_state"),
            models.Index(fields=["state", "-id"], name="newest_notices_by_state"),
            models.Index(fields=["ended"], name="notices_by_end"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def problem_in_words(self) -> str:
        return in_words(self.problem)


class Position(models.Model):
    """How far all workers together have looked; there is one row. Who writes what was seen adds 1 to the version it read."""

    version = models.BigIntegerField(default=0)
    looked = models.DateTimeField(null=True)  # when somebody last looked
    hinted = models.BooleanField(default=False)  # an event of Drone's came since
    newest = models.BigIntegerField(null=True)  # id of Drone's newest build that was seen; None: nobody subscribes
    recent = models.JSONField(default=list)  # ids shortly before it that were seen: they need not appear in order
    unfinished = models.JSONField(default=list)  # ids of builds that had not ended, or are held (about_ends)
    waiting = models.JSONField(default=list)  # ids of builds that were seen to wait for approval
    errors = models.DateTimeField(null=True)  # time of the newest error of the tree that was seen

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"build {self.newest}"
