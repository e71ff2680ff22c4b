"""`kneser_ney`: 18 million tokens counted in n-grams of orders 1 to 5 and smoothed, and held-out reviews scored.

The clock starts at the tokens: cutting text is another scenario's. The perplexity says that what was counted is a
language model: reviews that it did not learn from, each word in a closed vocabulary of words that stand there twice.
"""

from __future__ import annotations

import polars as pl

from benchmarks.imdb import TRAIN, UNLABELLED, spread
from benchmarks.results_file import Metric, Outcome, peak_mib, seconds
from benchmarks.sides import Figures, Options, Side, alternate, clock
from pipeline.text.ragged import select

ROUNDS = 1
TOKENS = 18_000_000
SCORED = 1_000  # reviews
ORDER = 5


def measure(options: Options) -> Outcome:
    """Time one process a round."""
    runs = alternate(__name__, ("embedseq",), options, options.repeats or ROUNDS)["embedseq"]
    counted, scored = ([run[name] for run in runs] for name in ("seconds", "scoring_seconds"))
    perplexity = [run["perplexity"] for run in runs]
    return Outcome(
        [
            seconds("seconds", counted, "seconds to count and smooth orders 1 to 5", target=60.0),
            seconds("scoring_seconds", scored, f"seconds to score {SCORED} held-out reviews"),
            peak_mib("peak_mib", [run["peak_mib"] for run in runs], "peak memory, texts and tokens included"),
            Metric(
                "perplexity",
                perplexity[0],
                "words",
                "lower",
                0.001,
                f"perplexity of {SCORED} held-out reviews",
                repeats=tuple(perplexity),
            ),
        ],
        {"runs": runs},
    )


def run_embedseq(options: Options, seed: int) -> Figures:
    """Count, smooth and score."""
    import time

    import numpy as np

    from pipeline.models.baselines.language.kneser_ney import fit_kneser_ney
    from pipeline.models.baselines.language.symbols import learn_symbols, write_streams
    from pipeline.settings.tables import TokenizerSettings
    from pipeline.text.tokenizer import tokenize

    files = (pl.read_parquet(options.folder / file, columns=["text"]) for file in (UNLABELLED, TRAIN))
    reviews = spread(pl.concat(files), options.documents)["text"].rechunk()
    tokenized = tokenize(reviews, TokenizerSettings())
    last = min(int(np.searchsorted(tokenized.offsets, TOKENS)), tokenized.n_docs)
    train, held_out = (
        select(tokenized, np.arange(*bounds)) for bounds in ((SCORED, last), (0, min(SCORED, last)))
    )
    del reviews, tokenized
    with clock() as figures:
        symbols = learn_symbols(train, min_count=2)
        model = fit_kneser_ney(write_streams(train, symbols), len(symbols), ORDER)
    start = time.perf_counter()
    bits = -model.log2(write_streams(held_out, symbols))
    return {
        **figures,
        "scoring_seconds": time.perf_counter() - start,
        "perplexity": float(2 ** bits.mean()),
        "tokens": len(train.token_types),
        "symbols": len(symbols),
        "ngrams": model.parameters,
        "scored": len(bits),
    }


SIDES: dict[str, Side] = {"embedseq": run_embedseq}
