"""A conditional random field over the features of a window, trained by CRFsuite."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.values import Int32
from pipeline.models.baselines.tagging.features import FeatureSpace
from pipeline.models.baselines.tagging.fitting import Penalty, window_features
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.models.baselines.tagging.tagger import LinearTagger
from pipeline.models.baselines.tagging.weights import SparseWeights

if TYPE_CHECKING:
    import pycrfsuite

_MOST_ITERATIONS = 150
_ALWAYS = "always"  # the feature that every word has: its weights are the intercepts


def fit_crf(train: Sentences, tags: Int32, n_tags: int, penalty: Penalty) -> LinearTagger:
    """Return the tagger whose tags depend on the window of their word, and each on the one before.

    Notes
    -----
    Lafferty, McCallum, Pereira (2001), Conditional random fields; L-BFGS, with an absolute penalty its OWL-QN. Only
    weights of features with a tag that they meet in training are fitted, and all transitions. What CRFsuite found is
    taken over as numbers: it is needed for training alone.

    Raises
    ------
    PipelineError
        If python-crfsuite is not installed.
    """
    return train_crfsuite(train, tags, n_tags, penalty)[1]


def train_crfsuite(
    train: Sentences, tags: Int32, n_tags: int, penalty: Penalty
) -> tuple[bytes, LinearTagger]:
    """Return CRFsuite's own model, and the same as a tagger."""
    try:
        import pycrfsuite
    except ImportError:
        fix = 'run `pip install -e ".[tag]"`, or leave crf out'
        raise PipelineError(
            "package-missing", "--models", "crf needs the package python-crfsuite", fix
        ) from None
    space = window_features(train)
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    _give(trainer, space, train, tags)
    trainer.set_params(
        {
            "c1": penalty.absolute,
            "c2": penalty.square,
            "max_iterations": _MOST_ITERATIONS,
            "feature.possible_transitions": True,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        trainer.train(str(path))
        model = path.read_bytes()
    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(model)
    return model, _taken_over(space, tagger.info(), n_tags)


def _give(trainer: pycrfsuite.Trainer, space: FeatureSpace, train: Sentences, tags: Int32) -> None:
    """Give the trainer every sentence; features and tags are called by their numbers."""
    columns = space.columns(train)  # (M, templates)
    names = np.array([*map(str, range(space.n_features)), _ALWAYS], dtype=object)
    tag_names = np.array([str(tag) for tag in range(int(tags.max()) + 1)], dtype=object)
    offsets = train.words.offsets.tolist()
    for start, end in pairwise(offsets):
        words = [[*names[row[row >= 0]].tolist(), _ALWAYS] for row in columns[start:end]]
        trainer.append(words, tag_names[tags[start:end]].tolist())


def _taken_over(space: FeatureSpace, found: pycrfsuite.ParsedDump, n_tags: int) -> LinearTagger:
    """Return CRFsuite's weights as arrays."""
    of_words = [(name, int(tag), weight) for (name, tag), weight in found.state_features.items()]
    intercepts = np.zeros(n_tags, np.float32)
    for name, tag, weight in of_words:
        if name == _ALWAYS:
            intercepts[tag] = weight
    rest = [(int(name), tag, weight) for name, tag, weight in of_words if name != _ALWAYS]
    features, tags, values = (np.array(part) for part in zip(*rest, strict=True))
    weights = SparseWeights.of(features, tags, values, (space.n_features, n_tags))
    transitions = np.zeros((n_tags, n_tags), np.float32)
    for (before, after), weight in found.transitions.items():
        transitions[int(before), int(after)] = weight
    return LinearTagger(space, weights, intercepts, transitions)
