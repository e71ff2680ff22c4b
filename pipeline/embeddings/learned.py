"""`learned`: an embedding layer that starts random and is trained with the network."""

from __future__ import annotations

import numpy as np

from pipeline.embeddings.request import EmbeddingRequest, WordVectors

_START = 0.05  # uniform in +-0.05, the Keras default


def start_learned(request: EmbeddingRequest) -> WordVectors:
    """Return small random vectors for training words seen twice or more, float32 (W, `embeddings.dimension`).

    A word seen once shares the unknown row, so that the network learns what an unknown word is worth:
    otherwise that row would meet its first use in the test documents.
    """
    vocabulary = request.vocabulary
    least = 2 if (vocabulary.counts >= 2).any() else 1
    words = vocabulary.tokens.filter(vocabulary.counts >= least)
    generator = np.random.default_rng([request.seed, 2])
    shape = (len(words), request.embeddings.dimension)
    vectors = generator.uniform(-_START, _START, shape).astype(np.float32)
    return WordVectors(words, vectors, {"dimension": shape[1], "least_occurrences": least})
