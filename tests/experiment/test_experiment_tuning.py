"""Whole runs with --tune: equal budgets, the choice on validation documents, what is kept of it."""

from __future__ import annotations

import gc
import json
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from answering_again import answer_again

from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.names import slug
from pipeline.experiment import choose_settings as choosing
from pipeline.experiment import fit_linear, fit_loop, fit_networks, linear_features
from pipeline.experiment.data import RunData
from pipeline.experiment.executors import Here
from pipeline.experiment.tuning import draw_trials, fixed_by_name
from pipeline.report import draw_report
from pipeline.run_folder.predictions import read_run_predictions
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config, settled

OPENINGS = {"pos": ("a fine", "a warm", "an odd"), "neg": ("a dull", "a cold", "an odd")}
NOUNS = ("film", "story", "cast", "ending", "scene", "score", "plot", "script", "poster", "song")
DOCUMENTS = [
    (f"{opening} {noun} indeed", label)
    for noun in NOUNS
    for label, openings in OPENINGS.items()
    for opening in openings
]
SMALL = ("networks.units=6", "networks.max_epochs=2", "embeddings.dimension=8")


def perform(folder: Path, *sets: str, **options: object) -> Path:
    """Run on sixty documents; options as `run_tune=3` for `run.tune`."""
    folder.mkdir(exist_ok=True)
    texts, labels = zip(*DOCUMENTS, strict=True)
    pl.DataFrame({"text": texts, "label": labels}).write_csv(folder / "films.csv")
    given: dict[str, object] = {
        "corpus.path": str(folder / "films.csv"),
        "run.out": str(folder / "run"),
        "run.models": "majority,bow,tfidf",
        "run.embeddings": "learned",
        "run.seeds": 1,
        "run.tune": 3,
    }
    given |= {key.replace("_", ".", 1): value for key, value in options.items()}
    return run_experiment(load_config(None, [*SMALL, *sets], given), Console(silent=True), "")


def read(run: Path, name: str = "metrics.json") -> Any:
    return json.loads((run / name).read_text(encoding="utf-8"))


def without_seconds(families: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        family | {"seconds": None, "trials": [trial | {"seconds": None} for trial in family["trials"]]}
        for family in families
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    return perform(folder, run_models="majority,bow,tfidf,ann")


def test_every_model_but_the_control_has_the_same_number_of_trials(run: Path) -> None:
    families = read(run)["tuning"]
    assert [family["name"] for family in families] == ["bow", "tfidf", "ann@learned"]
    assert [len(family["trials"]) for family in families] == [3, 3, 3]
    for family in families:
        assert [trial["trial"] for trial in family["trials"]] == [1, 2, 3]
        assert family["seconds"] == pytest.approx(sum(trial["seconds"] for trial in family["trials"]))
        assert all(trial["seconds"] > 0 for trial in family["trials"])


def test_no_trial_was_better_on_the_validation_documents_than_the_one_chosen(run: Path) -> None:
    for family in read(run)["tuning"]:
        chosen = family["trials"][family["chosen"] - 1]
        assert chosen["validation_log_loss"] == min(
            trial["validation_log_loss"] for trial in family["trials"]
        )
        accuracies = [trial["validation_accuracy"] for trial in family["trials"]]
        assert len(family["expected_validation_accuracy"]) == 3
        assert family["expected_validation_accuracy"][0] == pytest.approx(sum(accuracies) / 3)


def test_a_saved_model_names_the_settings_that_were_chosen(run: Path) -> None:
    for family in read(run)["tuning"]:
        saved = read(run, f"models/{slug(family['name'])}/model.json")
        for key, value in family["trials"][family["chosen"] - 1]["settings"].items():
            table, name = key.split(".")
            assert saved[table][name] == value, key
    assert read(run, f"models/{slug('ann@learned')}/model.json")["network"]["units"] == 6


def test_all_seeds_are_trained_with_what_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int, float]] = []
    original = fit_loop.fit_network_of

    def watched(data: Any, job: Any) -> Any:
        seen.append((job.model.name, job.seed, job.settings.networks.learning_rate))
        return original(data, job)

    monkeypatch.setattr(fit_loop, "fit_network_of", watched)
    monkeypatch.setattr(choosing, "choose", lambda trials: trials[-1])
    run = perform(tmp_path, run_models="ann", run_seeds=2, run_tune=2)
    rate = read(run)["tuning"][0]["trials"][1]["settings"]["networks.learning_rate"]
    assert rate != Config().networks.learning_rate
    assert seen == [("ann@learned", 0, rate), ("ann@learned", 1, rate)]


