"""Events and spans of time in words for people."""

from datetime import timedelta

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
SPANS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
TIMES = {  # of filters; those that begin with - are what is older
    "hour": _("the last hour"),
    "day": _("the last day"),
    "week": _("the last week"),
    "month": _("the last month"),
    "-hour": _("more than an hour ago"),
    "-day": _("more than a day ago"),
    "-week": _("more than a week ago"),
    "-month": _("more than a month ago"),
}
