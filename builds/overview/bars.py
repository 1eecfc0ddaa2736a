"""The last builds of a branch as bars: height is duration, colour is status. Pure."""

from dataclasses import dataclass

from django.utils.functional import Promise

from builds.drone_db.vocabulary import NOT_FINISHED
from builds.repositories.branch_states import Push
from web import statuses
from web.times import took

BARS = 12
WIDTH, GAP, HEIGHT, LOWEST = 6, 2, 24, 3  # of the picture, in its own units


@dataclass(frozen=True)
class PushBar:
    number: int  # of the build
    word: str | Promise  # of its status
    colour: str  # a CSS class
    x: int
    y: int
    height: int


def bars(pushes: list[Push], now: int) -> list[PushBar]:
    """Draw the newest pushes, the newest last.

    Args:
        pushes: newest first.
        now: Unix seconds, for those that still run.
    """
    drawn = pushes[:BARS][::-1]
    seconds = [
        took(push.started, push.finished or (0 if push.status in NOT_FINISHED else push.started), now) or 0 for push in drawn
    ]
    longest = max(seconds, default=0) or 1
    heights = [LOWEST + round((HEIGHT - LOWEST) * length / longest) for length in seconds]
    first = BARS - len(drawn)  # the newest of all lines stand below each other
    return [
        bar(push, (first + place) * (WIDTH + GAP), height)
        for place, (push, height) in enumerate(zip(drawn, heights, strict=True))
    ]


def bar(push: Push, x: int, height: int) -> PushBar:
    look = statuses.look(push.status)
    return PushBar(push.number, look.word, look.colour, x, HEIGHT - height, height)
