"""What the service counts of itself, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

KIND = CONTENT_TYPE_PLAIN_0_0_4
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Measured:
    """Counts of one service, from its start on."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.responses = Counter(
            "embedseq_responses",
            "Responses, by path and status.",
            ("path", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "embedseq_predict_seconds",
            "Seconds from a question's first byte to its answer.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.texts = Histogram(
            "embedseq_batch_texts",
            "Texts that were answered at once.",
            buckets=_SIZES,
            registry=self._registry,
        )
        self.waiting = Gauge("embedseq_waiting_requests", "Requests in hand.", registry=self._registry)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return all counts as Prometheus reads them."""
        return generate_latest(self._registry)
