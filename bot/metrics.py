"""What one process counts, for operators who watch more than they can read.

Labels are words of ours, a model's version or a source's name: nothing about a person ever
becomes one. What is the same for the whole installation, such as how much waits, is not
counted but looked up when it is asked for: see `monitor`.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.process_collector import ProcessCollector

# A gauge beside every counter, saying since when it counts: the process's start says so, too.
disable_created_metrics()  # type: ignore[no-untyped-call]

# Seconds behind the due moment: a minute is on time, an hour is an outage.
_LATE = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
_WAITS = (0.005, 0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Counters of one process, with a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.taps = Counter(
            "paperlark_taps",
            "Taps that were stored, by what they say.",
            ["says"],
            registry=self.registry,
        )
        self.picks = Counter(
            "paperlark_picks",
            "Papers chosen for readers, by where they are shown.",
            ["place"],
            registry=self.registry,
        )
        self.deliveries = Counter(
            "paperlark_deliveries",
            "Digests by how an attempt ended; put_off ones are tried again.",
            ["state", "platform"],
            registry=self.registry,
        )
        self.lateness = Histogram(
            "paperlark_delivery_lateness_seconds",
            "From a digest's due moment until it had arrived.",
            ["platform"],
            buckets=_LATE,
            registry=self.registry,
        )
        self.waits = Histogram(
            "paperlark_rate_limit_wait_seconds",
            "How long messages waited for their turn within a platform's limits.",
            ["platform", "urgency"],
            buckets=_WAITS,
            registry=self.registry,
        )
        self.silences = Counter(
            "paperlark_rate_limit_silences",
            "How often a platform answered that too much was sent (429).",
            ["platform", "scope"],
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)

    def text(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self.registry)
