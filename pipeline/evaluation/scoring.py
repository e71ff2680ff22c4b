"""Run folder > scores: every figure that follows from the saved predictions, a pure function of the files.

What only the run could know (`details/fits.json`, `details/run.json` and the other files it writes while it
lasts), the settings in `config.toml` and the predictions go in; metrics.json and the details that derive from
predictions come out. A run writes what comes out; `verify` computes it again and compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import cast

import polars as pl

from pipeline.core.fits import Fit
from pipeline.core.seeds import stage_generator
from pipeline.core.warned import Warned, warning
from pipeline.evaluation.advice import advise
from pipeline.evaluation.budgets import describe_budgets
from pipeline.evaluation.calibration import calibrate
from pipeline.evaluation.choices import Choices, all_trained, choose, merits_by_fold
from pipeline.evaluation.chosen_documents import choose_documents
from pipeline.evaluation.comparisons import compare, withhold
from pipeline.evaluation.contamination import describe_contamination
from pipeline.evaluation.contrasts import find_causes, find_gains
from pipeline.evaluation.costs import find_costs
from pipeline.evaluation.crossing import find_learning_curve
from pipeline.evaluation.hard_documents import find_hard_documents
from pipeline.evaluation.labels import find_labels
from pipeline.evaluation.language import find_language
from pipeline.evaluation.next_steps import Measured
from pipeline.evaluation.one_answer import findings_of_answers
from pipeline.evaluation.pairs import choose_network, outside_pairs, planned_pairs
from pipeline.evaluation.recorded import Recorded, read_recorded
from pipeline.evaluation.result_rows import by_model, result_row, summary_row
from pipeline.evaluation.seeds import SeedsAsked, SeedsFound, find_seeds, first_seeds_only
from pipeline.evaluation.slices import slice_scores
from pipeline.evaluation.spans import find_spans
from pipeline.evaluation.summary import MeanScores, summarise
from pipeline.evaluation.verdict import ask, decide_verdict, naming_what_is_missing, no_verdict
from pipeline.run_folder.details.documents import ChosenDocuments, ClassScores
from pipeline.run_folder.details.fitting import Assumptions
from pipeline.run_folder.details.probes import Found, ProbedNetwork
from pipeline.run_folder.folder import RunFolder
from pipeline.run_folder.metrics import SCHEMA_VERSION, Metrics
from pipeline.run_folder.metrics.comparisons import Cause, Comparison, Gains, Protocol, Seeds, Verdict
from pipeline.run_folder.metrics.corpus import Corpus
from pipeline.run_folder.metrics.documents import Contamination, Slice
from pipeline.run_folder.metrics.models import Budget, Cheapest, Cost, LearningCurve, Summary, Timing
from pipeline.run_folder.metrics.rows import ProbeFound
from pipeline.run_folder.names import METRICS, detail_file
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.run_folder.protocol import describe_protocol
from pipeline.run_folder.signatures import Signer
from pipeline.settings.tables import Config, first_seeds, most_seeds
from pipeline.tasks.classification.metrics import SKEWED


@dataclass(frozen=True)
class Scored:
    """What is computed from a run folder: metrics.json, and files of `details/` by name."""

    metrics: Metrics
    scores: ClassScores
    assumptions: Assumptions
    chosen_documents: ChosenDocuments | None
    findings: tuple[Warned, ...] = ()  # what the answers themselves tell, among the warnings too

    @property
    def details(self) -> dict[str, object]:
        """The files of `details/`, by name."""
        return {
            "scores": self.scores,
            "assumptions": self.assumptions,
            "chosen_documents": self.chosen_documents or {},
        }

    @property
    def files(self) -> dict[str, object]:
        """What is computed, by its path within the run folder; metrics.json is the last."""
        return {detail_file(name): value for name, value in self.details.items()} | {METRICS: self.metrics}


def score_run(run: Path) -> Scored:
    """Return everything that follows from a run folder's predictions.

    Raises
    ------
    PipelineError
        If one of `INPUTS` is absent, or a file is not what it has to be.
    """
    recorded = read_recorded(RunFolder(path=run))
    facts, models = recorded.facts, by_model(recorded.saved)
    return Scored(
        metrics=_metrics(recorded),
        scores=ClassScores(tuple(facts.corpus.classes), models),
        assumptions=Assumptions(facts.assumptions, tuple(_warnings(recorded))),
        chosen_documents=_chosen_documents(recorded),
        findings=tuple(findings_of_answers(recorded.saved)),
    )


# --- a line for each key of metrics.json, and for each file of details/ that derives from predictions


def _metrics(recorded: Recorded) -> Metrics:
    saved, facts, config = recorded.saved, recorded.facts, recorded.config
    choices = choose(recorded)
    compared, documents = _compare(recorded, choices), recorded.folder.documents()
    summary = summarise(saved, stage_generator(config.run.seed, "bootstrap"))
    signer = Signer(facts.corpus, facts.embeddings, facts.environment, config)
    costs, cheapest = _costs(recorded, choices)
    results = tuple(result_row(entry, recorded, signer) for entry in saved)
    seeds, tested, timing = _seeds(recorded, choices), _documents_tested(saved), _timing(recorded)
    decided = compared.verdict, compared.comparisons, choices.usual_network
    return Metrics(
        schema_version=SCHEMA_VERSION,
        corpus=Corpus(**vars(facts.corpus), tested=tested),
        results=results,
        summary=_summary(recorded, summary, signer),
        comparisons=tuple(compared.comparisons),
        verdict=compared.verdict,
        advice=advise(*decided, costs, results, seeds, Measured.of(recorded, timing, tested)),
        seeds=seeds,
        reuse=facts.reuse,
        protocol=_protocol(recorded),
        embeddings=facts.embeddings,
        gains=tuple(compared.gains),
        causes=_causes(recorded, choices, compared, documents),
        costs=costs,
        cheapest=cheapest,
        learning_curve=_learning_curve(recorded, choices),
        slices=_slices(recorded, choices, compared, documents),
        spans=find_spans(saved, choices.kinds),
        labels=find_labels(saved, choices.kinds),
        language=find_language(saved, choices.kinds, documents),
        hard_documents=find_hard_documents(recorded.browsed, choices.kinds, choices.trained),
        contamination=_contamination(recorded, choices, compared, documents, summary),
        tuning=facts.tuning,
        budgets=_budgets(recorded),
        probes=_probes(recorded.inputs.probes),
        timing=timing,
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
    rows = compare(
        [*saved, *choices.of_network],
        _comparable(pairs, recorded),
        settings.rope,
        recorded.n_docs,
        metric=recorded.metric,
    )
    comparisons = [*verdict.against, *withhold(rows, choices.trained)]
    of_run = [row for row in comparisons if row.a in own]
    gains = find_gains(of_run, choices.merits, choices.trained)
    return _Compared(verdict, comparisons, of_run, gains)


def _side_pairs(choices: Choices, own: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the pairs of the side questions; `own` has the kinds of the models that the run fitted itself."""
    planned = planned_pairs(own, choices.merits, every_baseline=choices.folds)
    return planned + outside_pairs(
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
        kinds = {recorded.models[key.name].verdict_kind for key in recorded.missing}
        verdict = no_verdict(choices.network_name, baselines, rope=rope, metric=metric, planned=kinds)
        return naming_what_is_missing(verdict, recorded)
    trained = choices.trained[network.name]
    question = ask(recorded.saved, network, baselines, rope, n_docs, trained=trained, metric=metric)
    classes = recorded.facts.corpus.classes.values()
    skewed = max(classes, default=0) > SKEWED * sum(classes)
    verdict = decide_verdict(question, rope=rope, metric=metric, n_docs=n_docs, skewed=skewed)
    return naming_what_is_missing(verdict, recorded)


def _comparable(pairs: Iterable[tuple[str, str]], recorded: Recorded) -> list[tuple[str, str]]:
    """Return the pairs of which both models have the metric: log loss needs probabilities, not answers alone."""
    lacking = set(recorded.lacking)
    return [pair for pair in pairs if not lacking & set(pair)]


def _summary(recorded: Recorded, summary: list[MeanScores], signer: Signer) -> tuple[Summary, ...]:
    """Return `summary`: each model's scores over its fits, how well it is calibrated, and its signature."""
    calibrated = calibrate(recorded.saved, stage_generator(recorded.config.run.seed, "calibration"))
    return tuple(summary_row(row, calibrated[row.name], recorded, signer) for row in summary)


def _seeds(recorded: Recorded, choices: Choices) -> Seeds:
    """Return `seeds`: whether those so far are enough."""
    ended, fits = recorded.facts.state == "done", recorded.scored_fits
    return seeds_of_run(recorded.saved, choices.verdict_kinds, fits, recorded.config, ended=ended).row


def _protocol(recorded: Recorded) -> Protocol | None:
    facts = recorded.facts
    version, laid_down = facts.environment.embedseq, recorded.inputs.protocol
    return describe_protocol(laid_down, recorded.config, facts.corpus, version, facts.state)


def _causes(
    recorded: Recorded, choices: Choices, compared: _Compared, documents: pl.DataFrame | None
) -> tuple[Cause, ...]:
    """Return `causes`: what the gains come from."""
    return tuple(
        find_causes(
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
    return find_costs(
        recorded.saved,
        recorded.inputs.fit_costs,
        None if choices.folds else choices.merits,
        choices.trained,
        recorded.config.run.rope,
        recorded.n_docs,
        metric=recorded.metric,
    )


def _learning_curve(recorded: Recorded, choices: Choices) -> LearningCurve:
    settings = recorded.config.run
    return find_learning_curve(
        first_seeds_only(recorded.saved, first_seeds(recorded.config)),
        recorded.folder.answers(of_curve=True),
        recorded.inputs.curve_sets,
        choices.verdict_kinds,
        choices.merits_by_fold.get(0, {}),
        stage_generator(settings.seed, "learning curve bands"),
    )


def _slices(
    recorded: Recorded, choices: Choices, compared: _Compared, documents: pl.DataFrame | None
) -> tuple[Slice, ...]:
    """Return `slices`: the verdict's question for documents of some kinds."""
    return slice_scores(
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
    summary: list[MeanScores],
) -> Contamination | None:
    """Return `contamination`: the scores without documents that training documents give away."""
    return describe_contamination(
        recorded.saved,
        documents,
        recorded.inputs.giveaways,
        compared.verdict,
        summary,
        stage_generator(recorded.config.run.seed, "bootstrap without contamination"),
        recorded.n_docs,
        choices.of_network,
    )


def _budgets(recorded: Recorded) -> tuple[Budget, ...]:
    """Return `budgets`: how many settings each model could choose from."""
    return describe_budgets(recorded.models, recorded.scored_fits, recorded.facts.tuning, recorded.metric)


def _timing(recorded: Recorded) -> tuple[Timing, ...]:
    """Return `timing`: of every fit of the run's own models, scored or not."""
    names = [field.name for field in fields(Timing)]
    return tuple(
        Timing(**{name: getattr(fit, name) for name in names})
        for fit in recorded.fits.values()
        if recorded.models[fit.name].kind != "outside"
    )


def _probes(networks: Iterable[ProbedNetwork]) -> dict[str, dict[str, ProbeFound]]:
    """Return the reading and the few numbers of each probe that found something, by network and probe."""
    return {
        network.name: {
            name: cast(ProbeFound, {"reading": found.reading, **found.summary})
            for name, found in network.found.items()
            if isinstance(found, Found)
        }
        for network in networks
    }


def _documents_tested(saved: Iterable[SavedPredictions]) -> int:
    """Return how many documents each model answers, its folds together."""
    by_fold = {entry.fold: len(entry.predictions.documents) for entry in saved}
    return sum(by_fold.values())


def _lengths(documents: pl.DataFrame | None) -> dict[int, int]:
    """Return the tokens of each test document by its number; none where the run did not say."""
    return {} if documents is None else dict(documents.select("document", "tokens").iter_rows())


def _chosen_documents(recorded: Recorded) -> ChosenDocuments | None:
    answering = {one.name: one.kind for one in recorded.scored_models if one.model != "majority"}
    generator = stage_generator(recorded.config.run.seed, "documents to browse")
    return choose_documents(recorded.browsed, answering, all_trained(recorded.scored_fits), generator)


def seeds_of_run(
    saved: Iterable[SavedPredictions],
    kinds: Mapping[str, str],
    fits: Iterable[Fit],
    config: Config,
    *,
    ended: bool = True,
) -> SeedsFound:
    """Return whether the seeds so far are enough: `find_seeds` for the network that these fits chose.

    Parameters
    ----------
    saved : the predictions that are scored
    kinds : mapping of model name to `verdict_kind`
    fits : their fits
    config : the settings of the run
    ended : whether the run came to its end
    """
    fits = list(fits)
    asked = SeedsAsked(config.run.seeds, first_seeds(config), most_seeds(config))
    chosen = choose_network(kinds, merits_by_fold(fits, config, kinds))
    if chosen is not None and len(chosen.names) > 1:
        return SeedsFound(asked, None, (), more=False, why="folds chose different networks")
    merits = dict.fromkeys(kinds, 0.0) | ({} if chosen is None else {chosen.name: 1.0})
    metric = config.run.metric
    return find_seeds(saved, kinds, merits, all_trained(fits), asked, metric=metric, ended=ended)


def _warnings(recorded: Recorded) -> list[str]:
    """Return findings about the whole run, as sentences."""
    metric = recorded.config.run.metric
    told = f"gives answers without probabilities: it has no {metric}, and is compared with no model"
    uncompared = [warning("no-probabilities", f"{name} {told}") for name in recorded.lacking]
    return [*recorded.warnings, *uncompared, *findings_of_answers(recorded.saved)]
