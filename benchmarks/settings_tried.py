"""What the settings that a linear model tries buy it: the default choice against one setting fixed beforehand.

    python -m benchmarks.settings_tried CORPORA

prints the table of docs/decisions/0022: five splits inside training files (`benchmarks/linear_corpora.py`), of which
80 % are fitted, 10 % choose and 10 % are scored. The one setting is the middle
strength; for `nbsvm` the published power 1 and beta 0.75.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.linear_corpora import LINEAR_CORPORA, split, tokens_of
from benchmarks.linear_shapes import MODELS, SPLITS, Scored, Split, fit_as_the_run
from pipeline.settings.tables import BaselineSettings

CORPORA = ("trec_200", "trec")


def one_setting() -> BaselineSettings:
    """Return the defaults with one value where they have several: of strengths the middle one."""
    own = BaselineSettings()
    middle = {
        key: (sorted(values)[len(values) // 2],)
        for key, values in vars(own).items()
        if key.endswith("_strengths")
    }
    return replace(own, **middle, nbsvm_betas=(0.75,), nbsvm_powers=(1.0,))


def line(name: str, model: str, found: list[tuple[Scored, Scored]]) -> str:
    """Return one row of the table: tried, accuracy and log loss of both, and their mean difference."""
    chosen, fixed = zip(*found, strict=True)
    gains = 100 * np.array([many.accuracy - one.accuracy for many, one in found])  # (splits,)
    error = gains.std(ddof=1) / np.sqrt(len(gains))
    scores = [
        f"{100 * np.mean([s.accuracy for s in kind]):.2f} / {np.mean([s.log_loss for s in kind]):.3f}"
        for kind in (fixed, chosen)
    ]
    cells = [LINEAR_CORPORA[name].title, f"`{model}`", str(chosen[0].settings_tried), *scores]
    return f"| {' | '.join([*cells, f'{gains.mean():+.2f} ± {error:.2f}'])} |"


def main(folder: Path) -> None:
    """Print the table."""
    print("| corpus | model | settings tried | one setting | chosen | gain in accuracy |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in CORPORA:
        corpus = LINEAR_CORPORA[name]
        frame = corpus.make(folder)
        names = frame["label"].unique().sort().to_list()
        labels = frame["label"].replace_strict(names, range(len(names))).to_numpy().astype(np.int32)
        tokens = tokens_of(frame)
        splits = [Split(tokens, labels, split(frame, corpus, seed), len(names)) for seed in range(SPLITS)]
        for model in MODELS:
            fits = [
                tuple(fit_as_the_run(model, one, own) for own in (BaselineSettings(), one_setting()))
                for one in splits
            ]
            print(line(name, model, fits), flush=True)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
