"""Which builds of statistics count: those of some events and branches. Pure."""

from array import array
from dataclasses import dataclass
from itertools import accumulate, chain, compress
from typing import Any

from builds.statistics.facts import EVENTS, FLAKY, STEP, Facts, rows_of


@dataclass(frozen=True)
class Selection:
    """Which builds count; empty: all."""

    events: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.events or self.refs)

    def allows(self, event: str, ref: str) -> bool:
        return (not self.events or event in self.events) and (not self.refs or ref in self.refs)

    def of(self, facts: Facts) -> Facts:
        if not self:
            return facts
        codes = {EVENTS.index(event) for event in self.events}
        mask = bytes(facts.event).translate(bytes(not codes or code in codes for code in range(256)))
        if self.refs:
            numbers = {facts.refs[ref] for ref in self.refs if ref in facts.refs}
            mask = bytes(wanted and number in numbers for wanted, number in zip(mask, facts.ref, strict=True))
        places = list(accumulate(mask)) if facts.targets else []
        steps = (row for row in rows_of(facts.steps, STEP) if self.allows(*row[:2]))
        flaky = (row for row in rows_of(facts.flaky, FLAKY) if self.allows(*row[4:]))
        columns: list[Any] = [bytearray(compress(column, mask)) for column in (facts.status, facts.event)]
        columns += [array(column.typecode, compress(column, mask)) for column in facts.columns]
        return Facts(  # type: ignore[call-arg]
            *columns,
            facts.refs,
            {
                target: [places[position] - 1 for position in positions if mask[position]]
                for target, positions in facts.targets.items()
            },
            list(chain.from_iterable(steps)),
            list(chain.from_iterable(flaky)),
        )
