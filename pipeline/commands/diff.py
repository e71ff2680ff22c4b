"""What `diff` says: which test documents two runs answer otherwise, and whether chance alone explains how many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.core.files import unfinished
from pipeline.core.names import ModelName
from pipeline.core.values import Bool, Float64, Int32, Int64
from pipeline.core.wording import percent
from pipeline.evaluation.disagreement import LEVEL, Disagreement, disagreement
from pipeline.run_folder.predictions import SavedPredictions, read_run_predictions
from pipeline.tasks.answers import Predictions

SHOWN = 5  # documents of one model
COLUMNS = ("model", "document", "label", "answer_a", "answer_b", "fits_a", "fits_b")


@dataclass(frozen=True, eq=False)
class Answered:
    """What one run's fits of a model answered, S seeds and N documents, its folds one after the other."""

    documents: Int64  # (N,), ascending
    labels: Int32  # (N,)
    by_seed: Int32  # (S, N)
    probabilities: Float64  # (N, C), the mean over seeds

    @property
    def answers(self) -> Int32:
        """The answer of all seeds together, (N,)."""
        chosen: Int32 = self.probabilities.argmax(axis=1).astype(np.int32)
        return chosen

    @property
    def agreeing(self) -> Int64:
        """How many seeds give that answer, (N,)."""
        counted: Int64 = (self.by_seed == self.answers).sum(axis=0)
        return counted


@dataclass(frozen=True, eq=False)
class Changed:
    """One model of two runs."""

    name: str
    label_names: tuple[str, ...]
    a: Answered
    b: Answered
    found: Disagreement

    @property
    def changed(self) -> Bool:
        """Which documents have another answer, (N,)."""
        other: Bool = self.a.answers != self.b.answers
        return other

    def rows(self) -> pl.DataFrame:
        """Return a row for each document whose answer changed, in the order of `COLUMNS`."""
        names, which = np.array(self.label_names, dtype=object), self.changed
        values = (
            [self.name] * int(which.sum()),
            self.a.documents[which],
            names[self.a.labels[which]].tolist(),
            names[self.a.answers[which]].tolist(),
            names[self.b.answers[which]].tolist(),
            self.a.agreeing[which],
            self.b.agreeing[which],
        )
        return pl.DataFrame(dict(zip(COLUMNS, values, strict=True)))


@dataclass(frozen=True)
class Difference:
    """What two runs have in common, and what changed."""

    models: tuple[Changed, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]

    def in_words(self) -> str:
        """Return the lines that `diff` prints."""
        lines = [line for model in self.models for line in _lines(model)]
        for which, names in (("A", self.only_a), ("B", self.only_b)):
            lines += [f"Only in run {which}: {', '.join(names)}."] if names else []
        return "\n".join(lines)

    def write(self, out: Path) -> None:
        """Write a row for each model and document whose answer changed, as CSV; fits: how many gave that answer.

        Raises
        ------
        PipelineError
            If there is such a file already.
        """
        if out.exists():
            raise PipelineError(
                "output-exists", "--out", f"there is a file {out} already", "name another one, or remove it"
            )
        with unfinished(out) as path:
            pl.concat([model.rows() for model in self.models]).write_csv(path)


def compare_runs(a: Path, b: Path) -> Difference:
    """Return which test documents two runs answer otherwise, model by model.

    Raises
    ------
    PipelineError
        If one is no run folder, they tested other documents, or they have no model in common.
    """
    of_a, of_b = _by_model(a), _by_model(b)
    common = [name for name in of_a if name in of_b]
    if not common:
        what = f"no model of it is in {a}, which has {', '.join(of_a)}; it has {', '.join(of_b)}"
        raise PipelineError("runs-not-comparable", str(b), what, "compare two runs that share a model")
    _check_same_corpus((a, of_a[common[0]][0]), (b, of_b[common[0]][0]))
    models = [_compare(name, (a, of_a[name]), (b, of_b[name])) for name in common]
    only = (tuple(sorted({*one} - {*other})) for one, other in ((of_a, of_b), (of_b, of_a)))
    return Difference(tuple(models), *only)


def _by_model(run: Path) -> dict[str, list[SavedPredictions]]:
    found: dict[str, list[SavedPredictions]] = {}
    for one in read_run_predictions(run):
        found.setdefault(one.name, []).append(one)
    if not found:
        fix = "give the folder of a run that has ended, such as reports/NAME"
        raise PipelineError("not-a-finished-run", str(run), "there are no predictions in it", fix)
    return found


