"""The table of models: what each is, one line a model, with no code that fits it.

It stands in `core` since rooms that never import a model read it too: settings (the learning rate of a network with
gates), evaluation (which models are compared) and the report (what a network reads). The code is found by what a
line says: baselines by their name in `pipeline/models/baselines/table.py`, networks by their family in
`pipeline/models/networks/build.py` and by their cell in `pipeline/models/equations/through_time.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

Family = Literal["n-grams", "vectors", "averages", "recurrent", "windows", "language"]

LAST = "last"
POOLED = ("max", "mean", "max+mean")  # heads that read every state
OF_DOCUMENTS = (LAST, *POOLED)
EACH, CRF = "each", "crf"  # heads that answer words: each from its own state, or all along a chain of tags
OF_WORDS = (EACH, CRF)
OF_TEXT = ("words", "characters")  # what a language model says one after the other
FORWARD, BACKWARD = "", "_backward"  # ways to read a document, as the layers' names end


@dataclass(frozen=True)
class ModelEntry:
    """A line of the table.

    Attributes
    ----------
    family : a linear model of n-grams or of averaged vectors, a network that averages vectors or is recurrent, or a
        linear tagger of what stands around a word
    control : of the verdict it is no side, but shows what the others have to be above
    cell : of a recurrent network, an entry of the table of cells
    gated : its cell has gates: the own learning rates of `OWN_TRAINING` are others
    directions : one or both ways to read a document
    heads : how its states may become one vector, and `default_head` where its name says none
    compared_with : the simpler models that it is compared with on the same vectors
    tasks : what it can answer
    """

    family: Family
    control: bool = False
    cell: str = ""
    gated: bool = False
    directions: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    default_head: str = ""
    compared_with: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ("classify", "multilabel")

    @property
    def every_head(self) -> tuple[str, ...]:
        """The heads of all its tasks."""
        more = (("tag", OF_WORDS), ("generate", OF_TEXT))
        return self.heads + tuple(
            head for task, heads in more if self.recurrent and task in self.tasks for head in heads
        )

    @property
    def reads_vectors(self) -> bool:
        """Whether it needs an embedding source."""
        return self.family not in ("n-grams", "windows", "language")

    @property
    def recurrent(self) -> bool:
        """Whether it reads word after word."""
        return self.family == "recurrent"

    @property
    def network(self) -> bool:
        """Whether its training has chance in it."""
        return self.family in ("averages", "recurrent")

    @property
    def one_way(self) -> bool:
        """Whether it is recurrent and reads from the first word to the last alone."""
        return self.directions == (FORWARD,)


_recurrent = partial(
    ModelEntry,
    "recurrent",
    tasks=("classify", "tag", "multilabel", "generate"),
    directions=(FORWARD,),
    heads=OF_DOCUMENTS,
    default_head=LAST,
)
_tagger = partial(ModelEntry, "windows", tasks=("tag",))
_counts = partial(ModelEntry, "language", tasks=("generate",))
_BOTH_WAYS = (FORWARD, BACKWARD)

# In the order in which help and messages name them.
MODELS: dict[str, ModelEntry] = {
    "majority": ModelEntry("n-grams", control=True),
    "bow": ModelEntry("n-grams"),
    "tfidf": ModelEntry("n-grams", compared_with=("bow",)),
    "nbsvm": ModelEntry("n-grams", compared_with=("tfidf",)),
    "mean": ModelEntry("vectors", control=True),
    "ann": ModelEntry("averages", compared_with=("mean",)),
    "rnn": _recurrent(cell="rnn"),
    "gru": _recurrent(cell="gru", gated=True, compared_with=("rnn",)),
    "lstm": _recurrent(cell="lstm", gated=True, compared_with=("rnn", "ann", "mean")),
    "bilstm": _recurrent(
        cell="lstm", gated=True, directions=_BOTH_WAYS, default_head="max+mean", tasks=("classify", "tag")
    ),
    "most-frequent": _tagger(control=True),
    "window": _tagger(),
    "crf": _tagger(compared_with=("window",)),
    "unigram": _counts(control=True),
    "kneser-ney": _counts(),
    "kneser-ney-characters": _counts(),
}


def networks() -> dict[str, ModelEntry]:
    """Return the lines of the networks."""
    return {name: entry for name, entry in MODELS.items() if entry.network}
