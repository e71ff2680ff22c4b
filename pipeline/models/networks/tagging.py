"""From sentences to what each tag of each word is worth to a network, and on to its answers."""

from __future__ import annotations

import numpy as np

from pipeline.core.ragged import span_positions
from pipeline.core.values import Float32, IndexedCorpus
from pipeline.models.equations.sentences import Tagged, tag_words
from pipeline.models.networks.batches import batches
from pipeline.models.networks.chain import transitions_of
from pipeline.models.networks.keras_types import Model, PredictionStep, Tensor
from pipeline.models.networks.labelled import inputs_of
from pipeline.models.networks.letters import Spelling
from pipeline.models.networks.prediction import batch_signature

_BATCH = 128


def tag_sentences(model: Model, indexed: IndexedCorpus, spelling: Spelling | None = None) -> Tagged:
    """Return a network's answers: shares, float32 (M, C), and the best sequence of tags, int32 (M,).

    Parameters
    ----------
    model : Model
        With a head that answers each word.
    indexed : IndexedCorpus
        Sentences as rows of its vocabulary, M words.
    spelling : Spelling, optional
        How these words are spelled, for a network that reads letters.
    """
    scores = word_scores(scoring_step(model), indexed, spelling)
    return tag_words(scores, indexed.offsets, transitions_found(model))


def scoring_step(model: Model) -> PredictionStep:
    """Return the function from a batch, (rows, lengths) and letters where it reads them, to scores (B, T, C)."""
    import tensorflow as tf

    @tf.function(input_signature=[batch_signature(letters=len(model.inputs) > 2)])
    def score(inputs: list[Tensor]) -> Tensor:
        return model(inputs, training=False)  # (B, T, C)

    return lambda *inputs: score(list(inputs))


def word_scores(predict: PredictionStep, indexed: IndexedCorpus, spelling: Spelling | None) -> Float32:
    """Return what each tag of each word is worth by a `scoring_step`; float32 (M, C), in the order of `indexed`."""
    parts, places = [], []
    for batch in batches(indexed, _BATCH, None):
        scores = predict(*inputs_of(batch, indexed.offsets, spelling)).numpy()  # (B, T, C)
        parts.append(scores[np.arange(scores.shape[1]) < batch.lengths[:, None]])
        places.append(span_positions(indexed.offsets[batch.documents], batch.lengths.astype(np.int64)))
    found = np.concatenate(parts)
    ordered = np.empty_like(found)
    ordered[np.concatenate(places)] = found
    return ordered


def transitions_found(model: Model) -> Float32 | None:
    """Return what tags are worth behind each other, (C, C), as training left it; None without a chain."""
    transitions = transitions_of(model)
    return None if transitions is None else transitions.numpy()
