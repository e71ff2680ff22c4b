"""Sections about what went in: corpus, tokens, embeddings, choices made on validation documents."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Limits,
    Nothing,
    Paragraph,
    Points,
    Table,
    numbers,
    row,
    short_table,
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, percent, seconds
from pipeline.report.sections.facts import of_first_fold, status_sentence
from pipeline.run_folder.details.fitting import Choice, Tried
from pipeline.run_folder.details.words import Near, Neighbours, NeighbourWord, TokenFacts
from pipeline.run_folder.metrics.corpus import Corpus, Dropped, Embedding
from pipeline.run_folder.reading import METRICS, Run

SHOWN_ROWS = 8  # record numbers of a ledger entry
DUPLICATE_MEANINGS = {
    "exact": "documents that repeat an earlier one exactly",
    "normalised": "the same, with case and blanks set aside",
    "across_splits": "test documents that also occur among training or validation documents",
    "conflicting_labels": "documents whose text occurs with more than one label",
}


def corpus(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return splits, classes, the row ledger and duplicates."""
    facts = run.metrics.corpus
    return (
        _splits_table(facts, of_first_fold(run)),
        _classes_table(facts, limits),
        _ledger_table(facts, limits),
        _duplicates_table(facts),
        Paragraph(f"Corpus hash: {facts.hash}.", "muted"),
    )


def _splits_table(facts: Corpus, fold: str) -> Table:
    splits = vars(facts.splits)
    total = sum(splits.values()) or 1
    rows = tuple(row(name, count(number), percent(number / total)) for name, number in splits.items())
    return Table(f"Documents by split{fold}", (*words("Split"), *numbers("Documents", "Share")), rows)


def _classes_table(facts: Corpus, limits: Limits) -> Table:
    total = sum(facts.classes.values()) or 1
    ordered = sorted(facts.classes.items(), key=lambda item: -item[1])
    lines = [row(label, count(number), percent(number / total)) for label, number in ordered]
    (largest, most), (smallest, fewest) = ordered[0], ordered[-1]
    note = f"Largest: “{largest}” ({count(most)}); smallest: “{smallest}” ({count(fewest)})."
    if most == fewest:
        note = f"Every class has {plural(fewest, 'document')}."
    columns = (*words("Class"), *numbers("Documents", "Share"))
    return short_table(f"Documents by class ({len(ordered)})", columns, lines, limits.rows, METRICS, note)


def _ledger_table(facts: Corpus, limits: Limits) -> Table:
    rows, left_out = shorten([_dropped_row(entry) for entry in facts.dropped], limits.rows, METRICS)
    left = sum(entry.count for entry in facts.dropped)
    sums = (
        f"{count(facts.rows_read)} records read = {count(facts.documents)} documents"
        f" + {count(left)} left out. Record numbers count from 0, lines from 1. {left_out}"
    )
    head = (row("used as documents", MISSING, count(facts.documents), MISSING, MISSING),)
    columns = (
        *words("What became of a record", "File"),
        *numbers("Records"),
        *words("First record numbers", "First lines"),
    )
    return Table("Row ledger: every record read", columns, head + rows, sums.strip())


def _dropped_row(entry: Dropped) -> tuple[Cell, ...]:
    places = [_first(values, entry.count) for values in (entry.rows, entry.lines)]
    return row(f"left out: {entry.reason}", entry.file, count(entry.count), *places)


def _first(values: Sequence[int], total: int) -> str:
    """Return the first record or line numbers, and how many more there are."""
    if not values:
        return MISSING
    rest = total - len(values[:SHOWN_ROWS])
    return ", ".join(map(str, values[:SHOWN_ROWS])) + (f" and {count(rest)} more" if rest > 0 else "")


def _duplicates_table(facts: Corpus) -> Table:
    found = vars(facts.duplicates)
    rows = tuple(row(text, count(found[key])) for key, text in DUPLICATE_MEANINGS.items())
    return Table("Repeated documents", (*words("What"), *numbers("Documents")), rows)


