"""The settings of word vectors: word2vec, fastText, and what every source shares."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.settings.setting import COUNT, COUNT_OR_NONE, Check, setting


@dataclass(frozen=True)
class Word2VecSettings:
    """`[word2vec]`: gensim's own settings under gensim's own names."""

    algorithm: str = setting(
        "skip-gram",
        "`skip-gram` predicts neighbours from a word, `cbow` a word from its neighbours.",
        Check(choices=("skip-gram", "cbow")),
    )
    vector_size: int = setting(100, "Dimension of the vectors.", COUNT, quick=50)
    window: int = setting(5, "Greatest distance between a word and its neighbour, in words.", COUNT)
    epochs: int = setting(
        0, "Passes over the text; 0: enough to read eight million tokens, from 5 to 100.", COUNT_OR_NONE
    )
    min_count: int = setting(
        2,
        "Least number of occurrences of a word; lowered, and said so, "
        "where fewer than half of the tokens would be left.",
        COUNT,
    )
    negative: int = setting(5, "Noise words drawn for each neighbour; 0: none.", COUNT_OR_NONE)
    hierarchical_softmax: bool = setting(False, "Train a binary tree of words too.")
    ns_exponent: float = setting(0.75, "Noise words are drawn by their frequency to this power.")
    sample: float = setting(
        1e-3,
        "Words more frequent than this share of the text are thinned out; 0: none.",
        Check(minimum=0, maximum=1),
    )
    alpha: float = setting(0.025, "Learning rate at the start.", Check(above=0, maximum=1))
    min_alpha: float = setting(1e-4, "Learning rate at the end.", Check(minimum=0))
    shrink_windows: bool = setting(True, "Draw each window's size from 1 to `window`.")
    cbow_mean: bool = setting(True, "CBOW averages the neighbours; false: it adds them.")
    workers: int = setting(0, "Threads; 0: one a core. With `--deterministic` one is used.", COUNT_OR_NONE)


@dataclass(frozen=True)
class FastTextSettings:
    """`[fasttext]`: what it needs beyond `[word2vec]`, under gensim's own names."""

    min_n: int = setting(
        3, "Characters of the shortest n-gram of a word, the signs for its start and end included.", COUNT
    )
    max_n: int = setting(6, "Characters of the longest n-gram.", COUNT)
    bucket: int = setting(
        0,
        "Places for n-grams at most, shared where there are more n-grams; 0: 2,000,000.",  # fastText's own
        COUNT_OR_NONE,
    )


@dataclass(frozen=True)
class EmbeddingSettings:
    """`[embeddings]`: what every source shares, and the size of `learned` and `random`."""

    dimension: int = setting(100, "Dimension of `learned` and `random`.", COUNT, quick=50)
    scale: float = setting(
        0.5,
        "Standard deviation that a source's vectors are brought to; `learned` excepted. "
        "0 leaves them as they are.",
        Check(minimum=0, maximum=1000),
    )
    language: str = setting(
        "",
        "Of a vector file with words of several languages (`/c/en/house`) the one that is read; "
        "empty: the one with most words of the corpus.",
    )
