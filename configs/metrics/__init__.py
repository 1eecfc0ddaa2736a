"""The numbers of what Drone asks: requests by outcome, and how long they took."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram

OUTCOMES = ("served", "default", "repository", "error", "refused", "clock", "unsigned", "malformed", "failed")
UNSIGNED = ("fork", "signature", "text", "drone")  # another repository's; it has one; Drone cannot read it; Drone did not sign
EVENT_OUTCOMES = ("taken", "ignored", "dropped", "refused")
VALIDATION_OUTCOMES = ("passed", "refused", "unsigned", "malformed", "clock", "failed")
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds


class ExtensionMetrics:
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
        events = Counter("edrone_events", "Events of Drone, by what became of them.", ["outcome"], registry=self.registry)
        self.events = {outcome: events.labels(outcome) for outcome in EVENT_OUTCOMES}
        conversions = Counter(
            "edrone_conversion_requests", "Requests of Drone to convert a YAML.", ["outcome"], registry=self.registry
        )
        conversion_seconds = Histogram(
            "edrone_conversion_seconds",
            "Seconds between a request to convert and its answer, inside edrone.",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.counters = {
            purpose: {outcome: counter.labels(outcome) for outcome in OUTCOMES}
            for purpose, counter in (("configuration", requests), ("conversion", conversions))
        }
        self.seconds = {"configuration": seconds, "conversion": conversion_seconds}
        unsigned = Counter(
            "edrone_config_unsigned",
            "Configurations of protected repositories that edrone did not sign though EDRONE_SIGN is on, by the reason.",
            ["reason"],
            registry=self.registry,
        )
        self.unsigned = {reason: unsigned.labels(reason) for reason in UNSIGNED}
        validations = Counter(
            "edrone_validations", "Builds that Drone asked about, by the answer.", ["outcome"], registry=self.registry
        )
        self.validations = {outcome: validations.labels(outcome) for outcome in VALIDATION_OUTCOMES}


@cache
def extension_metrics() -> ExtensionMetrics:
    """Return the metrics of this process.

    Made at the first use and not on import: only then is it known whether worker processes share them
    (edrone_site/metrics_slots.py).
    """
    return ExtensionMetrics()


def count(purpose: str, outcome: str, seconds: float) -> None:
    metrics = extension_metrics()
    metrics.counters[purpose][outcome].inc()
    metrics.seconds[purpose].observe(seconds)


def count_unsigned(reason: str) -> None:
    extension_metrics().unsigned[reason].inc()


def count_unrecorded() -> None:
    extension_metrics().unrecorded.inc()


def count_event(outcome: str) -> None:
    extension_metrics().events[outcome].inc()


def count_validation(outcome: str) -> None:
    extension_metrics().validations[outcome].inc()
