"""A trained network as an entry of a file, so that what looks at it later need not be where it was trained."""

from __future__ import annotations

from dataclasses import asdict

from pipeline.core.store import Entry
from pipeline.core.values import Float32, IndexedCorpus
from pipeline.models.networks.build import NetworkSpec, own_weights
from pipeline.models.networks.labelled import Evaluation
from pipeline.models.networks.training import FittedNetwork, untrained
from pipeline.models.save import arrays_of, name_of


def as_entry(fitted: FittedNetwork) -> Entry:
    """Return a network's weights, without a table that was not trained, and what is told of its training."""
    return Entry(
        arrays_of(own_weights(fitted.model, fitted.spec.tuned)),
        {
            "spec": asdict(fitted.spec),
            "history": [asdict(one) for one in fitted.history],
            "best_updates": fitted.best_updates,
            "stopped": fitted.stopped,
            "why_not": fitted.why_not,
            "warnings": fitted.warnings,
        },
    )


def from_entry(
    entry: Entry, vectors: Float32, train: IndexedCorpus, seed: int, *, deterministic: bool
) -> FittedNetwork:
    """Return the network again: it gives the same answers to the last bit.

    Parameters
    ----------
    entry : Entry
        What `as_entry` returned.
    vectors, train, seed, deterministic
        As `fit_network` was given them.
    """
    facts = dict(entry.facts)
    spec = NetworkSpec(**facts.pop("spec"))
    model = untrained(spec, vectors, train, seed, deterministic)
    for weight in own_weights(model, spec.tuned):
        value = entry.arrays[name_of(weight)]
        weight.assign(value.reshape(weight.shape))  # one without axes is read as of one number
    history = tuple(Evaluation(**one) for one in facts.pop("history"))
    return FittedNetwork(spec, model, history, warnings=tuple(facts.pop("warnings")), **facts)
