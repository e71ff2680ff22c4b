"""`word2vec_overhead`: what this project adds to gensim's own training time on the same tokens.

gensim's side has the same tokens in a file of lines already, in the form that its `corpus_file` wants, and is timed
from building the model to the last epoch. Ours starts from the flat arrays: it numbers the words, writes the file,
trains, and takes the vectors out. Same settings, same number of workers.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.imdb import TRAIN, read_reviews
from benchmarks.results_file import Metric, Outcome, seconds
from benchmarks.sides import Figures, Options, Side, alternate, clock

ROUNDS = 3
MOST = 1.05
EPOCHS = 5


def measure(options: Options) -> Outcome:
    """Time both sides in turn."""
    runs = alternate(__name__, tuple(SIDES), options, options.repeats or ROUNDS)
    ours, gensims = ([run["seconds"] for run in runs[side]] for side in ("embedseq", "gensim"))
    rounds = tuple(one / other for one, other in zip(ours, gensims, strict=True))
    what = "seconds from token arrays to vectors / gensim's own seconds on the same tokens"
    ratio = Metric(
        "times_gensim",
        sorted(rounds)[len(rounds) // 2],
        "times",
        "lower",
        0.05,
        what,
        target=MOST,
        repeats=rounds,
    )
    return Outcome([ratio, seconds("seconds", ours, "seconds from token arrays to vectors")], {"runs": runs})


def run_embedseq(options: Options, seed: int) -> Figures:
    """Measure this project's word2vec source, without the cache."""
    from pipeline.embeddings.word2vec import train_word2vec

    request = _request(options, seed)
    import gensim.models  # noqa: F401 - imported before the clock on both sides

    with clock() as figures:
        vectors = train_word2vec(request)
    return {**figures, "words": len(vectors.words)}


def run_gensim(options: Options, seed: int) -> Figures:
    """Measure gensim alone, on a file of the same tokens as text."""
    from gensim.models import Word2Vec

    request = _request(options, seed)
    train, settings = request.train, request.word2vec
    with tempfile.TemporaryDirectory(prefix="embedseq-benchmark-") as folder:
        path = Path(folder) / "tokens.txt"
        tokens = train.types.gather(train.token_types).to_list()
        with path.open("w", encoding="utf-8") as file:
            for start, end in zip(train.offsets[:-1], train.offsets[1:], strict=True):
                file.write(" ".join(tokens[start:end]) + "\n")
        with clock() as figures:
            model = Word2Vec(
                corpus_file=str(path),
                sg=1,
                vector_size=settings.vector_size,
                window=settings.window,
                min_count=settings.min_count,
                negative=settings.negative,
                sample=settings.sample,
                epochs=EPOCHS,
                workers=2,
                seed=seed + 1,
            )
    return {**figures, "words": len(model.wv)}


def _request(options: Options, seed: int):  # type: ignore[no-untyped-def]
    from pipeline.embeddings.request import EmbeddingRequest
    from pipeline.settings.tables import Config
    from pipeline.text.tokenizer import tokenize
    from pipeline.text.vocabulary import build_vocabulary

    config = Config()
    tokenized = tokenize(read_reviews(options, TRAIN)["text"], config.tokenizer)
    return EmbeddingRequest(
        vocabulary=build_vocabulary(tokenized),
        train=tokenized,
        corpus_types=tokenized.types,
        unlabelled=None,
        word2vec=replace(config.word2vec, epochs=EPOCHS, workers=2),
        embeddings=config.embeddings,
        seed=seed,
        deterministic=False,
        on_epoch=lambda done, total: None,
    )


SIDES: dict[str, Side] = {"embedseq": run_embedseq, "gensim": run_gensim}
