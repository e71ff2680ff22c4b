"""Sections about how the run went and what it cannot tell."""

from __future__ import annotations

import shlex
from collections import Counter

from pipeline.report.page.blocks import (
    Block,
    Cell,
    Code,
    Column,
    Fold,
    Limits,
    Nothing,
    Paragraph,
    Points,
    Table,
    row,
)
from pipeline.report.page.cards import Seen
from pipeline.report.page.formats import count, duration, seconds
from pipeline.report.page.tables import Columns, number, table_of, text
from pipeline.report.sections.answer import detectable
from pipeline.report.sections.circumstances import circumstances
from pipeline.report.sections.facts import leak_warning, model_facts, n_folds, nothing, what_times_hold
from pipeline.report.sections.metric import metric_of
from pipeline.report.sections.rule import decision_rule
from pipeline.run_folder.metrics.corpus import Stage
from pipeline.run_folder.metrics.models import Timing
from pipeline.run_folder.names import METRICS
from pipeline.run_folder.reading import Run


def assumptions(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return every assumption made on the way, and every warning with the model it belongs to."""
    listed = (
        ("Warnings", "warning", _warnings(run)),
        ("Assumptions", "plain", [*run.details.assumptions.assumptions, *_class_weights(run)]),
    )
    blocks = tuple(Points(_first(texts, limits), title, tone) for title, tone, texts in listed if texts)
    return blocks or nothing(run, "Nothing was assumed and nothing was warned of.")


def _class_weights(run: Run) -> list[str]:
    """Return how classes were weighed, where they were."""
    if run.metrics.setting("run.class_weights") != "balanced":
        return []
    return [
        "In training a document counts more the rarer its class, so that every class counts the same"
        " (run.class_weights = balanced); majority answers with the class frequencies all the same."
    ]


def _warnings(run: Run) -> list[str]:
    general = [*run.metrics.warnings, *run.details.assumptions.warnings]
    by_model = [f"{model.name}: {text}" for model in model_facts(run) for text in model.warnings]
    return list(dict.fromkeys([*general, *by_model]))


def _first(texts: list[str], limits: Limits) -> tuple[str, ...]:
    rest = len(texts) - limits.rows
    return (*texts[: limits.rows], *((f"and {count(rest)} more",) if rest > 0 else ()))


def fixed_before(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return what was fixed before the first test result: the rule of decisions, and how often these were tested."""
    rule, beside = decision_rule(run), circumstances(run)
    blocks: list[Block] = [Seen("Fixed before the first test result")]
    if rule:
        blocks += [Points(_in_short(run)), Fold("The rule in full", (Points(rule),))]
    if beside:
        blocks.append(Paragraph(beside, "muted"))
    return tuple(blocks) if len(blocks) > 1 else (Nothing("Nothing was compared."),)


def _in_short(run: Run) -> tuple[str, ...]:
    """Return the rule as it is read in half a minute."""
    metric, verdict = metric_of(run), run.metrics.verdict
    n_side = sum(entry.family == "side" for entry in run.metrics.comparisons)
    corrected = f" The {n_side} side questions are corrected for their number (Holm)." if n_side > 1 else ""
    return (
        f"The question: {metric.name} of the best network against every model that counts words.",
        "Which network is best: validation documents say so. Test documents choose nothing.",
        f"Equal: the whole 95 % interval lies within {metric.exact(verdict.rope)} either way.",
        f"Better or worse: the interval leaves out zero, and p is below 0.05.{corrected}",
        "Cannot tell: anything else. Withheld: a training learned nothing.",
        "The advice: the cheapest model that no other one was shown to beat, unless one was shown to be better.",
    )


def report_limits(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return what the report cannot tell, worked out from how the run was made."""
    found = [text for rule in LIMIT_RULES if (text := rule(run))]
    return (Points(tuple(found)),)


def _scope(run: Run) -> str:
    return (
        "It speaks of this corpus, these models and these settings. It says nothing about other settings,"
        " other corpora or larger pre-trained models."
    )


def _noise(run: Run) -> str:
    smallest = run.metrics.verdict.minimum_detectable_difference
    if smallest is None:
        return ""
    return f"{detectable(smallest, metric_of(run), run.places)}. A smaller one is found less often."


def _seeds(run: Run) -> str:
    networks = {model.name for model in model_facts(run) if model.kind == "network"}
    fits = {(entry.name, entry.seed) for entry in run.metrics.results if entry.name in networks}
    seeds = Counter(name for name, _ in fits)
    if not seeds:
        return ""
    each = " on each fold" if n_folds(run) > 1 else ""
    fewest = min(seeds.values())
    if fewest == 1:
        return f"A network was trained only once{each}: how much its accuracy varies between trainings is unknown."
    return (
        f"{fewest} trainings of a network{each} show only roughly how much accuracy varies between trainings."
    )


def _split(run: Run) -> str:
    if n_folds(run) > 1:
        return "Folds share training documents, so their results are not independent."
    return "There is one split into training and test documents; another would give somewhat other numbers."


def _repeats(run: Run) -> str:
    repeated, conflicting = leak_warning(run), run.metrics.corpus.duplicates.conflicting_labels
    parts = [f"{repeated}."] if repeated else []
    if conflicting:
        parts.append(
            f"Documents that share a text but not a label: {count(conflicting)}; no model gets all right."
        )
    return " ".join(parts)


def _cut(run: Run) -> str:
    facts = run.details.tokens
    if facts is None or not facts.cut_documents:
        return ""
    longest = count(facts.max_tokens)
    return f"Documents longer than the {longest} tokens that a network reads: {count(facts.cut_documents)}."


def _quick(run: Run) -> str:
    return (
        "It is a quick run, on a sample of a large corpus and with smaller networks: a first look, not a result to"
        " report."
        if run.metrics.setting("run.quick")
        else ""
    )


def _machine(run: Run) -> str:
    return (
        "Seconds and memory hold for this machine. Peak memory is sampled while a model is fitted and"
        " counts the whole program."
    )


LIMIT_RULES = (_scope, _quick, _noise, _split, _seeds, _repeats, _cut, _machine)


def timing(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the stages that took longest; the seconds of each stage and of each training shut."""
    tables = (*_stages_table(run, limits), *_fits_table(run, limits))
    if not tables:
        return (Nothing("The run recorded no times."),)
    seen = Seen(f"The whole run took {duration(run.metrics.total_seconds)}", "The longest of its stages.")
    slowest = (_slowest(run),) if run.metrics.stages else ()
    return (seen, *slowest, Fold("Seconds of every stage and training", tables))


MOST_STAGES = 6  # that are seen; all stand below


def _slowest(run: Run) -> Table:
    """Return the stages that took longest, each with a bar."""
    longest = sorted(run.metrics.stages, key=lambda stage: -stage.seconds)[:MOST_STAGES]
    most = longest[0].seconds or 1.0
    rows = tuple(row(one.stage, Cell(duration(one.seconds), bar=one.seconds / most)) for one in longest)
    return Table("The longest stages", (Column("Stage", number=False), Column("Time")), rows)


def _stages_table(run: Run, limits: Limits) -> tuple[Table, ...]:
    stages = run.metrics.stages
    if not stages:
        return ()
    columns: Columns[Stage] = (
        text("Stage", lambda one: one.stage),
        number("Seconds", lambda one: seconds(one.seconds)),
    )
    longest = max(stages, key=lambda stage: stage.seconds)
    note = f"The longest stage: {longest.stage}. The whole run took {duration(run.metrics.total_seconds)}."
    return (table_of("Seconds by stage", stages, columns, limits.rows, METRICS, note),)


def _fits_table(run: Run, limits: Limits) -> tuple[Table, ...]:
    fits = run.metrics.timing
    columns: Columns[Timing] = (
        text("Model", lambda one: one.name),
        number("Seed", lambda one: one.seed),
        number("Fold", lambda one: one.fold),
        number("Training, s", lambda one: seconds(one.fit_seconds)),
        number("Documents/s", lambda one: count(one.predict_documents_per_second)),
        number("Peak memory, MiB", lambda one: count(one.peak_rss_mib)),
    )
    table = table_of("Every fit", fits, columns, limits.rows, METRICS, what_times_hold(run), fold=True)
    return (table,) if fits else ()


def _environment(run: Run, limits: Limits) -> Table:
    """Return the machine and the versions."""
    facts = run.metrics.environment
    values = (
        ("embedseq", facts.embedseq),
        ("Python", facts.python),
        ("Platform", facts.platform),
        ("Processor", facts.cpu),
        ("Cores", facts.cores),
        ("Memory, GiB", f"{facts.memory_gib:.1f}"),
        ("Graphics processor", facts.gpu or "none"),
        *facts.packages.items(),
    )
    columns: Columns[tuple[str, object]] = (
        text("What", lambda one: one[0]),
        text("Value", lambda one: one[1]),
    )
    return table_of("Machine and versions", values, columns, limits.rows, METRICS, fold=True)


def repeat(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the commands that repeat and check the run, the models' signatures, and the configuration."""
    parts: list[Block] = [Code(run.metrics.environment.command, "The command that was given")]
    if not run.config_text:
        missing = Paragraph("The run folder holds no config.toml, so the command cannot be derived.")
        return (*parts, missing, *_signatures(run), _environment(run, limits), WHICH_FILE)
    parts += [
        Code(_again(run), "Repeat the run; draw this report again from its files; check every score"),
        Paragraph("Run the commands in the folder where the first one was given.", "muted"),
    ]
    settings = Code(run.config_text.strip(), "config.toml: every setting", fold=True)
    return (*parts, *_signatures(run), WHICH_FILE, settings, _environment(run, limits))


WHICH_FILE = Table(
    "Which file holds which number",
    (Column("File", number=False), Column("What it holds", number=False)),
    (
        row("metrics.json", "every score, interval, decision and cost of this page"),
        row("predictions/", "the answer of each training to each test document, with its probabilities"),
        row("details/", "documents shown, trainings, probes, settings tried, tokens, word vectors"),
        row("models/", "the trained models, for predict, serve, explain and export"),
        row("config.toml", "every setting, so that the run can be repeated"),
    ),
    fold=True,
)


def _again(run: Run) -> str:
    folder = run.folder.as_posix()
    config, out = (shlex.quote(text) for text in (f"{folder}/config.toml", f"{folder}-again"))
    return (
        f"python -m pipeline run --config {config} --out {out}\n"
        f"python -m pipeline report {shlex.quote(folder)}\n"
        f"python -m pipeline verify {shlex.quote(folder)}"
    )


def _signatures(run: Run) -> tuple[Code, ...]:
    """Return a line for each model that says what its scores were computed from."""
    lines = "\n".join(entry.signature for entry in run.metrics.summary)
    caption = "Signatures: what the scores of each model were computed from"
    return (Code(lines, caption, fold=lines.count("\n") > 1),) * bool(lines)
