"""Sections about how the run went and what it cannot tell."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any

from pipeline.report.page.blocks import (
    Block,
    Cell,
    Code,
    Limits,
    Nothing,
    Paragraph,
    Points,
    Table,
    numbers,
    row,
    shorten,
    words,
)
from pipeline.report.page.formats import MISSING, count, duration, is_number, seconds
from pipeline.report.sections.answer import detectable
from pipeline.report.sections.facts import (
    fit_timings,
    leak_warning,
    model_facts,
    n_folds,
    status_sentence,
    what_times_hold,
)
from pipeline.report.sections.metric import metric_of
from pipeline.run_folder.reading import Record, Run


def assumptions(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return every assumption made on the way, and every warning with the model it belongs to."""
    details = run.details.assumptions
    made = [str(text) for text in details.get("assumptions") or ()]
    made += _class_weights(run)
    warned = _warnings(run)
    if not made and not warned:
        return (Nothing(status_sentence(run) or "Nothing was assumed and nothing was warned of."),)
    blocks: list[Block] = []
    if warned:
        blocks.append(Points(_first(warned, limits), "Warnings", "warning"))
    if made:
        blocks.append(Points(_first(made, limits), "Assumptions"))
    return tuple(blocks)


def _class_weights(run: Run) -> list[str]:
    """Return how classes were weighed, where they were."""
    if (run.table("config").get("run") or {}).get("class_weights") != "balanced":
        return []
    return [
        "In training a document counts more the rarer its class, so that every class counts the same"
        " (run.class_weights = balanced); majority answers with the class frequencies all the same."
    ]


def _warnings(run: Run) -> list[str]:
    general = [*(run.raw.get("warnings") or ()), *(run.details.assumptions.get("warnings") or ())]
    by_model = [f"{model.name}: {text}" for model in model_facts(run) for text in model.warnings]
    return list(dict.fromkeys(str(text) for text in [*general, *by_model]))


def _first(texts: list[str], limits: Limits) -> tuple[str, ...]:
    rest = len(texts) - limits.rows
    return (*texts[: limits.rows], *((f"and {count(rest)} more",) if rest > 0 else ()))