def tokens(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return lengths, what was cut, and what was unknown."""
    facts = run.details.tokens
    if facts is None:
        return (Nothing(status_sentence(run) or "The run recorded nothing about its tokens."),)
    return (
        Paragraph(_cut_reading(facts)),
        _token_table(facts),
        _token_split_table(facts, of_first_fold(run)),
    )


def _cut_reading(facts: TokenFacts) -> str:
    longest = facts.max_tokens
    if longest is None:
        return "No network was run, so nothing was cut: linear models read every token."
    if facts.keep == "pieces":
        return (
            "The networks read every token of each document, in pieces (networks.piece_tokens):"
            " the state begins anew in each."
        )
    cut, unread = facts.cut_documents or 0, facts.cut_tokens or 0
    if not cut:
        return f"No document is longer than {count(longest)} tokens: the networks read every token."
    return (
        f"The networks read at most {count(longest)} tokens of a document (kept: {facts.keep});"
        f" {count(cut)} documents ({percent(cut / facts.documents)}) are longer, and"
        f" {count(unread)} tokens ({percent(unread / facts.tokens)}) are not read."
        " Linear models read every token."
    )


def _token_table(facts: TokenFacts) -> Table:
    length = facts.length
    values = {
        "Documents": count(facts.documents),
        "Tokens": count(facts.tokens),
        "Types (different tokens)": count(facts.types),
        "Vocabulary rows": count(facts.vocabulary),
        "Median length, tokens": count(length.median),
        "Mean length, tokens": decimal(length.mean, 1),
        "95th percentile of length, tokens": count(length.p95),
        "Longest document, tokens": count(length.max),
        "Documents cut": count(facts.cut_documents),
        "Tokens cut": count(facts.cut_tokens),
    }
    rows = tuple(row(name, value) for name, value in values.items())
    return Table("Tokens of the corpus", (*words("Measure"), *numbers("Value")), rows)


def _token_split_table(facts: TokenFacts, fold: str) -> Table:
    unknown, empty = facts.unknown_tokens, facts.empty_documents
    names = list(dict.fromkeys([*unknown, *empty]))
    rows = tuple(row(name, percent(unknown.get(name), 2), count(empty.get(name))) for name in names)
    columns = (*words("Split"), *numbers("Unknown tokens", "Documents without a token"))
    note = "Unknown: the token is not in the vocabulary, which was learned from training documents."
    return Table(f"Unknown tokens and empty documents{fold}", columns, rows, note)


def coverage(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how much of the corpus each embedding source has vectors for."""
    sources = run.metrics.embeddings
    if not sources:
        return (
            Nothing(
                status_sentence(run) or "No embedding was used: only models without embeddings were run."
            ),
        )
    lines = [_coverage_row(entry) for entry in sources]
    readings = tuple(_coverage_reading(entry) for entry in sources[: limits.rows])
    columns = (
        *words("Source"),
        *numbers("Dimension", "Rows", "Types covered", "Tokens covered", "Rows from the source", "Seconds"),
        *words("Settings", "Note"),
    )
    note = "Rows from the source: words of other documents for which the source brought a frozen vector."
    return (Points(readings), short_table("Embedding sources", columns, lines, limits.rows, METRICS, note))


def _coverage_reading(entry: Embedding) -> str:
    return (
        f"{entry.source} has a vector for {percent(entry.type_coverage)} of the types"
        f" and {percent(entry.token_coverage)} of the tokens."
    )


def _coverage_row(entry: Embedding) -> tuple[Cell, ...]:
    return row(
        entry.source,
        count(entry.dimension),
        count(entry.rows),
        percent(entry.type_coverage),
        percent(entry.token_coverage),
        count(entry.rows_from_source),
        seconds(entry.seconds) + (" (in an earlier run)" if entry.cached else ""),
        ", ".join(f"{key} = {value}" for key, value in entry.settings.items()) or MISSING,
        entry.note or MISSING,
    )


def neighbours(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the nearest neighbours of characteristic words, a table for each source."""
    sources = [entry for entry in run.details.neighbours if entry.words]
    if not sources:
        return (Nothing(status_sentence(run) or _why_no_neighbours(run)),)
    return tuple(neighbour_table(entry, limits) for entry in sources)


def _why_no_neighbours(run: Run) -> str:
    if not run.metrics.embeddings and not run.details.neighbours:
        return "No embedding was used, so there are no neighbours to show."
    return (
        "No word of the training documents qualified: it has to have a vector, to mark a class, to occur three"
        " times or more, and to be of three letters or more (of Chinese characters one is enough)."
    )


def neighbour_table(entry: Neighbours, limits: Limits) -> Table:
    """Return one source's neighbours."""
    trained = any(word.before is not None for word in entry.words)
    lines = [_neighbour_row(word, trained) for word in entry.words]
    near = ("Before training (cosine)", "After training (cosine)") if trained else ("Nearest words (cosine)",)
    note = f"{_closest(entry.words)} {_kept(entry.words) if trained else ''}".strip()
    title = f"Nearest neighbours: {entry.source}{', before and after training' if trained else ''}"
    columns = words("Word", "Why this word", *near)
    return short_table(title, columns, lines, limits.rows, "details/neighbours.json", note)


def _kept(entries: Sequence[NeighbourWord]) -> str:
    """Return how many of the neighbours training left in place."""
    before = [{near.word for near in entry.before or ()} for entry in entries]
    after = [{near.word for near in entry.neighbours} for entry in entries]
    left = sum(len(old & new) for old, new in zip(before, after, strict=True))
    return f"Of {sum(map(len, before)):,} neighbours before training, {left:,} are neighbours after it."


def _closest(entries: Sequence[NeighbourWord]) -> str:
    pairs = [(near.cosine, entry.word, near.word) for entry in entries for near in entry.neighbours]
    if not pairs:
        return ""
    cosine, word, near = max(pairs)
    return f"The closest pair: “{word}” and “{near}” (cosine {decimal(cosine, 2)})."


def _neighbour_row(entry: NeighbourWord, trained: bool) -> tuple[Cell, ...]:
    shown = (entry.before or (), entry.neighbours) if trained else (entry.neighbours,)
    return row(entry.word, entry.why, *map(_near, shown))


def _near(neighbours: Sequence[Near]) -> str:
    """Return neighbours with their cosines in one cell."""
    return ", ".join(f"{near.word} {decimal(near.cosine, 2)}" for near in neighbours) or MISSING


def choices(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return what was chosen on validation documents, and what was tried."""
    entries = run.details.choices
    if not entries:
        return (
            Nothing(
                status_sentence(run)
                or "Nothing was chosen on the validation documents except when each training ends."
            ),
        )
    lines = [line for entry in entries for line in _choice_rows(entry)]
    columns = (
        *words("Model"),
        *numbers("Fold"),
        *words("Setting"),
        *numbers("Value", "Validation log loss", "Validation accuracy"),
        *words("Chosen"),
    )
    note = f"{plural(len(entries), 'choice')} made; test documents chose nothing."
    title = "Settings tried on the validation documents"
    return (short_table(title, columns, lines, limits.rows, "details/choices.json", note, fold=True),)


def _choice_rows(entry: Choice) -> list[tuple[Cell, ...]]:
    return [
        row(
            entry.name,
            str(entry.fold),
            _setting_of(entry.what, tried),
            Cell(str(tried.value), best=_is_chosen(entry, tried)),
            decimal(tried.validation_log_loss),
            percent(tried.validation_accuracy),
            "chosen" if _is_chosen(entry, tried) else "",
        )
        for tried in entry.tried
    ]


def _setting_of(what: str, tried: Tried) -> str:
    """Return what was tried in a row, and what it was tried with.

    >>> _setting_of("C", Tried(3.0, None, None, power=0.5, beta=1.0))
    'C (power 0.5, beta 1.0)'
    """
    beside = {"min_df": tried.min_df, "power": tried.power, "beta": tried.beta}
    told = ", ".join(f"{name} {value}" for name, value in beside.items() if value is not None)
    return f"{what} ({told})" if told else what


def _is_chosen(entry: Choice, tried: Tried) -> bool:
    chosen = (entry.chosen, entry.min_df, entry.power, entry.beta)
    return (tried.value, tried.min_df, tried.power, tried.beta) == chosen
