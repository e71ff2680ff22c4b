"""What `inspect embeddings` says: how well a source's vectors fit a corpus, before any network is trained."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.files import plain
from pipeline.core.values import TRAIN
from pipeline.corpus.task_of import with_task
from pipeline.embeddings.audit.fit import CorpusFacts, audit_fit
from pipeline.embeddings.audit.neighbours import characteristic_words, neighbour_rows
from pipeline.embeddings.table import Embedded, embed, parse_source
from pipeline.experiment.data import embedding_request, read_and_split, settle_tokenizer, tokenize_all
from pipeline.models.table import PlannedModel
from pipeline.report import describe_audit
from pipeline.run_folder.details.words import Audit, Neighbours
from pipeline.run_folder.metrics.rows import value_as
from pipeline.settings.tables import Config


def describe_fit(source: str, config: Config, console: Console) -> str:
    """Return the fit audit of a source on the corpus that `config` names, as text.

    Parameters
    ----------
    source : str
        A vector file, an installed package, or a source that is trained here; a mode changes nothing but
        `:shuffled-rows`.
    config : Config
        The corpus, its split, the tokenizer and the settings of the source.
    console : Console
        Told about each stage.

    Raises
    ------
    PipelineError
        If there is no such source, or for a mistake in the corpus or the vector file.
    """
    _check(source)
    config = with_task(config)
    read = read_and_split(config, console)
    config, told = settle_tokenizer(config, read.loaded)
    planned = (PlannedModel("", "network", "", source=source),)  # unlabelled text is for embeddings only
    data = tokenize_all(config, console, read.loaded, planned)
    with console.stage(f"Embedding: {source}", unit="epochs") as stage:
        request = embedding_request(data, read.folds[0], stage.reach)
        found = embed(source, request)
    facts = CorpusFacts(data.tokenized, read.corpora[0], config.tokenizer)
    with console.stage("Auditing the fit"):
        audit = audit_fit(found, facts)
    words = characteristic_words(
        facts.train, facts.corpus.strata[facts.corpus.positions(TRAIN)], facts.corpus.strata_names
    )
    near = {"source": found.source, "words": neighbour_rows(words, found.vocabulary, found.matrix)}
    head = (
        f"{found.source} on {read.loaded.name}: {len(facts.corpus.texts):,} documents, dimension"
        f" {audit['dimension']}, vectors for {audit['rows_kept']:,} words of the corpus"
    )
    notes = "\n".join(f"Note: {note}" for note in (*told, *_other_notes(found)))
    described = describe_audit(value_as(Audit, plain(audit)), value_as(Neighbours, plain(near)))
    return "\n\n".join([part for part in (head, notes, described) if part])


def _other_notes(found: Embedded) -> list[str]:
    """Return the notes that stand in no column of the table of vector files."""
    in_table = {
        f"{Path(str(file['path'])).name}: {note}"
        for file in found.files
        if "path" in file  # a package has none
        for note in cast("Iterable[str]", file.get("notes", ()))
    }
    return [note for note in found.notes if note not in in_table]


def _check(source: str) -> None:
    """Raise PipelineError, in the words of this command, if there is no such source."""
    try:
        parse_source(source)
    except PipelineError as error:
        where = "FILE" if error.where == "--embeddings" else error.where
        raise PipelineError(error.name, where, error.what, error.fix) from None
