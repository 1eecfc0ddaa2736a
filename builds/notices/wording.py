"""What notices say, in the language that is active. Names and messages of builds are anybody's: they are made harmless first."""

import re
from datetime import UTC
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from builds.browsing.failure import failures_of
from builds.drone_db.models import Build
from builds.drone_db.vocabulary import BROKEN, Status
from builds.freezes.models import Freeze
from builds.notices.models import Topic
from builds.starting.operations import name_of
from builds.starting.people import person_of
from builds.templatetags.builds import COMMIT, place, reason
from texts import hidden_characters
from texts.characters import one_line, shortened, storable
from web.labels import EVENTS

LONGEST_NAME, LONGEST_TEXT = 100, 300  # characters
MOST_FAILURES = 3
# What the services would turn into links, mentions or pictures. Each is replaced by what reads alike.
LOOKALIKES = str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "@": "\N{FULLWIDTH COMMERCIAL AT}",
        "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
    }
)
DEFANGED = (
    (re.compile("://"), "[:]//"),
    (re.compile(r"\bwww\.", re.IGNORECASE), "www[.]"),
    (re.compile(r"\](?=[(\[])"), "] "),  # [text](address) and [text][name] of Markdown
    (re.compile(r"\b(mailto|tel|javascript|data):(?=\S)", re.IGNORECASE), r"\1[:]"),
)


class Text(NamedTuple):
    title: str
    body: str
    path: str  # of the page that shows it


def harmless(text: str, longest: int = LONGEST_NAME) -> str:
    """Return somebody else's text on one line: it mentions nobody, links nowhere, and hides nothing."""
    text = hidden_characters.plain(one_line(shortened(text, longest))).translate(LOOKALIKES)
    for pattern, replacement in DEFANGED:
        text = pattern.sub(replacement, text)
    return storable(text)


def of_build(topic: Topic, slug: str, build: Build, target: str, started: str) -> Text:
    """Return the text of a notice about a build.

    Args:
        topic: what is told.
        slug: the repository's full name.
        build: with its stages and steps.
        target: where it deployed to.
        started: who started it through edrone; empty where nobody did.
    """
    title = title_of(topic, build, target) % {
        "build": f"{harmless(slug, LONGEST_TEXT)} #{build.number}",
        "target": harmless(target),
    }
    event = str(EVENTS.get(build.event, harmless(build.event)))
    what = " · ".join(filter(None, (event, harmless(name_of(build)), harmless(place(build)), commit_of(build))))
    person = harmless(person_of(build, started).name)
    message = harmless(first_line(build.title or build.message), LONGEST_TEXT)
    lines = [what, f"“{message}”" if message else "", _("by %(person)s") % {"person": person} if person else ""]
    if build.status in BROKEN:
        lines += reasons(build)
    return Text(title[:300], "\n".join(filter(None, lines)), reverse("admin:builds_build", args=[slug, build.number]))


def title_of(topic: Topic, build: Build, target: str) -> str:
    match topic:
        case Topic.FAILED:
            return _("Failed: %(build)s")
        case Topic.FIXED:
            return _("Fixed: %(build)s")
        case Topic.WAITING:
            return _("Waiting for approval: %(build)s, to %(target)s") if target else _("Waiting for approval: %(build)s")
    if build.status == Status.SUCCESS:
        return _("Deployed to %(target)s: %(build)s")
    return (
        _("Deployment to %(target)s cancelled: %(build)s")
        if build.status == Status.KILLED
        else _("Deployment to %(target)s failed: %(build)s")
    )


def commit_of(build: Build) -> str:
    return harmless(build.after[:COMMIT])


def first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")


def reasons(build: Build) -> list[str]:
    """Say which steps failed, and how."""
    if build.error:
        return [harmless(reason(build.error), LONGEST_TEXT)]
    failures = failures_of(build)
    lines = [failed(failure) for failure in failures[:MOST_FAILURES]]
    return lines + (["…"] if len(failures) > MOST_FAILURES else [])


def failed(failure: Any) -> str:
    name = harmless(failure.stage.name) + (f" / {harmless(failure.step.name)}" if failure.step else "")
    code = failure.step.exit_code if failure.step else failure.stage.exit_code
    error = (failure.step and failure.step.error) or failure.stage.error
    how = [_("exit code %(code)s") % {"code": code} if code else "", harmless(reason(error), LONGEST_TEXT)]
    return ": ".join(filter(None, (name, ", ".join(filter(None, how)))))


def of_tree_error(slug: str, place_name: str, message: str) -> Text:
    """Return the text of a notice about an error that builds get instead of a configuration."""
    title = _("Error of the tree: %(repository)s") % {"repository": harmless(slug, LONGEST_TEXT)}
    lines = [harmless(place_name), harmless(message, 1000)]
    return Text(title[:300], "\n".join(filter(None, lines)), reverse("admin:builds_repo_configuration", args=[slug]))


def of_freeze(freeze: Freeze) -> Text:
    """Return the text of a notice about a freeze that was made, or lifted."""
    title = _("Freeze lifted: %(what)s of %(repositories)s") if freeze.lifted else _("Frozen: %(what)s of %(repositories)s")
    branches = _("branches %(names)s") % {"names": harmless(freeze.branches)} if freeze.branches else ""
    names = {"what": ", ".join(filter(None, (harmless(freeze.targets), branches))), "repositories": harmless(freeze.pattern)}
    reason_given = f"“{harmless(freeze.reason, LONGEST_TEXT)}”"
    person = _("by %(person)s") % {"person": harmless(freeze.lifted_by if freeze.lifted else freeze.username)}
    lines = [reason_given, person] if freeze.lifted else [time_of(freeze), reason_given, person]
    return Text((title % names)[:300], "\n".join(lines), reverse("admin:builds_freezes"))


def time_of(freeze: Freeze) -> str:
    begins = f"{freeze.begins.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if freeze.ends is None:
        return _("from %(begins)s until it is lifted") % {"begins": begins}
    return _("from %(begins)s until %(ends)s") % {"begins": begins, "ends": f"{freeze.ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC"}


def of_test(name: str) -> Text:
    """Return the text by which an administrator tries a channel."""
    return Text(
        _("A test of edrone"),
        _("Notices to the channel “%(name)s” arrive here.") % {"name": harmless(name)},
        reverse("admin:builds_notices"),
    )
