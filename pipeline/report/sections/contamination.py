"""Section on test documents that are no fair test: near-duplicates of training documents, tokens that tell."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Block, Fold, Limits, Paragraph, Table, numbers, row, words
from pipeline.report.page.cards import Seen
from pipeline.report.page.formats import MISSING, count, decimal, interval, percent, points
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.documents import document_texts
from pipeline.report.sections.facts import nothing, of_first_fold
from pipeline.report.sections.model_words import namer
from pipeline.run_folder.metrics.documents import Contamination, Giveaway, ModelScore, NearDuplicate, Without
from pipeline.run_folder.names import METRICS, detail_file
from pipeline.run_folder.reading import Run

SETS: tuple[Without, ...] = ("all", "without near-duplicates", "without giveaways")
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
        return nothing(run, "The run recorded no facts about its test documents.")
    shut = (
        _repeats(run, found),
        _scores(run, found, limits),
        *_pairs(run, found, limits),
        *_tokens(run, found, limits),
    )
    return (
        Seen(_seen(found), _reading(run, found)),
        *_told(found),
        Fold("Pairs, tokens, scores without them", shut),
    )


def _seen(found: Contamination) -> str:
    number = found.near_duplicates.documents
    if not number:
        return "No test document nearly repeats one learned from"
    repeat = "repeats" if number == 1 else "repeat"
    return f"{count(number)} of {plural(found.documents, 'test document')} nearly {repeat} one learned from"


def _told(found: Contamination) -> tuple[Paragraph, ...]:
    """Return how many documents hold a token that all but names the class."""
    number = found.giveaways.documents
    if not number:
        return ()
    of = f"{count(number)} of {plural(found.documents, 'test document')}"
    return (Paragraph(f"{of} {'holds' if number == 1 else 'hold'} a word that all but names the class."),)


def _reading(run: Run, found: Contamination) -> str:
    total, number = found.documents, found.near_duplicates.documents
    if not number:
        return f"None of {plural(total, 'test document')} is a near-duplicate of a training or validation document."
    return f"That is {percent(number / total)} of them. {_change(run, found)}".rstrip()


def _change(run: Run, found: Contamination) -> str:
    """Return what becomes of the models' difference without the near-duplicates."""
    scores = {entry.of: entry for entry in found.scores}
    plain, without = scores["all"], scores["without near-duplicates"]
    if plain.difference is None or without.difference is None:
        return ""
    name = namer(run)
    before, after = (points(one, run.places) for one in (plain.difference, without.difference))
    return f"Without them {name(found.a or '')} minus {name(found.b or '')} is {after} in 100 instead of {before}."


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


def _scores(run: Run, found: Contamination, limits: Limits) -> Table:
    """Return each model's accuracy on all test documents and on those left; of no document there is none."""
    by_model = {entry.of: {model.name: model for model in entry.models} for entry in found.scores}
    columns: list[ColumnOf[str]] = [text("Model", str)]
    for of in SETS:
        columns += _score_columns(of.capitalize(), by_model[of], run.places)
    left = ", ".join(f"{entry.of}: {count(entry.documents)}" for entry in found.scores)
    note = (
        f"Documents: {left}.{_interval_without(run, found)} No model is fitted again."
        " What is left without giveaways may be harder for a reason of its own."
    )
    title = "Accuracy without these documents"
    return table_of(title, list(by_model["all"]), columns, limits.rows, METRICS, note)


def _interval_without(run: Run, found: Contamination) -> str:
    """Return how far the models' difference without the near-duplicates is known."""
    without = next(entry for entry in found.scores if entry.of == "without near-duplicates")
    if without.ci95 is None:
        return ""
    ends = interval(without.ci95, points, run.places)
    return f" {found.a} minus {found.b} without near-duplicates, 95 % interval in points: {ends}."


def _score_columns(
    title: str, scores: Mapping[str, ModelScore], places: int
) -> tuple[ColumnOf[str], ColumnOf[str]]:
    """Return accuracy and interval by a model's name."""

    def accuracy(name: str) -> str:
        return percent(scores[name].accuracy, places) if name in scores else MISSING

    def ends(name: str) -> str:
        return interval(scores[name].ci95, percent, places) if name in scores else MISSING

    return number(title, accuracy), number("95 % interval", ends)


def _pairs(run: Run, found: Contamination, limits: Limits) -> tuple[Table, ...]:
    texts = document_texts(run)
    columns: Columns[NearDuplicate] = (
        number("Document", lambda pair: pair.document),
        number("Similarity", lambda pair: decimal(pair.similarity, 2)),
        text("Its text", lambda pair: texts.get(("test", pair.document), MISSING)),
        text("Nearly repeats", lambda pair: f"{pair.near_duplicate_of} ({pair.near_duplicate_in})"),
        text("That text", lambda pair: texts.get((pair.near_duplicate_in, pair.near_duplicate_of), MISSING)),
        text("Same label", lambda pair: "yes" if pair.same_label else "no"),
    )
    pairs = found.near_duplicates.pairs[: limits.rows]
    note = (
        "Pairs that differ come first, the most similar of them first. All are in details/documents.parquet."
    )
    table = table_of("Near-duplicates", pairs, columns, limits.rows, METRICS, note, fold=True)
    return (table,) if pairs else ()


def _tokens(run: Run, found: Contamination, limits: Limits) -> tuple[Table, ...]:
    tokens = found.giveaways.tokens
    columns: Columns[Giveaway] = (
        text("Token", lambda one: one.token),
        text("Label", lambda one: one.label),
        number("Training documents with it", lambda one: count(one.documents)),
        number("Of this label", lambda one: percent(one.precision)),
        number("Of the label's documents", lambda one: percent(one.coverage)),
    )
    title = f"Tokens that all but tell the label{of_first_fold(run)}"
    table = table_of(title, tokens, columns, limits.rows, detail_file("giveaways"), TOKENS_NOTE)
    return (table,) if tokens else ()