def _check_same_corpus(a: tuple[Path, SavedPredictions], b: tuple[Path, SavedPredictions]) -> None:
    (first, of_a), (second, of_b) = a, b
    if (of_a.corpus_hash, of_a.label_names) != (of_b.corpus_hash, of_b.label_names):
        corpora = f"corpora {of_a.corpus_hash[:8]} and {of_b.corpus_hash[:8]}"
        what = f"it is a run on other documents or labels than {first} ({corpora})"
        raise PipelineError("runs-not-comparable", str(second), what, "compare two runs on the same corpus")


def _compare(
    name: str, a: tuple[Path, list[SavedPredictions]], b: tuple[Path, list[SavedPredictions]]
) -> Changed:
    of_a, of_b = (_answered(fits) for _, fits in (a, b))
    if not np.array_equal(of_a.documents, of_b.documents):
        both = len(np.intersect1d(of_a.documents, of_b.documents))
        what = (
            f"{name} was tested on {plural(len(of_b.documents), 'document')} there and on {len(of_a.documents)} in"
            f" {a[0]}; {both} are in both"
        )
        raise PipelineError(
            "runs-not-comparable",
            str(b[0]),
            what,
            "compare runs of the same split: the same --seed, --folds and --limit",
        )
    found = disagreement(of_a.by_seed, of_b.by_seed)
    return Changed(name, a[1][0].single_names, of_a, of_b, found)


def _answered(fits: Sequence[SavedPredictions]) -> Answered:
    """Return a model's answers by the seeds that all its folds have."""
    folds = sorted({fit.fold for fit in fits})
    seeds = [
        seed
        for seed in sorted({fit.seed for fit in fits})
        if all(any((fit.seed, fit.fold) == (seed, fold) for fit in fits) for fold in folds)
    ]
    of_seeds = [
        Predictions.joined([fit.predictions.single for fit in fits if fit.seed == seed])
        for seed in seeds or [min(fit.seed for fit in fits)]
    ]
    order = [np.argsort(one.documents, kind="stable") for one in of_seeds]
    by_seed = np.stack([one.predicted[own] for one, own in zip(of_seeds, order, strict=True)])  # (S, N)
    probabilities = np.mean(
        [one.probabilities[own].astype(np.float64) for one, own in zip(of_seeds, order, strict=True)], axis=0
    )  # (N, C)
    first, own = of_seeds[0], order[0]
    return Answered(first.documents[own], first.labels[own], by_seed, probabilities)


# --- words


def _lines(model: Changed) -> Iterator[str]:
    which, labels = model.changed, model.a.labels
    n, changed = len(which), int(which.sum())
    was_right, is_right = (model.a.answers == labels)[which], (model.b.answers == labels)[which]
    seeds = tuple(len(one.by_seed) for one in (model.a, model.b))
    of = f" ({seeds[0]} and {plural(seeds[1], 'seed')})" if _has_chance(model.name) else ""
    yield f"{model.name}{of}: {changed} of {plural(n, 'document')} changed the answer ({percent(changed / n)})"
    if changed:
        right, wrong = int((is_right & ~was_right).sum()), int((was_right & ~is_right).sum())
        yield f"  wrong to right {right}, right to wrong {wrong}, wrong to wrong {changed - right - wrong}"
    yield f"  {_noise(model)}"
    for row in model.rows().head(SHOWN).iter_rows(named=True):
        yield f"  document {row['document']}: {row['answer_a']} > {row['answer_b']} (label {row['label']})"
    if changed > SHOWN:
        yield f"  and {changed - SHOWN} more; --out FILE.csv has all of them"


def _noise(model: Changed) -> str:
    """Return whether the change is more than the noise of seeds, in words."""
    found = model.found
    if ModelName.parse(model.name).made_elsewhere:
        return "it was made elsewhere: how much of this is chance is not known"
    if not _has_chance(model.name):
        return "there is no chance in its fit: what changed is due to settings, word vectors or versions"
    if found.p_value is None or found.within is None or found.smallest_p is None:
        return "one seed in each run: nothing tells what another seed would have changed; run with --seeds 4"
    shares = (
        f"two seeds differ on {percent(found.between)} of the documents across the runs, on {percent(found.within)}"
        f" within a run (p = {found.p_value:.2g})"
    )
    if found.is_shown:
        return f"more than the noise of seeds: {shares}"
    if found.smallest_p >= LEVEL:
        return f"too few seeds to tell it from their noise: {shares}; run with --seeds 4 or more"
    return f"no more than the noise of seeds: {shares}"


def _has_chance(name: str) -> bool:
    entry = ModelName.parse(name).entry
    return entry is not None and entry.network
