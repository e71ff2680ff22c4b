"""The corpus that the settings name, read and split as they say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline.core.console import Console
from pipeline.core.reading import Chosen, Reading
from pipeline.core.seeds import stage_generator
from pipeline.core.values import Corpus, Duplicates, LoadedCorpus
from pipeline.corpus.asked.classes import ClassOptions, read_map
from pipeline.corpus.how_read import resting_on
from pipeline.corpus.label_sets.reading import read_label_sets
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.encodings import reading_as
from pipeline.corpus.readers.unsettled import AT_TERMINAL, Unsettled
from pipeline.corpus.sample import sample_corpus
from pipeline.corpus.sources import names_of
from pipeline.corpus.splits import split_corpus
from pipeline.corpus.tagged.reading import read_tagged
from pipeline.corpus.text_alone import read_text
from pipeline.settings.corpus import CorpusSettings
from pipeline.settings.tables import QUICK, Config, with_values
from pipeline.tasks.table import task_of


def read_asked(config: Config, console: Console | None = None) -> LoadedCorpus:
    """Return the corpus of `[corpus]`, with its test, validation and unlabelled files, or a sample of it.

    Where several columns would do, a person at the terminal of `console` is asked.
    """
    wanted = config.corpus
    files = (wanted.path, wanted.test, wanted.validation, wanted.unlabelled)
    beside = [Path(name) for named in files if named is not None for name in names_of(named)]
    with reading_as(wanted.encoding, beside):
        loaded = READ[task_of(config).name](wanted, console)
    generator = stage_generator(
        config.run.seed, "quick sample"
    )  # of --quick, which is a limit, before there was one
    return sample_corpus(loaded, wanted.limit, generator, _asked_by(config)) if wanted.limit else loaded


def _read_classes(wanted: CorpusSettings, console: Console | None) -> LoadedCorpus:
    return read_corpus(
        wanted.path,
        test=wanted.test,
        validation=wanted.validation,
        unlabelled=wanted.unlabelled,
        text_column=wanted.text,
        label_column=wanted.label,
        classes=ClassOptions(
            read_map(wanted.class_map or ""), wanted.drop_classes, wanted.only_known_classes
        ),
        allow_losses=wanted.allow_losses,
        ask=None if console is None else partial(_ask, console),
    )


def _read_tags(wanted: CorpusSettings, console: Console | None) -> LoadedCorpus:
    return read_tagged(
        wanted.path,
        test=wanted.test,
        validation=wanted.validation,
        unlabelled=wanted.unlabelled,
        tags=wanted.tags,
        allow_losses=wanted.allow_losses,
    )


def _read_sets(wanted: CorpusSettings, console: Console | None) -> LoadedCorpus:
    return read_label_sets(
        wanted.path,
        test=wanted.test,
        validation=wanted.validation,
        unlabelled=wanted.unlabelled,
        text_column=wanted.text,
        label_column=wanted.label,
        allow_losses=wanted.allow_losses,
        ask=None if console is None else partial(_ask, console),
    )


def _read_texts(wanted: CorpusSettings, console: Console | None) -> LoadedCorpus:
    return read_text(
        wanted.path,
        test=wanted.test,
        validation=wanted.validation,
        text_column=wanted.text,
        label_column=wanted.label,
        allow_losses=wanted.allow_losses,
    )


# What reads the files of each task.
READ: dict[str, Callable[[CorpusSettings, Console | None], LoadedCorpus]] = {
    "classify": _read_classes,
    "tag": _read_tags,
    "multilabel": _read_sets,
    "generate": _read_texts,
}


def _asked_by(config: Config) -> str:
    """Return the option that the limit comes from."""
    limit = config.corpus.limit
    return "--quick" if config.run.quick and limit == QUICK["corpus.limit"] else f"--limit {limit}"


def _ask(console: Console, question: Unsettled) -> Chosen | None:
    """Return the column that a person chooses by its number; None where nobody sits at a terminal."""
    names = [*question.columns]
    lines = [f"{' '.join(name.split())} ({', '.join(question.columns[name])})" for name in names]
    place = console.choose(f"{question.where}: which column is the {question.role}?", lines)
    return None if place is None else Chosen(names[place], AT_TERMINAL)


def with_answers(config: Config, reading: Reading) -> Config:
    """Return the settings with the columns that were chosen at the terminal, so that a repeated run asks nothing."""
    first = reading.parts[0]
    columns = {"corpus.text": first.text, "corpus.label": first.label}
    asked = {key: one.column for key, one in columns.items() if one is not None and one.how == AT_TERMINAL}
    return with_values(config, asked) if asked else config


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
