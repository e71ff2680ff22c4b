"""Every setting of a run: TOML tables as frozen dataclasses, with the defaults."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_type_hints

from pipeline.core.models import MODELS

Value = bool | int | float | str | tuple[str, ...] | tuple[float, ...] | None
CountOrAuto = int | Literal["auto"]
AUTO: Literal["auto"] = "auto"  # of `run.seeds` and `run.embeddings`: as the documents ask for
FIRST_SEEDS, MOST_SEEDS = 3, 6  # of "auto": each network's, and at most those of the network of the verdict


@dataclass(frozen=True)
class CorpusSettings:
    """`[corpus]`: which files, which columns, how they are split."""

    path: str = "bbc-news"
    test: str | None = None
    validation: str | None = None
    unlabelled: str | None = None
    text: str | None = None  # column name; found by itself when absent
    label: str | None = None
    test_size: float = 0.2  # share of all documents, where there is no test file
    validation_size: float = 0.1  # share of the training documents
    folds: int = 0  # 0: one split; K >= 2: K-fold cross-validation, every document tested once


@dataclass(frozen=True)
class TokenizerSettings:
    """`[tokenizer]`: how text becomes tokens."""

    name: str = "words"  # "words": Unicode words; "whitespace": text that is already tokenised
    lowercase: bool = True
    html_breaks: bool = True  # <br>, <br /> become blanks


@dataclass(frozen=True)
class VocabularySettings:
    """`[vocabulary]`: which training tokens get a row."""

    min_count: int = 1
    max_size: int = 0  # learned rows at most, most frequent first; 0: no limit


@dataclass(frozen=True)
class Word2VecSettings:
    """`[word2vec]`: gensim's own knobs under gensim's own names."""

    algorithm: str = "skip-gram"  # or "cbow"
    vector_size: int = 100
    window: int = 5
    epochs: int = 0  # 0: by corpus size, enough for eight million tokens, from 5 to 100
    min_count: int = 2
    negative: int = 5
    hierarchical_softmax: bool = False
    ns_exponent: float = 0.75
    sample: float = 1e-3
    alpha: float = 0.025
    min_alpha: float = 1e-4
    shrink_windows: bool = True
    cbow_mean: bool = True
    workers: int = 0  # 0: one a core; deterministic runs use one


@dataclass(frozen=True)
class FastTextSettings:
    """`[fasttext]`: what it needs beyond `[word2vec]`, under gensim's own names."""

    min_n: int = 3  # characters of the shortest n-gram, the signs for start and end of a word included
    max_n: int = 6
    bucket: int = 0  # places for n-grams at most; 0: two million, fastText's own


@dataclass(frozen=True)
class EmbeddingSettings:
    """`[embeddings]`: what every source shares."""

    dimension: int = 100  # of `learned` and `random`
    scale: float = 0.5  # standard deviation of a source's covered rows, `learned` excepted; 0: as they are


@dataclass(frozen=True)
class BaselineSettings:
    """`[baselines]`: what the linear models read, and logistic regression."""

    ngram_min: int = 1
    ngram_max: int = 2
    min_df: int = 0  # documents; 0: 1 or 2 by validation documents where documents are short, else 2
    bow_binary: bool = True
    sublinear_tf: bool = True
    bow_strengths: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # C
    tfidf_strengths: tuple[float, ...] = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
    nbsvm_ngram_max: int = 0  # 0: 2 where training documents have fewer than 50 tokens on average, else 3
    nbsvm_min_df: int = 0  # documents; 0: as `min_df`
    nbsvm_alpha: float = 1.0  # added to each count of the naive-Bayes ratio
    nbsvm_betas: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)  # share of each weight that is its own
    nbsvm_powers: tuple[float, ...] = (0.5, 1.0)  # of each ratio: 1 as published, 0 none
    nbsvm_strengths: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
    mean_strengths: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
    max_iter: int = 200


