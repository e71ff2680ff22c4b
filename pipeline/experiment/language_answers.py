"""What language models say of documents, as values, and what validation documents think of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.core.values import Float64, Int64, TokenizedCorpus
from pipeline.experiment.data import RunData
from pipeline.experiment.tag_answers import Judged
from pipeline.models.baselines.language.symbols import Streams
from pipeline.models.baselines.language.units import CHARACTERS, Units, learn_characters, learn_words
from pipeline.settings.tables import Config
from pipeline.tasks.generate.answers import LanguageAnswers
from pipeline.tasks.table import METRICS
from pipeline.text.ragged import select

LEAST_COUNT = 2  # so that training documents hold unknown words too, and a model learns where they stand


def units_of(kind: str, train: TokenizedCorpus, config: Config) -> Units:
    """Return words or characters, as training documents have them."""
    if kind == CHARACTERS:
        return learn_characters(train)
    settings = config.vocabulary
    return learn_words(train, min_count=max(settings.min_count, LEAST_COUNT), max_size=settings.max_size)


def answers_to(
    data: RunData, units: Units, documents: Int64, log2: Callable[[Streams], Float64]
) -> LanguageAnswers:
    """Return a model's answers to some documents."""
    charged = units.charge(select(data.tokenized, documents), log2)
    return LanguageAnswers(
        data.corpus.records[documents],
        charged.bits,
        charged.bytes,
        charged.symbols,
        charged.unknown,
        charged.spelled,
    )


def judged(data: RunData, answers: LanguageAnswers | None) -> Judged:
    """Return what validation documents think, by `run.metric`; of right answers there is nothing to say."""
    if answers is None:
        return Judged(validation_accuracy=None, validation_score=None, validation_error=None)
    metric = METRICS[data.config.run.metric]
    error = metric.influence(answers).std() / np.sqrt(len(answers.documents))
    return Judged(
        validation_accuracy=None, validation_score=metric.value(answers), validation_error=float(error)
    )