def report_limits(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return what the report cannot tell, worked out from how the run was made."""
    found = [text for rule in LIMIT_RULES if (text := rule(run))]
    return (Points(tuple(found), tone="limits"),)


def _scope(run: Run) -> str:
    return (
        "It speaks of this corpus, these models and these settings. It says nothing about other settings,"
        " other corpora or larger pre-trained models."
    )


def _noise(run: Run) -> str:
    smallest = run.table("verdict").get("minimum_detectable_difference")
    if not is_number(smallest):
        return ""
    return f"{detectable(smallest, metric_of(run), run.places)}; a smaller one is found less often."


def _seeds(run: Run) -> str:
    networks = {model.name for model in model_facts(run) if model.kind == "Network"}
    fits = {
        (entry.get("name"), entry.get("seed"))
        for entry in run.rows("results")
        if entry.get("name") in networks
    }
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
    duplicates = run.table("corpus").get("duplicates") or {}
    repeated, conflicting = leak_warning(run), duplicates.get("conflicting_labels")
    parts = [f"{repeated}."] if repeated else []
    if conflicting:
        parts.append(
            f"Documents that share a text but not a label: {count(conflicting)}; no model gets all right."
        )
    return " ".join(parts)


def _cut(run: Run) -> str:
    cut = run.details.tokens.get("cut_documents")
    if not cut:
        return ""
    longest = count(run.details.tokens.get("max_tokens"))
    return f"Documents longer than the {longest} tokens that a network reads: {count(cut)}."


def _quick(run: Run) -> str:
    settings = run.table("config").get("run") or {}
    return (
        "It is a quick run, on a sample of a large corpus and with smaller networks: a first look, not a result to"
        " report."
        if settings.get("quick")
        else ""
    )


def _machine(run: Run) -> str:
    return (
        "Seconds and memory hold for the machine below. Peak memory is sampled while a model is fitted and"
        " counts the whole program."
    )


LIMIT_RULES = (_scope, _quick, _noise, _split, _seeds, _repeats, _cut, _machine)


def timing(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the seconds of each stage and of each fit."""
    stages, fits = run.rows("stages"), fit_timings(run)
    if not stages and not fits:
        return (Nothing(status_sentence(run) or "The run recorded no times."),)
    return (*_stages_table(run, stages, limits), *_fits_table(run, fits, limits))


def _stages_table(run: Run, stages: list[Record], limits: Limits) -> tuple[Table, ...]:
    if not stages:
        return ()
    known = [entry for entry in stages if is_number(entry.get("seconds"))]
    rows, left_out = shorten(
        [row(str(entry.get("stage")), seconds(entry.get("seconds"))) for entry in stages],
        limits.rows,
        "metrics.json",
    )
    longest = max(known, key=lambda entry: entry["seconds"], default=None)
    reading = f"The longest stage: {longest.get('stage')}. " if longest else ""
    total = run.raw.get("total_seconds")
    whole = f"The whole run took {duration(total)}. " if is_number(total) else ""
    columns = (*words("Stage"), *numbers("Seconds"))
    return (Table("Seconds by stage", columns, rows, f"{reading}{whole}{left_out}".strip()),)


def _fits_table(run: Run, fits: list[Record], limits: Limits) -> tuple[Table, ...]:
    if not fits:
        return ()
    rows, left_out = shorten([_fit_row(entry) for entry in fits], limits.rows, "metrics.json")
    columns = (
        *words("Model"),
        *numbers("Seed", "Fold", "Training, s", "Documents/s", "Peak memory, MiB"),
    )
    return (Table("Every fit", columns, rows, f"{what_times_hold(run)} {left_out}".strip(), fold=True),)


def _fit_row(entry: Record) -> tuple[Cell, ...]:
    return row(
        str(entry.get("name")),
        str(entry.get("seed")),
        str(entry.get("fold")),
        seconds(entry.get("fit_seconds")),
        count(entry.get("predict_documents_per_second")),
        count(entry.get("peak_rss_mib")),
    )


def environment(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the machine and the versions."""
    facts = run.table("environment")
    if not facts:
        return (Nothing(status_sentence(run) or "The run recorded nothing about its machine."),)
    machine = {key: value for key, value in facts.items() if key not in ("packages", "command")}
    rows = [row(_ENVIRONMENT_NAMES.get(key, key), _value(key, value)) for key, value in machine.items()]
    packages = facts.get("packages") or {}
    rows += [row(str(name), str(version)) for name, version in packages.items()]
    shown, left_out = shorten(rows, limits.rows, "metrics.json")
    return (Table("Machine and versions", words("What", "Value"), shown, left_out, fold=True),)


_ENVIRONMENT_NAMES = {
    "python": "Python",
    "platform": "Platform",
    "cpu": "Processor",
    "cores": "Cores",
    "memory_gib": "Memory, GiB",
    "gpu": "Graphics processor",
}


def _value(key: str, value: Any) -> str:
    if value is None:
        return "none" if key == "gpu" else MISSING
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def repeat(run: Run, limits: Limits) -> tuple[Block, ...]:
    """Return the commands that repeat and check the run, the models' signatures, and the configuration."""
    command = run.table("environment").get("command")
    given = (Code(str(command), "The command that was given"),) if command else ()
    again = (Code(_again(run), "Repeat the run; draw this report again from its files; check every score"),)
    if not run.config_text:
        return (
            *given,
            *_signatures(run),
            Nothing("The run folder holds no config.toml, so the command cannot be derived."),
        )
    settings = (Code(run.config_text.strip(), "config.toml: every setting", fold=True),)
    advice = Paragraph("Run the commands in the folder where the first one was given.", "muted")
    return (*given, *again, advice, *_signatures(run), *settings)


def _again(run: Run) -> str:
    folder = run.folder.as_posix()
    config, out = (shlex.quote(text) for text in (f"{folder}/config.toml", f"{folder}-again"))
    return (
        f"python -m pipeline run --config {config} --out {out}\n"
        f"python -m pipeline report {shlex.quote(folder)}\n"
        f"python -m pipeline verify {shlex.quote(folder)}"
    )


def _signatures(run: Run) -> tuple[Code, ...]:
    """Return a line for each model that says what its scores were computed from, if the run has them."""
    lines = [str(entry["signature"]) for entry in run.rows("summary") if entry.get("signature")]
    return (Code("\n".join(lines), "Signatures: what the scores of each model were computed from"),) * bool(
        lines
    )
