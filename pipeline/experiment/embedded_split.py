"""One split of the corpus with the word vectors of one source: what models that read vectors are fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.core.fits import Row, SourceResult
from pipeline.embeddings.audit.fit import CorpusFacts, audit_fit
from pipeline.embeddings.audit.neighbours import characteristic_words, neighbour_rows
from pipeline.embeddings.table import Embedded, embed, encode_covered
from pipeline.experiment.data import RunData, Split, embedding_request
from pipeline.models.networks.batches import Visible, visible
from pipeline.models.save import files_of_embedding
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

    def without_file_words(self) -> EmbeddedSplit:
        """Return it without the words of a vector file that the corpus lacks: no fit reads them."""
        return replace(self, embedded=replace(self.embedded, file_words=None))


def embed_split(data: RunData, source: str, fold: Split) -> EmbeddedSplit:
    """Return a split with the vectors that a source has, or learns from its training documents."""
    config = data.config
    asked = next(one.asked_source for one in data.planned if one.source == source)  # files with folders
    with data.console.stage(f"Embedding: {source}", unit="epochs") as stage:
        request = embedding_request(data, fold, stage.reach)
        embedded = embed(asked or source, request)
    indexed = encode_covered(data.tokenized, embedded)
    cut = visible(indexed, max_tokens=config.networks.max_tokens, keep=config.networks.keep)
    train = select(data.tokenized, fold.train)
    marking = characteristic_words(train, data.labels(fold.train), data.label_names)
    return EmbeddedSplit(fold, embedded, cut, marking)


def describe_source(
    data: RunData, split: EmbeddedSplit, facts: CorpusFacts, audits: Mapping[tuple[str, ...], Row]
) -> SourceResult:
    """Return what a source covers, its neighbours and its fit audit; after the first fold what it has to say alone.

    `audits` are those so far, by the parts of a source's name: a source is audited once, whatever modes it is read
    in, with its rows in their own order if it can be.
    """
    embedded = split.embedded
    if split.fold.number:
        return SourceResult(embedded.notes)
    source, known = embedded.source, audits.get(embedded.parts)
    near = neighbour_rows(split.marking, embedded.vocabulary, embedded.matrix) if not embedded.tuned else None
    audited = known is not None and (embedded.shuffled or not known["shuffled"])
    return SourceResult(
        embedded.notes,
        files_of_embedding(embedded),
        _describe_coverage(embedded),
        {"vocabulary": embedded.vocabulary.n_learned - 2} | _describe_reading(data, split),
        None if near is None else {"source": source, "words": near},
        None if audited else _audit(embedded, facts),
    )


def _audit(embedded: Embedded, facts: CorpusFacts) -> Row:
    name = embedded.source if embedded.shuffled else "+".join(embedded.parts)
    audit = audit_fit(embedded, facts, name) | {"shuffled": embedded.shuffled}
    return {"parts": embedded.parts, "audit": audit}


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
