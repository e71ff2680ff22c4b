"""The head of the report: the answer in one sentence, and how it was decided."""

from __future__ import annotations

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Answer, Chart
from pipeline.report.page.figures import Dot, DotPlot
from pipeline.report.page.formats import count, duration, interval
from pipeline.report.sections.circumstances import circumstances
from pipeline.report.sections.facts import (
    leak_warning,
    model_facts,
    n_folds,
    of_first_fold,
    status_sentence,
    verdict_comparison,
)
from pipeline.report.sections.first_picture import mistakes
from pipeline.report.sections.metric import ReportMetric, metric_of
from pipeline.report.sections.model_words import KIND_CLASSES, namer
from pipeline.report.sections.offers import offers
from pipeline.report.sections.rule import beside_words, decision_rule
from pipeline.report.words.answer import speak
from pipeline.report.words.task import task_of
from pipeline.run_folder.names import CHARTS
from pipeline.run_folder.reading import Run

DECISION_WORDS: dict[str | None, str] = {
    "beats": "better",
    "loses": "worse",
    "equal": "equal",
    "cannot tell": "cannot tell",
    "withheld": "withheld",
}
DECISION_TONES: dict[str | None, str] = {
    "beats": "good",
    "loses": "bad",
    "cannot tell": "open",
    "withheld": "bad",
}
AVERAGED = "ann"  # the network without memory: a control where a recurrent one was run


def build_answer(run: Run) -> Answer:
    """Return the answer, from the verdict, the comparison behind it and the corpus."""
    verdict = run.metrics.verdict
    said, name = speak(run), namer(run)
    return Answer(
        headline=said.headline,
        lead=said.lead,
        sentence=verdict.sentence,
        decided=decided_words(run),
        decision=DECISION_WORDS.get(verdict.decision, "no comparison"),
        tone=DECISION_TONES.get(verdict.decision, "plain"),
        picture=mistakes(run),
        kinds={
            called: KIND_CLASSES[row.kind]
            for row in run.metrics.summary
            for called in (row.name, name(row.name))
        },
        offers=offers(run),
        facts=_facts(run),
        line=_line(run),
        reading=run.metrics.corpus.reading,
        rule=decision_rule(run),
        chart=_chart(run),
        banner=status_sentence(run),
        warning=leak_warning(run),
    )


def decided_words(run: Run) -> str:
    """Return in statisticians' words what was compared, and how it came out."""
    verdict = run.metrics.verdict
    if verdict.a is None or verdict.b is None:
        return "Nothing was decided: the best network and the best baseline were not both run."
    n_baselines = len(verdict.against)
    several = f"every baseline ({n_baselines} of them), of which {verdict.b} decides"
    opponents = several if n_baselines > 1 else verdict.b
    metric, tested = metric_of(run), count(run.metrics.corpus.tested)
    level = (
        ""
        if metric.name == "log loss"
        else " (of networks within one standard error of the best, by the lowest loss)"
    )
    chosen = (
        f"{verdict.a} ({_best_network(run, verdict.a)}) is compared with {opponents}. The network was chosen"
        f" by {_validation(run)} {metric.name}{level}, and all were compared on the same {tested} test documents."
    )
    parts = (chosen, _difference(run), _scale(run), circumstances(run), beside_words(run))
    return " ".join(part for part in parts if part)


def _validation(run: Run) -> str:
    return "each fold's own validation" if n_folds(run) > 1 else "mean validation"


def _best_network(run: Run, name: str) -> str:
    """Return what was put up for the answer: where recurrent networks were run, `ann` is not, as good as it may be."""
    models = {row.name: row.model for row in run.metrics.summary}
    if models.get(name) != AVERAGED and AVERAGED in models.values():
        return "the best recurrent network; ann, which has no memory, is not put up for the answer"
    return "the best network"


def _difference(run: Run) -> str:
    entry, metric = verdict_comparison(run), metric_of(run)
    if entry is None:
        return ""
    direction = "" if metric.higher_is_better else f", in favour of {entry.a} where positive"
    shown = metric.signed(entry.difference, run.places)
    ends = f"95 % interval {interval(entry.ci95, metric.signed, run.places)}"
    return f"Difference in {metric.name}{direction}: {shown} {metric.unit} ({ends})."


def _chart(run: Run) -> Chart | None:
    """Return the verdict's difference on its scale; None where nothing was decided."""
    entry = verdict_comparison(run)
    if entry is None:
        return None
    dot = Dot(f"{entry.a} − {entry.b}", entry.difference, *entry.ci95, "Difference")
    figure = DotPlot((dot,), metric_of(run).axis, run.metrics.verdict.rope)
    shade = "The shaded band counts as equal."
    reading = f"Right of the line {entry.a} is better, left of it {entry.b}. {shade}"
    return Chart("The difference with its 95 % interval", reading, figure, f"{CHARTS}/answer.png")


def _scale(run: Run) -> str:
    verdict, metric = run.metrics.verdict, metric_of(run)
    equal = f"Differences of up to {metric.exact(verdict.rope)} count as equal."
    smallest = verdict.minimum_detectable_difference
    return equal if smallest is None else f"{equal} {detectable(smallest, metric, run.places)}."


def detectable(smallest: float, metric: ReportMetric, places: int) -> str:
    """Return what the minimum detectable difference, in units of the metric, says: 80 % power, no lower bound."""
    size = f"no true difference that {metric.name} can have" if smallest > metric.largest else ""
    size = size or f"a true difference of {metric.size(smallest, places)} {metric.unit}"
    return f"With as many documents and seeds, {size} would be found four times out of five"


def _facts(run: Run) -> tuple[tuple[str, str], ...]:
    corpus, models = run.metrics.corpus, model_facts(run)
    splits = (corpus.splits.train, corpus.splits.validation, corpus.splits.test)
    tested = (("Tested, folds together", count(corpus.tested)),) if n_folds(run) > 1 else ()
    return (
        ("Corpus", corpus.name),
        ("Documents", count(corpus.documents)),
        ("Classes", count(len(corpus.classes))),
        ("Train / validation / test", " / ".join(map(count, splits)) + of_first_fold(run)),
        *tested,
        ("Models", f"{plural(len(models), 'model')}, {plural(sum(model.runs for model in models), 'fit')}"),
        ("Time", duration(run.metrics.total_seconds)),
    )


def _line(run: Run) -> tuple[str, ...]:
    """Return what a reader has to know of the run before its answer."""
    corpus, models, task = run.metrics.corpus, model_facts(run), task_of(run)
    kept = "every one tested once" if n_folds(run) > 1 else f"{count(corpus.tested)} kept for the test"
    return (
        corpus.name,
        f"{plural(corpus.documents, task.unit)}, {plural(len(corpus.classes), task.answer)}",
        kept,
        f"{plural(len(models), 'model')}, {plural(sum(model.runs for model in models), 'training')}",
        duration(run.metrics.total_seconds),
    )
