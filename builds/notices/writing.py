"""Makes notices of what was found out: to whom, as what, with which text."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.db.models import Q
from django.utils import translation

from builds.access.models import covers
from builds.drone_db.models import Build
from builds.drone_db.queries import build_of
from builds.drone_db.vocabulary import RESULTS, Event, Status
from builds.notices.models import Channel, Notice, Subscription, Topic
from builds.notices.rules import LINE, WINDOW, Result, ended_at, topics_of_end
from builds.notices.seen_builds import builds_of
from builds.notices.wording import Text, of_build
from builds.starting.attempts import target_for_good, target_of
from builds.starting.operations import name_of
from builds.starting.people import starters
from pipelines.errors import TreeUnavailable
from texts.characters import storable

CHANGES = {Topic.FAILED, Topic.FIXED}


def about_ends(ended: Iterable[Build], subscriptions: Sequence[Subscription]) -> tuple[list[Notice], list[int]]:
    """Return what is to be told of builds that have ended, in that order.

    Returns:
        The notices, and the ids of builds that have to be looked at again: only the tree, which is away, knows if they deployed.
    """
    rows, held = list[Notice](), list[int]()
    for build in ended:
        wanted = {topic for row in subscriptions if covers(row.pattern, build.repo.slug) for topic in row.topics}
        if not wanted:
            continue
        try:
            target = target_for_good(build) if Topic.DEPLOYED in wanted else ""
        except TreeUnavailable:
            held.append(build.id)
            continue
        others = results_of_line(build) if wanted & CHANGES and build.status in RESULTS else []
        topics = [topic for topic in topics_of_end(build, others, target) if topic in wanted]
        rows += about_build(build, topics, target, subscriptions)
    return rows, held


def about_waiting(build_ids: Collection[int], subscriptions: Sequence[Subscription]) -> list[Notice]:
    """Return what is to be told of builds that wait for approval."""
    rows = []
    for build in builds_of(sorted(build_ids)):
        if wanting(subscriptions, build.repo.slug, Topic.WAITING):
            rows += about_build(build, [Topic.WAITING], target_of(build.repo, build), subscriptions)
    return rows


def results_of_line(build: Build) -> list[Result]:
    """Return the builds of the same line near a build that came to a result, along the index on (repository, number)."""
    near = Build.objects.filter(repo_id=build.repo_id, number__gte=build.number - WINDOW, number__lte=build.number + WINDOW)
    alike = near.filter(of_line(build), status__in=RESULTS).order_by()
    rows = alike.only("id", "number", "status", "finished", "updated", "created")
    return [Result(row.id, row.number, ended_at(row), row.status) for row in rows]


def of_line(build: Build) -> Q:
    """Return which builds of a repository are of the same line."""
    alike = Q(**{name: getattr(build, name) for name in LINE})
    if build.event == Event.CUSTOM:  # elsewhere it splits a line: a pull request is opened, then synchronized
        return alike & Q(action=build.action)
    if build.event == Event.CRON and (build.cron or build.status != Status.ERROR):
        return alike & (Q(cron=build.cron) | Q(cron="", status=Status.ERROR.value))  # Drone forgets the schedule of an error
    return alike


def about_build(build: Build, topics: Sequence[Topic], target: str, subscriptions: Sequence[Subscription]) -> list[Notice]:
    slug = build.repo.slug
    detailed = build_of(slug, build.number) if topics else None  # with its stages, which say why it failed
    if detailed is None:
        return []
    started = starters([(slug, detailed)]).get(detailed.id, "")
    rows = []
    for topic in topics:

        def text(topic: Topic = topic) -> Text:
            return of_build(topic, slug, detailed, target, started)

        channels = wanting(subscriptions, slug, topic)
        rows += notices(
            channels,
            text,
            topic=topic,
            about=f"build {build.id} of {build.created}",
            slug=slug,
            number=build.number,
            status=detailed.status,
            operation=storable(name_of(detailed))[:100],
        )
    return rows


def wanting(subscriptions: Iterable[Subscription], slug: str, topic: Topic) -> list[Channel]:
    """Return the channels to which somebody lets a topic of a repository be told, each once."""
    rows = (row for row in subscriptions if topic in row.topics and covers(row.pattern, slug))
    return list({row.channel_id: row.channel for row in rows}.values())


def notices(channels: Iterable[Channel], text: Callable[[], Text], **fields: Any) -> list[Notice]:
    """Make one notice for each channel, in its language; `fields` are those of Notice that all have."""
    rows = []
    for channel in channels:
        with translation.override(channel.language):
            rows.append(Notice(channel=channel, **fields, **text()._asdict()))
    return rows
