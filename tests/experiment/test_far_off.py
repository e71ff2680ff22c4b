"""A seed that ends far from the others: when it does, and what a run makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import whole_runs
from whole_runs import read, write_films

from pipeline.models.networks import build
from pipeline.models.networks.far_off import far_off, second_training, second_training_in_words
from pipeline.run_folder.predictions import read_run_predictions

NAME = "ann@learned"
SMALL = (
    "networks.units=8",
    "networks.max_epochs=12",
    "networks.batch_size=8",
    "networks.learning_rate=0.05",
    "embeddings.dimension=8",
)


# --- the rule --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "far"),
    [
        ((0.895, 0.341, 0.129), (0, 1)),
        ((0.12, 0.22, 0.13), ()),  # 1.83 times, and 0.1 nats: not more
        ((0.12, 0.221, 0.13), (1,)),
        ((0.8, 1.19), ()),  # 0.39 nats, but less than 1.5 times
        ((0.8, 1.21), (1,)),
        ((0.01, 0.09), ()),  # nine times, but nothing
        ((0.5, None), (1,)),
        ((0.5, float("nan")), (1,)),
        ((float("inf"), 0.5), (0,)),
        ((None, None), ()),
        ((0.5,), ()),
        ((), ()),
    ],
)
def test_which_seeds_are_far_off(losses: tuple[float | None, ...], far: tuple[int, ...]) -> None:
    assert far_off(dict(enumerate(losses))) == far


def test_a_second_training_is_kept_only_if_it_is_better() -> None:
    assert second_training_in_words(second_training(2, 0.34, 0.34, 0.12)) == (
        "seed 2 was trained again: validation loss 0.34 against 0.12 of the best seed; the second is not kept (0.34)"
        ", and this seed stands far from the others [trained-again]"
    )
    assert second_training(2, None, 0.13, 0.12).second_is_kept
    assert not second_training(2, 0.34, None, 0.12).second_is_kept


# --- in a run --------------------------------------------------------------------------------------------


def perform(folder: Path, **options: Any) -> Path:
    """Run `ann` with three seeds on films whose class one word tells."""
    nouns = ("film", "story", "cast", "ending", "scene", "score", "plot", "script", "poster", "song")
    rows = [(f"{word} {noun} {n}", word) for word in ("good", "bad") for noun in nouns for n in range(4)]
    write_films(folder, *map(list, zip(*rows, strict=True)))
    given = {"run_models": "ann", "run_embeddings": "learned", "run_seeds": 3, "run_deterministic": True}
    return whole_runs.perform(folder, small=SMALL, **given | options)


def break_trainings(monkeypatch: pytest.MonkeyPatch, *broken: int) -> None:
    """Let the n-th network that is built, counted from 0, see nothing of its documents for these n."""
    counted: Iterator[int] = iter(range(1_000))
    encode: Callable[..., Any] = build.ENCODERS["averages"]

    def sometimes_blind(spec: Any, embedded: Any, lengths: Any) -> Any:
        encoded = encode(spec, embedded, lengths)
        return encoded * 0.0 if next(counted) in broken else encoded

    monkeypatch.setitem(build.ENCODERS, "averages", sometimes_blind)


def accuracy_of_seeds(run: Path) -> list[float]:
    saved = sorted(read_run_predictions(run), key=lambda entry: entry.seed)
    return [float((one.predictions.predicted == one.predictions.labels).mean()) for one in saved]


@pytest.mark.longer
def test_seeds_that_are_far_off_are_trained_again_and_the_better_training_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seeds 0 and 2 are blind; of their second trainings, networks 3 and 4, that of seed 2 is blind again."""
    break_trainings(monkeypatch, 0, 2, 4)
    run = perform(tmp_path, run_probes=True)
    fits = read(run, "details/fits.json")["fits"]
    assert [(fit["seed"], fit["again"] is not None) for fit in fits] == [(0, True), (1, False), (2, True)]
    again = fits[0]["again"]
    assert again["first_loss"] > again["second_loss"] == fits[0]["validation_loss"]
    assert again["best_loss"] == fits[1]["validation_loss"]
    assert fits[2]["validation_loss"] == min(fits[2]["again"]["first_loss"], fits[2]["again"]["second_loss"])
    assert fits[2]["warnings"][-1].endswith(", and this seed stands far from the others [trained-again]")
    histories = read(run, "details/histories.json")
    assert [one["seed"] for one in histories] == [0, 1, 2]
    assert min(one["validation_loss"] for one in histories[0]["evaluations"]) == again["second_loss"]
    assert accuracy_of_seeds(run)[:2] == [1.0, 1.0]
    assert accuracy_of_seeds(run)[2] < 1
    assert [probe["name"] for probe in read(run, "details/probes.json")] == [NAME]
    text = (run / "report.md").read_text(encoding="utf-8")
    assert f"{NAME}: seed 0 was trained again: validation loss 0." in text
    assert "of the best seed; the second training is kept (0." in text


@pytest.mark.longer
def test_a_refit_follows_the_second_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_trainings(monkeypatch, 2)  # seeds 0 and 1 are built twice each before: 0, 1 and 2, 3
    run = perform(tmp_path, run_refit=True, run_seeds=2)
    fits = read(run, "details/fits.json")["fits"]
    assert [fit["again"] is not None for fit in fits] == [False, True]
    assert accuracy_of_seeds(run) == [1.0, 1.0]


@pytest.mark.longer
def test_one_seed_is_never_far_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_trainings(monkeypatch, 0)
    run = perform(tmp_path, run_seeds=1)
    assert [fit["again"] for fit in read(run, "details/fits.json")["fits"]] == [None]
