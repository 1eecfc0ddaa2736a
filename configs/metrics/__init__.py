"""The numbers of the configuration endpoint: requests by outcome, and how long they took."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram

OUTCOMES = ("served", "default", "repository", "error", "refused", "clock", "unsigned", "malformed", "failed")
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds


class Numbers:
    """What is counted, in a registry of its own."""

    def __init__(self) -> None:
        """Start every outcome at 0: what does not exist yet cannot be seen to grow."""
        self.registry = CollectorRegistry()
        requests = Counter(
            "edrone_config_requests", "Requests of Drone for a configuration.", ["outcome"], registry=self.registry
        )
        seconds = Histogram(
            "edrone_config_seconds",
            "Seconds between a request and its answer, inside edrone.",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.unrecorded = Counter(
            "edrone_config_unrecorded", "Answers that edrone's own database could not record.", registry=self.registry
        )
        self.counters = {outcome: requests.labels(outcome) for outcome in OUTCOMES}
        self.seconds = seconds


@cache
def numbers() -> Numbers:
    """Give the numbers of this process.

    Made at the first use and not on import: only then is it known whether worker processes share them
    (edrone_site/metrics_slots.py).
    """
    return Numbers()


def count(outcome: str, seconds: float) -> None:
    metrics = numbers()
    metrics.counters[outcome].inc()
    metrics.seconds.observe(seconds)


def count_unrecorded() -> None:
    numbers().unrecorded.inc()
