"""Section on test documents that are no fair test: near-duplicates of training documents, tokens that tell."""

from __future__ import annotations

from collections.abc import Mapping

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
    short_table,
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, decimal, interval, percent, points
from pipeline.report.sections.documents import document_texts
from pipeline.report.sections.facts import of_first_fold, status_sentence
from pipeline.run_folder.metrics.documents import Contamination, Giveaway, ModelScore, NearDuplicate, ScoresOn
from pipeline.run_folder.reading import METRICS, Run

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
    found = run.metrics.contamination
    if found is None:
        return (Nothing(status_sentence(run) or "The run recorded no facts about its test documents."),)
    return (
        Paragraph(_reading(run, found)),
        _repeats(run, found),
        *_scores(run, found, limits),
        *_pairs(run, found, limits),
        *_tokens(run, found, limits),
    )


def _reading(run: Run, found: Contamination) -> str:
    total, number = found.documents, found.near_duplicates.documents
    if not number:
        return f"None of {plural(total, 'test document')} is a near-duplicate of a training or validation document."
    start = f"{count(number)} of {plural(total, 'test document')} ({percent(number / total)})"
    return f"{start} {'is a near-duplicate' if number == 1 else 'are near-duplicates'}. {_change(run, found)}"


def _change(run: Run, found: Contamination) -> str:
    """Return what becomes of the models' difference without the near-duplicates."""
    scores: dict[str, ScoresOn] = {entry.of: entry for entry in found.scores}
    plain, without = scores["all"], scores[SETS[0]]
    if plain.difference is None or without.difference is None:
        return ""
    return (
        f"{found.a} minus {found.b} is {points(plain.difference, run.places)} points on all"
        f" documents and {points(without.difference, run.places)} without them"
        f" (95 % interval {interval(without.ci95, points, run.places)})."
    )


def _repeats(run: Run, found: Contamination) -> Table:
    near = found.near_duplicates
    values = {
        "Test documents whose text is also in training or validation (case and blanks set aside)"
        + of_first_fold(run): run.metrics.corpus.duplicates.across_splits,
        "Near-duplicates: 80 % or more of the runs of three tokens shared": near.documents,
        "of these, all runs of three tokens shared": near.identical,
        "of these near-duplicates, with the same label": near.same_label,
        "Hold a token that all but tells a label": found.giveaways.documents,
    }
    rows = tuple(row(name, count(value), percent(value / found.documents)) for name, value in values.items())
    columns = (*words("What"), *numbers("Test documents", "Share"))
    return Table("Repeated and given away", columns, rows, REPEATS_NOTE)


def _scores(run: Run, found: Contamination, limits: Limits) -> tuple[Table, ...]:
    """Return each model's accuracy on all test documents and on those left."""
    by_model: dict[str, dict[str, ModelScore]] = {
        entry.of: {model.name: model for model in entry.models} for entry in found.scores
    }
    lines = [
        row(name, *(cell for of in ("all", *SETS) for cell in _accuracy(by_model[of].get(name), run.places)))
        for name in by_model["all"]
    ]
    left = ", ".join(f"{entry.of}: {count(entry.documents)}" for entry in found.scores)
    note = (
        f"Documents: {left}. No model is fitted again. What is left without giveaways may be harder for a reason of"
        " its own."
    )
    titles = [title for of in ("All", *SETS) for title in (of[0].upper() + of[1:], "95 % interval")]
    columns = (*words("Model"), *numbers(*titles))
    return (short_table("Accuracy without these documents", columns, lines, limits.rows, METRICS, note),)


def _accuracy(score: ModelScore | None, places: int) -> tuple[str, str]:
    """Return accuracy and interval; of no document there are none."""
    if score is None:
        return MISSING, MISSING
    return percent(score.accuracy, places), interval(score.ci95, percent, places)


def _pairs(run: Run, found: Contamination, limits: Limits) -> tuple[Table, ...]:
    pairs = found.near_duplicates.pairs
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


def _pair_row(pair: NearDuplicate, texts: Mapping[tuple[str, int], str]) -> tuple[Cell, ...]:
    part, other = pair.near_duplicate_in, pair.near_duplicate_of
    return row(
        str(pair.document),
        decimal(pair.similarity, 2),
        texts.get(("test", pair.document), MISSING),
        f"{other} ({part})",
        texts.get((part, other), MISSING),
        "yes" if pair.same_label else "no",
    )


def _tokens(run: Run, found: Contamination, limits: Limits) -> tuple[Table, ...]:
    if not found.giveaways.tokens:
        return ()
    lines = [_token_row(entry) for entry in found.giveaways.tokens]
    columns = (
        *words("Token", "Label"),
        *numbers("Training documents with it", "Of this label", "Of the label's documents"),
    )
    title = f"Tokens that all but tell the label{of_first_fold(run)}"
    return (short_table(title, columns, lines, limits.rows, "details/giveaways.json", TOKENS_NOTE),)


def _token_row(entry: Giveaway) -> tuple[Cell, ...]:
    return row(
        entry.token,
        entry.label,
        count(entry.documents),
        percent(entry.precision),
        percent(entry.coverage),
    )
