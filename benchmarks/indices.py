"""`indices`: text to vocabulary rows, the vocabulary learned on the way.

The clock starts with the texts in memory as each side takes them (an Arrow string column, a list of `str`), with
packages imported, and stops when every document is an array of integers. Each run is a fresh process.
Peers do less: neither turns HTML line breaks into blanks, CountVectorizer drops punctuation and one-letter words.
"""

from __future__ import annotations

from benchmarks.imdb import TEST, TRAIN, read_reviews
from benchmarks.results_file import Outcome, peak_mib, ratio, seconds
from benchmarks.sides import Figures, Options, Side, alternate, clock

ROUNDS = 5


def measure(options: Options) -> Outcome:
    """Time all sides in turn."""
    runs = alternate(__name__, tuple(SIDES), options, options.repeats or ROUNDS)
    spent = {side: [figures["seconds"] for figures in runs[side]] for side in SIDES}
    ours = spent["embedseq"]
    return Outcome(
        [
            ratio(
                "times_as_fast_as_tokenizers",
                spent["tokenizers"],
                ours,
                "times as fast as Hugging Face tokenizers (WordLevel, training, encode_batch)",
                target=8.0,
            ),
            ratio(
                "times_as_fast_as_tokenizers_fast",
                spent["tokenizers_fast"],
                ours,
                "the same with encode_batch_fast, which keeps no offsets",
            ),
            ratio(
                "times_as_fast_as_count_vectorizer",
                spent["count_vectorizer"],
                ours,
                "times as fast as scikit-learn CountVectorizer, unigrams",
                target=3.0,
            ),
            seconds("seconds", ours, "seconds from text to indices"),
            peak_mib(
                "peak_mib",
                [run["peak_mib"] for run in runs["embedseq"]],
                "peak memory of the process, texts and packages included",
            ),
        ],
        {"runs": runs},
    )


def run_embedseq(options: Options, seed: int) -> Figures:
    """Measure this project: tokenise, build the vocabulary, encode."""
    from pipeline.settings.tables import TokenizerSettings
    from pipeline.text.tokenizer import tokenize
    from pipeline.text.vocabulary import build_vocabulary, encode

    texts = read_reviews(options, TRAIN, TEST)["text"].rechunk()
    with clock() as figures:
        tokenized = tokenize(texts, TokenizerSettings())
        vocabulary = build_vocabulary(tokenized)
        indexed = encode(tokenized, vocabulary)
    return {**figures, "tokens": len(indexed.indices), "rows": len(vocabulary)}


def run_tokenizers(options: Options, seed: int, method: str = "encode_batch") -> Figures:
    """Measure Hugging Face tokenizers: lower-case, split at blanks and punctuation, every word a row."""
    import numpy as np
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.trainers import WordLevelTrainer

    texts = read_reviews(options, TRAIN, TEST)["text"].to_list()
    with clock() as figures:
        tokenizer = Tokenizer(WordLevel(unk_token="<unk>"))
        tokenizer.normalizer = Lowercase()
        tokenizer.pre_tokenizer = (
            Whitespace()
        )  # the fastest of its splitters that part words from punctuation
        trainer = WordLevelTrainer(
            vocab_size=10**9, min_frequency=0, special_tokens=["<pad>", "<unk>"], show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer, length=len(texts))
        indices = [np.array(encoded.ids, np.int32) for encoded in getattr(tokenizer, method)(texts)]
    return {**figures, "tokens": sum(map(len, indices)), "rows": tokenizer.get_vocab_size()}


def run_tokenizers_fast(options: Options, seed: int) -> Figures:
    """Measure the same without offsets."""
    return run_tokenizers(options, seed, "encode_batch_fast")


def run_count_vectorizer(options: Options, seed: int) -> Figures:
    """Measure scikit-learn's CountVectorizer with its defaults: unigrams of two letters or more."""
    from sklearn.feature_extraction.text import CountVectorizer

    texts = read_reviews(options, TRAIN, TEST)["text"].to_list()
    with clock() as figures:
        counts = CountVectorizer().fit_transform(texts)
    return {**figures, "tokens": int(counts.sum()), "rows": counts.shape[1]}


SIDES: dict[str, Side] = {
    "embedseq": run_embedseq,
    "tokenizers": run_tokenizers,
    "tokenizers_fast": run_tokenizers_fast,
    "count_vectorizer": run_count_vectorizer,
}
