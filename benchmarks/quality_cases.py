"""The cases of `quality` and `imdb_quality`: what is run, on which corpus, and the accuracy to reach.

A case's name is permanent. Its arguments are those of `python run_pipeline.py`, without the corpus and the seeds.
Published accuracies are as their papers print them.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.imdb import TEST, TRAIN, UNLABELLED


@dataclass(frozen=True)
class CorpusFiles:
    """A corpus as Parquet files in the folder of the corpora (`data/README.md`)."""

    title: str
    protocol: str  # which documents are tested
    train: str
    test: str | None = None
    validation: str | None = None


@dataclass(frozen=True)
class Published:
    """An accuracy in percent that a paper reports for this kind of model on this corpus and protocol."""

    accuracy: str
    what: str
    source: str


@dataclass(frozen=True)
class Case:
    """One run of the product: the model of it whose test accuracy counts, and the percentage to reach."""

    corpus: str  # a name in CORPORA
    arguments: str
    model: str  # as `summary` of metrics.json names it
    target: float
    seeds: int = 1
    unlabelled: bool = False  # word2vec also reads IMDB's unlabelled reviews
    published: tuple[Published, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The Parquet files that the case reads."""
        corpus = CORPORA[self.corpus]
        extra = UNLABELLED if self.unlabelled else None
        return tuple(file for file in (corpus.train, corpus.validation, corpus.test, extra) if file)


CORPORA = {
    "imdb": CorpusFiles("IMDB", "official split", TRAIN, TEST),
    "mr": CorpusFiles("MR", "10 folds", "mr.parquet"),
    "sst2": CorpusFiles(
        "SST-2", "official split, sentences", "sst2_train.parquet", "sst2_test.parquet", "sst2_dev.parquet"
    ),
    "trec": CorpusFiles("TREC-6", "official split", "trec_train.parquet", "trec_test.parquet"),
}

_KIM = "Kim and Zhang, WASSA 2014"
_WANG = "Wang and Manning, ACL 2012"
_MESNIL = "Mesnil et al., arXiv:1412.5335"
_DAI = "Dai and Le, NeurIPS 2015, arXiv:1511.01432"
_ZHOU = "Zhou et al., COLING 2016, arXiv:1611.06639"

_LONG_DOCUMENTS = (
    "--set word2vec.vector_size=300 --set networks.learning_rate=0.002"
    " --set networks.schedule=cosine --set networks.max_epochs=5"
    " --set networks.embedding_dropout=0.3 --set networks.dropout=0.4"
)
_WITH_GLOVE = (
    "--embeddings word2vec+glove-6b-50d --set word2vec.vector_size=300"
    " --set networks.learning_rate=0.002 --set networks.max_epochs=20"
)

QUALITY = {
    "imdb_tfidf": Case(
        "imdb",
        "--models tfidf --refit",
        "tfidf",
        90.9,
        published=(Published("91.3", "TF-IDF of 1-2-grams, weighted by credibility", _KIM),),
    ),
    "imdb_nbsvm": Case(
        "imdb",
        "--models nbsvm --refit",
        "nbsvm",
        91.7,
        published=(
            Published("91.2", "NBSVM, 1-2-grams", _WANG),
            Published("91.8", "NBSVM, 1-3-grams", _MESNIL),
        ),
    ),
    "imdb_lstm": Case(
        "imdb",
        f"--models lstm --embeddings word2vec {_LONG_DOCUMENTS}",
        "lstm@word2vec",
        91.3,
        seeds=3,
        unlabelled=True,
        published=(
            Published("86.5", "LSTM, tuned", _DAI),
            Published("90.0", "LSTM that starts from word2vec", _DAI),
        ),
    ),
    "imdb_bilstm": Case(
        "imdb",
        f"--models bilstm --embeddings word2vec:frozen-then-tuned {_LONG_DOCUMENTS} --set networks.keep=first+last",
        "bilstm@word2vec:frozen-then-tuned",
        92.0,
        seeds=3,
        unlabelled=True,
    ),
    "mr_nbsvm": Case(
        "mr",
        "--models nbsvm --folds 10 --refit",
        "nbsvm",
        79.0,
        published=(Published("79.4", "NBSVM, 1-2-grams", _WANG),),
    ),
    "mr_recurrent": Case(
        "mr",
        f"--models bilstm {_WITH_GLOVE} --folds 10",
        "bilstm@word2vec+glove-6b-50d",
        80.5,
        unlabelled=True,
        published=(
            Published("80.0", "BiLSTM, 300-d vectors", _ZHOU),
            Published("82.3", "the same with 2-d convolution and pooling", _ZHOU),
        ),
    ),
    "sst2_nbsvm": Case(
        "sst2",
        "--models nbsvm",
        "nbsvm",
        81.5,
    ),
    "sst2_recurrent": Case(
        "sst2",
        f"--models bilstm {_WITH_GLOVE}",
        "bilstm@word2vec+glove-6b-50d",
        86.0,
        seeds=3,
        unlabelled=True,
        published=(Published("89.5", "BiLSTM with 2-d convolution and pooling", _ZHOU),),
    ),
    "trec_linear": Case(
        "trec",
        "--models tfidf --refit",
        "tfidf",
        90.0,
    ),
    "trec_recurrent": Case(
        "trec",
        f"--models bilstm {_WITH_GLOVE}",
        "bilstm@word2vec+glove-6b-50d",
        91.0,
        seeds=3,
        unlabelled=True,
        published=(Published("96.1", "BiLSTM with 2-d convolution and pooling", _ZHOU),),
    ),
}

_LSTM = "--models lstm --embeddings word2vec"
IMDB_QUALITY = {
    "tfidf": Case("imdb", "--models tfidf --refit", "tfidf", 90.6),
    "lstm": Case("imdb", _LSTM, "lstm@word2vec", 88.5),
    "lstm_unlabelled": Case("imdb", _LSTM, "lstm@word2vec", 90.0, unlabelled=True),
}
