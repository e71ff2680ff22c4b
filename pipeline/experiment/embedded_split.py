"""One split of the corpus with the word vectors of one source: what models that read vectors are fitted on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.fits import Row, SourceResult
from pipeline.core.values import UNKNOWN_ROW, IndexedCorpus, TokenizedCorpus
from pipeline.core.warned import Warned, warning
from pipeline.core.wording import few_vectors
from pipeline.embeddings.audit.fit import CorpusFacts, audit_fit
from pipeline.embeddings.audit.neighbours import characteristic_words, neighbour_rows
from pipeline.embeddings.table import Embedded, embed, encode_covered
from pipeline.experiment.data import RunData, Split, embedding_request
from pipeline.experiment.jobs import Job, VectorsMade
from pipeline.models.networks.batches import Visible, visible
from pipeline.models.save import files_of_embedding, is_kept
from pipeline.models.table import PlannedModel
from pipeline.text.ragged import select


@dataclass(frozen=True, eq=False)
class EmbeddedSplit:
    """A split, a source's vectors for it, and every document of the corpus as networks read it.

    `marking` are the words that mark the classes most, with their class.
    """

    fold: Split
    embedded: Embedded
    documents: Visible
    marking: list[tuple[str, str]]


def make_vectors(data: RunData, job: Job) -> Iterator[VectorsMade]:
    """Make the vectors that a source has, or learns from the training documents of a split."""
    data, planned = job.data(data), job.models[0]
    splits = (job.fold, job.final) if job.refit else (job.fold,)
    yield VectorsMade(tuple(_embed(data, planned, fold) for fold in splits))


def _embed(data: RunData, planned: PlannedModel, fold: Split) -> Embedded:
    with data.console.stage(f"Embedding: {planned.source}", unit="epochs") as stage:
        request = embedding_request(data, fold, stage.reach)
        return embed(planned.asked_source or str(planned.source), request)  # files with folders


_READ: WeakKeyDictionary[TokenizedCorpus, dict[Path, EmbeddedSplit]] = WeakKeyDictionary()
_MOST_READ = 2  # splits that a process holds: that of the job before is often that of the next


def read_split(data: RunData, job: Job, *, refit: bool) -> EmbeddedSplit:
    """Return the split of a job with its vectors, as they lie on disk; `refit`: with the validation documents.

    Raises
    ------
    PipelineError
        If the file of the vectors is gone or damaged.
    """
    assert job.vectors is not None, "a job that reads vectors says where they lie"
    path = job.vectors.paths[-1 if refit else 0]
    held = _READ.setdefault(data.tokenized, {})
    if path not in held:
        embedded = job.vectors.read(refit=refit)
        if embedded is None:
            fix = "give the same command again: they are made anew"
            raise PipelineError("piece-lost", str(path), "the vectors of this run are gone or damaged", fix)
        while len(held) >= _MOST_READ:
            del held[next(iter(held))]
        held[path] = _as_read_by_networks(data, job, job.final if refit else job.fold, embedded)
    return held[path]


def _as_read_by_networks(data: RunData, job: Job, fold: Split, embedded: Embedded) -> EmbeddedSplit:
    networks = job.settings.networks
    indexed = encode_covered(data.tokenized, embedded)
    cut = visible(indexed, max_tokens=networks.max_tokens, keep=networks.keep)
    train = select(data.tokenized, fold.train)
    marking = characteristic_words(train, data.corpus.strata[fold.train], data.corpus.strata_names)
    return EmbeddedSplit(fold, embedded, cut, marking)


def describe_source(
    data: RunData, job: Job, facts: CorpusFacts, audits: Mapping[tuple[str, ...], Row]
) -> SourceResult:
    """Return what a source covers, its neighbours and its fit audit; after the first fold what it has to say alone.

    Parameters
    ----------
    job : the job that made the vectors
    audits : those so far, by the parts of a source's name: a source is audited once, whatever modes it is read in,
        with its rows in their own order if it can be
    """
    split = read_split(data, job, refit=job.refit)
    embedded = split.embedded
    source, number = embedded.source, split.fold.number
    files = files_of_embedding(embedded, number) if is_kept(job.settings, number) else None
    if number:
        return SourceResult(embedded.notes, source, number, embedded.parts, files)
    known = audits.get(embedded.parts)
    audited = known is not None and (embedded.shuffled or not known["shuffled"])
    near = neighbour_rows(split.marking, embedded.vocabulary, embedded.matrix) if not embedded.tuned else None
    return SourceResult(
        embedded.notes,
        source,
        number,
        embedded.parts,
        files,
        _describe_coverage(embedded),
        {"vocabulary": embedded.vocabulary.n_learned - 2} | _describe_reading(data, split),
        None if near is None else {"source": source, "words": near},
        None if audited else _audit(embedded, facts),
    )


def _audit(embedded: Embedded, facts: CorpusFacts) -> Row:
    name = embedded.source if embedded.shuffled else "+".join(embedded.parts)
    return audit_fit(embedded, facts, name) | {"shuffled": embedded.shuffled}


def _describe_reading(data: RunData, split: EmbeddedSplit) -> Row:
    """Return what networks leave of the documents; nothing where none reads this source."""
    if not any(model.seeded for model in data.planned if model.source == split.embedded.source):
        return {}
    return {
        "cut_documents": split.documents.cut_documents,
        "cut_tokens": split.documents.cut_tokens,
        "max_tokens": data.config.networks.max_tokens,
        "keep": data.config.networks.keep,
    }


def coverage_warnings(tested: IndexedCorpus) -> tuple[Warned, ...]:
    """Return what a reader of a model should know when few tokens of its test documents have a vector."""
    covered = float(np.mean(tested.indices != UNKNOWN_ROW))
    said = few_vectors(covered)
    if covered == 0:
        said = f"{said}: all test documents look the same to it"
    return (warning("few-vectors", f"test documents: {said}"),) if said else ()


def _describe_coverage(embedded: Embedded) -> Row:
    """Return a row of `embeddings`: which training types and tokens have a vector."""
    vocabulary, covered = embedded.vocabulary, embedded.matrix.covered
    learned = slice(2, vocabulary.n_learned)
    counts = vocabulary.counts[learned]
    return {
        "source": embedded.source,
        "dimension": int(embedded.matrix.vectors.shape[1]),
        "rows": len(vocabulary),
        "type_coverage": float(covered[learned].mean()),
        "token_coverage": float(counts[covered[learned]].sum() / counts.sum()),
        "rows_from_source": vocabulary.rows_from_source,
        "training": embedded.training,
        "files": list(embedded.files),
        "seconds": embedded.seconds,
        "cached": embedded.cached,
        "settings": embedded.settings,
        "note": "; ".join(embedded.notes) or None,
    }
