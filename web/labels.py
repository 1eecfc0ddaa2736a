"""Drone's events in words for people."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

EVENTS = {
    "push": _("push"),
    "pull_request": _("pull request"),
    "tag": _("tag"),
    "cron": _("cron"),
    "custom": pgettext_lazy("event", "custom"),
    "promote": _("promotion"),
    "rollback": _("rollback"),
}
