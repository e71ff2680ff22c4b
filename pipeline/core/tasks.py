"""The table of tasks: what each is, in facts without code, for rooms that know nothing of what an answer is.

It stands in `core` for the reason that the table of models does. The code is found by the same name: answers and
metrics in `pipeline/tasks/table.py`, files in `pipeline/corpus/by_settings.py`, fits in
`pipeline/experiment/fits_of_task.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.core.models import OF_DOCUMENTS, OF_TEXT, OF_WORDS
from pipeline.core.names import LEARNED
from pipeline.core.wording import FIRST_METRIC

_OF_ONE_CLASS = "belongs to documents of one class each"
_OF_CLASSES = "belongs to whole documents and their classes"


@dataclass(frozen=True)
class TaskFacts:
    """A line of the table.

    Attributes
    ----------
    words : what is asked, in words
    unit : what one document is called
    models : what is compared where nothing is asked for
    needed : a baseline and a network, what a run lacks to be an answer
    metric : what models are judged by where nothing is asked for
    heads : how networks may end; the first where a name says none, but for a model whose line of the table has its own
    names_heads : whether sentences say which head a network has that its name leaves out
    keeps_models : whether a run keeps its models, to answer new documents
    not_for : settings that make no sense here, or are not there yet, by dotted key: why
    without : sections of the report that have nothing to say
    source : the embedding source where none is asked for, if it does not follow from the documents
    """

    words: str
    unit: str
    models: tuple[str, ...]
    needed: tuple[str, str]
    metric: str
    heads: tuple[str, ...]
    names_heads: bool = True
    keeps_models: bool = True
    not_for: Mapping[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    source: str = ""


TASKS: dict[str, TaskFacts] = {
    "classify": TaskFacts(
        words="a class for each document",
        unit="document",
        models=("bow", "tfidf", "nbsvm", "ann", "rnn", "lstm", "lstm:max"),
        needed=("tfidf", "lstm"),
        metric=FIRST_METRIC,
        heads=OF_DOCUMENTS,
        not_for={"corpus.tags": "belongs to words with tags"},
        without=frozenset(("spans", "labels", "language")),
    ),
    "tag": TaskFacts(
        words="a tag for each word",
        unit="sentence",
        models=("most-frequent", "window", "crf", "bilstm"),
        needed=("window", "bilstm"),
        heads=OF_WORDS,
        names_heads=False,
        metric="span-f1",
        not_for={
            "corpus.label": _OF_CLASSES,
            "corpus.text": _OF_CLASSES,
            "corpus.class_map": _OF_CLASSES,
            "corpus.drop_classes": _OF_CLASSES,
            "corpus.only_known_classes": _OF_CLASSES,
            "run.class_weights": _OF_CLASSES,
            "networks.head": _OF_CLASSES,
            "run.extra_probes": "is not there for taggers",
        },
        without=frozenset(
            (
                *("look", "ladder", "looked-at", "labels", "language"),
                *("reading", "reach", "needed", "order", "units", "probes"),
            )
        ),
    ),
    "multilabel": TaskFacts(
        words="any number of labels for each document",
        unit="document",
        models=("majority", "bow", "tfidf", "nbsvm", "ann", "rnn", "lstm", "lstm:max"),
        needed=("tfidf", "lstm"),
        heads=OF_DOCUMENTS,
        metric="micro-f1",
        not_for={
            "corpus.tags": "belongs to words with tags",
            "corpus.class_map": _OF_ONE_CLASS,
            "corpus.drop_classes": _OF_ONE_CLASS,
            "corpus.only_known_classes": _OF_ONE_CLASS,
            "run.class_weights": "is done by the threshold of each label here",
            "run.compare": "is not there for several labels",
            "run.extra_probes": "is not there for several labels",
        },
        without=frozenset(
            (
                *("spans", "language", "look", "looked-at", "confused"),
                *("reading", "reach", "needed", "order", "units", "probes"),
            )
        ),
    ),
    "generate": TaskFacts(
        words="what follows in a text",
        unit="document",
        models=("unigram", "kneser-ney", "kneser-ney-characters", "lstm"),
        needed=("kneser-ney", "lstm"),
        heads=OF_TEXT,
        names_heads=False,
        keeps_models=False,
        metric="bits-per-byte",
        source=LEARNED,
        not_for={
            "corpus.tags": "belongs to words with tags",
            "corpus.unlabelled": "is text that could be among the documents",
            "corpus.class_map": _OF_CLASSES,
            "corpus.drop_classes": _OF_CLASSES,
            "corpus.only_known_classes": _OF_CLASSES,
            "run.class_weights": _OF_CLASSES,
            "networks.head": _OF_CLASSES,
            **dict.fromkeys(
                ("run.tune", "run.refit", "run.learning_curve", "run.compare", "run.extra_probes"),
                "is not there for language models",
            ),
        },
        without=frozenset(
            (
                *("look", "use", "ladder", "learning-curve", "tuning", "looked-at", "spans", "labels"),
                *("slices", "confused", "trust", "contamination", "vectors"),
                *("reading", "reach", "needed", "order", "units", "probes"),
            )
        ),
    ),
}
