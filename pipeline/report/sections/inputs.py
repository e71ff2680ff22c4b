"""Sections about what went in: corpus, tokens, embeddings, choices made on validation documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, is_number, percent, seconds
from pipeline.report.sections.facts import of_first_fold, status_sentence
from pipeline.run_folder.reading import Record, Run

SHOWN_ROWS = 8  # record numbers of a ledger entry
DUPLICATE_MEANINGS = {
    "exact": "documents that repeat an earlier one exactly",
    "normalised": "the same, with case and blanks set aside",
    "across_splits": "test documents that also occur among training or validation documents",
    "conflicting_labels": "documents whose text occurs with more than one label",
}


def corpus(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return splits, classes, the row ledger and duplicates."""
    facts = run.table("corpus")
    if not facts:
        return (Nothing(status_sentence(run) or "The run recorded nothing about its corpus."),)
    return (
        _splits_table(facts, of_first_fold(run)),
        _classes_table(facts, limits),
        _ledger_table(facts, limits),
        _duplicates_table(facts),
        Paragraph(f"Corpus hash: {facts.get('hash') or 'not recorded'}.", "muted"),
    )


def _splits_table(facts: Record, fold: str) -> Table:
    splits = {str(name): number for name, number in (facts.get("splits") or {}).items()}
    total = sum(number for number in splits.values() if is_number(number)) or 1
    rows = tuple(row(name, count(number), percent((number or 0) / total)) for name, number in splits.items())
    return Table(f"Documents by split{fold}", (*words("Split"), *numbers("Documents", "Share")), rows)


def _classes_table(facts: Record, limits: Limits) -> Table:
    counts = {str(label): number or 0 for label, number in (facts.get("classes") or {}).items()}
    total = sum(counts.values()) or 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    every = [row(label, count(number), percent(number / total)) for label, number in ordered]
    rows, left_out = shorten(every, limits.rows, "metrics.json")
    reading = ""
    if ordered:
        (largest, most), (smallest, fewest) = ordered[0], ordered[-1]
        same = f"Every class has {plural(fewest, 'document')}."
        reading = (
            same
            if most == fewest
            else f"Largest: “{largest}” ({count(most)}); smallest: “{smallest}” ({count(fewest)})."
        )
    columns = (*words("Class"), *numbers("Documents", "Share"))
    return Table(f"Documents by class ({len(ordered)})", columns, rows, f"{reading} {left_out}".strip())


def _ledger_table(facts: Record, limits: Limits) -> Table:
    dropped = [entry for entry in facts.get("dropped") or () if isinstance(entry, dict)]
    every = [_dropped_row(entry) for entry in dropped]
    rows, left_out = shorten(every, limits.rows, "metrics.json")
    left = sum(entry["count"] for entry in dropped if is_number(entry.get("count")))
    sums = (
        f"{count(facts.get('rows_read'))} records read = {count(facts.get('documents'))} documents"
        f" + {count(left)} left out. Record numbers count from 0, lines from 1. {left_out}"
    )
    head = (row("used as documents", MISSING, count(facts.get("documents")), MISSING, MISSING),)
    columns = (
        *words("What became of a record", "File"),
        *numbers("Records"),
        *words("First record numbers", "First lines"),
    )
    return Table("Row ledger: every record read", columns, head + rows, sums.strip())


def _dropped_row(entry: Record) -> tuple[Cell, ...]:
    number = entry.get("count")
    places = [_first(entry.get(key), number) for key in ("rows", "lines")]
    return row(f"left out: {entry.get('reason')}", str(entry.get("file") or MISSING), count(number), *places)


def _first(values: Any, total: Any) -> str:
    """Return the first record or line numbers, and how many more there are."""
    if not isinstance(values, list) or not values:
        return MISSING
    shown = values[:SHOWN_ROWS]
    rest = (total if is_number(total) else len(values)) - len(shown)
    return ", ".join(str(value) for value in shown) + (f" and {count(rest)} more" if rest > 0 else "")


def _duplicates_table(facts: Record) -> Table:
    duplicates = facts.get("duplicates") or {}
    rows = tuple(row(text, count(duplicates.get(key))) for key, text in DUPLICATE_MEANINGS.items())
    return Table("Repeated documents", (*words("What"), *numbers("Documents")), rows)


