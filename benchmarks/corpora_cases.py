"""The cases of `corpora`: whole runs of the product on public corpora, as a person would start them.

A case's name is permanent. `{name}` in its arguments is a Parquet file of the folder of the corpora (`data/README.md`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class CorpusRun:
    """One run: the corpus in words, and the arguments of `python run_pipeline.py`."""

    title: str
    arguments: str

    @property
    def files(self) -> tuple[str, ...]:
        """The Parquet files that the run reads.

        >>> CorpusRun("Two files", "{a.parquet} --test {b.parquet}").files
        ('a.parquet', 'b.parquet')
        """
        return tuple(re.findall(r"\{(.+?)\}", self.arguments))


_TREC = "{trec_train.parquet} --test {trec_test.parquet}"
_SST2 = "{sst2_train.parquet} --validation {sst2_dev.parquet} --test {sst2_test.parquet}"
_UNLABELLED = "--unlabelled {imdb_unlabelled.parquet}"
_BEST = f"{_UNLABELLED} --models tfidf,nbsvm,bilstm --embeddings word2vec+glove-6b-50d --set word2vec.vector_size=300"

# The default models, one row each in the README.
DEFAULT_RUNS = {
    "bbc_news": CorpusRun("BBC News", "bbc-news"),
    "word_order": CorpusRun("word-order", "word-order --embeddings learned"),
    "mr": CorpusRun("MR", "{mr.parquet}"),
    "trec": CorpusRun("TREC, 6 classes", _TREC),
    "sst2": CorpusRun("SST-2", _SST2),
    "imdb": CorpusRun("IMDB, one seed", "{imdb_train.parquet} --test {imdb_test.parquet} --seeds 1"),
}
# Both families as good as they are known to be here.
BEST_RUNS = {
    "sst2_best": CorpusRun("SST-2, more text and GloVe", f"{_SST2} {_BEST}"),
    "trec_best": CorpusRun("TREC, more text and GloVe", f"{_TREC} {_BEST}"),
}
# One network on every embedding source: what the vectors are worth. Unlabelled text is a run's, so there are two.
_SOURCES = "--models tfidf,lstm --embeddings word2vec,glove-6b-50d,glove-6b-50d:shuffled-rows,learned,random"
_MORE_TEXT = f"{_UNLABELLED} --models lstm --embeddings word2vec,word2vec+glove-6b-50d"
GRID_RUNS = {
    f"{name}_{part}": CorpusRun(title, f"{files} {sources} --seeds 3 --no-probes")
    for name, title, files in (
        ("trec", "TREC, 6 classes, official test (500 questions)", _TREC),
        ("sst2", "SST-2, sentences, official split (1,821 test sentences)", _SST2),
        ("mr", "MR, one split (2,132 test sentences)", "{mr.parquet}"),
    )
    for part, sources in (("sources", _SOURCES), ("more_text", _MORE_TEXT))
}
CORPUS_RUNS = {**DEFAULT_RUNS, **BEST_RUNS, **GRID_RUNS}

# The default run's question with other training seeds. Models that answer no part of it are left out: a fit's seed
# depends on its model's name alone, so that the others are trained as in the default run.
_ASKED = "--models bow,tfidf,nbsvm,{}lstm,lstm:max --no-probes"
REPEATED_RUNS = {
    name: CorpusRun(DEFAULT_RUNS[name].title, f"{DEFAULT_RUNS[name].arguments} {_ASKED.format(rnn)}")
    for name, rnn in (
        ("bbc_news", ""),
        ("trec", "rnn,"),
        ("mr", "rnn,"),
    )  # 72 % at best: never chosen on bbc-news
}
