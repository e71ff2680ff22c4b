"""The settings of models: what the linear ones read, how networks are built and trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.core.models import LAST, MODELS, POOLED
from pipeline.core.names import TRAINING
from pipeline.settings.setting import COUNT, COUNT_OR_NONE, DROPOUT, POSITIVE, STRENGTHS, Check, setting


@dataclass(frozen=True)
class OwnTraining:
    """A row of `OWN_TRAINING`: what a network's training takes where the settings say 0."""

    below: float  # training documents
    batch_size: int
    gated_rate: float  # the learning rate of networks with gates
    plain_rate: float  # that of the others


# By the number of training documents, the fewest first (docs/decisions/0017). A batch size that was given has the
# learning rates of the last row whose batch is no larger.
OWN_TRAINING = (
    OwnTraining(below=1_000, batch_size=16, gated_rate=2e-3, plain_rate=2e-3),
    OwnTraining(below=8_000, batch_size=32, gated_rate=4e-3, plain_rate=2e-3),
    OwnTraining(below=math.inf, batch_size=64, gated_rate=4e-3, plain_rate=2e-3),
)


def own_batch_size(n_train: int) -> int:
    """Return the batch size of a network that is given none."""
    return next(row.batch_size for row in OWN_TRAINING if n_train < row.below)


def own_learning_rate(model: str, batch_size: int) -> float:
    """Return the learning rate of a network that is given none.

    >>> own_learning_rate("lstm", 64), own_learning_rate("lstm", 50), own_learning_rate("rnn", 64)
    (0.004, 0.004, 0.002)
    """
    rows = [row for row in OWN_TRAINING if row.batch_size <= batch_size] or OWN_TRAINING[:1]
    return rows[-1].gated_rate if MODELS[model].gated else rows[-1].plain_rate


def _batch_sizes() -> str:
    """Return in words which batch size follows from which number of training documents."""
    *rows, last = OWN_TRAINING
    return f"{''.join(f'{row.batch_size} below {row.below:,.0f}, ' for row in rows)}else {last.batch_size}"


def _rates(kind: str) -> str:
    """Return in words the learning rates that belong to the batch sizes; `kind` is a field of `OwnTraining`."""
    rates = {row.batch_size: getattr(row, kind) for row in OWN_TRAINING}
    if len(set(rates.values())) == 1:
        return f"{rates.popitem()[1]:g}"
    return ", ".join(f"{rate:g} with batches of {size}" for size, rate in rates.items())


