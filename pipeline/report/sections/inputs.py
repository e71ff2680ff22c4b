"""Sections about what went in: corpus, tokens, embeddings, choices made on validation documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.core.clean import plural
from pipeline.core.wording import in_words
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Fold,
    Limits,
    Paragraph,
    Points,
    Shut,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.cards import Seen
from pipeline.report.page.formats import MISSING, count, decimal, percent, seconds
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.report.sections.facts import nothing, of_first_fold
from pipeline.run_folder.details.fitting import Choice, Tried
from pipeline.run_folder.details.words import Near, Neighbours, NeighbourWord, TokenFacts
from pipeline.run_folder.metrics.corpus import Corpus, Dropped, Embedding
from pipeline.run_folder.names import METRICS, detail_file
from pipeline.run_folder.reading import Run

SHOWN_ROWS = 8  # record numbers of a ledger entry
DUPLICATE_MEANINGS = {
    "exact": "documents that repeat an earlier one exactly",
    "normalised": "the same, with case and blanks set aside",
    "across_splits": "test documents that also occur among training or validation documents",
    "conflicting_labels": "documents whose text occurs with more than one label",
}


def corpus(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how the documents were divided; classes, the row ledger, repeated documents and tokens shut."""
    facts = run.metrics.corpus
    splits = f"Documents by split{of_first_fold(run)}"
    duplicates = vars(facts.duplicates)
    repeated = [(what, count(duplicates[key])) for key, what in DUPLICATE_MEANINGS.items()]
    left = facts.rows_read - facts.documents
    seen = f"{plural(facts.documents, 'document')} in {in_words(len(facts.classes))} classes"
    seen += f", {in_words(left)} left out" if left else ", none left out"
    shut: tuple[Shut, ...] = (
        _classes_table(facts, limits),
        _ledger_table(facts, limits),
        _values_table("Repeated documents", "What", "Documents", repeated),
        *_tokens(run),
        Paragraph(f"Corpus hash: {facts.hash}.", "muted"),
    )
    return (
        Seen(seen, facts.reading),
        _shares_table(splits, "Split", list(vars(facts.splits).items()), Limits()),
        *((Paragraph(_cut_reading(run.details.tokens)),) if run.details.tokens else ()),
        Fold("Classes, every record read, repeated documents, tokens", shut),
    )


def _shares_table(
    caption: str, what: str, parts: Sequence[tuple[str, int]], limits: Limits, note: str = ""
) -> Table:
    """Return how many documents each part of a corpus has, and their share of all."""
    total = sum(documents for _, documents in parts) or 1
    columns: Columns[tuple[str, int]] = (
        text(what, lambda part: part[0]),
        number("Documents", lambda part: count(part[1])),
        number("Share", lambda part: percent(part[1] / total)),
    )
    return table_of(caption, parts, columns, limits.rows, METRICS, note)


def _values_table(caption: str, what: str, of: str, values: Sequence[tuple[str, str]]) -> Table:
    return Table(caption, (*words(what), *numbers(of)), tuple(row(*line) for line in values))


def _classes_table(facts: Corpus, limits: Limits) -> Table:
    ordered = sorted(facts.classes.items(), key=lambda item: -item[1])
    (largest, most), (smallest, fewest) = ordered[0], ordered[-1]
    note = f"Largest: “{largest}” ({count(most)}); smallest: “{smallest}” ({count(fewest)})."
    if most == fewest:
        note = f"Every class has {plural(fewest, 'document')}."
    return _shares_table(f"Documents by class ({len(ordered)})", "Class", ordered, limits, note)


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


def _tokens(run: Run) -> tuple[Table, ...]:
    """Return lengths, and what was unknown."""
    facts = run.details.tokens
    if facts is None:
        return ()
    values = _values_table("Tokens of the corpus", "Measure", "Value", _token_values(facts))
    return (values, _token_split_table(facts, of_first_fold(run)))


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
        f"The networks read at most {count(longest)} tokens of a document (kept: {facts.keep})."
        f" {plural(cut, 'document')} ({percent(cut / facts.documents)}) {'is' if cut == 1 else 'are'} longer."
        f" {plural(unread, 'token')} ({percent(unread / facts.tokens)}) {'is' if unread == 1 else 'are'} not read."
        " Linear models read every token."
    )


def _token_values(facts: TokenFacts) -> list[tuple[str, str]]:
    length = facts.length
    return [
        ("Documents", count(facts.documents)),
        ("Tokens", count(facts.tokens)),
        ("Types (different tokens)", count(facts.types)),
        ("Vocabulary rows", count(facts.vocabulary)),
        ("Median length, tokens", count(length.median)),
        ("Mean length, tokens", decimal(length.mean, 1)),
        ("95th percentile of length, tokens", count(length.p95)),
        ("Longest document, tokens", count(length.max)),
        ("Documents cut", count(facts.cut_documents)),
        ("Tokens cut", count(facts.cut_tokens)),
    ]


