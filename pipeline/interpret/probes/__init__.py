"""What a trained network uses: an entry of the table is a probe, one file each."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Protocol

import numpy as np

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
from pipeline.interpret.probes.subject import SAMPLED, Finding, Nothing, Probe, Subject

__all__ = ["PROBES", "SAMPLED", "Finding", "Nothing", "Probe", "Subject", "probe_network", "probes_of"]


class ProbeModule(Protocol):
    """A file of this folder that holds a probe."""

    CONTROLS: str
    CANNOT_SHOW: str

    def measure(self, subject: Subject) -> Finding | Nothing: ...


def _probe(module: ProbeModule, question: str, on_demand: bool = False) -> Probe:
    return Probe(question, module.measure, module.CONTROLS, module.CANNOT_SHOW, on_demand)


# In the order of the report.
PROBES: dict[str, Probe] = {
    "gradients": _probe(gradients, "How far back does the gradient reach?"),
    "jacobians": _probe(jacobians, "How much of an earlier state is left in the last one?"),
    "time-constants": _probe(time_constants, "How long do the units hold what they hold?"),
    "states": _probe(states, "What do states and answer do as the network reads?"),
    "memory-horizon": _probe(
        memory_horizon,
        "How many tokens from the end does the network use, and up to where does their order count?",
    ),
    "word-order": _probe(
        word_order,
        "How much of what the network knows beyond the most frequent class does it know from the order of words?",
    ),
    "needle": _probe(
        needle,
        "From how far back can such a network, trained on it, still bring one word that decides?",
        on_demand=True,
    ),
    "forget-bias": _probe(
        forget_bias,
        "Does the bias that the forget gates start from change what the LSTM learns and how long it remembers?",
        on_demand=True,
    ),
}

NO_MEMORY = "it averages its words, so that no word is before or after another: there is no memory to look at"
NOT_FINITE = "its weights are not finite: training diverged"


def probes_of(extra: Collection[str]) -> list[str]:
    """Return the names of the probes to run: those of every run, and those that `--probes` names."""
    return [name for name, probe in PROBES.items() if not probe.on_demand or name in extra]


def probe_network(
    subject: Subject,
    extra: Collection[str] = (),
    *,
    on_probe: Callable[[str], None] = lambda name: None,
    log: Callable[[str], None] = lambda text: None,
) -> dict[str, Json]:
    """Return what the probes find in a network: an entry of `details/probes.json`.

    Parameters
    ----------
    subject : Subject
        The network. Its weights are the same afterwards.
    extra : collection of str
        Probes on demand that are run too.
    on_probe : callable
        Told the name of each probe that ended.
    log : callable
        Told how long each took, and the traceback of one that failed.

    Notes
    -----
    A probe that fails is a fault of this program, and costs no model: what it would have shown says that it failed.
    With `run.debug` the error goes on.
    """
    found: dict[str, Json] = {}
    for name in probes_of(extra):
        start = time.perf_counter()
        found[name] = _described(PROBES[name], _measured_or_failed(PROBES[name], subject, log))
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


def _described(probe: Probe, found: Finding | Nothing) -> dict[str, Json]:
    if isinstance(found, Nothing):
        return {"question": probe.question, "nothing": found.reason}
    return {
        "question": probe.question,
        **asdict(found.numbers),
        "reading": found.reading,
        "controls": probe.controls,
        "cannot_show": probe.cannot_show,
        "summary": found.summary,
    }


def _measured_or_failed(probe: Probe, subject: Subject, log: Callable[[str], None]) -> Finding | Nothing:
    try:
        return _measured(probe, subject)
    except Exception as error:
        if subject.config.run.debug:
            raise
        log(traceback.format_exc())
        return Nothing(
            f"the probe failed, a fault of this program: {type(error).__name__}: {error}; the log has more"
        )


def _measured(probe: Probe, subject: Subject) -> Finding | Nothing:
    if not subject.entry.recurrent:
        return Nothing(NO_MEMORY)
    if not all(math.isfinite(float(np.sum(np.abs(weight)))) for weight in subject.weights.values()):
        return Nothing(NOT_FINITE)
    return probe.measure(subject)
