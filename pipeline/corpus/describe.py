"""What `inspect corpus` prints: everything known about a corpus before any training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.values import SPLIT_NAMES, TEST, Corpus, Duplicates, Int64, Ledger, LoadedCorpus
from pipeline.corpus.duplicates import leak_warning
from pipeline.corpus.label_sets.facts import facts_of_sets
from pipeline.corpus.losses import by_reason

CLASSES_SHOWN = 20
PAIRS_SHOWN = 5


def describe_corpus(loaded: LoadedCorpus, duplicates: Duplicates, splits: Corpus) -> str:
    """Return the ledger, assumptions, warnings, classes by split, lengths and duplicates as text.

    Parameters
    ----------
    loaded : LoadedCorpus
    duplicates : Duplicates
    splits : Corpus
        The corpus with every document in train, validation or test.
    """
    sections = [
        [loaded.name, f"  {loaded.reading.line()}", *_left_out(loaded.ledger)],
        _list("Assumed", loaded.assumptions),
        _list("Warnings", _warnings(loaded, duplicates, splits)),
        [_several(loaded).capitalize(), *_classes(splits, _several(loaded))],
        _sets(splits),
        ["Documents", *_documents(loaded, duplicates)],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _left_out(ledger: Ledger) -> Iterator[str]:
    for reason, count, where in by_reason(ledger.dropped):
        yield f"  {count:,} left out: {reason} ({where})"


def _warnings(loaded: LoadedCorpus, duplicates: Duplicates, splits: Corpus) -> tuple[str, ...]:
    leak = leak_warning(duplicates, len(splits.positions(TEST)))
    told = leak is None or leak in loaded.warnings
    return loaded.warnings if told else (*loaded.warnings, str(leak))


def _list(title: str, lines: tuple[str, ...]) -> list[str]:
    return [title, *(f"  {line}" for line in lines)] if lines else []


def _several(loaded: LoadedCorpus) -> str:
    return plural(2, loaded.reading.called).removeprefix("2 ")


def _classes(splits: Corpus, called: str) -> Iterator[str]:
    counts, unit = _counts(splits), "documents" if splits.words is None else "words"
    order = np.argsort(-counts.sum(axis=1), kind="stable")
    shown = order if len(order) <= CLASSES_SHOWN else order[: CLASSES_SHOWN - 1]
    names = [splits.label_names[label] for label in shown.tolist()]
    names = [name if len(name) <= 30 else f"{name[:27]}..." for name in names]
    width = max(len("in all"), *(len(name) for name in names))
    yield f"  {'':{width}}" + "".join(f"{name:>12}" for name in (*SPLIT_NAMES.values(), "in all"))
    for name, row in zip(names, counts[shown].tolist(), strict=True):
        yield _row(name, row, width)
    if len(shown) < len(order):
        rest = counts[order[len(shown) :]].sum(axis=1)
        yield f"  and {len(rest)} more {called} of {rest.min():,} to {rest.max():,} {unit}"
    yield _row("in all", counts.sum(axis=0).tolist(), width)


def _sets(splits: Corpus) -> list[str]:
    facts = facts_of_sets(splits)
    if facts is None:
        return []
    n_docs = len(splits.texts)
    lines = [
        "Labels of a document",
        f"  {facts.cardinality:.2f} on average, {facts.most} at most, {facts.distinct:,} different sets",
        "  documents by number of labels: "
        + ", ".join(f"{size} ({count:,})" for size, count in enumerate(facts.sizes) if count),
        f"  documents without a label: {facts.empty:,} of {n_docs:,}",
    ]
    for pair in facts.pairs[:PAIRS_SHOWN]:
        together = f"together on {plural(pair.together, 'document')}"
        lines.append(f'  "{pair.a}" and "{pair.b}": {together}, {pair.expected:,.0f} by chance')
    return lines


def _row(name: str, counts: list[int], width: int) -> str:
    return f"  {name:{width}}" + "".join(f"{count:>12,}" for count in (*counts, sum(counts)))


def _counts(splits: Corpus) -> Int64:
    """Return documents by class and split; int64 (C, 3)."""
    counts = [splits.only(splits.positions(split)).counts for split in SPLIT_NAMES]
    return np.stack(counts, axis=1).astype(np.int64)  # (C, 3)


def _documents(loaded: LoadedCorpus, duplicates: Duplicates) -> Iterator[str]:
    lengths = loaded.corpus.texts.str.len_chars().cast(pl.Int64).to_numpy()
    median, high = np.percentile(lengths, [50, 95])
    yield f"  characters: median {median:,.0f}, 95th percentile {high:,.0f}, longest {lengths.max():,}"
    yield f"  exact duplicates: {duplicates.exact:,}"
    yield f"  duplicates but for case and blanks (exact ones included): {duplicates.normalised:,}"
    yield f"  test documents also in train or validation: {duplicates.across_splits:,}"
    yield f"  equal texts with different labels: {duplicates.conflicting_labels:,}"
    if loaded.unlabelled is not None:
        yield f"  unlabelled texts: {len(loaded.unlabelled):,}"
