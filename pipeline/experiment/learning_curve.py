"""Smaller training sets for `--learning-curve`: three of each size, every class in each, the same test documents.

What a fold of the curve is given is what any fold is: positions of training, validation and test documents. So all
that is learned (vocabulary, n-grams, word vectors, classifiers) is learned from the smaller set alone. Word vectors
read the unlabelled text too, where there is some.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from pipeline.core.errors import PipelineError
from pipeline.core.files import plain
from pipeline.core.fits import Fit, FitResult, JobKey, Result
from pipeline.core.values import Corpus, Int32, Int64
from pipeline.experiment.data import Split
from pipeline.experiment.fit_loop import FitLoop
from pipeline.experiment.planned_run import PlannedRun
from pipeline.run_folder.details.fitting import CurveSet, CurveSets, UntrainedFit
from pipeline.settings.tables import Config, first_seeds, with_values

FEWEST_DOCUMENTS, FEWEST_A_CLASS = 50, 2  # training documents of the smallest set
DRAWS = 3  # sets of each size: the fewest whose spread can be told from chance at all


def curve_sizes(n_train: int, n_classes: int, wanted: int) -> list[int]:
    """Return numbers of training documents, ascending: all of them, and each half of the next.

    At most `wanted`; none is under 50 documents or two for each class.

    >>> curve_sizes(1600, 2, 5)
    [100, 200, 400, 800, 1600]
    >>> curve_sizes(250, 2, 5)
    [62, 125, 250]
    """
    least = max(FEWEST_DOCUMENTS, FEWEST_A_CLASS * n_classes)
    halved = [n_train // 2**step for step in range(wanted)]
    return sorted({size for size in halved[1:] if size >= least} | {n_train})


def nested_order(labels: Int32, generator: np.random.Generator) -> Int64:
    """Return an order of documents, int64 (N,), whose every beginning is a stratified sample.

    One document of each class comes first; after that each class is spread evenly, in its share. So the first n
    documents are among the first m > n.

    Parameters
    ----------
    labels : int32 array, shape (N,)
    generator : np.random.Generator
        Shuffles the documents of a class.
    """
    shuffled = generator.permutation(len(labels))  # (N,)
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels)  # (C,)
    starts = np.cumsum(counts) - counts
    of_class = labels[by_class]
    rank = np.arange(len(labels)) - starts[of_class]  # from 0 in each class
    place = np.where(rank == 0, -1.0, (rank + 0.5) / counts[of_class])
    return by_class[np.argsort(place, kind="stable")].astype(np.int64)


def smaller_folds(fold: Split, corpus: Corpus, wanted: int, generator: np.random.Generator) -> list[Split]:
    """Return the fold with fewer documents to learn from: `DRAWS` sets of each size, numbers from 1, smallest first.

    Each draw is a random order of the documents, of which each size is a beginning: the sets of one draw are nested,
    and those of one size differ by chance. Validation documents shrink with the training documents. The whole fold
    is the last point of the curve and is not among them.

    Raises
    ------
    PipelineError
        If the training documents are too few to be halved.
    """
    labels, n_classes, n_train = corpus.strata, len(corpus.label_names), len(fold.train)
    sizes = curve_sizes(n_train, n_classes, wanted)
    if len(sizes) == 1:
        least = 2 * max(FEWEST_DOCUMENTS, FEWEST_A_CLASS * n_classes)
        what = f"there are {n_train:,} training documents, and a curve needs {least:,}"
        raise PipelineError(
            "too-few-documents", "--learning-curve", what, "leave it out, or give more documents"
        )
    draws = [
        [part[nested_order(labels[part], generator)] for part in (fold.train, fold.validation)]
        for _ in range(DRAWS)
    ]
    fewest = len(np.unique(labels[fold.validation]))
    return [
        Split(
            step * DRAWS + draw + 1,
            np.sort(train[:size]),
            np.sort(validation[: max(fewest, round(len(validation) * size / n_train))]),
            fold.test,
        )
        for step, size in enumerate(sizes[:-1])
        for draw, (train, validation) in enumerate(draws)
    ]


def draw_of(number: int) -> int:
    """Return which draw a smaller set is of, from 0, by the set's number.

    >>> [draw_of(number) for number in (1, 2, 3, 4)]
    [0, 1, 2, 0]
    """
    return (number - 1) % DRAWS


_NOT_KEPT = {"run.keep_folds": False}  # no model of a smaller set is


def settings_of_draw(config: Config, draw: int) -> Config:
    """Return the settings for the sets of one draw: each has one seed of its own, for networks and word vectors.

    So the spread over the draws of a size is the chance of the documents drawn and of the training together, and a
    size costs as many trainings of a network as three seeds on one set.
    """
    return with_values(config, {"run.seeds": 1, "run.seed": config.run.seed + draw, **_NOT_KEPT})


# --- its fits ---------------------------------------------------------------------------------------------


def loop_of_smaller_sets(run: PlannedRun, loop: FitLoop, whole: Split, smaller: Sequence[Split]) -> FitLoop:
    """Return the jobs that fit every planned model on each smaller set; `loop` is that of the run.

    Predictions stand apart from those of the run, whose tables and status do not speak of these fits.
    """
    folder, n_seeds = run.folder.for_curve(), first_seeds(run.config)
    if folder.damage:
        loop.data.console.warn(folder.damage)

    def tell() -> None:
        of_whole = [
            fit for fit in run.folder.fits.values() if fit.fold == whole.number and fit.seed < n_seeds
        ]
        row = describe_curve(whole, smaller, [*folder.fits.values(), *of_whole], run.config.run.refit)
        run.folder.tell("curve", plain(row))

    def keep(result: Result, job: JobKey) -> None:
        folder.keep(result, job)
        if isinstance(result, FitResult):
            tell()

    def settings_of(fold: Split) -> Config:
        return settings_of_draw(run.config, draw_of(fold.number))

    tell()
    fewest, most = len(smaller[0].train), len(smaller[-1].train)
    sizes = f"{len(smaller)} sets of {fewest:,} to {most:,} of {len(whole.train):,} training documents"
    loop.data.console.say(f"Learning curve: {sizes}")
    linear = with_values(loop.linear, _NOT_KEPT)
    return replace(
        loop, folds=smaller, folder=folder, keep=keep, settings_of=settings_of, linear=linear, add_seeds=None
    )


def describe_curve(whole: Split, smaller: Sequence[Split], fits: Iterable[Fit], refit: bool) -> CurveSets:
    """Return the sets, and which of their `fits` did not train.

    Set 0 is the whole of the run's first fold, with the first seeds: others that were added are not on
    the curve. `train` counts what the saved fits have learned from: with --refit the validation documents too.
    """
    return CurveSets(
        sets=tuple(
            CurveSet(fold.number, len((fold.refitted() if refit else fold).train), len(fold.validation))
            for fold in (*smaller, whole)
        ),
        untrained=tuple(
            UntrainedFit(fit.name, fit.seed, fit.fold, fit.why_not) for fit in fits if fit.why_not
        ),
    )
