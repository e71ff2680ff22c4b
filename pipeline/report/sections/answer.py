"""The head of the report: the answer in one sentence, and how it was decided."""

from __future__ import annotations

from pipeline.core.clean import plural
from pipeline.report.page.blocks import Answer, Chart, Dot, DotPlot
from pipeline.report.page.formats import MISSING, count, duration, interval, is_interval, is_number
from pipeline.report.sections.circumstances import circumstances
from pipeline.report.sections.facts import (
    leak_warning,
    model_facts,
    n_folds,
    of_first_fold,
    status_sentence,
    verdict_comparison,
)
from pipeline.report.sections.metric import ReportMetric, metric_of
from pipeline.report.sections.rule import beside_words, decision_rule
from pipeline.run_folder.reading import CHARTS, Record, Run

AVERAGED = "ann"  # the network without memory: a control where a recurrent one was run


def build_answer(run: Run) -> Answer:
    """Return the answer, from the verdict, the comparison behind it and the corpus."""
    verdict = run.table("verdict")
    return Answer(
        sentence=answer_sentence(run),
        decided=_decided(run, verdict),
        decision=str(verdict.get("decision") or "no comparison"),
        facts=_facts(run),
        rule=decision_rule(run),
        chart=_chart(run),
        banner=status_sentence(run),
        warning=leak_warning(run),
    )


def answer_sentence(run: Run) -> str:
    """Return the verdict's sentence, or why there is none."""
    sentence = run.table("verdict").get("sentence")
    if sentence:
        return str(sentence)
    if status_sentence(run):
        return "There is no answer: the run did not reach the comparison."
    return "There is no answer: a comparison needs one network and one baseline that were both fitted."


def _decided(run: Run, verdict: Record) -> str:
    if verdict.get("a") is None or verdict.get("b") is None:
        return "Nothing was decided: the best network and the best baseline were not both run."
    n_baselines = len(verdict.get("against") or ()) or 1
    opponents = (
        f"every baseline ({n_baselines} of them), of which {verdict['b']} decides"
        if n_baselines > 1
        else str(verdict["b"])
    )
    metric = metric_of(run)
    level = (
        ""
        if metric.name == "log loss"
        else " (of networks within one standard error of the best, by the lowest loss)"
    )
    chosen = (
        f"{verdict['a']} ({_best_network(run, verdict['a'])}) is compared with {opponents}. The network was chosen"
        f" by {_validation(run)} {metric.name}{level}, and all were compared on the same {_test_documents(run)}test"
        " documents."
    )
    parts = (chosen, _difference(run), _scale(run, verdict), circumstances(run), beside_words(run))
    return " ".join(part for part in parts if part)


def _validation(run: Run) -> str:
    return "each fold's own validation" if n_folds(run) > 1 else "mean validation"


def _best_network(run: Run, name: str) -> str:
    """Return what was put up for the answer: where recurrent networks were run, `ann` is not, as good as it may be."""
    models = {str(row.get("name")): row.get("model") for row in run.rows("summary")}
    if models.get(name) != AVERAGED and AVERAGED in models.values():
        return "the best recurrent network; ann, which has no memory, is not put up for the answer"
    return "the best network"


def _test_documents(run: Run) -> str:
    return f"{count(run.tested)} " if is_number(run.tested) else ""


def _difference(run: Run) -> str:
    entry = verdict_comparison(run)
    if entry is None or not is_number(entry.get("difference")):
        return ""
    metric = metric_of(run)
    between = interval(entry.get("ci95"), metric.signed, run.places)
    ends = f" (95 % interval {between})" if between != MISSING else ""
    direction = "" if metric.higher_is_better else f", in favour of {entry['a']} where positive"
    shown = metric.signed(entry["difference"], run.places)
    return f"Difference in {metric.name}{direction}: {shown} {metric.unit}{ends}."


def _chart(run: Run) -> Chart | None:
    """Return the verdict's difference on its scale; None where nothing was decided."""
    entry, rope = verdict_comparison(run), run.table("verdict").get("rope")
    if entry is None or not is_number(entry.get("difference")) or not is_interval(entry.get("ci95")):
        return None
    lo, hi = entry["ci95"]
    dot = Dot(f"{entry['a']} − {entry['b']}", entry["difference"], lo, hi, "Difference")
    band = float(rope) if is_number(rope) else None
    figure = DotPlot((dot,), metric_of(run).axis, band)
    shade = " The shaded band counts as equal." if band is not None else ""
    reading = f"Right of the line {entry['a']} is better, left of it {entry['b']}.{shade}"
    return Chart("The difference with its 95 % interval", reading, figure, f"{CHARTS}/answer.png")


def _scale(run: Run, verdict: Record) -> str:
    rope, smallest = verdict.get("rope"), verdict.get("minimum_detectable_difference")
    parts = []
    if is_number(rope):
        parts.append(f"Differences of up to {metric_of(run).exact(rope)} count as equal.")
    if is_number(smallest):
        parts.append(f"{detectable(smallest, metric_of(run), run.places)}.")
    return " ".join(parts)


def detectable(smallest: float, metric: ReportMetric, places: int) -> str:
    """Return what the minimum detectable difference, in units of the metric, says: 80 % power, no lower bound."""
    size = f"no true difference that {metric.name} can have" if smallest > metric.largest else ""
    size = size or f"a true difference of {metric.size(smallest, places)} {metric.unit}"
    return f"With as many documents and seeds, {size} would be found four times out of five"


def _facts(run: Run) -> tuple[tuple[str, str], ...]:
    corpus, models = run.table("corpus"), model_facts(run)
    splits = corpus.get("splits") or {}
    facts = {
        "Documents": count(corpus.get("documents")),
        "Classes": count(len(corpus.get("classes") or ())) if corpus else MISSING,
        "Train / validation / test": " / ".join(
            count(splits.get(name)) for name in ("train", "validation", "test")
        )
        + of_first_fold(run),
        "Tested, folds together": count(run.tested) if n_folds(run) > 1 else None,
        "Models": plural(len(models), "model") + f", {plural(sum(model.runs for model in models), 'fit')}",
        "Time": duration(_total_seconds(run)),
    }
    name = (("Corpus", str(corpus["name"])),) if corpus.get("name") else ()  # it may hold a dash of its own
    return (
        *name,
        *((term, str(value)) for term, value in facts.items() if value and MISSING not in str(value)),
    )


def _total_seconds(run: Run) -> float | None:
    seconds = run.raw.get("total_seconds")
    return seconds if is_number(seconds) else None