@dataclass(frozen=True)
class NetworkSettings:
    """`[networks]`: what `ann`, `rnn` and `lstm` share."""

    units: int = 128
    layers: int = 1
    head: str = "own"  # of networks whose name says none: their own, or "last", "max", "mean", "max+mean"
    vectors: str = (
        "own"  # where the source's name says nothing: its own way, "frozen", "tuned", "frozen-then-tuned"
    )
    max_tokens: int = 400  # tokens of a document that a recurrent network reads
    keep: str = "last"  # which tokens of a longer document: "first", "last", "first+last", all in "pieces"
    piece_tokens: int = 100  # with keep = "pieces": tokens after which the state begins anew
    bptt: int = 0  # timesteps from a document's end through which gradients flow back; 0: all
    batch_size: int = (
        0  # documents of one update; 0: follows the number of training documents (`OWN_TRAINING`)
    )
    learning_rate: float = 0.0  # 0: follows the batch size and the kind of network (`OWN_TRAINING`)
    schedule: str = "constant"  # or "cosine": down to 0 at the end of the budget, which then does not grow
    clip_norm: float = 1.0
    budget_updates: int = 1_000  # a training may last so many updates,
    budget_epochs: int = 10  # or so many passes over the training documents where those are more,
    budget_growth: float = 3.0  # and up to so many times that while the validation loss still falls
    min_updates: int = 300  # no training is stopped before
    patience: int = 3  # passes without a better validation loss that end a training,
    patience_updates: int = 150  # if they were so many updates at least
    min_gain: float = 0.002  # nats; a validation loss that falls by less is no reason to train on
    evaluate_every: int = 0  # updates between two looks at validation documents; 0: follows the corpus
    max_epochs: int = 0  # so many passes at most, instead of the budget; 0: the budget holds
    word_dropout: float = 0.0  # whole words
    embedding_dropout: float = 0.2  # spatial: whole embedding dimensions
    weight_drop: float = 0.0  # on the matrix that leads from one state to the next
    dropout: float = 0.3  # on what the output layer reads
    forget_bias: float = 3.0  # what the bias of an LSTM's forget gates starts from (docs/decisions/0025)
    ema: float = 0.99  # decay of the moving average of the weights that predicts; 0: the weights themselves


METRIC_NAMES = ("accuracy", "macro-f1", "balanced-accuracy", "log-loss")


@dataclass(frozen=True)
class RunSettings:
    """`[run]`: what is compared, how often, where it is written."""

    models: tuple[str, ...] = ("bow", "tfidf", "nbsvm", "ann", "rnn", "lstm", "lstm:max")
    embeddings: tuple[str, ...] = (
        "auto",
    )  # "auto": word2vec, tuned where training documents have fewer than 50 tokens
    seeds: CountOrAuto = AUTO  # trainings of each network; "auto": three, more where they differ much
    seed: int = 0
    training_seed: int = 0  # another number: other trainings (vectors, weights, batches) on the same split
    refit: bool = False
    tune: int = 0  # trials of each model; 0: no tuning
    tune_fixed: tuple[
        str, ...
    ] = ()  # keys that no trial changes; `load_config` fills in those that were given
    class_weights: str = "none"  # "balanced": every class counts the same in training
    metric: str = "accuracy"  # what models are chosen, compared and judged by; fixed before the run
    rope: float = 0.01  # differences in the metric up to this size count as equal; 0.01 is one point
    compare: tuple[str, ...] = ()  # files with predictions of other models for the same test documents
    learning_curve: bool = False
    learning_curve_sizes: int = 5  # numbers of training documents, each half of the next
    out: str | None = None
    protocol: str | None = None  # a plan: written before anything is fitted, or, where it is there, kept to
    quick: bool = False
    deterministic: bool = False
    cache: bool = True  # keep word vectors that were trained or read, and use those kept before
    cache_gib: float = 2.0  # size of the cache; the least recently used entries make room
    probes: bool = True  # look at what each trained network uses, on a sample of test documents
    extra_probes: tuple[str, ...] = ()  # probes that train networks of their own
    debug: bool = False
    side_by_side: int = 0  # fits at once, each in a process of its own; 0: as many as pay


@dataclass(frozen=True)
class Config:
    """The resolved configuration of a run; saved as `config.toml` in the run folder."""

    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    tokenizer: TokenizerSettings = field(default_factory=TokenizerSettings)
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    word2vec: Word2VecSettings = field(default_factory=Word2VecSettings)
    fasttext: FastTextSettings = field(default_factory=FastTextSettings)
    embeddings: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    baselines: BaselineSettings = field(default_factory=BaselineSettings)
    networks: NetworkSettings = field(default_factory=NetworkSettings)
    run: RunSettings = field(default_factory=RunSettings)


