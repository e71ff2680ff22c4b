"""What a trained network uses: an entry of the table is a probe, one file each."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Protocol, cast

import numpy as np

from pipeline.core import stopping
from pipeline.core.files import Json
from pipeline.interpret.probes import (
    forget_bias,
    gradients,
    jacobians,
    memory_horizon,
    needle,
    states,
    time_constants,
    word_order,
)
from pipeline.interpret.probes.subject import Subject
from pipeline.run_folder.details.probes import Found, Silent
from pipeline.settings.run import EXTRA_PROBES

__all__ = [
    "PROBES",
    "Found",
    "Probe",
    "Silent",
    "Subject",
    "in_order",
    "parts_of",
    "probe_network",
    "probes_of",
]


class Probe(Protocol):
    """An entry of the table: a file of this folder.

    Attributes
    ----------
    QUESTION : what it answers
    CONTROLS : the confounders it removes
    CANNOT_SHOW : what its numbers do not say
    """

    QUESTION: str
    CONTROLS: str
    CANNOT_SHOW: str

    def measure(self, subject: Subject) -> Found | Silent:
        """Return what it found in a network that reads word after word, without the three texts; or why nothing."""


# In the order of the report. What trains networks of its own stands in EXTRA_PROBES of the settings too.
PROBES: dict[str, Probe] = {
    "gradients": gradients,
    "jacobians": jacobians,
    "time-constants": time_constants,
    "states": states,
    "memory-horizon": memory_horizon,
    "word-order": word_order,
    "needle": needle,
    "forget-bias": forget_bias,
}

NO_MEMORY = "it averages its words, so that no word is before or after another: there is no memory to look at"
NOT_FINITE = "its weights are not finite: training diverged"


def probes_of(extra: Collection[str]) -> list[str]:
    """Return the names of the probes to run: those of every run, and those that `--probes` names."""
    return [name for name in PROBES if name not in EXTRA_PROBES or name in extra]


def parts_of(extra: Collection[str]) -> dict[str, list[str]]:
    """Return which probes one job runs, by the `part` of its key.

    Those of every run read the same states and take seconds together; one that trains networks of its own takes
    minutes, and has a job to itself.

    >>> parts_of(["needle"])["needle"]
    ['needle']
    """
    together = {"": [name for name in PROBES if name not in EXTRA_PROBES]}
    return together | {name: [name] for name in PROBES if name in EXTRA_PROBES and name in extra}


def in_order(entry: Mapping[str, Json]) -> dict[str, Json]:
    """Return an entry of `details/probes.json` with its probes in the order of the table, whoever ended first."""
    found = cast("dict[str, Json]", entry["probes"])
    return {**entry, "probes": {name: found[name] for name in PROBES if name in found}}


def probe_network(
    subject: Subject,
    probes: Sequence[str],
    *,
    on_probe: Callable[[str], None] = lambda name: None,
    log: Callable[[str], None] = lambda text: None,
) -> dict[str, Json]:
    """Return what the probes find in a network: an entry of `details/probes.json`.

    Parameters
    ----------
    subject : Subject
        The network. Its weights are the same afterwards.
    probes : sequence of str
        Which ones.
    on_probe : callable
        Told the name of each probe that ended.
    log : callable
        Told how long each took, and the traceback of one that failed.

    Notes
    -----
    A probe that fails is a fault of this program, and costs no model: what it would have shown says that it failed.
    With `run.debug` the error goes on, and so does a want of memory: it is the job that fails then.
    """
    found: dict[str, Json] = {}
    for name in probes:
        stopping.check()
        start = time.perf_counter()
        found[name] = asdict(_measured_or_failed(PROBES[name], subject, log))
        log(f"probe {name} of {subject.name}: {time.perf_counter() - start:.2f} s")
        on_probe(name)
    return {
        "name": subject.name,
        "model": subject.spec.model,
        "head": subject.spec.head or None,
        "trained": subject.fitted.why_not is None,
        "why_not": subject.fitted.why_not,
        "test_documents": len(subject.test),
        "probes": found,
    }


def _measured_or_failed(probe: Probe, subject: Subject, log: Callable[[str], None]) -> Found | Silent:
    try:
        found = _measured(probe, subject)
    except MemoryError:
        raise
    except Exception as error:
        if subject.config.run.debug:
            raise
        log(traceback.format_exc())
        why = f"the probe failed, a fault of this program: {type(error).__name__}: {error}; the log has more"
        found = Silent(nothing=why)
    if isinstance(found, Silent):
        return replace(found, question=probe.QUESTION)
    return replace(found, question=probe.QUESTION, controls=probe.CONTROLS, cannot_show=probe.CANNOT_SHOW)


def _measured(probe: Probe, subject: Subject) -> Found | Silent:
    if not subject.entry.recurrent:
        return Silent(nothing=NO_MEMORY)
    if not all(math.isfinite(float(np.sum(np.abs(weight)))) for weight in subject.weights.values()):
        return Silent(nothing=NOT_FINITE)
    return probe.measure(subject)
