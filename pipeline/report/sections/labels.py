"""What models that give several labels find: label by label, the likeliest labels, and which labels go together."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Block, Cell, Fold, Limits, Paragraph, Table
from pipeline.report.page.cards import Seen
from pipeline.report.page.formats import count, decimal, percent
from pipeline.report.page.tables import ColumnOf, Columns, number, table_of, text
from pipeline.report.sections.facts import nothing
from pipeline.report.sections.model_words import namer
from pipeline.run_folder.metrics.corpus import LabelPair, LabelSets
from pipeline.run_folder.metrics.labels import LabelScore, LabelScores
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run

FREQUENT = 0.01  # of the labels of test documents, at least, in the title
HOW_TO_READ = (
    "F1 of each label, most frequent first: yes or no to it alone, from the threshold that validation chose."
)


def labels(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the F1 of each label by model, then the other scores, then which labels documents have together."""
    models = run.metrics.labels
    if not models:
        return nothing(run, "No document was given several labels.")
    name, best = namer(run), max(models, key=lambda one: one.micro_f1)
    hardest = _hardest(models)
    title = f"{hardest} is found least often" if hardest else "What is found, label by label"
    return (
        Seen(title, HOW_TO_READ),
        _by_label(models, run, limits),
        Fold("Sets, ranks, and how many labels are given", (_beside(models, run, limits),)),
        Fold(f"Precision and recall by label: {name(best.name)}", (_of_model(best, limits),)),
        *_together(run.metrics.corpus.label_sets, run, limits),
    )


def _hardest(models: Sequence[LabelScores]) -> str:
    """Return the frequent label that all models together find worst; empty where there is one label."""
    total = sum(one.there for one in models[0].labels)
    frequent = [one.label for one in models[0].labels if one.there >= FREQUENT * total]
    found = {one.label: 0.0 for one in models[0].labels if one.label in frequent}
    for model in models:
        for one in model.labels:
            if one.label in found:
                found[one.label] += one.f1
    return min(found, key=lambda one: found[one]) if len(found) > 1 else ""


def _by_label(models: Sequence[LabelScores], run: Run, limits: Limits) -> Table:
    found = {model.name: {one.label: one.f1 for one in model.labels} for model in models}
    there = {one.label: one.there for model in models for one in model.labels}
    name = namer(run)

    def column(model: str) -> ColumnOf[str]:
        def cell(label: str) -> Cell:
            best = max(of_model.get(label, 0.0) for of_model in found.values())
            value = found[model].get(label, 0.0)
            return Cell(decimal(100 * value, 1), best=value == best)

        return number(name(model), cell)

    columns: Columns[str] = (
        text("Label", lambda label: label),
        number("Documents", lambda label: count(there[label])),
        *map(column, found),
    )
    ordered = sorted(there, key=lambda label: -there[label])
    return table_of("F1 by label", ordered, columns, limits.rows, METRICS, "Bold: the best of its row.")


def _beside(models: Sequence[LabelScores], run: Run, limits: Limits) -> Table:
    tested, name = run.metrics.corpus.tested, namer(run)
    columns: Columns[LabelScores] = (
        text("Model", lambda one: name(one.name)),
        number("Micro F1", lambda one: decimal(100 * one.micro_f1, 1)),
        number("Macro F1", lambda one: decimal(100 * one.macro_f1, 1)),
        number("Precision", lambda one: percent(one.precision)),
        number("Recall", lambda one: percent(one.recall)),
        number("Precision at 1", lambda one: percent(one.precision_at_1)),
        number("at 3", lambda one: percent(one.precision_at_3)),
        number("at 5", lambda one: percent(one.precision_at_5)),
        number("Exact sets", lambda one: percent(one.subset_accuracy)),
        number("Hamming loss", lambda one: percent(one.hamming_loss, 2)),
        number("Labels given", lambda one: decimal(one.given, 2)),
    )
    note = (
        f"Of {plural(tested, 'test document')}; means over the trainings. Precision at 3: the share of the three"
        " likeliest labels that is right, whatever the thresholds. Exact sets: documents with all their labels and no"
        " other. Hamming loss: wrong answers of all, one a document and label."
    )
    return table_of("Sets and ranks", models, columns, limits.rows, METRICS, note)


def _of_model(model: LabelScores, limits: Limits) -> Table:
    ordered = sorted(model.labels, key=lambda one: -one.there)
    columns: Columns[LabelScore] = (
        text("Label", lambda one: one.label),
        number("Documents", lambda one: count(one.there)),
        number("Precision", lambda one: percent(one.precision)),
        number("Recall", lambda one: percent(one.recall)),
        number("F1", lambda one: decimal(100 * one.f1, 1)),
    )
    return table_of("Precision and recall by label", ordered, columns, limits.rows, METRICS)


def _together(facts: LabelSets | None, run: Run, limits: Limits) -> tuple[Fold, ...]:
    """Return how many labels documents have, and the pairs that stand together more often than by chance."""
    if facts is None:
        return ()
    n_docs = run.metrics.corpus.documents
    said = (
        f"A document has {facts.cardinality:.2f} labels on average, {facts.most} at most;"
        f" {facts.empty:,} of {n_docs:,} have none. There are {facts.distinct:,} different sets."
    )
    columns: Columns[LabelPair] = (
        text("Label", lambda one: one.a),
        text("and", lambda one: one.b),
        number("Documents with both", lambda one: count(one.together)),
        number("By chance", lambda one: decimal(one.expected, 1)),
    )
    note = "By chance: as many as there would be if neither label said anything of the other."
    pairs = table_of("Labels that go together", facts.pairs, columns, limits.rows, METRICS, note)
    blocks = (Paragraph(said), *((pairs,) if facts.pairs else ()))
    return (Fold("How many labels, and which go together", blocks),)
