"""Texts and labels in memory > one fitted model, by the jobs that a run has for it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from pipeline.api.errors import InvalidInput
from pipeline.commands.run import settle_sources
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.noise import quiet
from pipeline.core.reading import Reading
from pipeline.core.seeds import stage_generator
from pipeline.core.values import (
    TRAIN,
    UNASSIGNED,
    VALIDATION,
    Bool,
    Corpus,
    Int32,
    Ledger,
    LoadedCorpus,
    Writing,
)
from pipeline.corpus.duplicates import find_duplicates
from pipeline.corpus.loading import corpus_hash
from pipeline.corpus.splits import split_corpus
from pipeline.embeddings.audit.fit import CorpusFacts
from pipeline.experiment.data import Split, settle_tokenizer, tokenize_all
from pipeline.experiment.fit_loop import FitLoop
from pipeline.experiment.here import Here
from pipeline.experiment.job_graph import run_jobs
from pipeline.experiment.plan import check_settings, plan_models
from pipeline.models.table import PlannedModel
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.models import FOLDER
from pipeline.settings.tables import Config, with_values
from pipeline.tasks.table import task_of


@dataclass(frozen=True)
class FittedModel:
    """A fitted model as the files that a run writes of it.

    Attributes
    ----------
    name : as a run names it
    files : the content of each, by its path in a folder that `load_model` reads
    notes : findings, as sentences
    why_not : why it did not train; None where it did
    """

    name: str
    files: dict[str, bytes]
    notes: tuple[str, ...]
    why_not: str | None


def fit_model(
    texts: pl.Series,
    labels: Int32,
    label_names: tuple[str, ...],
    config: Config,
    kind: str = "str",
    sets: Bool | None = None,
) -> FittedModel:
    """Return the one model of the settings, fitted on texts with labels; see `fit_loaded`.

    Parameters
    ----------
    texts : string (N,)
    labels : int32 array (N,)
        Places in `label_names`, or in `sets`.
    config : Config
        The settings of a run with one model.
    kind : str
        What the labels are in memory, one of `LABEL_KINDS`.
    sets : bool array (S, C), optional
        Which labels each set has, where a document may have several.
    """
    loaded = replace(_loaded(texts, labels, label_names, sets), writing=Writing(labels=kind))
    return fit_loaded(loaded, config)


def fit_loaded(loaded: LoadedCorpus, config: Config) -> FittedModel:
    """Return the one model of the settings, fitted on documents as a run fits its first seed.

    Validation documents are split off, stratified, copies of a text in one part; there are no test documents.

    Raises
    ------
    PipelineError
        If there are too few documents of a class, the settings do not fit together, or memory runs out.
    """
    planned = _planned(config)
    config = with_values(config, {"run.seeds": 1, "run.probes": False})
    config, cut = settle_tokenizer(config, loaded)
    duplicates = find_duplicates(loaded.corpus)
    (corpus,) = split_corpus(
        loaded,
        duplicates.groups,
        test_size=0.0,
        validation_size=config.corpus.validation_size,
        folds=0,
        generator=stage_generator(config.run.seed, "split"),
    )
    config, chosen = settle_sources(config, (planned,), corpus)
    planned = _planned(config)
    console = Console(silent=True)
    data = tokenize_all(config, console, loaded, (planned,))
    train, validation = corpus.positions(TRAIN), corpus.positions(VALIDATION)
    split = Split(
        0, train, validation, validation[:1]
    )  # a fit answers a test document; nobody reads this answer
    facts = CorpusFacts(data.tokenized, corpus, config.tokenizer)
    with (
        TemporaryDirectory(prefix="embedseq-") as place,
        quiet(config.run.debug) if planned.seeded else nullcontext(),
    ):
        folder = RunFolder(path=Path(place), label_names=loaded.corpus.label_names)
        loop = FitLoop(data, [split], folder, folder.keep, facts, lambda fold: config, config, None)
        run_jobs([loop], Here(data))
        for why in loop.failed.values():
            raise PipelineError(
                "fit-failed",
                planned.name,
                f"it could not be fitted ({why})",
                "give it fewer documents or units",
            )
        files = _files_below(Path(place))
        (fit,) = folder.fits.values()
    return FittedModel(planned.name, files, (*cut, *chosen, *folder.notes, *fit.warnings), fit.why_not)


def _planned(config: Config) -> PlannedModel:
    planned = plan_models(config.run.models, config.run.embeddings, task_of(config).name)
    check_settings(planned, config.networks)
    if len(planned) != 1:
        raise InvalidInput("wrong-argument", "model", f"it names {len(planned)} models", "name one")
    return planned[0]


def _loaded(texts: pl.Series, labels: Int32, label_names: tuple[str, ...], sets: Bool | None) -> LoadedCorpus:
    """Return documents in memory as reading gives those of a file."""
    n_docs = len(texts)
    unassigned = np.full(n_docs, UNASSIGNED, dtype=np.int8)
    corpus = Corpus(texts, labels, label_names, np.arange(n_docs, dtype=np.int64), unassigned, sets=sets)
    ledger = Ledger(n_docs, n_docs)
    return LoadedCorpus("y", corpus, ledger, None, (), (), corpus_hash(corpus), Reading((), ()))


def _files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / FOLDER).rglob("*"))
        if path.is_file()
    }