def _token_split_table(facts: TokenFacts, fold: str) -> Table:
    unknown, empty = facts.unknown_tokens, facts.empty_documents
    columns: Columns[str] = (
        text("Split", str),
        number("Unknown tokens", lambda split: percent(unknown.get(split), 2)),
        number("Documents without a token", lambda split: count(empty.get(split))),
    )
    note = "Unknown: the token is not in the vocabulary, which was learned from training documents."
    splits = list(dict.fromkeys([*unknown, *empty]))
    return table_of(
        f"Unknown tokens and empty documents{fold}", splits, columns, Limits().rows, METRICS, note
    )


def coverage(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how much of the corpus each embedding source has vectors for."""
    sources = run.metrics.embeddings
    if not sources:
        return nothing(run, "No embedding was used: only models without embeddings were run.")
    readings = tuple(
        f"{entry.source} has a vector for {percent(entry.type_coverage)} of the types"
        f" and {percent(entry.token_coverage)} of the tokens."
        for entry in sources[: limits.rows]
    )
    columns: Columns[Embedding] = (
        text("Source", lambda one: one.source),
        number("Dimension", lambda one: count(one.dimension)),
        number("Rows", lambda one: count(one.rows)),
        number("Types covered", lambda one: percent(one.type_coverage)),
        number("Tokens covered", lambda one: percent(one.token_coverage)),
        number("Rows from the source", lambda one: count(one.rows_from_source)),
        number("Seconds", lambda one: seconds(one.seconds) + (" (in an earlier run)" if one.cached else "")),
        text("Settings", _settings),
        text("Note", lambda one: one.note or MISSING),
    )
    note = "Rows from the source: words of other documents for which the source brought a frozen vector."
    table = table_of("Embedding sources", sources, columns, limits.rows, METRICS, note)
    return (
        *((Points(readings),) if len(readings) > 1 else (Paragraph(readings[0]),)),
        replace(table, fold=True),
    )


def _settings(entry: Embedding) -> str:
    return ", ".join(f"{key} = {value}" for key, value in entry.settings.items()) or MISSING


def neighbours(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the nearest neighbours of characteristic words, a table for each source."""
    sources = [entry for entry in run.details.neighbours if entry.words]
    if not sources:
        return nothing(run, _why_no_neighbours(run))
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
    title, note = f"Nearest neighbours: {entry.source}", _closest(entry.words)
    columns: Columns[NeighbourWord] = (
        text("Word", lambda one: one.word),
        text("Why this word", lambda one: one.why),
        text("Nearest words (cosine)", lambda one: _near(one.neighbours)),
    )
    if trained:
        title, note = f"{title}, before and after training", f"{note} {_kept(entry.words)}".strip()
        columns = (
            *columns[:-1],
            text("Before training (cosine)", lambda one: _near(one.before or ())),
            text("After training (cosine)", lambda one: _near(one.neighbours)),
        )
    return table_of(title, entry.words, columns, limits.rows, detail_file("neighbours"), note)


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


def _near(neighbours: Sequence[Near]) -> str:
    """Return neighbours with their cosines in one cell."""
    return ", ".join(f"{near.word} {decimal(near.cosine, 2)}" for near in neighbours) or MISSING


def choices(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return what was chosen on validation documents, and what was tried."""
    entries = run.details.choices
    if not entries:
        return nothing(run, "Nothing was chosen on the validation documents except when each training ends.")
    columns: Columns[tuple[Choice, Tried]] = (
        text("Model", lambda one: one[0].name),
        number("Fold", lambda one: one[0].fold),
        text("Setting", lambda one: _setting_of(one[0].what, one[1])),
        number("Value", lambda one: Cell(str(one[1].value), best=_is_chosen(*one))),
        number("Validation log loss", lambda one: decimal(one[1].validation_log_loss)),
        number("Validation accuracy", lambda one: percent(one[1].validation_accuracy)),
        text("Chosen", lambda one: "chosen" if _is_chosen(*one) else ""),
    )
    tried = [(choice, tried) for choice in entries for tried in choice.tried]
    note = f"{plural(len(entries), 'choice')} made; test documents chose nothing."
    title = "Settings tried on the validation documents"
    table = table_of(title, tried, columns, limits.rows, detail_file("choices"), note, fold=True)
    said = f"{plural(len(entries), 'choice')} among {plural(len(tried), 'setting')}; test documents chose nothing."
    return (Seen("What validation documents chose", said), table)


def _setting_of(what: str, tried: Tried) -> str:
    """Return what was tried in a row, and what it was tried with.

    >>> _setting_of("C", Tried(3.0, None, None, power=0.5, beta=1.0))
    'C (power 0.5, beta 1.0)'
    """
    beside = {"min_df": tried.min_df, "power": tried.power, "beta": tried.beta}
    told = ", ".join(f"{name} {value}" for name, value in beside.items() if value is not None)
    return f"{what} ({told})" if told else what


def _is_chosen(choice: Choice, tried: Tried) -> bool:
    chosen = (choice.chosen, choice.min_df, choice.power, choice.beta)
    return (tried.value, tried.min_df, tried.power, tried.beta) == chosen