@dataclass(frozen=True)
class BaselineSettings:
    """`[baselines]`: what the linear models read, and logistic regression."""

    ngram_min: int = setting(1, "Tokens in the shortest n-gram.", COUNT)
    ngram_max: int = setting(2, "Tokens in the longest n-gram.", COUNT)
    min_df: int = setting(
        0,
        "Least number of training documents that hold an n-gram; 0: 1 or 2, whichever is better on the "
        "validation documents, where training documents have fewer than 50 tokens on average and are not too many, "
        "else 2.",
        COUNT_OR_NONE,
    )
    bow_binary: bool = setting(
        True, "`bow` counts an n-gram once a document; false: counts, divided by the largest."
    )
    sublinear_tf: bool = setting(True, "`tfidf` uses 1 + ln(count) for the count.")
    bow_strengths: tuple[float, ...] = setting(
        (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
        "Values of C (small: strong regularisation) that `bow` chooses from.",
        STRENGTHS,
    )
    tfidf_strengths: tuple[float, ...] = setting(
        (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0), "Values of C that `tfidf` chooses from.", STRENGTHS
    )
    nbsvm_ngram_max: int = setting(
        0,
        "Tokens in the longest n-gram of `nbsvm`; 0: 2 where training documents have "
        "fewer than 50 tokens on average, else 3.",
        COUNT_OR_NONE,
    )
    nbsvm_min_df: int = setting(0, "As `min_df`, of `nbsvm`.", COUNT_OR_NONE)
    nbsvm_alpha: float = setting(
        1.0, "Added to each count before `nbsvm` takes the ratio of two classes' counts.", POSITIVE
    )
    nbsvm_betas: tuple[float, ...] = setting(
        (0.25, 0.5, 0.75, 1.0),
        "Shares of each weight of `nbsvm` that are its own (the rest is the mean size of all) "
        "that it chooses from.",
        Check(minimum=0, maximum=1, min_items=1),
    )
    nbsvm_powers: tuple[float, ...] = setting(
        (0.5, 1.0),
        "Powers of the naive-Bayes ratio that `nbsvm` chooses from: 1 as published, 0 no ratio.",
        Check(minimum=0, maximum=1, min_items=1),
    )
    nbsvm_strengths: tuple[float, ...] = setting(
        (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0), "Values of C that `nbsvm` chooses from.", STRENGTHS
    )
    mean_strengths: tuple[float, ...] = setting(
        (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
        "Values of C that `mean` chooses from.",
        STRENGTHS,
    )
    max_iter: int = setting(200, "Most iterations of logistic regression.", COUNT)


@dataclass(frozen=True)
class NetworkSettings:
    """`[networks]`: what `ann` and the recurrent networks share."""

    units: int = setting(128, "Units of a hidden layer.", COUNT, quick=64)
    layers: int = setting(1, "Hidden layers, one above the other.", COUNT)
    head: str = setting(
        "own",
        "What makes one vector of all states, for networks whose name says none: `last`, `max`, `mean`, "
        "`max+mean`; `own`: each network's own. `--tune` draws it.",
        Check(choices=("own", LAST, *POOLED)),
    )
    vectors: str = setting(
        "own",
        "How word vectors are trained, where the source's name says nothing: `frozen`, `tuned`, "
        "`frozen-then-tuned`; `own`: as the source's are. `--tune` draws it.",
        Check(choices=("own", *TRAINING)),
    )
    max_tokens: int = setting(
        400,
        "Tokens of a document that a recurrent network reads.",
        COUNT,
        option="--max-tokens N",
        quick=200,
    )
    keep: str = setting(
        "last",
        "Which tokens of a document longer than `max_tokens` are read; `pieces` reads all of every "
        "document, in pieces.",
        Check(choices=("first", "last", "first+last", "pieces")),
    )
    piece_tokens: int = setting(
        100,
        'With `keep = "pieces"`: tokens of a piece. The state begins anew in each; heads pool over all of them.',
        COUNT,
    )
    bptt: int = setting(
        0,
        "Truncated backpropagation: in each layer and direction gradients flow back so many timesteps "
        "from the end of its own reading; the states before are constants, also for a head that reads them all. "
        "With pieces, from each piece's end. 0: all the way.",
        COUNT_OR_NONE,
    )
    batch_size: int = setting(
        0,
        f"Documents of one update; 0: by the number of training documents: {_batch_sizes()}.",
        COUNT_OR_NONE,
    )
    learning_rate: float = setting(
        0.0,
        f"Of Adam; 0: of `rnn` and `ann` {_rates('plain_rate')}; of networks with gates (`gru`, "
        f"`lstm`, `bilstm`) {_rates('gated_rate')}.",
        Check(minimum=0),
    )
    schedule: str = setting(
        "constant",
        "Of the learning rate: `cosine` falls to 0 at the end of the budget, which then does not grow.",
        Check(choices=("constant", "cosine")),
    )
    clip_norm: float = setting(1.0, "Gradients longer than this are shortened to it.", POSITIVE)
    budget_updates: int = setting(
        1_000,
        "A training may last so many updates (one batch each), or `budget_epochs` passes over "
        "the training documents where those are more. With `:frozen-then-tuned` each of the two phases may.",
        COUNT_OR_NONE,
        quick=300,
    )
    budget_epochs: int = setting(10, "See `budget_updates`.", COUNT, quick=3)
    budget_growth: float = setting(
        3.0,
        "While the validation loss still falls, the budget grows up to so many times itself. 1: it stays.",
        Check(minimum=1),
        quick=1,
    )
    min_updates: int = setting(300, "No training is stopped before so many updates.", COUNT_OR_NONE)
    patience: int = setting(
        3,
        "Training stops after so many passes without a better validation loss, if they were "
        "`patience_updates` updates at least.",
        COUNT,
    )
    patience_updates: int = setting(150, "See `patience`.", COUNT_OR_NONE)
    min_gain: float = setting(
        0.002,
        "Nats by which the validation loss has to fall to count against the patience; the weights of "
        "the lowest loss are kept all the same.",
        Check(minimum=0),
    )
    evaluate_every: int = setting(
        0,
        "Updates from one look at the validation documents to the next. 0: after each pass, but "
        "every 50 updates or so: up to four times a pass on large corpora, after several on small ones.",
        COUNT_OR_NONE,
    )
    max_epochs: int = setting(
        0,
        "So many passes at most, instead of the budget, with a look at the validation documents "
        "after each. 0: the budget holds.",
        COUNT_OR_NONE,
    )
    word_dropout: float = setting(0.0, "Share of words whose vectors are set to zero.", DROPOUT)
    embedding_dropout: float = setting(
        0.2, "Share of embedding dimensions set to zero, the same for a whole document.", DROPOUT
    )
    weight_drop: float = setting(
        0.0, "Share of the weights between states that are zero, drawn for each batch.", DROPOUT
    )
    dropout: float = setting(0.3, "Share of what the output layer reads that is set to zero.", DROPOUT)
    forget_bias: float = setting(
        3.0,  # docs/decisions/0025
        "What the bias of the forget gates of `lstm` and `bilstm` starts from: the larger, the "
        "longer a cell holds what it has before anything is learned. Keras' own is 1.",
        Check(minimum=-20, maximum=20),
    )
    ema: float = setting(
        0.99, "Decay of a moving average of the weights, which then predicts; 0: none.", DROPOUT
    )
