"""How each status of Drone is shown: a word, a sign, a colour. Pure."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from web.labels import EVENTS

__all__ = ["EVENTS", "LOOKS", "Look", "look"]


@dataclass(frozen=True)
class Look:
    """How a status looks; the word alone says it all, sign and colour help."""

    word: str | Promise
    colour: str  # a CSS class: good, bad, busy, wait, asks, off
    sign: str  # the path of an SVG picture of 16 by 16, drawn with a line


CHECK = "M3.5 8.5l3 3 6-7"
CROSS = "M4 4l8 8M12 4l-8 8"
LOOKS = {
    "success": Look(_("success"), "good", CHECK),
    "failure": Look(_("failure"), "bad", CROSS),
    "error": Look(_("error"), "bad", "M8 3v6M8 12v.5"),
    "killed": Look(_("killed"), "bad", "M4.5 4.5h7v7h-7z"),
    "running": Look(pgettext_lazy("status", "running"), "busy", "M5.5 3.5l6 4.5-6 4.5z"),
    "pending": Look(_("pending"), "wait", "M8 4v4l3 2"),
    "waiting_on_dependencies": Look(_("waiting for other pipelines"), "wait", "M3.5 8h.1M8 8h.1M12.5 8h.1"),
    "blocked": Look(_("waiting for approval"), "asks", "M6 4v8M10 4v8"),
    "declined": Look(_("declined"), "off", "M4 12L12 4"),
    "skipped": Look(_("skipped"), "off", "M4 4l4 4-4 4M8 4l4 4-4 4"),
}


def of(build: Any) -> str:
    """Return the status of a build with its stages: Drone calls one pending that waits for approval."""
    return "blocked" if any(stage.status == "blocked" for stage in build.stages_in_order) else str(build.status)


def look(status: str) -> Look:
    """Return the look of a status; a word that a newer Drone may have is shown as it is."""
    return LOOKS.get(status) or Look(status, "off", "M8 8h.1")
