"""A training that was killed goes on from where it was saved last, and ends as one that never was."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import TINY_NETWORK, indexed_of, int32, labelled, matrix_of

from pipeline.models.networks import save_point, training
from pipeline.models.networks.build import specify
from pipeline.models.networks.course import Course, Tally
from pipeline.models.networks.labelled import Evaluation
from pipeline.models.networks.passes import Passes, Position
from pipeline.models.networks.save_point import FILE, SavePoint
from pipeline.models.networks.training import FittedNetwork, Schedule, fit_network
from pipeline.models.networks.training_state import TrainingState, fingerprint

MATRIX = matrix_of(9)
DOCUMENTS = [
    [2, 3],
    [4, 5, 6],
    [7, 8, 2, 3, 4],
    [5],
    [6, 7],
    [8, 2, 3, 4],
    [5, 6, 7],
    [8, 2],
    [3, 4, 5],
    [6, 7, 8],
]
TRAIN = labelled([*DOCUMENTS, [2, 8, 3]], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0])  # 3 batches of 4 make a pass
OTHERS = labelled([[2, 4, 6], [3, 5, 7], [8, 6]], [0, 1, 1])
EVERYTHING = replace(
    TINY_NETWORK,
    max_epochs=0,
    budget_updates=10,
    budget_epochs=0,
    evaluate_every=4,  # in the midst of passes
    patience_updates=100,
    learning_rate=0.05,
    schedule="cosine",
    embedding_dropout=0.2,
    dropout=0.3,
    word_dropout=0.2,
    weight_drop=0.3,
    ema=0.9,
    bptt=2,
)
CLASS_WEIGHTS = np.array([1.1, 0.88], dtype=np.float32)
REFIT = Schedule((7, 5), horizon=10)


def fit(
    model: str, head: str, point: SavePoint | None, repeat: Schedule | None = None, **more: Any
) -> FittedNetwork:
    """Train frozen, then tuned, with all that draws numbers or keeps some from one update to the next."""
    spec = specify(model, head, MATRIX, True, 2, EVERYTHING, frozen_first=True)
    return fit_network(
        spec,
        MATRIX.vectors,
        TRAIN,
        OTHERS,
        EVERYTHING,
        seed=3,
        repeat=repeat,
        deterministic=True,
        class_weights=CLASS_WEIGHTS,
        shuffled_words=True,
        save_point=point,
        **more,
    )


def without_times(fitted: FittedNetwork) -> tuple[object, ...]:
    """Return all that was made of a training, weights as bytes."""
    weights = [weight.numpy().tobytes() for weight in fitted.model.weights]
    history = [replace(one, seconds=0.0) for one in fitted.history]
    return (
        weights,
        history,
        fitted.best_updates,
        fitted.stopped,
        fitted.schedule,
        fitted.why_not,
        fitted.warnings,
    )


@cache
def uninterrupted(model: str, head: str, repeat: Schedule | None = None) -> tuple[object, ...]:
    return without_times(fit(model, head, None, repeat))


# --- ended by an exception -------------------------------------------------------------------------------


class Killed(Exception):
    pass


# each phase has 10 updates and saves after all but its last; what an exception ended had not saved its own last one
@pytest.mark.longer
@pytest.mark.parametrize(
    ("model", "head", "ends", "saves"),
    [
        ("rnn", "mean", (8,), 7 + 2 + 9),
        pytest.param("lstm", "last", (14,), 9 + 3 + 6, marks=pytest.mark.slow),
        pytest.param("bilstm", "max+mean", (8, 14), 7 + 2 + 3 + 6, marks=pytest.mark.slow),
    ],
)
def test_a_training_that_ended_at_an_evaluation_goes_on_to_the_same_weights(
    model: str, head: str, ends: tuple[int, ...], saves: int, tmp_path: Path
) -> None:
    point, told = SavePoint(tmp_path / "point", seconds=0), []
    for last in ends:

        def until(now: Evaluation, last: int = last) -> None:
            if now.updates == last:
                raise Killed

        with pytest.raises(Killed):
            fit(model, head, point, on_evaluation=until)
    fitted = fit(model, head, point, on_evaluation=told.append)
    assert without_times(fitted) == uninterrupted(model, head)
    assert [one.updates for one in told] == [4, 8, 10, 14, 18, 20]
    assert point.saves == saves


# --- killed ----------------------------------------------------------------------------------------------


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(eq=False)
class Deadly(SavePoint):
    """Ends the process, without a word, before it saves a certain state."""

    dies: Callable[[TrainingState], bool] = lambda state: False

    def save(self, state: TrainingState) -> None:
        if self.dies(state):
            _die()
        super().save(state)


def before_the_first_save(point: Deadly) -> None:
    point.dies = lambda state: True


def within_a_pass(point: Deadly) -> None:
    point.dies = lambda state: state.phase == 0 and state.updates == 5


def while_it_saves(point: Deadly) -> None:
    def replaced_never(old: object, new: object) -> None:
        assert Path(str(old)).stat().st_size > 1_000
        _die()

    def dies(state: TrainingState) -> bool:
        save_point.os.replace = replaced_never  # type: ignore[assignment]
        return False

    point.dies = dies


def between_the_phases(point: Deadly) -> None:
    made, calls = training.training_step, iter([False, True])

    def second_never(*arguments: Any, **named: Any) -> Any:
        if next(calls):
            _die()
        return made(*arguments, **named)

    training.training_step = second_never


def in_the_second_phase(point: Deadly) -> None:
    point.dies = lambda state: state.phase == 1 and state.updates == 2


def train_until_killed(folder: Path, moment: Callable[[Deadly], None], repeat: Schedule | None) -> None:
    point = Deadly(folder, seconds=0)
    moment(point)
    fit("lstm", "last+max", point, repeat)


def kill_in(folder: Path, moment: Callable[[Deadly], None], repeat: Schedule | None = None) -> None:
    """Train in a process of its own, which is killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras"])
    child = context.Process(target=train_until_killed, args=(folder, moment, repeat))
    child.start()
    child.join(300)
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.longer
def test_a_training_that_was_killed_again_and_again_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    kill_in(tmp_path, before_the_first_save)
    assert not (tmp_path / FILE).exists()
    kill_in(tmp_path, within_a_pass)
    whole = (tmp_path / FILE).read_bytes()
    kill_in(tmp_path, while_it_saves)
    assert (tmp_path / FILE).read_bytes() == whole
    kill_in(tmp_path, between_the_phases)
    kill_in(tmp_path, in_the_second_phase)
    told: list[Evaluation] = []
    point = SavePoint(tmp_path, seconds=0, warn=pytest.fail)
    fitted = fit("lstm", "last+max", point, on_evaluation=told.append)
    assert (
        point.saves == 8
    )  # after updates 2 to 9 of the second phase: one was saved before, the last never is
    assert without_times(fitted) == uninterrupted("lstm", "last+max")
    point.clear()
    assert not tmp_path.exists()


