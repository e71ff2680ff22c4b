"""Where a training stands between two updates, as a value and as an entry of a file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from importlib.metadata import version

import numpy as np

import pipeline
from pipeline.core.files import Json
from pipeline.core.store import Entry, add_array
from pipeline.models.networks.course import Course, Tally
from pipeline.models.networks.labelled import Evaluation
from pipeline.models.networks.passes import Position

_FORMAT = 2  # of the entry: another number is another training
_LIBRARIES = ("keras", "numpy", "tensorflow")  # whose next version may round otherwise


@dataclass(frozen=True, eq=False)
class TrainingState:
    """All that a training needs to go on as if it had never stopped, beside what its fingerprint is made of.

    Attributes
    ----------
    phase : from 0
    begin : updates before the phase
    updates : of the phase
    variables : weights, moments of the optimizers, moving averages, states of dropout's random streams: the values
        of `TrainingStep.variables`
    position : in the passes over the training documents
    course : of all phases up to now
    tally : since the last evaluation
    """

    phase: int
    begin: int
    updates: int
    variables: tuple[np.ndarray, ...]
    position: Position
    course: Course
    tally: Tally

    def as_entry(self) -> Entry:
        """Return the state as arrays and as facts that JSON can hold."""
        best = self.course.best_weights
        arrays = {f"variable_{place}": array for place, array in enumerate(self.variables)}
        arrays |= {f"best_{place}": array for place, array in enumerate(best) if array is not None}
        course = {name: value for name, value in vars(self.course).items() if name != "best_weights"}
        tally = {name: value for name, value in vars(self.tally).items() if name not in {"course", "start"}}
        facts: dict[str, object] = {
            "phase": self.phase,
            "begin": self.begin,
            "updates": self.updates,
            "variables": len(self.variables),
            "position": asdict(self.position),
            "course": course | {"history": [asdict(one) for one in self.course.history]},
            "best_weights": len(best),
            "tally": tally,
            "seconds": self.tally.seconds,
        }
        return Entry(arrays, facts)

    @classmethod
    def from_entry(cls, entry: Entry) -> TrainingState:
        """Return the state that an entry holds; the clock of its tally runs from now."""
        facts, arrays = entry.facts, entry.arrays
        course = Course(**facts["course"])
        course.history = [Evaluation(**one) for one in facts["course"]["history"]]
        course.phases = tuple(course.phases)
        course.best_weights = [arrays.get(f"best_{place}") for place in range(facts["best_weights"])]
        return cls(
            phase=facts["phase"],
            begin=facts["begin"],
            updates=facts["updates"],
            variables=tuple(arrays[f"variable_{place}"] for place in range(facts["variables"])),
            position=Position(**facts["position"]),
            course=course,
            tally=Tally(course, time.perf_counter() - facts["seconds"], **facts["tally"]),
        )


def fingerprint(trained: Mapping[str, object]) -> dict[str, Json]:
    """Return what makes a training this one and no other, part by part; arrays as the SHA-256 of their numbers.

    >>> fingerprint({"seed": 3, "labels": np.zeros(2, np.int32)})["seed"]
    3
    """
    versions = {name: version(name) for name in _LIBRARIES} | {"embedseq": pipeline.__version__}
    known: dict[str, Json] = {"format": _FORMAT, "versions": versions}
    return known | {name: _described(value) for name, value in trained.items()}


def _described(value: object) -> Json:
    if isinstance(value, np.ndarray):
        digest = hashlib.sha256()
        add_array(digest, value)
        return digest.hexdigest()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _described(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_described(one) for one in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} has no fingerprint")