@dataclass(frozen=True)
class Check:
    """What a key's value may be, beyond its type. Bounds are inclusive but for `above` and `below`."""

    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    min_items: int = 0
    unit: str = ""  # what a number out of range was probably meant in
    auto: bool = False  # a number, or "auto"

    def allows(self, value: Value) -> bool:
        """Return whether `value`, already of the key's type, is within the bounds; None is always allowed."""
        if isinstance(value, tuple):
            return len(value) >= self.min_items and all(self.allows(item) for item in value)
        if isinstance(value, str):
            if self.auto:
                return value == AUTO
            return value in self.choices if self.choices else "\0" not in value and is_utf8(value)
        if value is None or isinstance(value, bool):
            return True
        bounds = self._bounds()
        return math.isfinite(value) and all(holds(value, bound) for _, bound, holds in bounds)

    def words(self) -> str:
        """Return the bounds as words, such as ` from 1`; empty without bounds."""
        unit = f" ({self.unit})" if self.unit else ""
        return "".join(f" {word} {bound}" for word, bound, _ in self._bounds()) + unit

    def _bounds(self) -> list[tuple[str, float, Callable[[float, float], bool]]]:
        """Return each bound that is set, with its word and the comparison that must hold."""
        rows = (
            ("from", self.minimum, operator.ge),
            ("above", self.above, operator.gt),
            ("to", self.maximum, operator.le),
            ("below", self.below, operator.lt),
        )
        return [(word, bound, holds) for word, bound, holds in rows if bound is not None]


