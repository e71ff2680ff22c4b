"""`ngrams`: counts of 1-grams and 2-grams as a sparse matrix, tokenising included.

The peer with a target is CountVectorizer made to do the same work: the same line breaks turned into blanks, and a
regular expression of Python's `re` for the same tokens (it knows no Unicode classes, so ideographs are given as a
range). CountVectorizer with its own pattern, which drops punctuation and one-letter words, is reported beside it.
That the matrices are equal is checked on documents at even distances, from the same tokens.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from benchmarks.imdb import TEST, TRAIN, read_reviews, spread
from benchmarks.results_file import Metric, Outcome, peak_mib, ratio, seconds
from benchmarks.sides import Figures, Options, Side, alternate, clock, run_side

ROUNDS = 3
CHECKED = 5_000
TIMED = ("embedseq", "same_tokens", "own_pattern")
_LETTER = r"[^\W_\u4e00-\u9fff]"
SAME_TOKENS = rf"{_LETTER}+(?:['’]{_LETTER}+)*|\S"
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def measure(options: Options) -> Outcome:
    """Check that the matrices are equal, then time all sides in turn."""
    check = run_side(__name__, "equality", options, 0)
    runs = alternate(__name__, TIMED, options, options.repeats or ROUNDS)
    spent = {side: [figures["seconds"] for figures in runs[side]] for side in TIMED}
    ours = spent["embedseq"]
    return Outcome(
        [
            ratio(
                "times_as_fast_as_count_vectorizer",
                spent["same_tokens"],
                ours,
                "times as fast as scikit-learn CountVectorizer(ngram_range=(1, 2)), the same tokens by `re`",
                target=8.0,
            ),
            ratio(
                "times_as_fast_as_own_pattern",
                spent["own_pattern"],
                ours,
                "the same with CountVectorizer's own pattern, which leaves tokens out",
            ),
            _equality(check),
            seconds("seconds", ours, "seconds from text to 1-2-gram counts"),
            peak_mib(
                "peak_mib",
                [run["peak_mib"] for run in runs["embedseq"]],
                "peak memory of the process, texts and packages included",
            ),
        ],
        {"runs": runs, "check": check},
    )


def _equality(check: Figures) -> Metric:
    equal = float(check["terms_equal"] and check["counts_equal"])
    what = f"terms and counts equal to CountVectorizer's on {check['documents']} documents (1: equal)"
    return Metric("matrices_equal", equal, "of 1", "higher", 0.0, what, target=1.0)


def run_embedseq(options: Options, seed: int) -> Figures:
    """Measure this project: tokenise and count."""
    import scipy.sparse  # noqa: F401  (packages are imported before the clock starts)

    from pipeline.settings.tables import TokenizerSettings
    from pipeline.text.ngrams import learn_ngrams
    from pipeline.text.tokenizer import tokenize

    texts = read_reviews(options, TRAIN, TEST)["text"].rechunk()
    with clock() as figures:
        _, counts = learn_ngrams(tokenize(texts, TokenizerSettings()))
    return {**figures, **_size(counts)}


def run_same_tokens(options: Options, seed: int) -> Figures:
    """Measure CountVectorizer on the same tokens."""
    return _run_peer(options, preprocessor=_prepare, token_pattern=SAME_TOKENS)


def run_own_pattern(options: Options, seed: int) -> Figures:
    """Measure CountVectorizer with its own pattern."""
    return _run_peer(options)


def _run_peer(options: Options, **settings: Any) -> Figures:
    from sklearn.feature_extraction.text import CountVectorizer

    texts = read_reviews(options, TRAIN, TEST)["text"].to_list()
    with clock() as figures:
        counts = CountVectorizer(ngram_range=(1, 2), **settings).fit_transform(texts)
    return {**figures, **_size(counts)}


def _prepare(text: str) -> str:
    return _LINE_BREAK.sub(" ", text).lower()


def _size(counts: Any) -> Figures:
    return {"ngrams": counts.shape[1], "pairs": counts.nnz, "occurrences": int(counts.sum())}


def check_equality(options: Options, seed: int) -> Figures:
    """Compare terms and counts with CountVectorizer's on the same token lists; and the two sides' tokens."""
    from sklearn.feature_extraction.text import CountVectorizer

    from pipeline.settings.tables import TokenizerSettings
    from pipeline.text.ngrams import learn_ngrams
    from pipeline.text.tokenizer import tokenize

    texts = spread(read_reviews(options, TRAIN, TEST), CHECKED)["text"].rechunk()
    tokenized = tokenize(texts, TokenizerSettings())
    tokens, offsets = tokenized.types.gather(tokenized.token_types).to_list(), tokenized.offsets
    documents = [tokens[start:end] for start, end in pairwise(offsets)]
    ngrams, ours = learn_ngrams(tokenized)
    peer = CountVectorizer(
        ngram_range=(1, 2), tokenizer=list, preprocessor=list, lowercase=False, token_pattern=None
    )
    theirs = peer.fit_transform(documents)
    terms_equal = ngrams.terms() == peer.get_feature_names_out().tolist()
    by_re = [re.findall(SAME_TOKENS, _prepare(text)) for text in texts]
    return {
        "documents": len(texts),
        "terms_equal": terms_equal,
        "counts_equal": bool(ours.shape == theirs.shape and (ours != theirs).nnz == 0),
        "documents_with_the_same_tokens": sum(map(list.__eq__, by_re, documents)),
        **_size(ours),
    }


SIDES: dict[str, Side] = {
    "embedseq": run_embedseq,
    "same_tokens": run_same_tokens,
    "own_pattern": run_own_pattern,
    "equality": check_equality,
}
