"""How much memory a job needs, before it is begun: what its libraries take, and the arrays that it makes.

Each is a bound of the usual case, not of any: what was measured beside it is in docs/decisions/0039.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.core.fits import WITH_NETWORKS
from pipeline.core.models import MODELS
from pipeline.core.names import SourceName
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.linear_features import range_of
from pipeline.models.baselines.table import ONE_VERSUS_REST
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import Config, settled

_MIB = 2**20
LINEAR_MIB = 180.0  # Python, NumPy, SciPy, scikit-learn or gensim, and what a fit of a few documents takes
_NETWORK_MIB = 790.0  # TensorFlow and Keras with the graphs of a training and of its answers
_BYTES_A_TOKEN = 12  # tokens and their word numbers, which every process maps
_BYTES_AN_NGRAM = 60  # an occurrence while it is sorted, then as counts, then as weights of a document
_NEW_NGRAMS = {1: 0.7, 2: 0.15}  # of all tokens, distinct n-grams in so many documents: 1, or 2 and more
_IN_A_WINDOW = 25  # features of a word
_BYTES_OF_ORDERS = 300  # of a token: characters are five times as many as words, with eight orders
_LBFGS_ARRAYS = 25  # of the size of the weights: ten steps and ten gradients, and what a step makes
_BYTES_A_WORD = 600  # of gensim's vocabulary, beside the vectors
_UNKNOWN_DIMENSION = 300  # of a file of vectors that has not been read


def mib_of_job(
    data: RunData, kind: str, models: Sequence[PlannedModel], fold: Split, config: Config
) -> float:
    """Return the memory that a process needs which does this job alone, MiB.

    Parameters
    ----------
    kind : str
        Of a `JobKey`.
    models, fold, config
        As the job has them.
    """
    tokens = _BYTES_A_TOKEN * len(data.tokenized.token_types)
    if kind in WITH_NETWORKS:
        return _NETWORK_MIB + (tokens + _bytes_of_network(data, models[0], fold, config)) / _MIB
    return LINEAR_MIB + (tokens + _OF_LINEAR[kind](data, models, fold, config)) / _MIB


def _bytes_of_ngrams(data: RunData, models: Sequence[PlannedModel], fold: Split, config: Config) -> float:
    """Return what counting n-grams and fitting weights to them take; the models of a job share one count."""
    counted, features = sizes_of_ngrams(data, models[0], fold)
    n_classes = len(data.label_names)
    weights = features * (1 if n_classes == 2 or features * n_classes > ONE_VERSUS_REST else n_classes)
    return counted * _BYTES_AN_NGRAM + weights * 8 * _LBFGS_ARRAYS


def sizes_of_ngrams(data: RunData, model: PlannedModel, fold: Split) -> tuple[float, float]:
    """Return how many n-grams of training documents a linear model counts, and about how many of them are distinct.

    Distinct ones are a share of the tokens, and never many more than the words make: their number to the power of 1.5.
    """
    ngrams = range_of(data, model, fold)
    n_tokens = int(np.diff(data.tokenized.offsets)[fold.train].sum())
    orders = ngrams.longest - ngrams.shortest + 1
    features = n_tokens * _NEW_NGRAMS[min(ngrams.min_dfs[0], 2)] * orders / 2
    return float(n_tokens * orders), min(features, float(len(data.tokenized.types)) ** 1.5)


def _bytes_of_vectors(data: RunData, models: Sequence[PlannedModel], fold: Split, config: Config) -> float:
    """Return what making vectors takes: two tables while they are trained, and one in the order of the vocabulary."""
    more = 0 if data.unlabelled is None else _BYTES_A_TOKEN * len(data.unlabelled.token_types)
    n_words = len(data.tokenized.types) if data.unlabelled is None else len(data.unlabelled.types)
    return more + n_words * (_BYTES_A_WORD + 3 * 4 * dimension_of(models[0], config))


def _bytes_of_averages(data: RunData, models: Sequence[PlannedModel], fold: Split, config: Config) -> float:
    """Return what averages of vectors take: the vectors, and the averages as they are and brought to one scale."""
    table = 4 * len(data.tokenized.types) * dimension_of(models[0], config)
    return table + data.tokenized.n_docs * dimension_of(models[0], config) * 4 * 4


def _bytes_of_windows(data: RunData, models: Sequence[PlannedModel], fold: Split, config: Config) -> float:
    """Return what windows around words and weights of what stands there take."""
    n_tokens = len(data.tokenized.token_types)
    weights = n_tokens * _NEW_NGRAMS[2] * len(data.label_names)
    return n_tokens * _IN_A_WINDOW * 12 + weights * 8 * _LBFGS_ARRAYS


def _bytes_of_orders(data: RunData, models: Sequence[PlannedModel], fold: Split, config: Config) -> float:
    """Return what n-grams of several orders take, while they are sorted and as they are kept."""
    return len(data.tokenized.token_types) * _BYTES_OF_ORDERS


_OF_LINEAR: dict[str, Callable[[RunData, Sequence[PlannedModel], Split, Config], float]] = {
    "baselines": _bytes_of_ngrams,
    "tagger": _bytes_of_windows,
    "counts": _bytes_of_orders,
    "source": _bytes_of_vectors,
    "mean": _bytes_of_averages,
}


def _bytes_of_network(data: RunData, model: PlannedModel, fold: Split, config: Config) -> float:
    """Return what the vectors and the states of a batch take, which are kept for the way back."""
    networks, entry = settled(config, model.model, len(fold.train)).networks, MODELS[model.model]
    dimension = dimension_of(model, config)
    copies = 6 if SourceName.parse(model.source or "").tuned else 2
    table = 4 * len(data.tokenized.types) * dimension * copies  # with two moments, and copies of both
    lengths = np.diff(data.tokenized.offsets)[fold.train]
    timesteps = min(int(lengths.max(initial=1)), networks.max_tokens)
    numbers = 0
    if entry.recurrent:
        gates = 4 if entry.gated else 1
        numbers = (2 * gates + 4) * networks.units * networks.layers * len(entry.directions)
    return table + 4 * networks.batch_size * timesteps * (2 * dimension + 2 * numbers)


def dimension_of(model: PlannedModel, config: Config) -> int:
    """Return how many numbers a word's vector has, as far as the settings say."""
    own = {
        "word2vec": config.word2vec.vector_size,
        "fasttext": config.word2vec.vector_size,
        "learned": config.embeddings.dimension,
        "random": config.embeddings.dimension,
    }
    parts = SourceName.parse(model.source or "").parts
    return sum(own.get(part, _UNKNOWN_DIMENSION) for part in parts)
