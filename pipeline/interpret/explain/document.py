"""One document read by one recurrent network: the NumPy reference's numbers, and TensorFlow's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.clean import clean, clip
from pipeline.core.errors import PipelineError
from pipeline.interpret.explain.answers import Answers, Output, ask_tensorflow
from pipeline.models.equations import (
    CELLS,
    CellWeights,
    Gradients,
    Trace,
    backward,
    forward,
    jacobian_products,
    step_jacobians,
)
from pipeline.models.equations.heads import HEADS
from pipeline.models.equations.output import cross_entropy, softmax
from pipeline.models.equations.values import Array
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import tokenize


@dataclass(frozen=True, eq=False)
class Reading:
    """What a network makes of T words, forward and back; everything in float64.

    Timestep t of an array that starts with h_0 is at place t, of the others at place t - 1.
    """

    cell: str
    tokens: tuple[str, ...]  # (T,)
    inputs: Array  # (T, D)
    weights: CellWeights
    output: Output
    label: int
    trace: Trace
    logits: Array  # (C,)
    probabilities: Array  # (C,)
    loss: float
    d_logits: Array  # (C,)
    gradients: Gradients
    d_sums: Array  # (T, G * H): dL / d (x_t W + b), or of all that goes into the gates
    jacobians: Array  # (T, S, S): place t - 1 is ds_t / ds_(t-1)
    products: Array  # (T, S, S): place t is ds_T / ds_t
    answers: Answers  # TensorFlow's

    @property
    def timesteps(self) -> int:
        """T."""
        return len(self.tokens)

    @property
    def units(self) -> int:
        """H."""
        return self.weights.units

    def h(self, t: int) -> Array:
        """Return h_t; (H,)."""
        return self.trace.states[0, t]

    def c(self, t: int) -> Array:
        """Return c_t of an lstm; (H,)."""
        assert self.trace.cells is not None
        return self.trace.cells[0, t]

    def gate(self, name: str, t: int) -> Array:
        """Return a gate at step t; (H,)."""
        return self.trace.gates[name][0, t - 1]

    def dh(self, t: int) -> Array:
        """Return dL/dh_t; (H,)."""
        return self.gradients.states[0, t]

    def block(self, array: Array, number: int) -> Array:
        """Return gate `number`'s columns of an array (.., G * H); (.., H)."""
        return array[..., number * self.units : (number + 1) * self.units]


def read(
    cell: str,
    tokens: Sequence[str],
    inputs: Array,
    weights: CellWeights,
    output: Output,
    label: int | None,
) -> Reading:
    """Return what a network makes of a document, by the NumPy reference, and TensorFlow's answers beside it.

    Parameters
    ----------
    cell : str
        `rnn`, `gru` or `lstm`.
    tokens : sequence of str, length T
    inputs : float64 array, shape (T, D)
        Their vectors.
    weights, output
        float64.
    label : int or None
        The class whose loss is differentiated; None: the most probable one.
    """
    trace = forward(cell, weights, inputs[None])
    states = trace.states[0, 1:]  # (T, H)
    logits = encode(states, output.head) @ output.kernel + output.bias  # (C,)
    label = int(logits.argmax()) if label is None else label
    loss, d_logits = cross_entropy(logits[None], np.array([label], np.int32))
    d_logits = d_logits[0]  # (C,)
    d_states = _head_gradient(states, output.head, output.kernel @ d_logits)  # (T, H)
    gradients = backward(cell, weights, inputs[None], trace, d_states[None])
    return Reading(
        cell=cell,
        tokens=tuple(tokens),
        inputs=inputs,
        weights=weights,
        output=output,
        label=label,
        trace=trace,
        logits=logits,
        probabilities=softmax(logits[None])[0],
        loss=loss,
        d_logits=d_logits,
        gradients=gradients,
        d_sums=_d_sums(cell, weights, trace, gradients),
        jacobians=step_jacobians(cell, weights, trace)[0],
        products=np.stack([product[0] for product in jacobian_products(cell, weights, trace)][::-1]),
        answers=ask_tensorflow(cell, weights, output, inputs, label),
    )


def encode(states: Array, head: str) -> Array:
    """Return what a head (`last`, `max`, `mean` or `max+mean`) makes of states (T, H); (R,)."""
    length = np.array([len(states)])
    return np.concatenate([HEADS[part].read(states[None], length)[0] for part in head.split("+")])


def _head_gradient(states: Array, head: str, d_encoded: Array) -> Array:
    """Return how the loss depends on each state through the head alone; (T, H)."""
    parts, length = head.split("+"), np.array([len(states)])
    shares = zip(parts, np.split(d_encoded, len(parts)), strict=True)
    gradient: Array = np.sum(
        [HEADS[part].back(states[None], length, share[None])[0] for part, share in shares], axis=0
    )
    return gradient


def _d_sums(cell: str, weights: CellWeights, trace: Trace, gradients: Gradients) -> Array:
    """Return the gradient of what goes into the gates at each step; (T, G * H)."""
    parts = [gradients.states] if gradients.cells is None else [gradients.states, gradients.cells]
    found = [
        CELLS[cell].gradient(weights, trace.step(t), tuple(part[:, t] for part in parts)).from_input[0]
        for t in range(1, trace.timesteps + 1)
    ]
    return np.stack(found)


MOST_WORDS = 12  # for a pencil
MOST_WORDS_OF_A_RUN = 100  # each word has a Jacobian; an lstm's of 128 units is 0.5 MiB


def words_of(text: str, settings: TokenizerSettings, most: int, fix: str) -> tuple[str, ...]:
    """Return the tokens of a text.

    Raises
    ------
    PipelineError
        If it is not UTF-8, has no letter and no digit, or more than `most` tokens.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):  # bytes that the shell could not decode
        raise PipelineError("TEXT", "it is not UTF-8", "type it anew, or set the terminal to UTF-8")
    shown = clip(clean(text), 60)
    tokenized = tokenize(pl.Series([text]), settings)
    tokens = tuple(tokenized.types.gather(tokenized.token_types).to_list())
    if not any(character.isalnum() for character in text):
        raise PipelineError(
            "TEXT", f'"{shown}" has no word', 'give one word or more, such as "dog bites man"'
        )
    if len(tokens) > most:
        raise PipelineError("TEXT", f'"{shown}" has {len(tokens)} words; {most} is the limit', fix)
    return tokens
