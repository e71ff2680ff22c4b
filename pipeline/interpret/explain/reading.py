"""What a trained network makes of one text, forward and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.core.clean import clean, clip
from pipeline.core.models import MODELS
from pipeline.core.values import UNKNOWN_ROW, Int32
from pipeline.interpret.explain.answers import Quantities
from pipeline.interpret.probes.jacobians import logits_by_state
from pipeline.models.equations import Gradients, Trace, backward, jacobian_products, step_jacobians
from pipeline.models.equations.network import cell_weights, run_network
from pipeline.models.equations.output import cross_entropy, softmax
from pipeline.models.equations.values import Array
from pipeline.models.saved import SavedNetwork
from pipeline.text.tokenizer import tokenize

LAYER = "recurrent_0"


@dataclass(frozen=True, eq=False)
class Asked:
    """A text as a trained network reads it."""

    words: tuple[str, ...]  # (T,), in the order in which they are read
    rows: Int32  # (T,), of the vocabulary
    given: int  # words of the text; more than T where it was cut
    unknown: tuple[str, ...]  # the words of the text that the vocabulary lacks, each once


def as_read(network: SavedNetwork, text: str, tokens: Sequence[str]) -> Asked:
    """Return the words that the network reads, in its order."""
    tokenized = tokenize(pl.Series([text]), network.tokenizer)
    rows = network.as_read(tokenized).indices  # (T,)
    if network.shuffle_seed is None:
        words = tuple(tokens[place] for place in network.places_read(tokenized)[0])
        unknown = [word for word, row in zip(words, rows, strict=True) if row == UNKNOWN_ROW]
    else:  # shuffled: which place a word came from is not kept
        words = tuple(
            "(unknown)" if row == UNKNOWN_ROW else network.vocabulary.tokens[int(row)] for row in rows
        )
        unknown = [word for word in tokens if word not in words]
    return Asked(words, rows, len(tokens), tuple(dict.fromkeys(unknown)))


class Reading:
    """What the equations make of T words, forward and back, in float64; the loss is that of the answer."""

    def __init__(self, network: SavedNetwork, asked: Asked) -> None:
        self.network, self.asked = network, asked
        self.cell = MODELS[network.spec.model].cell
        self.all_weights = {name: array.astype(np.float64) for name, array in network.weights.items()}
        self.weights = cell_weights(self.all_weights, LAYER)
        self.output = self.all_weights["output/kernel"], self.all_weights["output/bias"]
        self.inputs: Array = network.table[asked.rows].astype(np.float64)  # (T, D)
        ends = np.arange(1, self.timesteps + 1)
        prefixes = np.broadcast_to(self.inputs, (self.timesteps, *self.inputs.shape))  # (T, T, D)
        running = run_network(network.spec, self.all_weights, prefixes, ends)
        self.running: Array = softmax(running.logits)  # (T, C), the answer after each word
        self.logits: Array = running.logits[-1]  # (C,)
        self.encoded: Array = running.encoded[-1]  # (R,)
        self.probabilities: Array = self.running[-1]  # (C,)
        self.label = int(self.logits.argmax())
        self.loss, d_logits = cross_entropy(self.logits[None], np.array([self.label], np.int32))
        self.d_logits: Array = d_logits[0]  # (C,)
        whole = running.layers[0][0].trace
        cells = None if whole.cells is None else whole.cells[-1:]
        self.trace = Trace(whole.states[-1:], {name: gate[-1:] for name, gate in whole.gates.items()}, cells)
        parts = network.spec.head.split("+")
        rows: dict[str, Array] = dict(
            zip(parts, np.split(self.output[0], len(parts)), strict=True)
        )  # (H, C) each
        by_head = logits_by_state(self.states, network.spec.head, rows)  # (C, T, H)
        d_states = np.tensordot(self.d_logits, by_head, axes=1)  # (T, H)
        self.gradients: Gradients = backward(
            self.cell, self.weights, self.inputs[None], self.trace, d_states[None]
        )
        self.jacobians = step_jacobians(self.cell, self.weights, self.trace)[0]  # (T, S, S)
        products = [product[0] for product in jacobian_products(self.cell, self.weights, self.trace)]
        self.products: Array = np.stack(products[::-1])  # (T, S, S): place t is ds_T / ds_t

    @property
    def timesteps(self) -> int:
        """T."""
        return len(self.asked.words)

    @property
    def states(self) -> Array:
        """h_1 .. h_T; (T, H)."""
        return self.trace.states[0, 1:]

    @property
    def answer(self) -> str:
        """The label of the most probable class."""
        return self.network.label_names[self.label]

    def step(self, t: int) -> str:
        """Return the name of timestep t."""
        return f'{t} "{clip(clean(self.asked.words[t - 1]), 24)}"'

    def weight_gradients(self) -> Quantities:
        """Return the gradients of the weights, by name."""
        return {
            "dL/dW": self.gradients.kernel,
            "dL/dU": self.gradients.recurrent_kernel,
            "dL/db": self.gradients.bias,
            "dL/dV": np.outer(self.encoded, self.d_logits),
            "dL/dv": self.d_logits,
        }

    def quantities(self) -> Quantities:
        """Return what is compared with TensorFlow's, by name."""
        found: Quantities = {
            "h_t": self.states,
            "y": self.logits,
            "p": self.probabilities,
            "L": np.array(self.loss),
            "dL/dy": self.d_logits,
            "dL/dh_t": self.gradients.states[0, 1:],
            "dL/dx_t": self.gradients.inputs[0],
            "P_t": self.products,
        }
        if self.trace.cells is not None and self.gradients.cells is not None:
            c, o = self.trace.cells[0, 1:], self.trace.gates["o"][0]
            through_state = found["dL/dh_t"] * o * (1 - np.tanh(c) ** 2)
            found |= {"c_t": c, "dL/dc_t": self.gradients.cells[0, 1:] + through_state}
        return found | self.weight_gradients()
