"""How a network answers and is trained, in names: TensorFlow and NumPy have a function for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shares = Literal["softmax", "sigmoid"]  # from a network's numbers to shares of 1: all together, or each
Loss = Literal["cross-entropy", "binary-cross-entropy"]  # of a network's numbers and what is right; nats


@dataclass(frozen=True)
class Output:
    """The last layer of a network: how many numbers it gives for a document, and what makes an answer of them."""

    numbers: int
    shares: Shares
