"""One pass over the training documents after the other, each drawn anew, and where in them a training stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from pipeline.core.files import Json
from pipeline.core.values import IndexedCorpus
from pipeline.models.networks.batches import Batch, batches, shuffle_words


@dataclass(frozen=True)
class Position:
    """A place in the passes: the random streams as they were when its pass began, and how much of that was read."""

    order: Mapping[str, Json]
    word_orders: Mapping[str, Json] | None
    used: int  # batches of the pass


@dataclass(eq=False)
class Passes:
    """The training documents, again and again, in batches of a new order."""

    documents: IndexedCorpus
    batch_size: int
    most_timesteps: int
    order: np.random.Generator
    word_orders: np.random.Generator | None  # of each document's words, anew for every pass; None: as written
    position: Position = field(init=False)

    def __post_init__(self) -> None:
        self.position = self.new_pass()

    def new_pass(self) -> Position:
        """Return the beginning of a pass that would be drawn now."""
        words = self.word_orders
        return Position(
            self.order.bit_generator.state, None if words is None else words.bit_generator.state, 0
        )

    def without_end(self, after: Position) -> Iterator[Batch]:
        """Yield the batches behind a position: the rest of its pass, then one pass after the other.

        The random streams draw a pass as a whole. So that of the position is drawn once more, from the streams as
        they were, and what was read of it is left out.
        """
        self.position = after
        self.order.bit_generator.state = after.order
        if self.word_orders is not None and after.word_orders is not None:
            self.word_orders.bit_generator.state = after.word_orders
        while True:
            for batch in islice(self._one_pass(), self.position.used, None):
                self.position = replace(self.position, used=self.position.used + 1)
                yield batch
            self.position = self.new_pass()

    def _one_pass(self) -> Iterator[Batch]:
        documents = self.documents
        if self.word_orders is not None:
            documents = shuffle_words(documents, self.word_orders)
        return batches(documents, self.batch_size, self.order, self.most_timesteps)
