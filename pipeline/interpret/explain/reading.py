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
from pipeline.models.equations import Gradients, backward, jacobian_products, step_jacobians
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
        prefixes = np.broadcast_to(self.inputs, (self.timesteps, *self.inputs.shape))  # (T, T, D)
        running = run_network(network.spec, self.all_weights, prefixes, np.arange(1, self.timesteps + 1))
        self.running: Array = softmax(running.logits)  # (T, C), the answer after each word
        self.label = int(running.logits[-1].argmax())
        loss, (d_logits,) = cross_entropy(running.logits[-1:], np.array([self.label], np.int32))  # (C,)
        self.trace = running.layers[0][0].of(-1)
        self.jacobians = step_jacobians(self.cell, self.weights, self.trace)[0]  # (T, S, S)
        products = [product[0] for product in jacobian_products(self.cell, self.weights, self.trace)]
        gradients = self._go_back(d_logits)
        self.quantities: Quantities = {  # what is compared with TensorFlow's
            "h_t": self.trace.states[0, 1:],
            "y": running.logits[-1],
            "p": self.running[-1],
            "L": np.array(loss),
            "dL/dy": d_logits,
            "dL/dV": np.outer(running.encoded[-1], d_logits),
            "dL/dv": d_logits,
            "dL/dh_t": gradients.states[0, 1:],
            "dL/dx_t": gradients.inputs[0],
            "dL/dW": gradients.kernel,
            "dL/dU": gradients.recurrent_kernel,
            "dL/db": gradients.bias,
            "P_t": np.stack(products[::-1]),  # place t is ds_T / ds_t
        }
        if self.trace.cells is not None and gradients.cells is not None:
            c, o = self.trace.cells[0, 1:], self.trace.gates["o"][0]
            through_state = self.quantities["dL/dh_t"] * o * (1 - np.tanh(c) ** 2)
            self.quantities |= {"c_t": c, "dL/dc_t": gradients.cells[0, 1:] + through_state}

    def _go_back(self, d_logits: Array) -> Gradients:
        """Return how the loss depends on the layer, given how it does on the logits (C,)."""
        head = self.network.spec.head
        parts = head.split("+")
        blocks: dict[str, Array] = dict(
            zip(parts, np.split(self.output[0], len(parts)), strict=True)
        )  # (H, C) each
        by_head = logits_by_state(self.trace.states[0, 1:], head, blocks)  # (C, T, H)
        d_states = np.tensordot(d_logits, by_head, axes=1)  # (T, H)
        return backward(self.cell, self.weights, self.inputs[None], self.trace, d_states[None])

    @property
    def timesteps(self) -> int:
        """T."""
        return len(self.asked.words)

    @property
    def answer(self) -> str:
        """The label of the most probable class."""
        return self.network.label_names[self.label]

    def step(self, t: int) -> str:
        """Return the name of timestep t."""
        return f'{t} "{clip(clean(self.asked.words[t - 1]), 24)}"'
