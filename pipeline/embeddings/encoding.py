"""Documents as rows of an embedding: what every model that reads vectors is given."""

from __future__ import annotations

import numpy as np

from pipeline.embeddings.sources import Embedded
from pipeline.indices import encode
from pipeline.values import UNKNOWN_ROW, IndexedCorpus, TokenizedCorpus


def encode_covered(tokenized: TokenizedCorpus, embedded: Embedded) -> IndexedCorpus:
    """Return the documents as rows; every word without a vector reads as the unknown row."""
    indexed = encode(tokenized, embedded.vocabulary)
    rows = np.arange(len(embedded.vocabulary), dtype=np.int32)
    known = np.where(embedded.matrix.covered, rows, np.int32(UNKNOWN_ROW))  # (V,)
    return IndexedCorpus(known[indexed.indices], indexed.offsets)
