"""Work that is spread over the processors where there is much of it."""

import multiprocessing
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

MANY = 2000  # files; from here on another process saves more than its start costs
BATCH = 250  # files that a process is given at a time
MOST = 8  # processes

Job = TypeVar("Job")
Result = TypeVar("Result")


def spread(work: Callable[[list[Job]], Result], jobs: list[Job]) -> Iterable[Result]:
    """Yield the results of each batch, in order, from as many processes as there are processors if there is enough work."""
    batches = [jobs[start : start + BATCH] for start in range(0, len(jobs), BATCH)]
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(jobs) < MANY or processors == 1:
        yield from map(work, batches)
        return
    # Started anew, not forked: a copy of a process with threads may stand still.
    with ProcessPoolExecutor(min(processors, MOST), mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, batches)