@pytest.mark.longer
def test_a_refit_that_was_killed_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    kill_in(tmp_path, in_the_second_phase, REFIT)
    fitted = fit("lstm", "last+max", SavePoint(tmp_path, seconds=0, warn=pytest.fail), REFIT)
    assert [one.updates for one in fitted.history] == [4, 7, 11, 12]
    assert without_times(fitted) == uninterrupted("lstm", "last+max", REFIT)


# --- what was saved, and can it be trusted ---------------------------------------------------------------


def state_of(numbers: int = 3) -> TrainingState:
    course = Course([Evaluation(4, 0.5, 0.7, 0.5, np.inf, 0.5, 2.0, clipped=0.25)], documents=16)
    course.best_weights = [None, np.ones((1, 2), np.float32)]
    course.phases = (4,)
    position = Position({"state": 2**100}, None, 2)
    variables = (np.arange(numbers, dtype=np.float32), np.array([7, 1], dtype=np.int64))
    return TrainingState(1, 4, 6, variables, position, course, Tally(course, updates=2, loss=0.1))


def point_in(folder: Path, said: list[str] | None = None, *, seed: int = 3) -> SavePoint:
    point = SavePoint(folder, warn=[].append if said is None else said.append)
    point.open(fingerprint({"seed": seed, "labels": int32([0, 1])}))
    return point


def test_what_is_loaded_is_what_was_saved(tmp_path: Path) -> None:
    point, saved = point_in(tmp_path), state_of()
    assert point.load() is None
    point.save(saved)
    loaded = point_in(tmp_path).load()
    assert loaded is not None
    assert (loaded.phase, loaded.begin, loaded.updates, loaded.position) == (1, 4, 6, saved.position)
    assert [array.tolist() for array in loaded.variables] == [[0.0, 1.0, 2.0], [7, 1]]
    assert [array.dtype for array in loaded.variables] == [np.float32, np.int64]
    assert loaded.course.history == saved.course.history
    assert (loaded.course.phases, loaded.course.best_loss, loaded.course.documents) == ((4,), np.inf, 16)
    assert loaded.course.best_weights[0] is None
    np.testing.assert_array_equal(loaded.course.best_weights[1], [[1.0, 1.0]])
    assert (loaded.tally.updates, loaded.tally.loss) == (2, 0.1)
    assert loaded.tally.course is loaded.course


def test_the_pause_between_kill_and_start_is_no_time_of_work(tmp_path: Path) -> None:
    saved = state_of()
    saved.tally.start -= 1_000.0  # so long it has worked
    point_in(tmp_path).save(saved)
    loaded = point_in(tmp_path).load()
    assert loaded is not None
    assert 1_000.0 <= loaded.tally.seconds < 1_005.0


