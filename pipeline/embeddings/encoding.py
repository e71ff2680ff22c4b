"""Documents as rows of an embedding: what every model that reads vectors is given."""

from __future__ import annotations

from pipeline.embeddings.sources import Embedded
from pipeline.indices import encode_known
from pipeline.values import IndexedCorpus, TokenizedCorpus


def encode_covered(tokenized: TokenizedCorpus, embedded: Embedded) -> IndexedCorpus:
    """Return the documents as rows; every word without a vector reads as the unknown row."""
    return encode_known(tokenized, embedded.vocabulary, embedded.matrix.covered)