def tokens(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return lengths, what was cut, and what was unknown."""
    facts = run.details.tokens
    if not facts:
        return (Nothing(status_sentence(run) or "The run recorded nothing about its tokens."),)
    return (
        Paragraph(_cut_reading(facts)),
        _token_table(facts),
        _token_split_table(facts, of_first_fold(run)),
    )


def _cut_reading(facts: Record) -> str:
    cut, documents, longest = (facts.get(key) for key in ("cut_documents", "documents", "max_tokens"))
    if longest is None:
        return "No network was run, so nothing was cut: linear models read every token."
    if facts.get("keep") == "pieces":
        return (
            "The networks read every token of each document, in pieces (networks.piece_tokens):"
            " the state begins anew in each."
        )
    if not cut:
        return f"No document is longer than {count(longest)} tokens: the networks read every token."
    shares = []
    for number, whole, noun in (
        (cut, documents, "documents"),
        (facts.get("cut_tokens"), facts.get("tokens"), "tokens"),
    ):
        share = f" ({percent(number / whole)})" if is_number(number) and is_number(whole) and whole else ""
        shares.append(f"{count(number)} {noun}{share}")
    return (
        f"The networks read at most {count(longest)} tokens of a document"
        f" (kept: {facts.get('keep')}); {shares[0]} are longer, and {shares[1]} are not read."
        " Linear models read every token."
    )


def _token_table(facts: Record) -> Table:
    length = facts.get("length") or {}
    values = {
        "Documents": count(facts.get("documents")),
        "Tokens": count(facts.get("tokens")),
        "Types (different tokens)": count(facts.get("types")),
        "Vocabulary rows": count(facts.get("vocabulary")),
        "Median length, tokens": count(length.get("median")),
        "Mean length, tokens": decimal(length.get("mean"), 1),
        "95th percentile of length, tokens": count(length.get("p95")),
        "Longest document, tokens": count(length.get("max")),
        "Documents cut": count(facts.get("cut_documents")),
        "Tokens cut": count(facts.get("cut_tokens")),
    }
    rows = tuple(row(name, value) for name, value in values.items())
    return Table("Tokens of the corpus", (*words("Measure"), *numbers("Value")), rows)


def _token_split_table(facts: Record, fold: str) -> Table:
    unknown, empty = facts.get("unknown_tokens") or {}, facts.get("empty_documents") or {}
    names = list(dict.fromkeys([*unknown, *empty]))
    rows = tuple(row(name, percent(unknown.get(name), 2), count(empty.get(name))) for name in names)
    columns = (*words("Split"), *numbers("Unknown tokens", "Documents without a token"))
    note = "Unknown: the token is not in the vocabulary, which was learned from training documents."
    return Table(f"Unknown tokens and empty documents{fold}", columns, rows, note)


def coverage(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how much of the corpus each embedding source has vectors for."""
    sources = run.rows("embeddings")
    if not sources:
        return (
            Nothing(
                status_sentence(run) or "No embedding was used: only models without embeddings were run."
            ),
        )
    rows, left_out = shorten([_coverage_row(entry) for entry in sources], limits.rows, "metrics.json")
    readings = [_coverage_reading(entry) for entry in sources[: limits.rows]]
    columns = (
        *words("Source"),
        *numbers("Dimension", "Rows", "Types covered", "Tokens covered", "Rows from the source", "Seconds"),
        *words("Settings", "Note"),
    )
    note = (
        "Rows from the source: words of other documents for which the source brought a frozen vector. "
        + left_out
    )
    return (Points(tuple(readings)), Table("Embedding sources", columns, rows, note.strip()))


def _coverage_reading(entry: Record) -> str:
    return (
        f"{entry.get('source')} has a vector for {percent(entry.get('type_coverage'))} of the types"
        f" and {percent(entry.get('token_coverage'))} of the tokens."
    )


def _coverage_row(entry: Record) -> tuple[Cell, ...]:
    settings = entry.get("settings") or {}
    return row(
        str(entry.get("source")),
        count(entry.get("dimension")),
        count(entry.get("rows")),
        percent(entry.get("type_coverage")),
        percent(entry.get("token_coverage")),
        count(entry.get("rows_from_source")),
        seconds(entry.get("seconds")) + (" (in an earlier run)" if entry.get("cached") else ""),
        ", ".join(f"{key} = {value}" for key, value in settings.items()) or MISSING,
        str(entry.get("note") or MISSING),
    )


def neighbours(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the nearest neighbours of characteristic words, a table for each source."""
    sources = [entry for entry in run.details.neighbours if entry.get("words")]
    if not sources:
        return (Nothing(status_sentence(run) or _why_no_neighbours(run)),)
    return tuple(neighbour_table(entry, limits) for entry in sources)


def _why_no_neighbours(run: Run) -> str:
    if not run.rows("embeddings") and not run.details.neighbours:
        return "No embedding was used, so there are no neighbours to show."
    return (
        "No word of the training documents qualified: it has to have a vector, to mark a class, to occur three"
        " times or more, and to be of three letters or more (of Chinese characters one is enough)."
    )


def neighbour_table(entry: Record, limits: Limits) -> Table:
    """Return one source's neighbours: an entry of details/neighbours.json."""
    trained = any("before" in word for word in entry["words"])
    every = [_neighbour_row(word, trained) for word in entry["words"]]
    rows, left_out = shorten(every, limits.rows, "details/neighbours.json")
    near = ("Before training (cosine)", "After training (cosine)") if trained else ("Nearest words (cosine)",)
    kept = _kept(entry["words"]) if trained else ""
    note = f"{_closest(entry['words'])} {kept} {left_out}".strip()
    title = f"Nearest neighbours: {entry.get('source')}{', before and after training' if trained else ''}"
    return Table(title, words("Word", "Why this word", *near), rows, note)


def _kept(entries: Sequence[Record]) -> str:
    """Return how many of the neighbours training left in place."""
    before, after = (
        [{near.get("word") for near in entry.get(key) or ()} for entry in entries]
        for key in ("before", "neighbours")
    )
    left = sum(len(old & new) for old, new in zip(before, after, strict=True))
    return f"Of {sum(map(len, before)):,} neighbours before training, {left:,} are neighbours after it."


def _closest(entries: Sequence[Record]) -> str:
    pairs = [
        (near["cosine"], str(entry.get("word")), str(near.get("word")))
        for entry in entries
        for near in entry.get("neighbours") or ()
        if is_number(near.get("cosine"))
    ]
    if not pairs:
        return ""
    cosine, word, near = max(pairs)
    return f"The closest pair: “{word}” and “{near}” (cosine {decimal(cosine, 2)})."


def _neighbour_row(entry: Record, trained: bool) -> tuple[Cell, ...]:
    keys = ("before", "neighbours") if trained else ("neighbours",)
    return row(
        str(entry.get("word")), str(entry.get("why") or MISSING), *(_near(entry.get(key)) for key in keys)
    )


def _near(neighbours: Any) -> str:
    """Return neighbours with their cosines in one cell."""
    listed = [f"{word.get('word')} {decimal(word.get('cosine'), 2)}" for word in neighbours or ()]
    return ", ".join(listed) or MISSING


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
    every = [line for entry in entries for line in _choice_rows(entry)]
    rows, left_out = shorten(every, limits.rows, "details/choices.json")
    columns = (
        *words("Model"),
        *numbers("Fold"),
        *words("Setting"),
        *numbers("Value", "Validation log loss", "Validation accuracy"),
        *words("Chosen"),
    )
    reading = f"{plural(len(entries), 'choice')} made; test documents chose nothing. {left_out}"
    return (Table("Settings tried on the validation documents", columns, rows, reading.strip(), fold=True),)


def _choice_rows(entry: Record) -> list[tuple[Cell, ...]]:
    return [
        row(
            str(entry.get("name")),
            str(entry.get("fold")),
            _setting_of(entry, tried),
            Cell(str(tried.get("value")), best=_is_chosen(entry, tried)),
            decimal(tried.get("validation_log_loss")),
            percent(tried.get("validation_accuracy")),
            "chosen" if _is_chosen(entry, tried) else "",
        )
        for tried in entry.get("tried") or ()
    ]


_BESIDE = ("min_df", "power", "beta")  # chosen together with the strength


def _setting_of(entry: Record, tried: Record) -> str:
    """Return what was tried in a row, and what it was tried with.

    >>> _setting_of({"what": "C"}, {"value": 3.0, "power": 0.5, "beta": 1.0})
    'C (power 0.5, beta 1.0)'
    """
    beside = [f"{name} {tried[name]}" for name in _BESIDE if tried.get(name) is not None]
    told = f" ({', '.join(beside)})" if beside else ""
    return f"{entry.get('what')}{told}"


def _is_chosen(entry: Record, tried: Record) -> bool:
    same = all(tried.get(name) == entry.get(name) for name in _BESIDE)
    return same and tried.get("value") == entry.get("chosen")
