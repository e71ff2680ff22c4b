"""States and gates over the words of a few documents, with the answer that the network would give after each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.core.values import Float32, Float64, IndexedCorpus, Int32, Int64
from pipeline.core.wording import percent
from pipeline.interpret.probes.subject import Subject, tokens
from pipeline.interpret.probes.time_constants import mean_gate
from pipeline.interpret.probes.traces import Reading, first_tokens, readings, title
from pipeline.models.equations.through_time import CELLS
from pipeline.run_folder.details.probes import ReadDocument, States
from pipeline.text.ragged import take

WORDS = 60  # the last ones that are read
UNITS = 24

QUESTION = "What do states and answer do as the network reads?"
CONTROLS = (
    "the documents are chosen by rule and not by eye: of the sampled test documents the surest right answer, the"
    " surest wrong one, and the one whose two most probable classes are closest. The answer after a word is that of"
    " the whole network for a document that ends there, dropout off."
)
CANNOT_SHOW = (
    "anything about other documents, nor what a unit means: three documents are there to look at, and prove nothing."
    " Units are shown whose state varies most; others may matter more."
)


def measure(subject: Subject) -> States:
    """Return states, gates and the running answer over the last words of three documents."""
    sample = subject.sampled()
    chosen = choose(subject.probabilities(subject.read(sample)), subject.labels[sample])
    documents = first_tokens(
        take(subject.documents, sample[list(chosen.values())]), subject.spec.piece_tokens
    )
    first = readings(subject, documents)[0]
    units = _units(first)
    shown = tuple(
        _shown(subject, documents, place, first, units, rule, int(sample[position]))
        for place, (rule, position) in enumerate(chosen.items())
    )
    return States(
        units=tuple(units.tolist()),
        direction=title(first) if first.direction or not subject.entry.one_way else None,
        documents=shown,
        reading=_reading(shown, subject.spec.piece_tokens),
        summary={"documents": [one.record for one in shown]},
    )


def choose(probabilities: Float32, labels: Int32) -> dict[str, int]:
    """Return the rows to show, each once, by the rule that chose them.

    >>> p = np.array([[0.9, 0.1], [0.2, 0.8], [0.45, 0.55], [0.6, 0.4]], dtype=np.float32)
    >>> choose(p, np.array([0, 0, 1, 0], dtype=np.int32))
    {'the surest right answer': 0, 'the surest wrong answer': 1, 'the least sure answer': 2}
    """
    right = probabilities.argmax(axis=1) == labels
    ordered = np.sort(probabilities, axis=1)
    top, gap = ordered[:, -1], ordered[:, -1] - ordered[:, -2] if ordered.shape[1] > 1 else ordered[:, -1]
    rules = {
        "the surest right answer": np.where(right, -top, np.inf),
        "the surest wrong answer": np.where(right, np.inf, -top),
        "the least sure answer": gap,
    }
    chosen: dict[str, int] = {}
    for rule, key in rules.items():
        order = key.astype(np.float64)
        order[list(chosen.values())] = np.inf
        best = int(order.argmin())
        if np.isfinite(order[best]):
            chosen[rule] = best
    return chosen


def _units(reading: Reading) -> Int64:
    """Return the units whose state varies most over real timesteps; those that hold longest first."""
    varies = reading.real(reading.trace.states[:, 1:]).std(axis=0)  # (H,)
    most = np.sort(np.argsort(-varies, kind="stable")[:UNITS])
    gate = CELLS[reading.cell].holding
    order = -mean_gate(reading, gate) if gate else -varies
    return most[np.argsort(order[most], kind="stable")].astype(np.int64)


def _shown(
    subject: Subject,
    documents: IndexedCorpus,
    place: int,
    reading: Reading,
    units: Int64,
    rule: str,
    position: int,
) -> ReadDocument:
    """Return the document at `place` of the readings, and `position` of the subject."""
    rows = documents.indices[documents.offsets[place] : documents.offsets[place + 1]]
    last = slice(max(0, len(rows) - WORDS), len(rows))
    answers = subject.probabilities(prefixes(rows, last.start))  # (words, C)
    gates = {name: gate[place, last] for name, gate in reading.trace.gates.items()}  # (words, H) each
    names, holding = CELLS[reading.cell].spoken, CELLS[reading.cell].holding
    return ReadDocument(
        rule,
        len(rows),
        tuple(subject.words.gather(rows[last])),
        predicted=tuple(subject.label_names[answer] for answer in answers.argmax(axis=1)),
        probability=_rounded(answers.max(axis=1)),
        of_answer=_rounded(answers[:, answers[-1].argmax()]),
        states=tuple(_rounded(unit) for unit in reading.trace.states[place, 1:][last][:, units].T),
        holding_gate=names.get(holding) if holding else None,
        holding=tuple(_rounded(unit) for unit in gates[holding][:, units].T) if holding else (),
        gates={name: _rounded(gates[key].mean(axis=1)) for key, name in names.items()},
        record=int(subject.records[position]),
        label=subject.label_names[subject.labels[position]],
    )


def prefixes(rows: Int32, start: int) -> IndexedCorpus:
    """Return the document cut after each of its words from place `start` on.

    >>> [one.tolist() for one in np.split(prefixes(np.array([7, 8, 9], dtype=np.int32), 1).indices, [2])]
    [[7, 8], [7, 8, 9]]
    """
    ends = np.arange(start + 1, len(rows) + 1)
    offsets = np.concatenate([[0], np.cumsum(ends)]).astype(np.int64)
    return IndexedCorpus(np.concatenate([rows[:end] for end in ends]).astype(np.int32), offsets)


def settled(predicted: Sequence[str]) -> int:
    """Return the place of the word from which on the answer stays what it is at the end.

    >>> settled(["b", "a", "b", "a", "a"])
    3
    """
    other = [place for place, answer in enumerate(predicted) if answer != predicted[-1]]
    return other[-1] + 1 if other else 0


def _reading(shown: tuple[ReadDocument, ...], piece_tokens: int = 0) -> str:
    """Return in words from which word on each answer stands."""
    start = f"in the first piece of {tokens(piece_tokens)}, " if piece_tokens else ""
    return start + "; ".join(_stands(one) for one in shown) + "."


def _stands(one: ReadDocument) -> str:
    place, words = settled(one.predicted), one.words
    answer = f"{one.rule} ({one.predicted[-1]}, {percent(one.probability[-1], 0)})"
    if place == 0 and len(words) < one.tokens:
        return f"{answer} stood before its last {len(words)} words"
    return f'{answer} stands from word {one.tokens - len(words) + place + 1} of {one.tokens} on, "{words[place]}"'


def _rounded(values: Float32 | Float64) -> tuple[float, ...]:
    """Return numbers with two decimals, which a picture does not exceed."""
    return tuple(np.round(values.astype(np.float64), 2).tolist())
