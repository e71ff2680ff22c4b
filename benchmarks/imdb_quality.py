"""`imdb_quality`: accuracy on IMDB's official test documents with default settings; see `quality.py`."""

from benchmarks.quality import measure_imdb as measure

__all__ = ["measure"]
