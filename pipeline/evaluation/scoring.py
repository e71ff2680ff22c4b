"""Run folder > scores: every figure that follows from the saved predictions, a pure function of the files.

What only the run could know (`details/fits.json`, `details/run.json` and the other files it writes while it
lasts), the settings in `config.toml` and the predictions go in; metrics.json and the details that derive from
predictions come out. A run writes what comes out; `verify` computes it again and compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import polars as pl

from pipeline import evaluation
from pipeline.core.files import plain
from pipeline.core.seeds import stage_generator
from pipeline.evaluation.choices import Choices, all_trained, choose, merits_by_fold
from pipeline.evaluation.recorded import Recorded, Row, read_predictions, read_recorded
from pipeline.evaluation.result_rows import by_model, result_row, summary_row
from pipeline.run_folder.details.documents import ChosenDocuments, ClassScores
from pipeline.run_folder.details.fitting import Assumptions
from pipeline.run_folder.documents import read_documents, read_giveaways
from pipeline.run_folder.metrics import SCHEMA_VERSION, Metrics
from pipeline.run_folder.metrics.comparisons import Cause, Comparison, Gains, Protocol, Seeds, Verdict
from pipeline.run_folder.metrics.corpus import Corpus
from pipeline.run_folder.metrics.documents import Contamination, Slice
from pipeline.run_folder.metrics.models import Budget, Cheapest, Cost, LearningCurve, Summary, Timing
from pipeline.run_folder.metrics.rows import ProbeFound, value_as
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.run_folder.protocol import describe_protocol
from pipeline.run_folder.reading import CURVE_FOLDER, METRICS, detail_file
from pipeline.run_folder.signatures import Signer
from pipeline.settings.tables import Config, first_seeds, most_seeds


@dataclass(frozen=True)
class Scored:
    """What is computed from a run folder: metrics.json, and files of `details/` by name."""

    metrics: Metrics
    scores: ClassScores
    assumptions: Assumptions
    chosen_documents: ChosenDocuments | None

    @property
    def details(self) -> Row:
        """The files of `details/`, by name."""
        return {
            "scores": self.scores,
            "assumptions": self.assumptions,
            "chosen_documents": self.chosen_documents or {},
        }

    @property
    def files(self) -> Row:
        """What is computed, by its path within the run folder; metrics.json is the last."""
        details = {detail_file(name): value for name, value in self.details.items()}
        return details | {METRICS: self.metrics}


def score_run(run: Path) -> Scored:
    """Return everything that follows from a run folder's predictions.

    Raises
    ------
    PipelineError
        If one of `INPUTS` is absent, or a file is not what it has to be.
    """
    recorded = read_recorded(run)
    facts, models = recorded.facts, by_model(recorded.saved)
    return Scored(
        metrics=_metrics(recorded),
        scores=ClassScores(tuple(facts.corpus["classes"]), models),
        assumptions=Assumptions(facts.assumptions, tuple(_warnings(recorded))),
        chosen_documents=_chosen_documents(recorded),
    )


# --- a line for each key of metrics.json, and for each file of details/ that derives from predictions


def _metrics(recorded: Recorded) -> Metrics:
    saved, facts, config = recorded.saved, recorded.facts, recorded.config
    choices = choose(recorded)
    compared = _compare(recorded, choices)
    documents = read_documents(recorded.run)
    summary = evaluation.summarise(saved, stage_generator(config.run.seed, "bootstrap"))
    signer = Signer(facts.corpus, plain(facts.embeddings), plain(facts.environment), config)
    costs, cheapest = _costs(recorded, choices)
    return Metrics(
        schema_version=SCHEMA_VERSION,
        corpus=value_as(Corpus, facts.corpus | {"tested": _documents_tested(saved)}),
        results=tuple(result_row(entry, recorded, signer) for entry in saved),
        summary=_summary(recorded, summary, signer),
        comparisons=tuple(compared.comparisons),
        verdict=compared.verdict,
        seeds=_seeds(recorded, choices),
        reuse=facts.reuse,
        protocol=_protocol(recorded),
        embeddings=facts.embeddings,
        gains=tuple(compared.gains),
        causes=_causes(recorded, choices, compared, documents),
        costs=costs,
        cheapest=cheapest,
        learning_curve=_learning_curve(recorded, choices),
        slices=_slices(recorded, choices, compared, documents),
        hard_documents=evaluation.find_hard_documents(saved, choices.kinds, choices.trained),
        contamination=_contamination(recorded, choices, compared, documents, summary),
        tuning=facts.tuning,
        budgets=_budgets(recorded),
        probes=_probes(recorded.detail("probes") or []),
        timing=_timing(recorded),
        stages=facts.stages,
        total_seconds=facts.total_seconds,
        environment=facts.environment,
        warnings=tuple(_warnings(recorded)),
        config=asdict(config),
    )


@dataclass(frozen=True, eq=False)
class _Compared:
    """Who was compared with whom: rows of metrics.json.

    Attributes
    ----------
    verdict : the chosen network against every baseline
    comparisons : those of the verdict, then the side questions
    of_run : the comparisons whose first model the run fitted itself
    gains : what embedding sources and word order are worth
    """

    verdict: Verdict
    comparisons: list[Comparison]
    of_run: list[Comparison]
    gains: list[Gains]


def _compare(recorded: Recorded, choices: Choices) -> _Compared:
    """Return every comparison: the verdict's, and those of the side questions that it has not answered."""
    saved, settings = recorded.saved, recorded.config.run
    verdict = _verdict(recorded, choices)
    own = {name: kind for name, kind in choices.kinds.items() if kind != "outside"}
    answered = {(row.a, row.b) for row in verdict.against}
    pairs = [pair for pair in _side_pairs(choices, own) if pair not in answered]
    rows = evaluation.compare(
        [*saved, *choices.of_network],
        _comparable(pairs, saved, recorded.metric),
        settings.rope,
        recorded.n_docs,
        metric=recorded.metric,
    )
    comparisons = [*verdict.against, *evaluation.withhold(rows, choices.trained)]
    of_run = [row for row in comparisons if row.a in own]
    gains = evaluation.find_gains(of_run, choices.merits, choices.trained)
    return _Compared(verdict, comparisons, of_run, gains)