def is_utf8(text: str) -> bool:
    """Return whether text can be written as UTF-8; the name of a file may hold bytes that cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


# Probes that run only where they are named, since they train networks of their own: a test compares the table.
EXTRA_PROBES = ("needle", "forget-bias")

_COUNT = Check(minimum=1)  # one at least
_COUNT_OR_NONE = Check(minimum=0)
_SHARE = Check(above=0, below=1)
_POSITIVE = Check(above=0)
_DROPOUT = Check(minimum=0, below=1)

CHECKS: dict[str, Check] = {
    "corpus.test_size": _SHARE,
    "corpus.validation_size": _SHARE,
    "corpus.folds": _COUNT_OR_NONE,
    "tokenizer.name": Check(choices=("words", "whitespace")),
    "vocabulary.min_count": _COUNT,
    "vocabulary.max_size": _COUNT_OR_NONE,
    "word2vec.algorithm": Check(choices=("skip-gram", "cbow")),
    "word2vec.vector_size": _COUNT,
    "word2vec.window": _COUNT,
    "word2vec.epochs": _COUNT_OR_NONE,
    "word2vec.min_count": _COUNT,
    "word2vec.negative": _COUNT_OR_NONE,
    "word2vec.sample": Check(minimum=0, maximum=1),
    "word2vec.alpha": Check(above=0, maximum=1),
    "word2vec.min_alpha": Check(minimum=0),
    "word2vec.workers": _COUNT_OR_NONE,
    "fasttext.min_n": _COUNT,
    "fasttext.max_n": _COUNT,
    "fasttext.bucket": _COUNT_OR_NONE,
    "embeddings.dimension": _COUNT,
    "embeddings.scale": Check(minimum=0, maximum=1000),
    "baselines.ngram_min": _COUNT,
    "baselines.ngram_max": _COUNT,
    "baselines.min_df": _COUNT_OR_NONE,
    "baselines.bow_strengths": Check(above=0, min_items=1),
    "baselines.tfidf_strengths": Check(above=0, min_items=1),
    "baselines.nbsvm_ngram_max": _COUNT_OR_NONE,
    "baselines.nbsvm_min_df": _COUNT_OR_NONE,
    "baselines.nbsvm_alpha": _POSITIVE,
    "baselines.nbsvm_betas": Check(minimum=0, maximum=1, min_items=1),
    "baselines.nbsvm_powers": Check(minimum=0, maximum=1, min_items=1),
    "baselines.nbsvm_strengths": Check(above=0, min_items=1),
    "baselines.mean_strengths": Check(above=0, min_items=1),
    "baselines.max_iter": _COUNT,
    "networks.units": _COUNT,
    "networks.layers": _COUNT,
    "networks.max_tokens": _COUNT,
    "networks.head": Check(choices=("own", "last", "max", "mean", "max+mean")),
    "networks.vectors": Check(choices=("own", "frozen", "tuned", "frozen-then-tuned")),
    "networks.keep": Check(choices=("first", "last", "first+last", "pieces")),
    "networks.piece_tokens": _COUNT,
    "networks.bptt": _COUNT_OR_NONE,
    "networks.batch_size": _COUNT_OR_NONE,
    "networks.learning_rate": Check(minimum=0),
    "networks.schedule": Check(choices=("constant", "cosine")),
    "networks.clip_norm": _POSITIVE,
    "networks.budget_updates": _COUNT_OR_NONE,
    "networks.budget_epochs": _COUNT,
    "networks.budget_growth": Check(minimum=1),
    "networks.min_updates": _COUNT_OR_NONE,
    "networks.patience": _COUNT,
    "networks.min_gain": Check(minimum=0),
    "networks.patience_updates": _COUNT_OR_NONE,
    "networks.evaluate_every": _COUNT_OR_NONE,
    "networks.max_epochs": _COUNT_OR_NONE,
    "networks.word_dropout": _DROPOUT,
    "networks.embedding_dropout": _DROPOUT,
    "networks.weight_drop": _DROPOUT,
    "networks.dropout": _DROPOUT,
    "networks.forget_bias": Check(minimum=-20, maximum=20),
    "networks.ema": _DROPOUT,
    "run.models": Check(min_items=1),
    "run.seeds": Check(minimum=1, auto=True),
    "run.seed": Check(minimum=0, maximum=2**31 - 1),
    "run.training_seed": Check(minimum=0, maximum=2**31 - 1),
    "run.tune": _COUNT_OR_NONE,
    "run.class_weights": Check(choices=("none", "balanced")),
    "run.metric": Check(choices=METRIC_NAMES),
    "run.rope": Check(minimum=0, below=1, unit="a fraction of 1: 0.01 is one point of accuracy"),
    "run.learning_curve_sizes": Check(minimum=2),
    "run.extra_probes": Check(choices=EXTRA_PROBES),
    "run.cache_gib": Check(above=0, maximum=100_000),
    "run.side_by_side": _COUNT_OR_NONE,
}

# The option that stands for a key on the command line (`--no-...` sets it to false); every other key is
# reached by --set.
OPTIONS: dict[str, str] = {
    "corpus.path": "CORPUS",
    "corpus.test": "--test",
    "corpus.validation": "--validation",
    "corpus.unlabelled": "--unlabelled",
    "corpus.text": "--text",
    "corpus.label": "--label",
    "corpus.test_size": "--test-size",
    "corpus.folds": "--folds",
    "networks.max_tokens": "--max-tokens",
    "run.models": "--models",
    "run.embeddings": "--embeddings",
    "run.seeds": "--seeds",
    "run.metric": "--metric",
    "run.rope": "--rope",
    "run.seed": "--seed",
    "run.refit": "--refit",
    "run.tune": "--tune",
    "run.compare": "--compare",
    "run.learning_curve": "--learning-curve",
    "run.out": "--out",
    "run.protocol": "--protocol",
    "run.quick": "--quick",
    "run.deterministic": "--deterministic",
    "run.cache": "--no-cache",
    "run.probes": "--no-probes",
    "run.extra_probes": "--probes",
    "run.debug": "--debug",
}

# Settings that later versions read; giving one now would be silently without effect, so it is refused.
NOT_YET: tuple[str, ...] = ()

# The tables whose keys --tune may draw at random (which of them: pipeline/models/search_space.py).
TUNED_TABLES = ("baselines", "networks")


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

# What --quick asks for, where the user's own settings say nothing; a smaller default stays.
QUICK: dict[str, int] = {
    "run.seeds": 1,
    "networks.budget_updates": 300,
    "networks.budget_epochs": 3,
    "networks.budget_growth": 1,
    "networks.units": 64,
    "networks.max_tokens": 200,
    "word2vec.vector_size": 50,
    "embeddings.dimension": 50,
}


def _key_types() -> dict[str, Any]:
    """Return the type of every dotted key, in the order of the dataclasses."""
    tables = {table.name: type(getattr(Config(), table.name)) for table in fields(Config)}
    return {
        f"{table}.{key}": hint for table, cls in tables.items() for key, hint in get_type_hints(cls).items()
    }


KEY_TYPES = _key_types()
TABLES = tuple(table.name for table in fields(Config))


def default(key: str) -> Value:
    """Return the default of a dotted key, such as 128 for `networks.units`."""
    return get(Config(), key)


def get(config: Config, key: str) -> Value:
    """Return the value of a dotted key."""
    table, name = key.split(".")
    value: Value = getattr(getattr(config, table), name)
    return value


def with_values(config: Config, values: Mapping[str, Value]) -> Config:
    """Return `config` with the values of these dotted keys replaced."""
    for table in TABLES:
        changed = {key.split(".")[1]: value for key, value in values.items() if key.split(".")[0] == table}
        config = replace(config, **{table: replace(getattr(config, table), **changed)})
    return config


def quicken(config: Config, given: Collection[str] = ()) -> Config:
    """Return `config` made smaller for a first answer, keys in `given` left as they are."""
    asked = {key: get(config, key) for key in QUICK if key not in given}
    smaller = {
        key: min(QUICK[key], value) if isinstance(value, int) and value else QUICK[key]
        for key, value in asked.items()
    }
    return with_values(config, smaller)


def first_seeds(config: Config) -> int:
    """Return how often each network is trained before anything is known of how much trainings differ.

    >>> first_seeds(Config()), first_seeds(with_values(Config(), {"run.seeds": 5}))
    (3, 5)
    """
    asked = config.run.seeds
    return FIRST_SEEDS if asked == AUTO else asked


def most_seeds(config: Config) -> int:
    """Return how often a network is trained at most: that of the verdict, where seeds are added.

    >>> most_seeds(Config()), most_seeds(with_values(Config(), {"run.seeds": 5}))
    (6, 5)
    """
    asked = config.run.seeds
    return MOST_SEEDS if asked == AUTO else asked


def settled(config: Config, model: str, n_train: int) -> Config:
    """Return the settings of one network: its own batch size and learning rate where they are 0.

    Parameters
    ----------
    config : Config
        The settings of the run.
    model : str
        A network, such as "lstm".
    n_train : int
        Training documents beside which validation documents stand: a refit keeps the batch size.

    Examples
    --------
    >>> [settled(Config(), "lstm", n_train).networks.batch_size for n_train in (40, 2_500, 25_000)]
    [16, 32, 64]
    """
    batch_size = config.networks.batch_size or _own_row(n_train).batch_size
    rate = config.networks.learning_rate or own_learning_rate(model, batch_size)
    return with_values(config, {"networks.batch_size": batch_size, "networks.learning_rate": rate})


def own_learning_rate(model: str, batch_size: int) -> float:
    """Return the learning rate of a network that is given none.

    >>> own_learning_rate("lstm", 64), own_learning_rate("lstm", 50), own_learning_rate("rnn", 64)
    (0.004, 0.004, 0.002)
    """
    rows = [row for row in OWN_TRAINING if row.batch_size <= batch_size] or OWN_TRAINING[:1]
    return rows[-1].gated_rate if MODELS[model].gated else rows[-1].plain_rate


def _own_row(n_train: int) -> OwnTraining:
    return next(row for row in OWN_TRAINING if n_train < row.below)


# Settings that change no answer: where files lie (their content is known by its hash), what is shown or kept.
UNDECIDING = {
    *("corpus.path", "corpus.test", "corpus.validation", "corpus.unlabelled", "corpus.text", "corpus.label"),
    *(
        "run.out",
        "run.debug",
        "run.side_by_side",
        "run.cache",
        "run.cache_gib",
        "run.probes",
        "run.extra_probes",
    ),
    *("run.quick", "run.protocol"),  # what --quick makes smaller has keys of its own
}


def deciding(config: Config) -> dict[str, Value]:
    """Return the settings that an answer depends on, by dotted key; documents are known by their hashes."""
    return {key: get(config, key) for key in KEY_TYPES if key not in UNDECIDING}


def save_config(config: Config) -> str:
    """Return the configuration as TOML text; `load_config` reads it back to an equal value."""
    lines: list[str] = []
    for table in TABLES:
        lines += ["", f"[{table}]"]
        settings = getattr(config, table)
        for item in fields(settings):
            value = getattr(settings, item.name)
            if value is not None:  # TOML has no null: an absent key means none
                lines.append(f"{item.name} = {to_toml(value)}")
    return "\n".join(lines[1:]) + "\n"


def to_toml(value: Value | list[Any]) -> str:
    """Return a value as TOML.

    >>> to_toml(("bow", 'say "hi"'))
    '["bow", "say \\\\"hi\\\\""]'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(to_toml(item) for item in value)}]"
    if isinstance(value, str):  # a JSON string is a TOML string, but for the control character DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
