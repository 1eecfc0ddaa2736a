"""Which user of Drone somebody at the forge is (edrone's own database).

Drone knows people by their login, and a login can pass to somebody else. So the first account at the forge that comes with a
login is bound to Drone's user of that login, each by its id. Another account, or another user of Drone, waits for a decision.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class BindingState(models.TextChoices):
    BOUND = "bound"
    WAITING = "waiting"  # an administrator decides, on the page People and access
    REFUSED = "refused"


class DroneBinding(models.Model):
    """That an account at the forge came with the login of a user of Drone, and what was decided."""

    provider = models.CharField(max_length=200)
    uid = models.CharField(max_length=191)  # the forge's id of its user
    login = models.CharField(max_length=250)  # of both when this was written
    drone_user_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=BindingState.choices)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "uid", "drone_user_id"], name="binding_once"),
            models.UniqueConstraint(fields=["provider", "uid"], condition=Q(state="bound"), name="binding_one_drone_user"),
            models.UniqueConstraint(fields=["provider", "drone_user_id"], condition=Q(state="bound"), name="binding_one_account"),
        ]

    def __str__(self) -> str:
        return f"{self.login}: {self.state}"