def _side_pairs(choices: Choices, own: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the pairs of the side questions; `own` has the kinds of the models that the run fitted itself."""
    planned = evaluation.planned_pairs(own, choices.merits, every_baseline=choices.folds)
    return planned + evaluation.outside_pairs(
        choices.verdict_kinds,
        choices.merits,
        choices.network_name,
        choices.baselines,
        every_baseline=choices.folds,
    )


def _verdict(recorded: Recorded, choices: Choices) -> Verdict:
    """Return `verdict`: the chosen network against every baseline."""
    settings, network, baselines = recorded.config.run, choices.network, choices.baselines
    rope, metric, n_docs = settings.rope, recorded.metric, recorded.n_docs
    if network is None or not baselines:
        return evaluation.no_verdict(choices.network_name, baselines, rope=rope, metric=metric)
    trained = choices.trained[network.name]
    question = evaluation.ask(
        recorded.saved, network, baselines, rope, n_docs, trained=trained, metric=metric
    )
    classes = recorded.facts.corpus["classes"].values()
    skewed = max(classes, default=0) > evaluation.SKEWED * sum(classes)
    return evaluation.decide_verdict(question, rope=rope, metric=metric, n_docs=n_docs, skewed=skewed)


def _comparable(
    pairs: Iterable[tuple[str, str]], saved: Iterable[SavedPredictions], metric: str
) -> list[tuple[str, str]]:
    """Return the pairs of which both models have the metric: log loss needs probabilities, not answers alone."""
    lacking = set(_lacking(saved, metric))
    return [pair for pair in pairs if not lacking & set(pair)]


def _lacking(saved: Iterable[SavedPredictions], metric: str) -> list[str]:
    """Return the names of the models that the metric cannot be computed of."""
    known = evaluation.METRICS[metric].known_of
    return list(dict.fromkeys(entry.name for entry in saved if not known(entry.predictions)))


def _summary(recorded: Recorded, summary: list[evaluation.MeanScores], signer: Signer) -> tuple[Summary, ...]:
    """Return `summary`: each model's scores over its fits, how well it is calibrated, and its signature."""
    generator = stage_generator(recorded.config.run.seed, "calibration")
    calibrated = evaluation.calibrate(recorded.saved, generator)
    return tuple(summary_row(row, calibrated[row.name], recorded, signer) for row in summary)


def _seeds(recorded: Recorded, choices: Choices) -> Seeds:
    """Return `seeds`: whether those so far are enough."""
    ended = recorded.facts.state == "done"
    fits = recorded.scored_fits
    return find_seeds(recorded.saved, choices.verdict_kinds, fits, recorded.config, ended=ended).row


def _protocol(recorded: Recorded) -> Protocol | None:
    facts = recorded.facts
    kept, version = recorded.detail("protocol"), facts.environment.embedseq
    return describe_protocol(kept, recorded.config, facts.corpus, version, facts.state)


def _causes(
    recorded: Recorded, choices: Choices, compared: _Compared, documents: pl.DataFrame | None
) -> tuple[Cause, ...]:
    """Return `causes`: what the gains come from."""
    return tuple(
        evaluation.find_causes(
            compared.of_run,
            compared.gains,
            choices.trained,
            recorded.saved,
            lengths=_lengths(documents),
            n_docs=recorded.n_docs,
        )
    )


def _costs(recorded: Recorded, choices: Choices) -> tuple[tuple[Cost, ...], Cheapest]:
    """Return `costs` and `cheapest`: what each model costs, and which is the cheapest that is as good as the best."""
    settings = recorded.config.run
    return evaluation.find_costs(
        recorded.saved,
        recorded.detail("fit_costs") or [],
        None if choices.folds else choices.merits,
        choices.trained,
        settings.rope,
        recorded.n_docs,
        metric=recorded.metric,
    )


def _learning_curve(recorded: Recorded, choices: Choices) -> LearningCurve:
    settings = recorded.config.run
    return evaluation.find_learning_curve(
        evaluation.first_seeds_only(recorded.saved, first_seeds(recorded.config)),
        read_predictions(recorded.run / CURVE_FOLDER, recorded.run),
        recorded.detail("curve_sets") or {},
        choices.verdict_kinds,
        choices.merits_by_fold.get(0, {}),
        settings.rope,
        stage_generator(settings.seed, "learning curve bands"),
    )


def _slices(
    recorded: Recorded, choices: Choices, compared: _Compared, documents: pl.DataFrame | None
) -> tuple[Slice, ...]:
    """Return `slices`: the verdict's question for documents of some kinds."""
    return evaluation.slice_scores(
        recorded.saved,
        documents,
        compared.verdict,
        stage_generator(recorded.config.run.seed, "slices"),
        recorded.n_docs,
        choices.of_network,
    )


def _contamination(
    recorded: Recorded,
    choices: Choices,
    compared: _Compared,
    documents: pl.DataFrame | None,
    summary: list[evaluation.MeanScores],
) -> Contamination | None:
    """Return `contamination`: the scores without documents that training documents give away."""
    return evaluation.describe_contamination(
        recorded.saved,
        documents,
        read_giveaways(recorded.run),
        compared.verdict,
        summary,
        stage_generator(recorded.config.run.seed, "bootstrap without contamination"),
        recorded.n_docs,
        choices.of_network,
    )


def _budgets(recorded: Recorded) -> tuple[Budget, ...]:
    """Return `budgets`: how many settings each model could choose from."""
    return evaluation.describe_budgets(
        recorded.models, recorded.scored_fits, recorded.facts.tuning, recorded.metric
    )


def _timing(recorded: Recorded) -> tuple[Timing, ...]:
    """Return `timing`: of every fit of the run's own models, scored or not."""
    names = [field.name for field in fields(Timing)]
    return tuple(
        Timing(**{name: fit[name] for name in names})
        for fit in recorded.fits.values()
        if recorded.models[fit["name"]]["kind"] != "outside"
    )


def _probes(entries: list[Row]) -> dict[str, dict[str, ProbeFound]]:
    """Return the reading and the few numbers of each probe that found something, by network and probe."""
    return {
        entry["name"]: {
            name: {"reading": found["reading"], **found["summary"]}
            for name, found in entry["probes"].items()
            if "nothing" not in found
        }
        for entry in entries
    }


def _documents_tested(saved: Iterable[SavedPredictions]) -> int:
    """Return how many documents each model answers, its folds together."""
    by_fold = {entry.fold: len(entry.predictions.documents) for entry in saved}
    return sum(by_fold.values())


def _lengths(documents: pl.DataFrame | None) -> dict[int, int]:
    """Return the tokens of each test document by its number; none where the run did not say."""
    return {} if documents is None else dict(documents.select("document", "tokens").iter_rows())


def _chosen_documents(recorded: Recorded) -> ChosenDocuments | None:
    kinds = recorded.of_models("kind")
    answering = {name: kind for name, kind in kinds.items() if recorded.models[name]["model"] != "majority"}
    generator = stage_generator(recorded.config.run.seed, "documents to browse")
    return evaluation.choose_documents(
        recorded.saved, answering, all_trained(recorded.scored_fits), generator
    )


def find_seeds(
    saved: Iterable[SavedPredictions],
    kinds: Mapping[str, str],
    fits: Iterable[Row],
    config: Config,
    *,
    ended: bool = True,
) -> evaluation.SeedsFound:
    """Return whether the seeds so far are enough: `evaluation.find_seeds` of a run's fits.

    Parameters
    ----------
    saved : the predictions that are scored
    kinds : mapping of model name to `verdict_kind`
    fits : their fits, as in details/fits.json
    config : the settings of the run
    ended : whether the run came to its end
    """
    fits = list(fits)
    asked = evaluation.SeedsAsked(config.run.seeds, first_seeds(config), most_seeds(config))
    chosen = evaluation.choose_network(kinds, merits_by_fold(fits, config, kinds))
    if chosen is not None and len(chosen.names) > 1:
        return evaluation.SeedsFound(asked, None, (), more=False, why="folds chose different networks")
    merits = dict.fromkeys(kinds, 0.0) | ({} if chosen is None else {chosen.name: 1.0})
    metric = config.run.metric
    return evaluation.find_seeds(saved, kinds, merits, all_trained(fits), asked, metric=metric, ended=ended)


def _warnings(recorded: Recorded) -> list[str]:
    """Return findings about the whole run, as sentences."""
    metric = recorded.config.run.metric
    uncompared = [
        f"{name} gives answers without probabilities: it has no {metric}, and is compared with no model"
        for name in _lacking(recorded.saved, metric)
    ]
    return [*recorded.warnings, *uncompared, *evaluation.stray_class_warnings(recorded.saved)]