@pytest.mark.longer
def test_a_file_with_one_byte_changed_is_set_aside(tmp_path: Path) -> None:
    point_in(tmp_path).save(state_of())
    path, whole, trusted = tmp_path / FILE, (tmp_path / FILE).read_bytes(), []
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        if point_in(tmp_path).load() is not None:
            trusted.append(place)
    assert trusted == []
    said: list[str] = []
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert point_in(tmp_path, said).load() is None
    assert said == [
        f"{path} is damaged: it is now {FILE}.damaged, and this training begins anew [training-begins-anew]"
    ]
    assert [one.name for one in tmp_path.iterdir()] == [f"{FILE}.damaged"]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_file_that_was_cut_short_is_set_aside(share: float, tmp_path: Path) -> None:
    point_in(tmp_path).save(state_of())
    path, said = tmp_path / FILE, []
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert point_in(tmp_path, said).load() is None
    assert said == [
        f"{path} is damaged: it is now {FILE}.damaged, and this training begins anew [training-begins-anew]"
    ]


def test_what_another_training_saved_is_set_aside_by_what_differs(tmp_path: Path) -> None:
    point_in(tmp_path, seed=4).save(state_of())
    said: list[str] = []
    assert point_in(tmp_path, said).load() is None
    path = tmp_path / FILE
    assert said == [
        f"{path} is of another training (seed): it is now {FILE}.damaged, and this training begins anew"
        " [training-begins-anew]"
    ]
    assert path.with_name(f"{FILE}.damaged").exists()


def test_a_fingerprint_tells_other_documents_and_settings_apart() -> None:
    known = fingerprint({"documents": TRAIN, "settings": EVERYTHING, "schedule": REFIT})
    other = replace(TRAIN, labels=TRAIN.labels[::-1].copy())
    assert (
        fingerprint({"documents": other})["documents"]["labels"] == known["documents"]["labels"]
    )  # a palindrome
    moved = labelled([[2], [3]], [0, 1]), labelled([[2, 3]], [0, 1])
    one, two = (fingerprint({"documents": documents})["documents"] for documents in moved)
    assert one["indexed"]["indices"] == two["indexed"]["indices"]
    assert one["indexed"]["offsets"] != two["indexed"]["offsets"]
    assert known["settings"]["weight_drop"] == 0.3
    assert known["schedule"] == {"phases": [7, 5], "horizon": 10}


# --- when it is saved ------------------------------------------------------------------------------------


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_is_saved_every_minute_and_less_often_where_that_takes_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock, saved, takes = Clock(), [], iter([1.0, 3.0, 0.5, 0.5])
    monkeypatch.setattr(save_point.time, "perf_counter", clock)
    point = point_in(tmp_path)

    def save(state: object) -> None:
        saved.append(clock.now)
        clock.now += next(takes)

    monkeypatch.setattr(point, "save", save)
    while clock.now < 390:
        point.save_if_due(state_of)
        clock.now += 1
    # a minute after the start and after the first save, 150 = 50 * 3 seconds after the second, then a minute again
    assert saved == [60.0, 61.0 + 60.0, 124.0 + 150.0, 274.5 + 60.0]
    assert point.spent == 5.0


# --- where the disk is full ------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_where_the_disk_is_full_what_was_saved_before_stays(small_disk: Path) -> None:
    said: list[str] = []
    point = point_in(small_disk, said)
    point.save(state_of())
    for _ in range(2):
        point.save(state_of(numbers=50_000))
    assert len(said) == 1
    assert said[0].startswith(f"{small_disk} cannot be written (")
    assert "o space left on device" in said[0]
    assert said[0].endswith(
        "): this training goes on, but a later start would begin it where it was saved last [training-not-saved]"
    )
    assert [one.name for one in small_disk.iterdir()] == [FILE]
    loaded = point_in(small_disk).load()
    assert loaded is not None
    assert len(loaded.variables[0]) == 3


def test_a_training_on_a_full_disk_goes_on(small_disk: Path) -> None:
    (small_disk / "other").write_bytes(bytes(64 * 1024))
    said: list[str] = []
    point = SavePoint(small_disk / "point", seconds=0, warn=said.append)
    spec = specify("ann", "", MATRIX, False, 2, TINY_NETWORK)
    fitted = fit_network(spec, MATRIX.vectors, TRAIN, None, TINY_NETWORK, seed=0, save_point=point)
    assert [one.updates for one in fitted.history] == [3, 6]
    assert (point.saves, len(said)) == (0, 1)


# --- where in the passes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("read", range(8))
def test_passes_go_on_behind_any_batch(read: int) -> None:
    def passes() -> Passes:
        orders = np.random.default_rng(0), np.random.default_rng(1)
        return Passes(indexed_of(DOCUMENTS), 4, 100, *orders)  # 3 batches a pass

    first = passes()
    batches = first.without_end(first.new_pass())
    for _ in range(read):
        next(batches)
    second = passes()
    again = second.without_end(first.position)
    for _ in range(7):
        one, other = next(batches), next(again)
        assert one.documents.tolist() == other.documents.tolist()
        assert one.rows.tolist() == other.rows.tolist()
