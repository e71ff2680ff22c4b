"""`random`: a frozen random vector for each training word. The control for what meaning adds to a network."""

from __future__ import annotations

import numpy as np

from pipeline.embeddings.request import EmbeddingRequest, WordVectors


def draw_random(request: EmbeddingRequest) -> WordVectors:
    """Return standard normal vectors, float32 (V - 2, `embeddings.dimension`), for the learned rows."""
    words = request.vocabulary.tokens[2 : request.vocabulary.n_learned]
    generator = np.random.default_rng([request.seed, 1])
    shape = (len(words), request.embeddings.dimension)
    return WordVectors(words, generator.standard_normal(shape, dtype=np.float32), {"dimension": shape[1]})
