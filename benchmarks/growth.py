"""How the time that edrone takes grows with what comes from outside.

python -m benchmarks.growth prints a table, of each reader the slowest input. It fails where twice the input takes more than 2.3
times as long, or the largest input that is accepted longer than the limit: 0.3 s for what runs in a request, since all others
wait meanwhile; 1 s for commands, and for what works in short steps. Arguments choose readers by the beginning of their names.

Covered are all that reads files of the tree, parameters, bodies of requests, logs and texts to compare, and what is written of
them for Drone, pages and the request log (growth_readers.py), each with every kind of input that is known to be hard
(growth_inputs.py); and every regular expression that has a name, with repetitions of what stands in it (growth_expressions.py).
Queries are not covered (benchmarks.pages, benchmarks.rest), nor is memory (tests/e2e/test_memory.py).
"""

import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
os.environ.setdefault("DRONE_YAML_SECRET", "benchmark-benchmark-benchmark-benchmark")
django.setup()

from benchmarks.growth_inputs import Make, MeasuredReader  # noqa: E402 - needs settings
from benchmarks.growth_readers import readers  # noqa: E402 - likewise

MOST_GROWTH = 2.3  # for a doubling
SHORT = 0.01  # seconds: what is quicker is repeated until it takes as long
ROUNDS, TRIES = 3, 3  # of what seems to grow too fast another try is made: others may be at work
TOO_SHORT = 0.1  # seconds: of what takes less at its largest no growth is measured: it is noise, caches, or bounded by a limit
HOPELESS = 2.0  # seconds for an eighth of the largest input: not tried at its full size


def main() -> int:
    gc.disable()
    print("| reader | input | characters | ms | growth for a doubling |\n|---|---|---|---|---|")
    failed = 0
    for reader in readers():
        if sys.argv[1:] and not reader.name.startswith(tuple(sys.argv[1:])):
            continue
        worst: list[tuple[float, float, str]] = []
        for name, make in reader.inputs.items():
            took, growth = measured(reader, make)
            worst.append((took, growth, name))
        bad = [(took, growth, name) for took, growth, name in worst if took > reader.longest or growth > MOST_GROWTH]
        failed += len(bad)
        for took, growth, name in bad or [max(worst)]:
            shown = f"{growth:.2f}" if growth else ""
            verdict = " **too much**" if bad else ""
            print(f"| {reader.name} | {name} | {reader.largest} | {took * 1000:.1f} | {shown}{verdict} |", flush=True)
    print(f"\n{failed} of them take too long or grow too fast." if failed else "\nAll within limits.")
    return min(failed, 1)


def measured(reader: MeasuredReader, make: Make) -> tuple[float, float]:
    """Give the seconds that the largest input takes, and how much more that is than for half of it (0: too short to say).

    The growth is the mean of two doublings: a limit may lie between them, and the smaller one is noisier.
    """
    eighth = once(reader.run, make(reader.largest // 8))
    if eighth > HOPELESS:
        return eighth, float("inf")
    value = make(reader.largest)
    took = once(reader.run, value)
    if took < TOO_SHORT:
        return took, 0.0
    quarter, growth = make(reader.largest // 4), float("inf")
    for _ in range(TRIES):
        took = min(took, best(reader.run, value)) if took < 1 else took
        growth = min(growth, (took / max(best(reader.run, quarter), 1e-9)) ** 0.5)
        if growth <= MOST_GROWTH:
            break
    return took, growth


def once(run: Callable[[Any], object], value: Any) -> float:
    """Give the seconds of the processor that a call takes; that it refuses its input is an answer too."""
    started = time.process_time()
    with suppress(Exception):
        run(value)
    return time.process_time() - started


def best(run: Callable[[Any], object], value: Any) -> float:
    """Give the least seconds of several calls; what is short is repeated, since clocks are coarse."""
    least = float("inf")
    for _ in range(ROUNDS):
        calls, seconds = 0, 0.0
        while seconds < SHORT:
            seconds += once(run, value)
            calls += 1
        least = min(least, seconds / calls)
        gc.collect()
    return least


if __name__ == "__main__":
    sys.exit(main())
