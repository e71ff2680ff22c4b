"""Section on single documents: those that every model gets wrong, that one kind gets right, sure mistakes."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import clip, plural
from pipeline.core.wording import in_words
from pipeline.report.page.blocks import (
    Block,
    Browser,
    Cell,
    Fold,
    Limits,
    Paragraph,
    Table,
    numbers,
    row,
    words,
)
from pipeline.report.page.browsed import Agreement
from pipeline.report.page.formats import MISSING, count, percent
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.browser import (
    browser_data,
    first_documents,
    how_contributions_are_made,
    how_documents_are_chosen,
)
from pipeline.report.sections.facts import nothing
from pipeline.run_folder.details.documents import ShownDocument
from pipeline.run_folder.metrics.documents import HardDocuments, ListedDocument
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

TEXT = 300  # characters of a document that a table shows
READ_THEM = "Read what they get wrong before you trust a number."
ANSWERS = 8  # models whose answer a table shows
LISTS = {  # key: caption, what to make of it
    "all wrong": (
        "Every model is wrong",
        "Look at the label first: where all models agree on another one, it may be the label that is wrong."
        " The lowest mean probability of the label first.",
    ),
    "only one right": ("One model alone is right", "That model's highest probability first."),
    "only networks right": (
        "All networks are right and all baselines wrong",
        "What word order or embeddings may be good for here; the largest gap in probability first.",
    ),
    "only baselines right": (
        "All baselines are right and all networks wrong",
        "The largest gap in probability first.",
    ),
    "sure mistakes": ("The surest mistakes", "The highest probability of a wrong answer first."),
}
RULE = (
    "A model's answer is the class of the highest probability, averaged over its trainings. Where that is known, it"
    " stands behind the answer. Controls and models that did not train choose no documents. A few documents show what"
    " to look for, they prove nothing."
)


def documents(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how many documents each list has, which mistakes models share, and the lists with their texts."""
    found = run.metrics.hard_documents
    if found is None:
        return nothing(run, "No model but controls was scored, or none trained.")
    texts = document_texts(run)
    lists = tuple(_list(name, found, texts, limits) for name in LISTS if found.lists.get(name))
    return (
        Paragraph(_reading(run, found)),
        *_browsed(run, lists, limits),
        _counts(found),
        *_shared(found, limits),
        Fold("What counts as an answer here", (Paragraph(RULE, "muted"),)),
    )


def _browsed(run: Run, lists: tuple[Table, ...], limits: Limits) -> tuple[Block, ...]:
    """Return the documents to browse, with the lists in their place where no script runs; else the lists."""
    chosen = run.details.chosen_documents
    if chosen is None:
        return lists
    data, step = browser_data(run, limits)
    rule, method = how_documents_are_chosen(chosen, step), how_contributions_are_made(run)
    return (Browser(data, lists, rule, method, _agreement(run), first_documents(run)),)


def _agreement(run: Run) -> tuple[Agreement, ...]:
    """Return on how many documents all, some and none of the models are right; nothing where that is not known."""
    found, chosen = run.metrics.hard_documents, run.details.chosen_documents
    if found is None or chosen is None or "sure mistakes" not in found.counts:
        return ()
    if not all(one.probabilities for one in chosen.models if one.decides):
        return ()  # of answers alone no sure mistake is known, and those are the documents on which some are wrong
    none = found.counts["all wrong"]
    some = found.counts["sure mistakes"] - none
    of = f"all {in_words(len(found.models))} models"
    return (
        Agreement(
            found.documents - some - none,
            "all right",
            f"{of} are right on {found.documents - some - none:,}",
            "all",
        ),
        Agreement(some, "some wrong", f"some are wrong on {some:,}", "some"),
        Agreement(none, "all wrong", f"all are wrong on {none:,}", "none"),
    )


def _reading(run: Run, found: HardDocuments) -> str:
    """Return on how many documents all models are right, and on how many none is."""
    right = next((part.documents for part in _agreement(run) if part.tone == "all"), None)
    of = f"{count(found.counts['all wrong'])} of {plural(found.documents, 'test document')}"
    if right is None:
        return f"Every model is wrong on {of}. {READ_THEM}"
    n_models = len(found.models)
    models = {1: "The model is", 2: "Both models are"}.get(n_models, f"All {in_words(n_models)} models are")
    return f"{models} right on {plural(right, 'document')}, wrong on {count(found.counts['all wrong'])}. {READ_THEM}"


def document_texts(run: Run) -> dict[tuple[str, int], str]:
    """Return the start of each text that the run kept, by its part and number."""
    return {(shown.part, shown.document): _start(shown) for shown in run.details.documents_shown}


def _start(entry: ShownDocument) -> str:
    text = clip(entry.text, TEXT)
    return text + ("…" if entry.cut and not text.endswith("…") else "")


def _counts(found: HardDocuments) -> Table:
    counts = found.counts
    rows = tuple(
        row(caption, count(counts[name]), percent(counts[name] / found.documents))
        for name, (caption, _) in LISTS.items()
        if name in counts and name != "sure mistakes"
    )
    return Table("Who is right on what", (*words("Documents where"), *numbers("Number", "Share")), rows)


def _shared(found: HardDocuments, limits: Limits) -> tuple[Table, ...]:
    """Return the mistakes that two models share, as shares of the smaller number of mistakes."""
    names, places = found.models, range(len(found.models))

    def shared_with(b: int) -> ColumnOf[int]:
        return number(names[b], lambda a: _shared_cell(found.wrong, a, b))

    columns: Columns[int] = (text("Model", lambda a: names[a]), *map(shared_with, places[: limits.pairs]))
    note = (
        "Documents that both models get wrong, with their share of what the better of the two gets wrong; on the"
        " diagonal a model's own mistakes."
    )
    title = "Mistakes that two models share"
    table = table_of(title, places, columns, limits.rows, METRICS, note, fold=True)
    return (table,) if len(names) > 1 else ()


def _shared_cell(wrong: Sequence[Sequence[int]], a: int, b: int) -> str:
    both, fewer = wrong[a][b], min(wrong[a][a], wrong[b][b])
    return count(both) + (f" ({percent(both / fewer, 0)})" if a != b and fewer else "")


def _list(name: str, found: HardDocuments, texts: dict[tuple[str, int], str], limits: Limits) -> Table:
    caption, note = LISTS[name]
    listed = found.lists[name][: limits.rows]
    columns: Columns[ListedDocument] = (
        number("Document", lambda one: one.document),
        text("Text", lambda one: texts.get(("test", one.document), MISSING)),
        text("Label", lambda one: one.label),
        *(_answers_of(answer.name) for answer in listed[0].answers[:ANSWERS]),
    )
    first = f"{count(len(listed))} of {count(found.counts[name])} documents. {note}"
    return table_of(caption, listed, columns, limits.rows, METRICS, first, fold=True)


def _answers_of(name: str) -> ColumnOf[ListedDocument]:
    def show(document: ListedDocument) -> Cell:
        answer = next((one for one in document.answers if one.name == name), None)
        if answer is None:
            return Cell(MISSING)
        said = answer.predicted  # alone where an outside file had answers alone
        if answer.probability is not None:
            said += f" {percent(answer.probability, 0)}"
        return Cell(said, best=answer.predicted == document.label)

    return text(name, show)
