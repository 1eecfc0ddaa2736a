"""The parameters of statistics, in REST and pages alike."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.http import urlencode

from builds.drone_db.vocabulary import Event
from builds.rest.parameters import texts, words
from builds.statistics.periods import Period, period_of
from builds.statistics.selection import Selection

ALTERNATIVES = frozenset({"branch", "event"})
PARAMETERS = ALTERNATIVES | {"period"}


@dataclass(frozen=True)
class StatisticsQuery:
    period: Period
    selection: Selection
    branches: tuple[str, ...]

    @property
    def encoded(self) -> str:
        """The parameters as of an address."""
        return self.encoded_for(self.period.word)

    def encoded_for(self, period: str) -> str:
        """Return the parameters with another period."""
        branches, events = (("branch", self.branches), ("event", self.selection.events))
        named = [(name, value) for name, values in (branches, events) for value in values]
        return urlencode([("period", period), *named])


def query_of(parameters: QueryDict, now: float) -> StatisticsQuery:
    """Read the parameters.

    Raises:
        NoPeriod: the period is none.
        BadRequest: another cannot be understood.
    """
    period = period_of(parameters.get("period", "").strip(), now)
    branches = tuple(branch.strip() for branch in texts(parameters, "branch") if branch.strip())
    selection = Selection(words(parameters, "event", Event), tuple(f"refs/heads/{branch}" for branch in branches))
    return StatisticsQuery(period, selection, branches)
