"""Language models write: one symbol after the other, drawn by the shares that the model gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipeline.core.values import Float64
from pipeline.models.baselines.language.kneser_ney import KneserNey
from pipeline.models.baselines.language.symbols import BEGIN, END, UNKNOWN
from pipeline.models.equations.language import (
    LanguageSpec,
    States,
    Weights,
    first_states,
    log_shares,
    read_symbols,
)


class Reader(Protocol):
    """What reads one text, and says after each symbol what may follow."""

    def read(self, symbol: int) -> Float64:
        """Return the share of each symbol after this one, (V,)."""


class CountReader:
    """Reads with counted n-grams."""

    def __init__(self, model: KneserNey) -> None:
        self._model = model
        self._history: list[int] = []

    def read(self, symbol: int) -> Float64:
        self._history.append(symbol)
        return self._model.next_symbol(self._history[-self._model.order :])


class NetworkReader:
    """Reads with a network, whose state goes on."""

    def __init__(self, spec: LanguageSpec, weights: Weights) -> None:
        self._spec, self._weights = spec, weights
        self._states: States = first_states(spec, 1)

    def read(self, symbol: int) -> Float64:
        encoded, self._states = read_symbols(
            self._spec, self._weights, np.array([[symbol]], dtype=np.int32), self._states
        )
        shares: Float64 = np.exp(log_shares(self._weights, encoded[:, 0])[0].astype(np.float64))
        return shares


@dataclass(frozen=True)
class Drawing:
    """How symbols are drawn.

    Attributes
    ----------
    temperature : below 1 likely symbols are drawn more often than the model says, above 1 less; 0: always the likeliest
    top_k : only of so many likeliest; 0: of all
    top_p : only of the likeliest that have this share together (Holtzman et al. 2020, arXiv:1904.09751)
    longest : symbols of a text at most
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    longest: int = 100


def drawn_from(shares: Float64, how: Drawing) -> Float64:
    """Return the shares by which a symbol is drawn, (V,): never a begin or an unknown symbol.

    >>> drawn_from(np.array([0.0, 0.1, 0.4, 0.3, 0.2]), Drawing(top_k=2)).round(2).tolist()
    [0.0, 0.0, 0.0, 0.6, 0.4]
    >>> drawn_from(np.array([0.0, 0.1, 0.4, 0.3, 0.2]), Drawing(top_p=0.7)).round(2).tolist()
    [0.0, 0.0, 0.0, 0.6, 0.4]
    """
    kept = shares.copy()
    kept[[BEGIN, UNKNOWN]] = 0.0
    if not kept.sum() > 0:
        kept[END] = 1.0
    order = np.argsort(-kept, kind="stable")
    if how.temperature == 0:
        kept[order[1:]] = 0.0
    else:
        with np.errstate(divide="ignore"):
            scores = np.log(kept) / how.temperature
        kept = np.exp(scores - scores.max())
    if how.top_k:
        kept[order[how.top_k :]] = 0.0
    kept /= kept.sum()
    before = np.cumsum(kept[order]) - kept[order]  # the share of all that are likelier
    kept[order[before >= how.top_p]] = 0.0
    found: Float64 = kept / kept.sum()
    return found


def write(reader: Reader, start: Sequence[int], how: Drawing, generator: np.random.Generator) -> list[int]:
    """Return the symbols of a text that begins with `start`; its end is left out."""
    shares = reader.read(BEGIN)
    for symbol in start:
        shares = reader.read(symbol)
    written = [*start]
    while len(written) < how.longest:
        symbol = int(generator.choice(len(shares), p=drawn_from(shares, how)))
        if symbol == END:
            break
        written.append(symbol)
        shares = reader.read(symbol)
    return written
