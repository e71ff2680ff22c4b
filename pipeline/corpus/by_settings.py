"""The corpus that the settings name, read and split as they say."""

from __future__ import annotations

from pipeline.core.seeds import stage_generator
from pipeline.core.values import Corpus, Duplicates, LoadedCorpus
from pipeline.corpus.how_read import resting_on
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.settings.tables import Config


def read_asked(config: Config) -> LoadedCorpus:
    """Return the corpus of `[corpus]`, with its test, validation and unlabelled files."""
    wanted = config.corpus
    return read_corpus(
        wanted.path,
        test=wanted.test,
        validation=wanted.validation,
        unlabelled=wanted.unlabelled,
        text_column=wanted.text,
        label_column=wanted.label,
        allow_losses=wanted.allow_losses,
    )


def split_asked(config: Config, loaded: LoadedCorpus, duplicates: Duplicates) -> list[Corpus]:
    """Return the corpus of each fold, split by `run.seed` alone; one where there are no folds."""
    wanted = config.corpus
    with resting_on(loaded.reading.parts[0]):
        return split_corpus(
            loaded,
            duplicates.groups,
            test_size=wanted.test_size,
            validation_size=wanted.validation_size,
            folds=wanted.folds,
            generator=stage_generator(config.run.seed, "split"),
        )
