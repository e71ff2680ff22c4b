"""Section on single documents: those that every model gets wrong, that one kind gets right, sure mistakes."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import clip, plural
from pipeline.report.page.blocks import (
    Block,
    Browser,
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
from pipeline.report.page.formats import MISSING, count, is_number, percent
from pipeline.report.sections.browser import (
    browser_data,
    how_contributions_are_made,
    how_documents_are_chosen,
)
from pipeline.report.sections.facts import status_sentence
from pipeline.run_folder.reading import Record, Run

TEXT = 300  # characters of a document that a table shows
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
    "A model's answer is the class of the highest probability, averaged over its seeds, which stands behind it where"
    " it is known; controls and models that did not train choose no documents. A few documents show what to look for,"
    " they prove nothing."
)


def documents(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return how many documents each list has, which mistakes models share, and the lists with their texts."""
    found = run.table("hard_documents")
    if not found:
        return (Nothing(status_sentence(run) or "No model but controls was scored, or none trained."),)
    texts = document_texts(run)
    kept = found.get("lists") or {}
    lists = tuple(_list(name, found, texts, limits) for name in LISTS if kept.get(name))
    return (
        Paragraph(_reading(found)),
        Paragraph(RULE, "muted"),
        _counts(found),
        *_shared(found, limits),
        *_browsed(run, lists, limits),
    )


def _browsed(run: Run, lists: tuple[Table, ...], limits: Limits) -> tuple[Block, ...]:
    """Return the documents to browse, with the lists in their place where no script runs; else the lists."""
    data, step = browser_data(run, limits)
    if not data:
        return lists
    return (Browser(data, lists, how_documents_are_chosen(data, step), how_contributions_are_made(run)),)


def _reading(found: Record) -> str:
    """Return how many documents no model gets right, and how many one kind of models alone."""
    counts = found.get("counts") or {}
    start = (
        f"Every model is wrong on {count(counts.get('all wrong'))} of"
        f" {plural(found.get('documents') or 0, 'test document')}."
    )
    by_networks, by_baselines = (counts.get(f"only {kind} right") for kind in ("networks", "baselines"))
    if by_networks is None or by_baselines is None:
        return start
    return (
        f"{start} All networks are right and all baselines wrong on {count(by_networks)}, the other way round on"
        f" {count(by_baselines)}."
    )


def document_texts(run: Run) -> dict[tuple[str, int], str]:
    """Return the start of each text that the run kept, by its part and number."""
    shown = run.details.documents_shown
    return {
        (str(entry.get("part")), int(entry["document"])): _start(entry)
        for entry in shown
        if "document" in entry
    }


def _start(entry: Record) -> str:
    text = clip(str(entry.get("text") or ""), TEXT)
    return text + ("…" if entry.get("cut") and not text.endswith("…") else "")


def _counts(found: Record) -> Table:
    total = found.get("documents") or 0
    counts = found.get("counts") or {}
    rows = tuple(
        row(caption, count(counts[name]), percent(counts[name] / total if total else None))
        for name, (caption, _) in LISTS.items()
        if name in counts and name != "sure mistakes"
    )
    return Table("Who is right on what", (*words("Documents where"), *numbers("Number", "Share")), rows)


def _shared(found: Record, limits: Limits) -> tuple[Table, ...]:
    """Return the mistakes that two models share, as shares of the smaller number of mistakes."""
    names, wrong = [str(name) for name in found.get("models") or ()], found.get("wrong") or ()
    if len(names) < 2:
        return ()
    rows, left_out = shorten(
        [
            row(names[a], *(_shared_cell(wrong, a, b) for b in range(min(len(names), limits.pairs))))
            for a in range(len(names))
        ],
        limits.rows,
        "metrics.json",
    )
    note = (
        "Documents that both models get wrong, with their share of what the better of the two gets wrong; on the"
        f" diagonal a model's own mistakes. {left_out}"
    )
    columns = (*words("Model"), *numbers(*names[: limits.pairs]))
    return (Table("Mistakes that two models share", columns, rows, note.strip(), fold=True),)


def _shared_cell(wrong: Sequence[Sequence[int]], a: int, b: int) -> Cell:
    both, fewer = wrong[a][b], min(wrong[a][a], wrong[b][b])
    share = f" ({percent(both / fewer, 0)})" if a != b and fewer else ""
    return Cell(f"{count(both)}{share}")


def _list(name: str, found: Record, texts: dict[tuple[str, int], str], limits: Limits) -> Table:
    caption, note = LISTS[name]
    listed = found["lists"][name]
    names = [str(answer["name"]) for answer in listed[0]["answers"]][:ANSWERS]
    rows, _ = shorten([_row(entry, names, texts) for entry in listed], limits.rows, "metrics.json")
    total = (found.get("counts") or {}).get(name)
    columns = (*numbers("Document"), *words("Text", "Label", *names))
    first = f"{count(len(rows))} of {count(total)} documents. {note}"
    return Table(caption, columns, rows, first, fold=True)


def _row(entry: Record, names: Sequence[str], texts: dict[tuple[str, int], str]) -> tuple[Cell, ...]:
    answers = {str(answer["name"]): answer for answer in entry["answers"]}
    return row(
        str(entry["document"]),
        texts.get(("test", entry["document"]), MISSING),
        str(entry["label"]),
        *(_answer(answers.get(name), entry["label"]) for name in names),
    )


def _answer(answer: Record | None, label: str) -> Cell:
    if answer is None:
        return Cell(MISSING)
    known = is_number(answer["probability"])  # not where an outside file had answers alone
    said = f"{answer['predicted']} {percent(answer['probability'], 0)}" if known else str(answer["predicted"])
    return Cell(said, best=answer["predicted"] == label)
