"""The way from text to answer, as a strip: what happens at each stage, and how much of it there is."""

from __future__ import annotations

from pipeline.report.page.blocks import Block, Limits
from pipeline.report.page.cards import Flow, Seen, Stage
from pipeline.report.page.formats import count, percent
from pipeline.report.sections.facts import n_folds
from pipeline.report.sections.model_words import namer, what_it_is
from pipeline.report.words.task import task_of
from pipeline.run_folder.reading import Run

TESTED = "test"  # the part of the corpus


def way(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the stages that this run has numbers of."""
    stages = (_text(run), _tokens(run), _numbers(run), _vectors(run), _memory(run), _answers(run))
    return Seen("From text to answer"), Flow(tuple(stage for stage in stages if stage))


def _text(run: Run) -> Stage:
    corpus = run.metrics.corpus
    divided = (
        "learned from and tested in turn"
        if n_folds(run) > 1
        else f"{count(corpus.splits.train)} to learn from"
    )
    return Stage("Text", count(corpus.documents), f"documents, {divided}")


def _tokens(run: Run) -> Stage | None:
    facts = run.details.tokens
    if facts is None:
        return None
    median = count(facts.length.median)
    return Stage("Tokens", count(facts.tokens), f"words and signs; half of the documents have over {median}")


def _numbers(run: Run) -> Stage | None:
    facts = run.details.tokens
    if facts is None:
        return None
    unknown = facts.unknown_tokens.get(TESTED)
    test = "" if unknown is None else f"; {percent(unknown)} of the test text is unknown"
    return Stage("Numbers", count(facts.vocabulary), f"different words learned from training documents{test}")


def _vectors(run: Run) -> Stage | None:
    if not run.metrics.embeddings:
        return None
    first, *rest = run.metrics.embeddings
    more = f", and {len(rest)} more" if rest else ""
    return Stage("Embeddings", count(first.dimension), f"numbers a word, by {first.source}{more}")


def _memory(run: Run) -> Stage | None:
    name, units = run.metrics.verdict.a, run.metrics.setting("networks.units")
    if name is None or not isinstance(units, int):
        return None
    return Stage("Memory", count(units), f"units of {namer(run)(name)}: {what_it_is(name)}")


def _answers(run: Run) -> Stage:
    corpus = run.metrics.corpus
    return Stage("Answer", count(corpus.tested), task_of(run).answered.format(classes=len(corpus.classes)))
