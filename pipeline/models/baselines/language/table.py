"""The table of count models of text: what each counts, and the orders that validation documents choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.core.values import TokenizedCorpus
from pipeline.models.baselines.language.counts import count_orders
from pipeline.models.baselines.language.kneser_ney import KneserNey, smoothed
from pipeline.models.baselines.language.units import CHARACTERS, WORDS, Units


@dataclass(frozen=True)
class CountEntry:
    """A line of the table; without validation documents the last but one of its orders is taken."""

    units: str
    orders: tuple[int, ...]


COUNTS: dict[str, CountEntry] = {
    "unigram": CountEntry(WORDS, (1,)),
    "kneser-ney": CountEntry(WORDS, (2, 3, 4, 5)),
    "kneser-ney-characters": CountEntry(CHARACTERS, (4, 5, 6, 7, 8)),
}


@dataclass(frozen=True)
class TriedOrder:
    """An order, and the bits a byte of validation documents with it."""

    order: int
    bits_per_byte: float


def choose_order(
    name: str,
    units: Units,
    train: TokenizedCorpus,
    validation: TokenizedCorpus | None,
    on_trial: Callable[[TriedOrder], None] = lambda tried: None,
) -> tuple[KneserNey, tuple[TriedOrder, ...]]:
    """Return the model with the order that takes the fewest bits for validation documents, and all that was tried."""
    orders, n_symbols = COUNTS[name].orders, len(units.symbols)
    counted = count_orders(units.write(train), n_symbols, orders[-1])
    if validation is None or len(orders) == 1:
        return smoothed(counted, n_symbols, orders[-2:][0]), ()
    tried: list[TriedOrder] = []
    best: KneserNey | None = None
    for order in orders:
        model = smoothed(counted, n_symbols, order)
        charged = units.charge(validation, model.log2)
        one = TriedOrder(order, float(charged.bits.sum() / charged.bytes.sum()))
        if best is None or one.bits_per_byte < min(each.bits_per_byte for each in tried):
            best = model
        tried.append(one)
        on_trial(one)
    assert best is not None, "there is an order"
    return best, tuple(tried)
