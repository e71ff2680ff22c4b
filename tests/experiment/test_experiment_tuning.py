"""Whole runs with --tune: equal budgets, the choice on validation documents, what is kept of it."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import whole_runs
from answering_again import answer_again
from whole_runs import Watched, answering, fitting, function_of, noting, read, run_job, write_films

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.fits import Score
from pipeline.core.names import slug
from pipeline.experiment import fit_networks
from pipeline.experiment.choose_settings import settings_to_try
from pipeline.experiment.data import RunData, Split
from pipeline.experiment.embedded_split import read_split
from pipeline.experiment.fit_networks import fit_network_of
from pipeline.experiment.jobs import Job, Made
from pipeline.experiment.linear_features import Features
from pipeline.experiment.network_inputs import specify_network, training_of_vectors
from pipeline.experiment.plan import plan_models
from pipeline.experiment.tuning import draw_trials, fixed_by_name
from pipeline.experiment.tuning.trials import Settings
from pipeline.report import draw_report
from pipeline.settings.reading import load_config
from pipeline.settings.tables import Config, settled

pytestmark = pytest.mark.longer

OPENINGS = {"pos": ("a fine", "a warm", "an odd"), "neg": ("a dull", "a cold", "an odd")}
NOUNS = ("film", "story", "cast", "ending", "scene", "score", "plot", "script", "poster", "song")
DOCUMENTS = [
    (f"{opening} {noun} indeed", label)
    for noun in NOUNS
    for label, openings in OPENINGS.items()
    for opening in openings
]
SMALL = ("networks.units=6", "networks.max_epochs=2", "embeddings.dimension=8")


def perform(folder: Path, *sets: str, **options: Any) -> Path:
    """Run on sixty documents, with three trials."""
    write_films(folder, *map(list, zip(*DOCUMENTS, strict=True)))
    given = {"run_models": "majority,bow,tfidf", "run_embeddings": "learned", "run_tune": 3}
    return whole_runs.perform(folder, *sets, small=SMALL, **given | options)


def without_seconds(families: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        family | {"seconds": None, "trials": [trial | {"seconds": None} for trial in family["trials"]]}
        for family in families
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    return perform(folder, run_models="majority,bow,tfidf,ann", run_deterministic=True)


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


def last_is_best(number: int, settings: Settings) -> Score:
    return Score(0.5, 1 / number)


def test_all_seeds_of_a_network_follow_its_trials_with_what_was_chosen(tmp_path: Path) -> None:
    seen: list[Job] = []
    executors = noting(seen, answering(score=last_is_best))
    run = perform(tmp_path, run_models="ann,rnn", run_seeds=2, run_tune=2, executors=executors)
    begun = [(function_of(job).__name__, job.model.model, job.seed) for job in seen]
    assert begun == [
        *(("try_network", "ann", 0), ("try_network", "ann", 0)),
        *(("fit_network_of", "ann", 0), ("fit_network_of", "ann", 1)),
        *(("try_network", "rnn", 0), ("try_network", "rnn", 0)),
        *(("fit_network_of", "rnn", 0), ("fit_network_of", "rnn", 1)),
    ]
    rate = read(run)["tuning"][0]["trials"][1]["settings"]["networks.learning_rate"]
    assert rate != Config().networks.learning_rate
    assert [job.settings.networks.learning_rate for job in seen[2:4]] == [rate, rate]


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


def test_the_counts_of_trials_are_let_go_before_the_chosen_ones_are_made(tmp_path: Path) -> None:
    alive: list[int] = []

    def look(title: str, total: int | None) -> None:
        if title.startswith("Counting n-grams"):  # of chosen settings; those of a trial are no stage
            gc.collect()
            alive.append(sum(isinstance(one, Features) for one in gc.get_objects()))

    perform(tmp_path, run_models="bow,tfidf", run_tune=2, console=Watched(look))
    assert alive == [0, 0]


def test_each_fold_chooses_for_itself_from_the_same_trials(tmp_path: Path) -> None:
    families = read(perform(tmp_path, corpus_folds=3, run_models="bow", run_refit=True))["tuning"]
    assert [(family["name"], family["fold"]) for family in families] == [("bow", 0), ("bow", 1), ("bow", 2)]
    tried = [[trial["settings"] for trial in family["trials"]] for family in families]
    assert tried[0] == tried[1] == tried[2]


def test_labels_of_test_documents_change_no_trial_and_no_choice(run: Path, tmp_path: Path) -> None:
    def corrupted(data: RunData, job: Job) -> Iterable[Made]:
        labels = data.corpus.labels.copy()
        labels[job.fold.test] = 1 - labels[job.fold.test]
        return job.fit(replace(data, corpus=replace(data.corpus, labels=labels)), job)

    options = {"run_models": "majority,bow,tfidf,ann", "run_deterministic": True}
    honest, other = read(run), read(perform(tmp_path, executors=fitting(corrupted), **options))
    assert without_seconds(other["tuning"]) == without_seconds(honest["tuning"])
    for one, flipped in zip(honest["results"], other["results"], strict=True):
        assert flipped["accuracy"] == pytest.approx(1 - one["accuracy"])


def test_a_drawn_setting_that_does_not_suit_the_corpus_ends_no_run(tmp_path: Path) -> None:
    """No word stands in two documents, and some trials read those of two, three or five alone."""
    write_films(tmp_path, [f"a{number} b{number}" for number in range(200)])
    (family,) = read(whole_runs.perform(tmp_path, run_models="tfidf", run_tune=9))["tuning"]
    few = [trial for trial in family["trials"] if trial["settings"]["baselines.min_df"]]
    assert few
    for trial in family["trials"]:
        longest, least = (trial["settings"][f"baselines.{key}"] for key in ("ngram_max", "min_df"))
        assert trial["why_not"] == (
            f"baselines: no n-gram of 1 to {longest} tokens stands in {least} of the 144 training documents;"
            " set baselines.min_df to 1, or look at the text column"
            if trial in few
            else None
        )
        assert (trial["validation_accuracy"] is None) == (trial in few)
    assert family["chosen"] not in {trial["trial"] for trial in few}


def test_ctrl_c_keeps_the_trials_that_had_ended(tmp_path: Path) -> None:
    found = itertools.count(1)

    def stopped(data: RunData, job: Job) -> Iterable[Made]:
        for result in job.fit(data, job):
            if next(found) == 8:  # majority, three trials and the fit of bow, two trials of tfidf
                raise KeyboardInterrupt
            yield result

    with pytest.raises(KeyboardInterrupt):
        perform(tmp_path, executors=fitting(stopped))
    metrics, report = read(tmp_path / "run"), (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    bow, tfidf = metrics["tuning"]
    assert (len(bow["trials"]), len(tfidf["trials"]), tfidf["chosen"]) == (3, 2, None)
    assert bow["chosen"] is not None
    assert [row["name"] for row in metrics["results"]] == ["bow", "majority"]
    assert "none: the run was stopped" in report


def test_without_validation_documents_there_is_nothing_to_choose_on() -> None:
    (bow,) = plan_models(("bow",), ())
    nothing = np.array([], np.int64)
    with pytest.raises(PipelineError) as caught:
        settings_to_try(load_config(None, (), {"run.tune": 3}), bow, Split(0, np.arange(9), nothing, nothing))
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
    section = before.partition("\n## Would other settings turn the answer?\n")[2].partition("\n## ")[0]
    for words in ("Search space", "Settings chosen", "Every trial", "networks.learning\\_rate", "(given)"):
        assert words.replace("\\", "") in section


class Specified:
    """An executor that notes by what a network reads its states and how it trains vectors, and trains some."""

    def __init__(self, trained: Iterable[str], wanted: Settings) -> None:
        self.networks: dict[str, tuple[str, str]] = {}
        self._trained, self._wanted = trained, wanted
        self.executors = fitting(self._fit)

    def _score(self, number: int, settings: Settings) -> Score:
        """Judge by how many settings are other than those wanted; trials have equal log losses else."""
        others = sum(settings.get(key, value) != value for key, value in self._wanted.items())
        return Score(0.5, float(others))

    def _fit(self, data: RunData, job: Job) -> Iterable[Made]:
        if function_of(job) is fit_network_of:
            own = replace(data, config=settled(job.settings, job.model.model, len(job.final.train)))
            split = read_split(data, job, refit=False)
            read_by = specify_network(own, job.model, split).head
            vectors = training_of_vectors(own, job.model, split)
            self.networks[job.model.name] = (read_by, vectors)
            if job.model.name in self._trained:
                return run_job(data, job)
        return answering(score=self._score)(data, job)


def test_a_head_and_vectors_that_were_drawn_are_those_of_the_fit_and_told(tmp_path: Path) -> None:
    """`rnn` is chosen with another head and tuned vectors; names that say either keep it."""
    drawn = {"networks.head": "max", "networks.vectors": "tuned"}
    other = "random:frozen-then-tuned"
    trained = {"rnn@random": ("max", "tuned"), f"rnn:mean@{other}": ("mean", "frozen-then-tuned")}
    specified = Specified(trained, drawn)
    run = perform(
        tmp_path,
        run_models="rnn,rnn:mean",
        run_embeddings=f"random,{other}",
        run_tune=4,  # the fourth has both
        run_deterministic=True,
        executors=specified.executors,
    )
    assert specified.networks == trained | {
        "rnn:mean@random": ("mean", "tuned"),
        f"rnn@{other}": ("max", "frozen-then-tuned"),
    }
    told = {row["name"]: (row["head"], row["vectors"]) for row in read(run)["results"]}
    for name, (head, vectors) in trained.items():
        network = read(run, f"models/{slug(name)}/model.json")["network"]
        assert told[name] == (head, vectors)
        assert (network["head"], network["tuned"]) == (head, True)
        assert network["frozen_first"] == (vectors == "frozen-then-tuned")
        assert answer_again(run, name, Console(silent=True)).largest_difference < 1e-5
    chosen = {
        family["name"]: family["trials"][family["chosen"] - 1]["settings"] for family in read(run)["tuning"]
    }
    assert drawn.items() <= chosen["rnn@random"].items()
    assert not drawn.keys() & chosen[f"rnn:mean@{other}"].keys()


def test_a_head_of_the_settings_is_for_networks_whose_name_says_none(tmp_path: Path) -> None:
    specified = Specified((), {})
    perform(
        tmp_path,
        "networks.head=max+mean",
        run_models="ann,rnn,rnn:mean",
        run_tune=0,
        executors=specified.executors,
    )
    assert specified.networks == {
        "ann@learned": ("", "tuned"),
        "rnn@learned": ("max+mean", "tuned"),
        "rnn:mean@learned": ("mean", "tuned"),
    }
