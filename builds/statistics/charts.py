"""Charts as the shapes of an SVG picture, which needs neither scripts nor styles. Pure; texts stand beside it in the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from builds.statistics.figures import Numbers
from builds.statistics.periods import date_of

WIDTH, HEIGHT = 600, 120
GAP = 0.2  # of the width of a bar


@dataclass(frozen=True)
class Part:
    colour: str  # a CSS class
    y: float
    height: float


@dataclass(frozen=True)
class ChartBar:
    first: date
    numbers: Numbers
    x: float
    width: float
    builds: list[Part]  # from below: green, red, others
    seconds: list[Part]  # p95, and p50 before it


@dataclass(frozen=True)
class Chart:
    bars: list[ChartBar]
    most_builds: int
    longest: int  # seconds


def chart(buckets: dict[int, Numbers]) -> Chart:
    """Draw the buckets of a period, by their first days."""
    most = max((numbers.builds for numbers in buckets.values()), default=0)
    longest = max((numbers.p95 or 0 for numbers in buckets.values()), default=0)
    step = WIDTH / max(len(buckets), 1)
    bars = [
        ChartBar(
            date_of(first),
            numbers,
            round(place * step + step * GAP / 2, 2),
            round(step * (1 - GAP), 2),
            stacked([("good", numbers.good), ("bad", numbers.bad), ("off", numbers.builds - numbers.finished)], most),
            [
                part
                for colour, seconds in (("p95", numbers.p95), ("p50", numbers.p50))
                for part in stacked([(colour, seconds)], longest)
            ],
        )
        for place, (first, numbers) in enumerate(buckets.items())
    ]
    return Chart(bars, most, longest)


def stacked(values: Sequence[tuple[str, int | None]], most: int) -> list[Part]:
    """Return parts on top of each other; what is not there has none."""
    parts, top = [], float(HEIGHT)
    for colour, value in values:
        if value and most:
            height = HEIGHT * value / most
            top -= height
            parts.append(Part(colour, round(top, 2), round(height, 2)))
    return parts
