"""Every setting of a run: TOML tables as frozen dataclasses, with the defaults."""

from __future__ import annotations

from dataclasses import dataclass, field


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
    epochs: int = 5
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
class EmbeddingSettings:
    """`[embeddings]`: what sources that are not trained by gensim need."""

    dimension: int = 100  # of `learned` and `random`
    scale: float = 0.5  # standard deviation of a frozen source's covered rows; 0 leaves them as they are


@dataclass(frozen=True)
class BaselineSettings:
    """`[baselines]`: n-gram counts and logistic regression."""

    ngram_min: int = 1
    ngram_max: int = 2
    min_df: int = 2  # documents
    bow_binary: bool = True
    sublinear_tf: bool = True
    bow_strengths: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # C of logistic regression
    tfidf_strengths: tuple[float, ...] = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
    max_iter: int = 200


@dataclass(frozen=True)
class NetworkSettings:
    """`[networks]`: what `ann`, `rnn` and `lstm` share."""

    units: int = 128
    layers: int = 1
    max_tokens: int = 400  # tokens of a document that a recurrent network reads
    keep: str = "last"  # which tokens of a longer document: "first", "last" or "first+last"
    batch_size: int = 64
    learning_rate: float = 1e-3
    clip_norm: float = 1.0
    max_epochs: int = 20
    patience: int = 3  # epochs without a better validation loss
    embedding_dropout: float = 0.2  # spatial: whole embedding dimensions
    dropout: float = 0.3  # on what the output layer reads


@dataclass(frozen=True)
class RunSettings:
    """`[run]`: what is compared, how often, where it is written."""

    models: tuple[str, ...] = ("bow", "tfidf", "ann", "rnn", "lstm")
    embeddings: tuple[str, ...] = ("word2vec",)
    seeds: int = 3
    seed: int = 0
    refit: bool = False
    tune: int = 0  # trials a family; 0: no tuning
    rope: float = 0.01  # region of practical equivalence, in accuracy
    compare: tuple[str, ...] = ()
    out: str | None = None
    quick: bool = False
    deterministic: bool = False
    cache: bool = True
    probes: bool = True
    debug: bool = False


@dataclass(frozen=True)
class Config:
    """The resolved configuration of a run; saved as `config.toml` in the run folder."""

    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    tokenizer: TokenizerSettings = field(default_factory=TokenizerSettings)
    vocabulary: VocabularySettings = field(default_factory=VocabularySettings)
    word2vec: Word2VecSettings = field(default_factory=Word2VecSettings)
    embeddings: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    baselines: BaselineSettings = field(default_factory=BaselineSettings)
    networks: NetworkSettings = field(default_factory=NetworkSettings)
    run: RunSettings = field(default_factory=RunSettings)
