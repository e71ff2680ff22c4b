"""`--seeds auto`: three trainings of each network, then more of the verdict's while seeds rule its chance."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.commands.run import run_experiment
from pipeline.commands.verify import verify
from pipeline.core.console import Console
from pipeline.core.fits import Fit, FitResult, Result, Score
from pipeline.evaluation.differences import seeds_share
from pipeline.evaluation.pooling import pool_folds
from pipeline.evaluation.recorded import predictions_of_whole_seeds
from pipeline.evaluation.seeds import SeedsAsked, SeedsFound, find_seeds
from pipeline.experiment import fit_loop, fit_networks, shared
from pipeline.experiment.data import RunData, answers_on_test
from pipeline.experiment.fit_loop import NetworkJob
from pipeline.report.sections.circumstances import seeds_sentence
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.run_folder.reading import read_run
from pipeline.settings.reading import load_config
from pipeline.tasks.classification.answers import Predictions

AUTO = SeedsAsked("auto", first=3, most=6)
KINDS = {"bow": "baseline", "tfidf": "baseline", "lstm": "network", "rnn": "network"}
VALIDATION = {"bow": 0.5, "tfidf": 0.5, "lstm": 0.9, "rnn": 0.8}


def saved(name: str, right: str, seed: int = 0, fold: int = 0) -> SavedPredictions:
    """Return predictions of label 1 for every document, right where there is a 1."""
    hits = np.array([float(one) for one in right], np.float32)  # (N,)
    documents, labels = np.arange(len(hits)), np.ones(len(hits), np.int32)
    predictions = Predictions(documents, labels, np.stack([1 - hits, hits], axis=1))
    return SavedPredictions(name, seed, fold, "h", ("no", "yes"), predictions)


def seeds_of(name: str, *rights: str) -> list[SavedPredictions]:
    return [saved(name, right, seed) for seed, right in enumerate(rights)]


# --- the share -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "share"),
    [
        (("1111", "0000"), 1.0),  # all that varies is which seed
        (("1100", "1100"), 0.0),  # all that varies is which document
        # means of documents 1, .5, 0, 0: variance 11/48, over 4 documents 11/192. Means of seeds 1/2, 1/4: variance
        # 1/32, over 2 seeds 1/64. Neither: squares 3/8, over 3 x 8 1/64. 1/64 / (1/64 + 11/192 - 1/64) = 3/11
        (("1100", "1000"), 3 / 11),
        (("1100",), 0.0),  # one seed shows no chance of seeds
        (("1111", "1111"), 0.0),  # nothing varies
    ],
)
def test_the_share_by_hand(rights: Sequence[str], share: float) -> None:
    pooled = pool_folds([*seeds_of("lstm", *rights), saved("bow", "0000")])
    assert seeds_share(pooled["lstm"], pooled["bow"]) == pytest.approx(share)


def test_the_largest_share_counts() -> None:
    # against bow documents vary as well; against tfidf, which is right where the seeds agree, seeds alone do
    entries = [*seeds_of("lstm", "1111", "1110", "1111"), saved("bow", "0101"), saved("tfidf", "1111")]
    (step,) = find(entries).steps
    pooled = pool_folds(entries)
    shares = {name: seeds_share(pooled["lstm"], pooled[name]) for name in ("bow", "tfidf")}
    assert shares["tfidf"] > shares["bow"]
    assert (step.against, step.share) == ("tfidf", shares["tfidf"])


def find(entries: list[SavedPredictions], asked: SeedsAsked = AUTO, **options: Any) -> SeedsFound:
    given: dict[str, Any] = {"kinds": KINDS, "merits": VALIDATION, "trained": {}} | options
    return find_seeds(entries, asked=asked, **given)


STEADY, WILD = ("110010", "110010", "110010"), ("111111", "000000", "111111", "000000", "111111", "000000")
BASELINE = [saved("bow", "010101")]


def test_three_are_enough_where_documents_rule() -> None:
    found = find([*seeds_of("lstm", *STEADY), *BASELINE])
    assert (found.more, found.why) == (False, "the seeds' share of the variance is 0.00 after 3")


def test_another_is_wanted_where_seeds_rule_up_to_the_bound() -> None:
    shares = [find([*seeds_of("lstm", *WILD[:n_seeds]), saved("bow", "000001")]) for n_seeds in (3, 4, 5, 6)]
    assert [found.more for found in shares] == [True, True, True, False]
    last = shares[-1]
    assert [step.seeds for step in last.steps] == [3, 4, 5, 6]
    assert last.steps[:3] == shares[2].steps  # the path is worked out again from the predictions
    assert last.why.startswith("bound of 6 reached; the seeds' share of the variance is 0.")


@pytest.mark.parametrize(
    ("asked", "options", "why"),
    [
        (SeedsAsked(3, 3, 3), {}, "3 asked for"),
        (AUTO, {"trained": {"lstm": False}}, "a training of it failed"),
        (AUTO, {"ended": False}, "the run was stopped; the seeds' share of the variance is 0."),
        (AUTO, {"kinds": KINDS | {"lstm": "control"}}, "nothing was compared"),
        (AUTO, {"kinds": {"lstm": "network"}}, "nothing was compared"),
    ],
)
def test_no_more_are_wanted(asked: SeedsAsked, options: dict[str, Any], why: str) -> None:
    found = find([*seeds_of("lstm", *WILD[:3]), *BASELINE], asked, **options)
    assert not found.more
    assert found.why.startswith(why)


def test_a_control_stands_in_where_there_is_no_baseline() -> None:
    found = find([*seeds_of("lstm", *WILD[:3]), *BASELINE], kinds={"bow": "control", "lstm": "network"})
    assert found.steps[0].against == "bow"


def test_neither_the_size_of_the_difference_nor_its_sign_changes_what_is_wanted() -> None:
    """The same chance around another mean: every document is right more often, or wrong more often."""
    shares = []
    for baseline in ("000000", "111111"):
        found = find([*seeds_of("lstm", "111000", "110100", "000111"), saved("bow", baseline)])
        shares.append(found.steps[0].share)
    assert shares[0] == pytest.approx(shares[1])


# --- a stopped run ---------------------------------------------------------------------------------------


def test_a_seed_that_was_added_to_some_folds_only_is_left_out() -> None:
    entries = [saved("lstm", "1", seed, fold) for seed in range(3) for fold in range(2)]
    added = [saved("lstm", "1", 3, 0), saved("lstm", "1", 3, 1), saved("lstm", "1", 4, 0)]
    kept, left_out = predictions_of_whole_seeds([*entries, *added], first=3)
    assert kept == [*entries, *added[:2]]
    assert left_out == added[2:]


# --- whole runs, trainings planted ----------------------------------------------------------------------

Right = Callable[[str, int, int], float]  # name, seed, document: the probability of the right class


def steady(name: str, seed: int, document: int) -> float:
    return 0.9 if document % 3 else 0.1


def wild(name: str, seed: int, document: int) -> float:
    return 0.9 if name.startswith("rnn") and seed % 2 == 0 else 0.1


def plant(monkeypatch: pytest.MonkeyPatch, right: Right) -> list[tuple[str, int, int]]:
    """Let trainings end at once with answers of `right`; return where each is noted: name, seed, fold."""
    done: list[tuple[str, int, int]] = []

    def trained(data: RunData, job: NetworkJob) -> Iterator[FitResult]:
        fold, key = job.fit_on.get().fold, job.key
        labels = data.labels(fold.test)  # (N,)
        hits = np.array([right(key.name, key.seed, int(document)) for document in fold.test], np.float32)
        answers = np.where(np.arange(2) == labels[:, None], hits[:, None], 1 - hits[:, None])  # (N, 2)
        done.append(key)
        accuracy = {"rnn": 0.9, "gru": 0.8}[job.model.model] - (0.5 if key.seed > 2 else 0)
        fit = Fit(*key, 1.0, 1.0, 1.0, 10, accuracy, None, ())
        yield FitResult(fit, answers_on_test(data, fold, answers.astype(np.float32)))

    monkeypatch.setattr(fit_loop, "fit_network_of", trained)
    monkeypatch.setattr(fit_networks, "_score", lambda *_: Score(0.5, 0.5, None))
    return done


def perform(folder: Path, *settings: str, **options: object) -> tuple[Path, dict[str, Any]]:
    rows = [f"{('good', 'bad')[n % 2]} film number{n},{('pos', 'neg')[n % 2]}" for n in range(160)]
    (folder / "films.csv").write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    given: dict[str, object] = {
        "corpus.path": str(folder / "films.csv"),
        "run.out": str(folder / "run"),
        "run.models": "bow,rnn",
        "run.embeddings": "learned",
        "run.probes": False,
    }
    given |= {key.replace("_", ".", 1): value for key, value in options.items()}
    run = run_experiment(
        load_config(None, ("embeddings.dimension=4", *settings), given), Console(silent=True), ""
    )
    return run, json.loads((run / "metrics.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("right", "n_seeds", "why"),
    [
        (steady, 3, "the seeds' share of the variance is 0.00 after 3"),
        (wild, 6, "bound of 6 reached; the seeds' share of the variance is 1.00 after 6"),
    ],
)
@pytest.mark.parametrize("n_folds", [0, 2])
def test_a_run_trains_until_its_seeds_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: Right, n_seeds: int, why: str, n_folds: int
) -> None:
    done = plant(monkeypatch, right)
    run, metrics = perform(tmp_path, corpus_folds=n_folds, run_models="bow,rnn,gru")
    folds = range(n_folds or 1)
    assert sorted(done) == sorted(
        [("gru@learned", seed, fold) for seed in range(3) for fold in folds]
        + [("rnn@learned", seed, fold) for seed in range(n_seeds) for fold in folds]
    )
    found = metrics["seeds"]
    assert (found["asked"], found["network"], found["why"]) == ("auto", "rnn@learned", why)
    assert [step["seeds"] for step in found["steps"]] == list(range(3, n_seeds + 1))
    assert metrics["verdict"]["a"] == "rnn@learned"  # with what was added its validation accuracy is 0.65
    assert seeds_sentence(read_run(run)) in (run / "report.md").read_text(encoding="utf-8")
    assert verify(run).differences == ()
    status = json.loads((run / "details" / "status.json").read_text(encoding="utf-8"))
    assert sorted(status["finished"]) == sorted(status["planned"])


@pytest.mark.parametrize(
    ("options", "n_seeds"),
    [({"run_seeds": 2}, 2), ({"run_quick": True}, 1), ({"run_quick": True, "run_seeds": "auto"}, 6)],
)
def test_a_number_and_a_quick_run_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object], n_seeds: int
) -> None:
    done = plant(monkeypatch, wild)
    _, metrics = perform(tmp_path, **options)
    assert [seed for _, seed, _ in done] == list(range(n_seeds))
    assert metrics["seeds"]["asked"] == options.get("run_seeds", 1)


def test_settings_that_tuning_chose_and_a_refit_serve_the_added_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, wild)
    planted, seen = fit_loop.fit_network_of, []

    def noted(data: RunData, job: NetworkJob) -> Iterator[Result]:
        splits = job.choose_on.get(), job.fit_on.get()
        sizes = tuple(len(split.fold.train) for split in splits)
        vectors = tuple(split.embedded.matrix.vectors.tobytes() for split in splits)
        seen.append((job.settings.networks, sizes, vectors, job.refit))
        return planted(data, job)

    monkeypatch.setattr(fit_loop, "fit_network_of", noted)
    perform(tmp_path, run_tune=2, run_refit=True)
    assert len(seen) == 6
    assert all(one == seen[0] for one in seen[1:])
    assert seen[0][1][0] < seen[0][1][1]  # the refit learns from validation documents too


def test_the_learning_curve_keeps_to_the_first_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = plant(monkeypatch, wild)
    run, metrics = perform(tmp_path, run_learning_curve=True)
    n_smaller = len(metrics["learning_curve"]["sizes"]) - 1
    on_smaller = [
        (seed, fold) for _, seed, fold in done if fold
    ]  # three sets of each size, one training of each
    assert sorted(on_smaller) == [(0, number) for number in range(1, 3 * n_smaller + 1)]
    assert {seed for _, seed, fold in done if not fold} == set(range(6))
    assert metrics["learning_curve"]["sizes"][-1] == metrics["corpus"]["splits"]["train"]
    points = {model["name"]: model["points"] for model in metrics["learning_curve"]["models"]}
    assert [len(point["seeds"]) for point in points["rnn@learned"]] == [3] * len(points["rnn@learned"])
    assert verify(run).differences == ()


def test_a_run_that_is_stopped_while_seeds_are_added_keeps_the_whole_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = plant(monkeypatch, wild)
    planted = fit_loop.fit_network_of

    def stopped(data: RunData, job: NetworkJob) -> Iterator[Result]:
        if len(done) == 2 * 4 + 1:  # the fifth seed has one of its two folds
            raise KeyboardInterrupt
        return planted(data, job)

    monkeypatch.setattr(fit_loop, "fit_network_of", stopped)
    with pytest.raises(KeyboardInterrupt):
        perform(tmp_path, corpus_folds=2)
    run = tmp_path / "run"
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert {(row["seed"], row["fold"]) for row in metrics["results"] if row["name"] == "rnn@learned"} == {
        (seed, fold) for seed in range(4) for fold in range(2)
    }
    assert metrics["seeds"]["why"] == "the run was stopped; the seeds' share of the variance is 1.00 after 4"
    left_out = (
        "the run did not end: the predictions of rnn@learned seed 4 fold 0, of a seed that was being added"
    )
    assert any(text.startswith(left_out) for text in metrics["warnings"])
    assert verify(run).differences == ()


def test_a_disk_without_room_for_what_more_seeds_need_ends_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = plant(monkeypatch, wild)

    def full(*_: Any, **__: Any) -> None:
        raise OSError("1000 requested and 10 written")  # as NumPy says it

    monkeypatch.setattr(shared.np, "save", full)
    monkeypatch.setattr(shared, "_LEAST_BYTES", 0)  # the arrays of this corpus are small
    _, metrics = perform(tmp_path)
    assert len(done) == 3
    assert any("cannot be written (1000 requested and 10 written)" in text for text in metrics["warnings"])


def test_a_computer_without_a_temporary_folder_ends_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = plant(monkeypatch, wild)

    def nowhere(*_: Any, **__: Any) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(shared.tempfile, "TemporaryDirectory", nowhere)
    _, metrics = perform(tmp_path)
    assert len(done) == 3
    assert any("No usable temporary directory found" in text for text in metrics["warnings"])


# --- a real one ------------------------------------------------------------------------------------------


def test_an_unstable_network_is_trained_more_often(tmp_path: Path) -> None:
    """A learning rate of 0.03 and a few steps: some trainings learn the word that tells, others do not."""
    settings = (
        "networks.units=4",
        "networks.max_epochs=2",
        "networks.learning_rate=0.03",
        "corpus.test_size=0.5",
    )
    run, metrics = perform(tmp_path, *settings, run_deterministic=True)
    found = metrics["seeds"]
    counts = [step["seeds"] for step in found["steps"]]
    assert counts == list(range(3, 3 + len(counts)))
    assert all(step["share"] > 0.5 for step in found["steps"][:-1])
    assert found["steps"][-1]["share"] <= 0.5 or counts[-1] == 6 or found["why"] == "a training of it failed"
    assert verify(run).differences == ()
