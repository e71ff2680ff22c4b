"""`--seeds auto`: three trainings of each network, then more of the verdict's while seeds rule its chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from builders import answered
from whole_runs import Right, answering, perform, perform_planted, read, steady, wild, write_films

from pipeline.commands.verify import verify
from pipeline.evaluation.differences import seeds_share
from pipeline.evaluation.pooling import pool_folds
from pipeline.evaluation.recorded import predictions_of_whole_seeds
from pipeline.evaluation.seeds import SeedsAsked, SeedsFound, find_seeds
from pipeline.experiment.data import RunData
from pipeline.experiment.embedded_split import read_split
from pipeline.experiment.jobs import Job, Made
from pipeline.report.sections.circumstances import seeds_sentence
from pipeline.run_folder.predictions import SavedPredictions
from pipeline.run_folder.reading import read_run

AUTO = SeedsAsked("auto", first=3, most=6)
KINDS = {"bow": "baseline", "tfidf": "baseline", "lstm": "network", "rnn": "network"}
VALIDATION = {"bow": 0.5, "tfidf": 0.5, "lstm": 0.9, "rnn": 0.8}


def saved(name: str, right: str, seed: int = 0, fold: int = 0) -> SavedPredictions:
    """Return predictions that are right where there is a 1."""
    return answered(name, [float(one) for one in right], seed, fold)


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


@pytest.mark.longer
@pytest.mark.parametrize(
    ("right", "n_seeds", "why"),
    [
        (steady, 3, "the seeds' share of the variance is 0.00 after 3"),
        (wild, 6, "bound of 6 reached; the seeds' share of the variance is 1.00 after 6"),
    ],
)
@pytest.mark.parametrize("n_folds", [0, 2])
def test_a_run_trains_until_its_seeds_are_enough(
    tmp_path: Path, right: Right, n_seeds: int, why: str, n_folds: int
) -> None:
    run, metrics, done = perform_planted(
        tmp_path, answering(right), corpus_folds=n_folds, run_models="bow,rnn,gru"
    )
    folds = range(n_folds or 1)
    assert sorted(job.fit_key for job in done) == sorted(
        [("gru@learned", seed, fold) for seed in range(3) for fold in folds]
        + [("rnn@learned", seed, fold) for seed in range(n_seeds) for fold in folds]
    )
    found = metrics["seeds"]
    assert (found["asked"], found["network"], found["why"]) == ("auto", "rnn@learned", why)
    assert [step["seeds"] for step in found["steps"]] == list(range(3, n_seeds + 1))
    assert metrics["verdict"]["a"] == "rnn@learned"  # with what was added its validation accuracy is 0.65
    assert seeds_sentence(read_run(run)) in (run / "report.md").read_text(encoding="utf-8")
    assert verify(run).differences == ()
    status = read(run, "details/status.json")
    assert sorted(status["finished"]) == sorted(status["planned"])


@pytest.mark.longer
@pytest.mark.parametrize(
    ("options", "n_seeds"),
    [({"run_seeds": 2}, 2), ({"run_quick": True}, 1), ({"run_quick": True, "run_seeds": "auto"}, 6)],
)
def test_a_number_and_a_quick_run_stay_as_they_are(
    tmp_path: Path, options: dict[str, object], n_seeds: int
) -> None:
    given = {"run_seeds": None} | options
    _, metrics, done = perform_planted(tmp_path, answering(wild), **given)
    assert [job.seed for job in done] == list(range(n_seeds))
    assert metrics["seeds"]["asked"] == options.get("run_seeds", 1)


@pytest.mark.longer
def test_settings_that_tuning_chose_and_a_refit_serve_the_added_seeds(tmp_path: Path) -> None:
    seen = []

    def noted(data: RunData, job: Job) -> Iterable[Made]:
        if job.key.kind == "network":
            splits = [read_split(data, job, refit=refit) for refit in (False, True)]
            sizes = tuple(len(split.fold.train) for split in splits)
            vectors = tuple(split.embedded.matrix.vectors.tobytes() for split in splits)
            seen.append((job.settings.networks, sizes, vectors, job.refit))
        return answering(wild)(data, job)

    perform_planted(tmp_path, noted, run_tune=2, run_refit=True)
    assert len(seen) == 6
    assert all(one == seen[0] for one in seen[1:])
    assert seen[0][1][0] < seen[0][1][1]  # the refit learns from validation documents too


@pytest.mark.longer
def test_the_learning_curve_keeps_to_the_first_seeds(tmp_path: Path) -> None:
    run, metrics, done = perform_planted(tmp_path, answering(wild), run_learning_curve=True)
    n_smaller = len(metrics["learning_curve"]["sizes"]) - 1
    # three sets of each size, one training of each
    on_smaller = [(job.seed, job.fold.number) for job in done if job.fold.number]
    assert sorted(on_smaller) == [(0, number) for number in range(1, 3 * n_smaller + 1)]
    assert {job.seed for job in done if not job.fold.number} == set(range(6))
    assert metrics["learning_curve"]["sizes"][-1] == metrics["corpus"]["splits"]["train"]
    points = {model["name"]: model["points"] for model in metrics["learning_curve"]["models"]}
    assert [len(point["seeds"]) for point in points["rnn@learned"]] == [3] * len(points["rnn@learned"])
    assert verify(run).differences == ()


@pytest.mark.longer
def test_a_run_that_is_stopped_while_seeds_are_added_keeps_the_whole_ones(tmp_path: Path) -> None:
    def stopped(data: RunData, job: Job) -> Iterable[Made]:
        if job.key.kind == "network" and job.fit_key == (
            "rnn@learned",
            4,
            1,
        ):  # the fifth seed has one of its two folds
            raise KeyboardInterrupt
        return answering(wild)(data, job)

    with pytest.raises(KeyboardInterrupt):
        perform_planted(tmp_path, stopped, corpus_folds=2)
    run = tmp_path / "run"
    metrics = read(run)
    assert {(row["seed"], row["fold"]) for row in metrics["results"] if row["name"] == "rnn@learned"} == {
        (seed, fold) for seed in range(4) for fold in range(2)
    }
    assert metrics["seeds"]["why"] == "the run was stopped; the seeds' share of the variance is 1.00 after 4"
    left_out = (
        "the run did not end: the predictions of rnn@learned seed 4 fold 0, of a seed that was being added"
    )
    assert any(text.startswith(left_out) for text in metrics["warnings"])
    assert verify(run).differences == ()


# --- a real one ------------------------------------------------------------------------------------------


@pytest.mark.longer
def test_an_unstable_network_is_trained_more_often(tmp_path: Path) -> None:
    """A learning rate of 0.03 and a few steps: some trainings learn the word that tells, others do not."""
    settings = (
        "networks.units=4",
        "networks.max_epochs=2",
        "networks.learning_rate=0.03",
        "corpus.test_size=0.5",
    )
    write_films(tmp_path, [f"{('good', 'bad')[n % 2]} film number{n}" for n in range(160)])
    options = {"run_models": "bow,rnn", "run_embeddings": "learned", "run_seeds": "auto"}
    run = perform(tmp_path, *settings, small=("embeddings.dimension=4",), run_deterministic=True, **options)
    found = read(run)["seeds"]
    counts = [step["seeds"] for step in found["steps"]]
    assert counts == list(range(3, 3 + len(counts)))
    assert all(step["share"] > 0.5 for step in found["steps"][:-1])
    assert found["steps"][-1]["share"] <= 0.5 or counts[-1] == 6 or found["why"] == "a training of it failed"
    assert verify(run).differences == ()
