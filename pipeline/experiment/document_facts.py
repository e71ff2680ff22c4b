"""Test documents > facts about each: length, unknown and rare words, near-duplicates, tokens that tell the label.

What is learned here (counts of words, tokens that give a label away) comes from training documents; validation
documents count where a test document is looked for among what a model could have seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.core.values import SPLIT_NAMES, Corpus, Float64, Int64, TokenizedCorpus
from pipeline.core.warned import Warned, warning
from pipeline.corpus.giveaways import Giveaways, find_giveaways, hold_any
from pipeline.corpus.near_duplicates import NearDuplicates, UInt32, find_near_duplicates, sign_documents
from pipeline.experiment.data import Split
from pipeline.run_folder.documents import COLUMNS, write_documents
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.metrics.documents import Giveaway
from pipeline.text.ragged import select

MOST_GIVEAWAYS = 50  # tokens of a fold that are named, those in most documents of their class
NOTABLE_SHARE = 0.01  # of the test documents: from here on near-duplicates are a warning
NOTABLE_COVERAGE = 0.5  # of a class's documents: from here on a token that gives it away is a warning


def describe_test_documents(
    folder: RunFolder, tokenized: TokenizedCorpus, corpora: Sequence[Corpus], groups: Int64
) -> list[Warned]:
    """Write `details/documents.parquet` and `details/giveaways.json`; return sentences to warn of.

    Parameters
    ----------
    folder : RunFolder
    tokenized : TokenizedCorpus
        Every document, in the order of the corpus.
    corpora : sequence of Corpus
        The documents with the split of each fold; texts are not read.
    groups : int64 array, shape (N,)
        Documents with an equal number are copies, or kept together by the corpus.
    """
    signatures = sign_documents(tokenized)
    tables, tokens = [], []
    for number, corpus in enumerate(corpora):
        fold = Split.of(number, corpus)
        found = find_giveaways(select(tokenized, fold.train), corpus.strata[fold.train])
        tables.append(_facts(tokenized, corpus, fold, signatures, found, groups))
        tokens += _giveaway_rows(found, tokenized, corpus, number)
    facts = pl.concat(tables)
    write_documents(folder.path, facts)
    folder.write_detail("giveaways", tokens)
    return [*_near_duplicate_warning(facts), *_giveaway_warnings(tokens)]


def _facts(
    tokenized: TokenizedCorpus,
    corpus: Corpus,
    fold: Split,
    signatures: UInt32,
    giveaways: Giveaways,
    groups: Int64,
) -> pl.DataFrame:
    """Return the rows of one fold's test documents."""
    unknown_share, frequency = word_facts(tokenized, fold.train, fold.test)
    others = np.sort(np.concatenate([fold.train, fold.validation]))
    nearest = find_near_duplicates(tokenized, signatures, fold.test, others)
    table = pl.DataFrame(
        {
            "document": corpus.records[fold.test],
            "fold": np.full(len(fold.test), fold.number),
            "tokens": np.diff(tokenized.offsets)[fold.test],
            "unknown_share": unknown_share,
            "frequency": frequency,
            **_nearest_columns(nearest, corpus, fold),
            "giveaway": hold_any(tokenized, fold.test, giveaways.types),
            "group": groups[fold.test],
        }
    )
    columns = (pl.col(name).cast(dtype) for name, dtype in COLUMNS.items())
    return table.select(columns).with_columns(pl.col("unknown_share", "frequency").fill_nan(None))


def word_facts(tokenized: TokenizedCorpus, train: Int64, documents: Int64) -> tuple[Float64, Float64]:
    """Return how many of each document's tokens are unknown, and how frequent its words are in training.

    Returns
    -------
    unknown_share : float64 array, shape (n,)
        Share of the tokens whose word stands in no training document; NaN without tokens.
    frequency : float64 array, shape (n,)
        Geometric mean over the tokens of 1 + count in training documents, less 1; NaN without tokens.

    Notes
    -----
    The geometric mean lets each token weigh by the order of magnitude of its count. The plain mean is decided by
    the two or three most frequent words of the language, which are the same in every document.
    """
    counts = np.bincount(select(tokenized, train).token_types, minlength=len(tokenized.types))  # (T,)
    chosen = select(tokenized, documents)
    lengths = np.diff(chosen.offsets)  # (n,)
    document_of, count = np.repeat(np.arange(len(documents)), lengths), counts[chosen.token_types]  # (M',)
    with np.errstate(invalid="ignore"):  # a document without tokens: 0 / 0
        unknown = np.bincount(document_of, weights=count == 0, minlength=len(documents)) / lengths
        logarithms = np.bincount(document_of, weights=np.log1p(count), minlength=len(documents)) / lengths
    return unknown, np.expm1(logarithms)


def _nearest_columns(nearest: NearDuplicates, corpus: Corpus, fold: Split) -> dict[str, pl.Series]:
    """Return record number, part, similarity and agreement of labels, null where there is no near-duplicate."""
    found, of = nearest.of >= 0, nearest.of  # an absent one (-1) is blanked below
    values: dict[str, npt.NDArray[np.generic] | list[str]] = {
        "near_duplicate_of": corpus.records[of],
        "near_duplicate_in": [SPLIT_NAMES.get(int(part), "") for part in corpus.split[of]],
        "similarity": nearest.similarity,
        "same_label": corpus.distinct_answers[of] == corpus.distinct_answers[fold.test],
    }
    absent = pl.Series(~found)
    return {name: pl.Series(name, column).set(absent, None) for name, column in values.items()}


def _giveaway_rows(
    found: Giveaways, tokenized: TokenizedCorpus, corpus: Corpus, number: int
) -> list[Giveaway]:
    names = tokenized.types.gather(found.types[:MOST_GIVEAWAYS]).to_list()
    return [
        Giveaway(
            fold=number,
            token=token,
            label=corpus.strata_names[int(found.labels[row])],
            documents=int(found.documents[row]),
            precision=float(found.precision[row]),
            coverage=float(found.coverage[row]),
        )
        for row, token in enumerate(names)
    ]


def _near_duplicate_warning(facts: pl.DataFrame) -> list[Warned]:
    """Return a sentence where near-duplicates are notable and not all of them are plain repeats."""
    found, total = facts["near_duplicate_of"].is_not_null().sum(), len(facts)
    if found < NOTABLE_SHARE * total or found == 0:
        return []
    told = f"{found:,} of {total:,} test documents nearly repeat one learned from"
    return [warning("near-duplicates", f'{told}; "Could something leak?" has the scores without them')]


def _giveaway_warnings(tokens: Sequence[Giveaway]) -> list[Warned]:
    """Return a sentence on the tokens that mark half of a class or more."""
    marked = [row for row in tokens if row.fold == 0 and row.coverage >= NOTABLE_COVERAGE]
    if not marked:
        return []
    shown = ", ".join(f'"{row.token}" ({row.label})' for row in marked[:3])
    more = f" and {len(marked) - 3:,} more" if len(marked) > 3 else ""
    told = f"single tokens all but tell the label of half of a class or more: {shown}{more}"
    return [
        warning(
            "tokens-tell-the-label",
            f"{told}; look whether they are part of the text or of how it was collected",
        )
    ]