def test_a_refit_has_the_updates_and_rates_of_the_training_that_it_repeats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass over the documents of a refit has more updates: only updates can be repeated."""
    made: list[Any] = []
    original = fit_networks.fit_network

    def watched(*arguments: Any, **options: Any) -> Any:
        made.append((options["repeat"], original(*arguments, **options)))
        return made[-1][1]

    monkeypatch.setattr(fit_networks, "fit_network", watched)
    sets = ("networks.max_epochs=0", "networks.budget_epochs=3", "networks.budget_updates=7")
    sets += ("networks.schedule=cosine", "networks.batch_size=3")
    perform(tmp_path, *sets, run_models="ann", run_refit=True, run_tune=0)
    (asked, chosen), (repeat, again) = made
    assert asked is None
    assert repeat == chosen.schedule
    assert again.history[-1].updates == chosen.best_updates
    assert again.schedule.horizon == chosen.budget.first < again.budget.first


def test_each_network_has_its_trials_before_its_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def noted(self: Here, jobs: Any) -> Any:
        for job in jobs:
            begun.append(f"{getattr(job.fit, 'func', job.fit).__name__} {job.model.model} {job.seed}")
            yield from job.fit(self._data, job)

    monkeypatch.setattr(Here, "map", noted)
    perform(tmp_path, run_models="ann,rnn", run_tune=2, run_seeds=2)
    assert begun == [
        *("try_network ann 0", "try_network ann 0", "fit_network_of ann 0", "fit_network_of ann 1"),
        *("try_network rnn 0", "try_network rnn 0", "fit_network_of rnn 0", "fit_network_of rnn 1"),
    ]


def test_the_counts_of_trials_are_let_go_before_the_chosen_ones_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    count, fit_together = fit_linear.count_features, fit_linear._fit_together
    alive: list[int] = []

    def watched_count(*arguments: Any) -> Any:
        features = count(*arguments)
        made.append(weakref.ref(features))
        return features

    def watched_fits(*arguments: Any) -> Any:
        gc.collect()
        alive.append(sum(one() is not None for one in made))
        return fit_together(*arguments)

    monkeypatch.setattr(linear_features, "count_features", watched_count)
    monkeypatch.setattr(fit_linear, "count_features", watched_count)
    monkeypatch.setattr(fit_linear, "_fit_together", watched_fits)
    perform(tmp_path, run_models="bow,tfidf", run_tune=2)
    assert alive == [0, 0]


def test_each_fold_chooses_for_itself_from_the_same_trials(tmp_path: Path) -> None:
    families = read(perform(tmp_path, corpus_folds=3, run_models="bow", run_refit=True))["tuning"]
    assert [(family["name"], family["fold"]) for family in families] == [("bow", 0), ("bow", 1), ("bow", 2)]
    tried = [[trial["settings"] for trial in family["trials"]] for family in families]
    assert tried[0] == tried[1] == tried[2]


@pytest.mark.parametrize("models", ["bow,tfidf", "ann"])
def test_labels_of_test_documents_change_no_trial_and_no_choice(
    tmp_path: Path, models: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, object] = {"run_models": models, "run_deterministic": True, "run_tune": 2}
    honest = read(perform(tmp_path / "honest", **options))
    original = RunData.labels

    def corrupt(data: RunData, documents: Any) -> Any:
        test = data.corpus.records[documents]
        return original(data, documents) if not set(test) & tested else 1 - original(data, documents)

    first = read_run_predictions(tmp_path / "honest" / "run")[0]
    tested = set(first.predictions.documents.tolist())
    monkeypatch.setattr(RunData, "labels", corrupt)
    other = read(perform(tmp_path / "other", **options))
    assert without_seconds(other["tuning"]) == without_seconds(honest["tuning"])
    assert other["results"][0]["accuracy"] == pytest.approx(1 - honest["results"][0]["accuracy"])


def test_a_drawn_setting_that_does_not_suit_the_corpus_ends_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = linear_features.count_features

    def count(data: Any, fold: Any, ngrams: Any) -> Any:
        if ngrams.longest == 3:
            raise PipelineError("baselines.ngram_max", "too many n-grams", "lower it")
        return original(data, fold, ngrams)

    monkeypatch.setattr(linear_features, "count_features", count)
    (family,) = read(perform(tmp_path, run_models="tfidf", run_tune=9))["tuning"]
    failed = [trial for trial in family["trials"] if trial["settings"]["baselines.ngram_max"] == 3]
    assert failed
    for trial in failed:
        assert trial["validation_accuracy"] is None
        assert trial["why_not"] == "baselines.ngram_max: too many n-grams; lower it"
    assert family["chosen"] not in {trial["trial"] for trial in failed}


def test_ctrl_c_keeps_the_trials_that_had_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(1, 100))
    original = choosing.try_settings

    def tried(*arguments: Any) -> Any:
        if next(calls) == 6:  # the third trial of tfidf
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(choosing, "try_settings", tried)
    with pytest.raises(KeyboardInterrupt):
        perform(tmp_path)
    metrics, report = read(tmp_path / "run"), (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    bow, tfidf = metrics["tuning"]
    assert (len(bow["trials"]), len(tfidf["trials"]), tfidf["chosen"]) == (3, 2, None)
    assert bow["chosen"] is not None
    assert [row["name"] for row in metrics["results"]] == ["bow", "majority"]
    assert "none: the run was stopped" in report


def test_without_validation_documents_there_is_nothing_to_choose_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = choosing.settings_to_try

    def without(config: Any, planned: Any, fold: Any) -> Any:
        return original(config, planned, replace(fold, validation=fold.validation[:0]))

    monkeypatch.setattr(choosing, "settings_to_try", without)
    with pytest.raises(PipelineError) as caught:
        perform(tmp_path, run_models="bow")
    assert str(caught.value) == (
        "--tune: there are no validation documents to choose settings on; "
        "give --validation or more documents, or leave --tune out"
    )


def test_without_tune_the_strengths_are_those_of_the_settings(tmp_path: Path) -> None:
    run = perform(tmp_path, run_tune=0, run_models="tfidf")
    assert read(run)["tuning"] == []
    assert not (run / "details" / "tuning.json").exists()
    (choice,) = read(run, "details/choices.json")
    tried = [trial["value"] for trial in choice["tried"] if trial["min_df"] == choice["min_df"]]
    assert len(tried) >= 3
    assert tried == [0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0][: len(tried)]
    assert "*Nothing to show.* Not tuned" in (run / "report.md").read_text(encoding="utf-8")


def test_the_run_can_be_repeated_from_its_own_configuration(run: Path) -> None:
    config = load_config(run / "config.toml")
    assert config.run.tune_fixed == ("networks.max_epochs", "networks.units")
    tried = [trial["settings"] for trial in read(run)["tuning"][2]["trials"]]
    assert tried == draw_trials("ann", fixed_by_name(settled(config, "ann", n_train=20), "ann@learned"))


def test_the_report_is_drawn_again_from_the_folder(run: Path) -> None:
    before = (run / "report.md").read_text(encoding="utf-8")
    (run / "report.md").unlink()
    draw_report(run)
    assert (run / "report.md").read_text(encoding="utf-8") == before
    section = before.partition("\n## Tuning\n")[2].partition("\n## ")[0]
    for words in ("Search space", "Settings chosen", "Every trial", "networks.learning\\_rate", "(given)"):
        assert words.replace("\\", "") in section


def test_a_head_and_vectors_that_were_drawn_are_those_of_the_fit_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`rnn` is chosen with another head and tuned vectors; `rnn:mean` keeps what its name says."""
    drawn = {"networks.head": "max", "networks.vectors": "frozen-then-tuned"}

    def two_trials(model: str, config: Config) -> list[dict[str, Any]]:
        free = {key: value for key, value in drawn.items() if key not in config.run.tune_fixed}
        return [dict.fromkeys(free, "own"), free]

    monkeypatch.setattr(choosing, "draw_trials", two_trials)
    monkeypatch.setattr(choosing, "choose", lambda trials: trials[-1])
    run = perform(
        tmp_path,
        run_models="rnn,rnn:mean",
        run_embeddings="random,random:tuned",
        run_tune=2,
        run_deterministic=True,
    )
    fits = {row["name"]: (row["head"], row["vectors"]) for row in read(run)["results"]}
    assert fits == {
        "rnn@random": ("max", "frozen-then-tuned"),
        "rnn:mean@random": ("mean", "frozen-then-tuned"),
        "rnn@random:tuned": ("max", "tuned"),
        "rnn:mean@random:tuned": ("mean", "tuned"),
    }
    for name, (head, vectors) in fits.items():
        network = read(run, f"models/{slug(name)}/model.json")["network"]
        assert (network["head"], network["tuned"]) == (head, True)
        assert network["frozen_first"] == (vectors == "frozen-then-tuned")
        two = answer_again(run, name, Console(silent=True))
        assert two.largest_difference < 1e-5
    tried = {family["name"]: family["trials"][1]["settings"] for family in read(run)["tuning"]}
    assert tried["rnn@random"] == drawn
    assert tried["rnn:mean@random:tuned"] == {}


def test_a_head_of_the_settings_is_for_networks_whose_name_says_none(tmp_path: Path) -> None:
    run = perform(tmp_path, "networks.head=max+mean", run_models="ann,rnn,rnn:mean", run_tune=0)
    heads = {row["name"]: (row["head"], row["vectors"]) for row in read(run)["results"]}
    assert heads == {
        "ann@learned": (None, "tuned"),
        "rnn@learned": ("max+mean", "tuned"),
        "rnn:mean@learned": ("mean", "tuned"),
    }
