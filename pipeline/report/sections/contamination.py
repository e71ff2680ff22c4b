"""Section on test documents that are no fair test: near-duplicates of training documents, tokens that tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.core.clean import plural
from pipeline.report.page.blocks import (
    Block,
    Cell,
    Limits,
    Nothing,
    Paragraph,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, interval, is_number, percent, points
from pipeline.report.sections.documents import document_texts
from pipeline.report.sections.facts import of_first_fold, status_sentence
from pipeline.run_folder.reading import Record, Run

SETS = ("without near-duplicates", "without giveaways")
TOKENS_NOTE = (
    "Among the training documents that hold the token, other labels are a tenth or less as frequent as elsewhere"
    " (upper end of a 95 % interval), and it stands in 10 % or more of its class. Check whether these are boilerplate"
    " (a header, a signature, a template) or words that the class is about: the numbers cannot tell."
)
REPEATS_NOTE = (
    "Near-duplicates are found by MinHash and then compared exactly. One word changed in a document changes three"
    " runs of three: from 29 tokens on it is still a near-duplicate. One of three tokens or fewer has to be equal."
    " A token that all but tells a label stands in 35 training documents or more (73 where two classes are of equal"
    " size), so that chance names none: in a smaller class none is looked for."
)


def contamination(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how many test documents are near-duplicates or given away, and the scores without them."""
    found = run.table("contamination")
    if not found:
        return (Nothing(status_sentence(run) or "The run recorded no facts about its test documents."),)
    return (
        Paragraph(_reading(run, found)),
        _repeats(run, found),
        *_scores(run, found, limits),
        *_pairs(run, found, limits),
        *_tokens(run, found, limits),
    )


def _reading(run: Run, found: Record) -> str:
    total, near = found.get("documents") or 0, found.get("near_duplicates") or {}
    number = near.get("documents") or 0
    if not number:
        return f"None of {plural(total, 'test document')} is a near-duplicate of a training or validation document."
    start = f"{count(number)} of {plural(total, 'test document')} ({percent(number / total)})"
    return f"{start} {'is a near-duplicate' if number == 1 else 'are near-duplicates'}. {_change(run, found)}"


def _change(run: Run, found: Record) -> str:
    """Return what becomes of the models' difference without the near-duplicates."""
    scores = {str(entry.get("of")): entry for entry in found.get("scores") or ()}
    plain, without = scores.get("all", {}), scores.get(SETS[0], {})
    if not is_number(plain.get("difference")) or not is_number(without.get("difference")):
        return ""
    return (
        f"{found.get('a')} minus {found.get('b')} is {points(plain['difference'], run.places)} points on all"
        f" documents and {points(without['difference'], run.places)} without them"
        f" (95 % interval {interval(without.get('ci95'), points, run.places)})."
    )


def _repeats(run: Run, found: Record) -> Table:
    near = found.get("near_duplicates") or {}
    duplicates = run.table("corpus").get("duplicates") or {}
    given_away = (found.get("giveaways") or {}).get("documents")
    total = found.get("documents") or 0
    values: dict[str, Any] = {
        "Test documents whose text is also in training or validation (case and blanks set aside)"
        + of_first_fold(run): duplicates.get("across_splits"),
        "Near-duplicates: 80 % or more of the runs of three tokens shared": near.get("documents"),
        "of these, all runs of three tokens shared": near.get("identical"),
        "of these near-duplicates, with the same label": near.get("same_label"),
        "Hold a token that all but tells a label": given_away,
    }
    rows = tuple(
        row(name, count(value), percent(value / total) if is_number(value) and total else MISSING)
        for name, value in values.items()
    )
    columns = (*words("What"), *numbers("Test documents", "Share"))
    return Table("Repeated and given away", columns, rows, REPEATS_NOTE)


def _scores(run: Run, found: Record, limits: Limits) -> tuple[Table, ...]:
    """Return each model's accuracy on all test documents and on those left."""
    scores = {str(entry.get("of")): entry for entry in found.get("scores") or ()}
    if not scores.get("all", {}).get("models"):
        return ()
    by_model = {of: {m["name"]: m for m in entry.get("models") or ()} for of, entry in scores.items()}
    shown, left_out = shorten(
        [
            row(
                str(name),
                *(cell for of in ("all", *SETS) for cell in _accuracy(by_model, of, name, run.places)),
            )
            for name in by_model["all"]
        ],
        limits.rows,
        "metrics.json",
    )
    left = ", ".join(f"{of}: {count(entry.get('documents'))}" for of, entry in scores.items())
    note = (
        f"Documents: {left}. No model is fitted again. What is left without giveaways may be harder for a reason of"
        f" its own. {left_out}"
    )
    titles = [title for of in ("All", *SETS) for title in (of[0].upper() + of[1:], "95 % interval")]
    return (
        Table("Accuracy without these documents", (*words("Model"), *numbers(*titles)), shown, note.strip()),
    )


def _accuracy(
    by_model: Mapping[str, Mapping[str, Record]], of: str, name: str, places: int
) -> tuple[str, str]:
    model = by_model.get(of, {}).get(name) or {}
    return percent(model.get("accuracy"), places), interval(model.get("ci95"), percent, places)


def _pairs(run: Run, found: Record, limits: Limits) -> tuple[Table, ...]:
    pairs = (found.get("near_duplicates") or {}).get("pairs") or []
    if not pairs:
        return ()
    texts = document_texts(run)
    rows, _ = shorten([_pair_row(pair, texts) for pair in pairs], limits.rows, "details/documents.parquet")
    columns = (
        *numbers("Document", "Similarity"),
        *words("Its text", "Nearly repeats", "That text", "Same label"),
    )
    note = (
        "Pairs that differ come first, the most similar of them first. All are in details/documents.parquet."
    )
    return (Table("Near-duplicates", columns, rows, note, fold=True),)


def _pair_row(pair: Record, texts: Mapping[tuple[str, int], str]) -> tuple[Cell, ...]:
    part, other = str(pair.get("near_duplicate_in")), pair["near_duplicate_of"]
    return row(
        str(pair["document"]),
        decimal(pair.get("similarity"), 2),
        texts.get(("test", pair["document"]), MISSING),
        f"{other} ({part})",
        texts.get((part, other), MISSING),
        "yes" if pair.get("same_label") else "no",
    )


def _tokens(run: Run, found: Record, limits: Limits) -> tuple[Table, ...]:
    tokens: Sequence[Record] = (found.get("giveaways") or {}).get("tokens") or []
    if not tokens:
        return ()
    rows, left_out = shorten([_token_row(entry) for entry in tokens], limits.rows, "details/giveaways.json")
    columns = (
        *words("Token", "Label"),
        *numbers("Training documents with it", "Of this label", "Of the label's documents"),
    )
    title = f"Tokens that all but tell the label{of_first_fold(run)}"
    return (Table(title, columns, rows, f"{TOKENS_NOTE} {left_out}".strip()),)


def _token_row(entry: Record) -> tuple[Cell, ...]:
    return row(
        str(entry.get("token")),
        str(entry.get("label")),
        count(entry.get("documents")),
        percent(entry.get("precision")),
        percent(entry.get("coverage")),
    )
