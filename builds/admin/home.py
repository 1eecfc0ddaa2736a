"""The first page: what runs now, what failed lately, the reader's own builds."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext

from builds.admin.pages import visible_repos
from builds.admin.rows import rows
from builds.errors import DroneDatabaseUnavailable
from builds.pages import Filters, of_repositories

RUNNING, FAILED, MINE = 20, 10, 10  # lines
LATELY = 7 * 86400  # seconds


def context(request: HttpRequest) -> dict[str, Any]:
    """Give the three lists; where Drone's database is away, the sentence that says so."""
    try:
        return {"lists": lists(request), "sample_data": settings.EDRONE_DEMO}
    except DroneDatabaseUnavailable as error:
        return {"reason": gettext(str(error))}


def lists(request: HttpRequest) -> dict[str, Any]:
    """Ask for the builds, with one query for the repositories of all three lists."""
    visible = visible_repos(request)
    login = request.user.get_username()
    asked = {
        "running": (Filters(status=("running", "pending")), RUNNING),
        "failed": (Filters(status=("failure", "error", "killed"), since=int(time.time()) - LATELY), FAILED),
        "mine": (Filters(author_login=(login,)), MINE),
        "started": (Filters(sender=(login,)), MINE),
    }
    found = {name: of_repositories(visible, filters, None, most).builds for name, (filters, most) in asked.items()}
    mine = {build.id: build for build in [*found.pop("mine"), *found.pop("started")]}
    found["mine"] = sorted(mine.values(), key=lambda build: -build.id)[:MINE]
    lines = {row.build.id: row for row in rows({build.id: build for builds in found.values() for build in builds}.values())}
    return {name: [lines[build.id] for build in builds] for name, builds in found.items()}
