"""Word pairs that people judged for similarity, against the cosines of a source's vectors.

The lists are read from the installed gensim at run time; this project holds no copy of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from pipeline.core.files import Json
from pipeline.core.values import Float32, Float64
from pipeline.text.vocabulary import rows_of

FEWEST_PAIRS = 30  # with fewer, the interval is so wide that the number would only mislead
_NORMAL_975 = 1.959963984540054  # the quantile of the normal distribution that a 95 % interval reaches to

# title > file below gensim's test data
PAIR_LISTS = {"WordSim-353": "wordsim353.tsv", "SimLex-999": "simlex999.txt"}


@dataclass(frozen=True, eq=False)
class WordPairs:
    """Pairs of words with the mean of people's judgements, higher for more alike."""

    title: str
    first: pl.Series  # string (P,)
    second: pl.Series  # string (P,)
    judged: Float64  # (P,)


def installed_pairs() -> list[WordPairs]:
    """Return the lists of `PAIR_LISTS` that the installed gensim holds; gensim itself is not imported.

    References
    ----------
    Finkelstein et al. (2002), ACM Transactions on Information Systems 20(1), 116-131 (WordSim-353);
    Hill, Reichart, Korhonen (2015), Computational Linguistics 41(4), 665-695 (SimLex-999).
    """
    spec = find_spec("gensim")  # importing gensim takes a second
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0]) / "test" / "test_data"
    files = {title: folder / name for title, name in PAIR_LISTS.items()}
    return [read_pairs(title, path) for title, path in files.items() if path.is_file()]


def read_pairs(title: str, path: Path) -> WordPairs:
    """Return the pairs of a file of lines `word<TAB>word<TAB>judgement`; lines that start with # are comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    first, second, judged = zip(*(line[:3] for line in cells), strict=True) if cells else ((), (), ())
    return WordPairs(
        title,
        pl.Series(first, dtype=pl.String),
        pl.Series(second, dtype=pl.String),
        np.array(judged, dtype=np.float64),
    )


def judge_pairs(pairs: WordPairs, words: pl.Series, vectors: Float32) -> dict[str, Json]:
    """Return how well cosines rank the pairs as people did.

    Parameters
    ----------
    pairs : WordPairs
        P pairs; a word that `words` lacks is looked up in lower case.
    words : Polars string Series, shape (W,)
        Distinct words that have a vector.
    vectors : float32 array, shape (W, D)
        Their vectors.

    Returns
    -------
    dict
        `title`; `pairs` in the list and `covered` (both words have a vector); `spearman` and its 95 % interval
        `ci95`, None with fewer than `FEWEST_PAIRS` covered pairs or without any difference to rank.
    """
    first, second = (_rows(column, words) for column in (pairs.first, pairs.second))  # (P,)
    covered = (first >= 0) & (second >= 0)
    n_covered = int(covered.sum())
    found: dict[str, Json] = {"title": pairs.title, "pairs": len(pairs.judged), "covered": n_covered}
    spearman = None
    if n_covered >= FEWEST_PAIRS:
        cosines = _cosines(vectors[first[covered]], vectors[second[covered]])
        spearman = rank_correlation(cosines, pairs.judged[covered])
    return found | {
        "spearman": spearman,
        "ci95": None if spearman is None else spearman_interval(spearman, n_covered),
    }


def rank_correlation(a: ArrayLike, b: ArrayLike) -> float | None:
    """Return Spearman's rank correlation, ties at their mean rank; None where all values of one side are equal.

    >>> rank_correlation([1, 2, 3, 4], [10, 20, 40, 30])
    0.8
    """
    from scipy.stats import rankdata

    ranks_a, ranks_b = (rank - rank.mean() for rank in (rankdata(a), rankdata(b)))
    spread = np.sqrt((ranks_a**2).sum() * (ranks_b**2).sum())
    return float((ranks_a * ranks_b).sum() / spread) if spread > 0 else None


def spearman_interval(correlation: float, n_pairs: int) -> list[float]:
    """Return the 95 % interval [lo, hi] of a rank correlation of `n_pairs` pairs (four or more).

    Notes
    -----
    Fisher's z = artanh(r) is nearly normal; for ranks its variance is (1 + r^2 / 2) / (n - 3): Bonett, Wright
    (2000), Psychometrika 65(1), 23-28.

    >>> [round(end, 3) for end in spearman_interval(0.0, 103)]
    [-0.194, 0.194]
    """
    if abs(correlation) >= 1.0:
        return [correlation, correlation]
    half = _NORMAL_975 * np.sqrt((1 + correlation**2 / 2) / (n_pairs - 3))
    z = np.arctanh(correlation)
    return [float(np.tanh(z - half)), float(np.tanh(z + half))]


def _rows(asked: pl.Series, words: pl.Series) -> np.ndarray:
    """Return the position of each word in `words`, else of its lower-case form, else -1."""
    exact = rows_of(asked, words)
    return np.where(exact >= 0, exact, rows_of(asked.str.to_lowercase(), words))


def _cosines(a: Float32, b: Float32) -> Float64:
    a, b = a.astype(np.float64), b.astype(np.float64)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines: Float64 = (a * b).sum(axis=1) / np.maximum(norms, 1e-12)
    return cosines
