"""Train, validation and test: stratified by labels, with documents that belong together on one side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.core.values import (
    SPLIT_NAMES,
    TEST,
    TRAIN,
    UNASSIGNED,
    VALIDATION,
    Bool,
    Corpus,
    Int32,
    Int64,
    LoadedCorpus,
)
from pipeline.corpus.iterative import spread
from pipeline.corpus.plausible import shown


@dataclass(frozen=True)
class Plan:
    """What is to be carved from the unassigned documents: shares, 0 for nothing, and the number of folds."""

    test: float
    validation: float
    folds: int

    @property
    def needed(self) -> int:
        """How many different documents each class must have."""
        n_parts = 1 + bool(self.test) + bool(self.validation)
        return max(self.folds, 2 + bool(self.validation)) if self.folds else n_parts

    @property
    def parts(self) -> str:
        """The parts that are made, in words."""
        carved = [name for name, share in (("validation", self.validation), ("test", self.test)) if share]
        return " and ".join([", ".join(["train", *carved[:-1]]), *carved[-1:]])


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of documents to be assigned. A group's stratum is the rarest of its labels."""

    number: Int64  # (n_unassigned,) the group of each unassigned document, from 0
    stratum: Int64  # (G,)
    size: Int64  # (G,) documents


def split_corpus(
    loaded: LoadedCorpus,
    groups: Int64,
    *,
    test_size: float,
    validation_size: float,
    folds: int,
    generator: np.random.Generator,
) -> list[Corpus]:
    """Return the corpus with every document in train, validation or test: one for each fold, or one.

    Parameters
    ----------
    loaded : LoadedCorpus
        Official test and validation documents stay where they are; the others are UNASSIGNED.
    groups : int64 array, shape (N,)
        Documents with an equal number stay on one side; so do those with an equal number in
        `loaded.together`.
    test_size : float
        Share of the documents, where no test is official.
    validation_size : float
        Share of what is left for training, where no validation is official; 0 for none.
    folds : int
        0 for one split; K >= 2 for K corpora in which every document is tested once.
    generator : numpy Generator

    Raises
    ------
    PipelineError
        A class with fewer documents than there are splits or folds, or with none left for training; folds of
        a corpus with an official test.
    """
    corpus = loaded.corpus
    plan = _plan(loaded, test_size, validation_size, folds)
    unassigned = np.flatnonzero(corpus.split == UNASSIGNED)
    together = None if loaded.together is None else loaded.together[unassigned]
    members = _describe_groups(join_groups(groups[unassigned], together), corpus.strata[unassigned])
    _check_enough(loaded, members, corpus.strata[unassigned], plan)
    if corpus.sets is None:
        divided = _by_stratum(members, plan, generator)
    else:
        divided = _by_labels(members, corpus.targets(unassigned), plan, generator)
    splits = []
    for test, validation in divided:
        split = corpus.split.copy()
        split[unassigned] = np.select([test, validation], [TEST, VALIDATION], TRAIN)[members.number]
        splits.append(replace(corpus, split=split))
    _check_parts(loaded, splits, members, plan)
    _check_training(loaded.name, splits)
    return splits


def _by_stratum(members: Groups, plan: Plan, generator: np.random.Generator) -> Iterator[tuple[Bool, Bool]]:
    """Yield which groups test, and which validate, in each fold: each class by its share; bool (G,) both."""
    for test in _tests(members, plan, generator):
        yield test, _carve(members, ~test, plan.validation, 1, generator)


def _by_labels(
    members: Groups, targets: Int32, plan: Plan, generator: np.random.Generator
) -> Iterator[tuple[Bool, Bool]]:
    """Yield the same for documents with several labels, yes or no each (n_unassigned, C): each label by its share."""
    counts = np.zeros((len(members.size), targets.shape[1]), dtype=np.int64)
    np.add.at(counts, members.number, targets)
    if not plan.folds:
        rest = 1 - plan.test
        shares = np.array([plan.test, rest * plan.validation, rest * (1 - plan.validation)])
        part = spread(counts, members.size, shares, generator)
        yield part == 0, part == 1
        return
    fold = spread(counts, members.size, np.full(plan.folds, 1 / plan.folds), generator)
    for number in range(plan.folds):
        learned = np.flatnonzero(fold != number)
        validation = np.zeros(len(fold), dtype=np.bool_)
        if plan.validation:
            shares = np.array([plan.validation, 1 - plan.validation])
            part = spread(counts[learned], members.size[learned], shares, generator)
            validation[learned] = part == 0
        yield fold == number, validation


def _plan(loaded: LoadedCorpus, test_size: float, validation_size: float, folds: int) -> Plan:
    """Return what is still to be carved: nothing where the user's files are official."""
    official = set(np.unique(loaded.corpus.split).tolist())
    if folds and TEST in official:
        what = f"{loaded.name} has an official test split"
        raise PipelineError(
            "options-exclude-each-other",
            "--folds",
            what,
            "leave out --folds, or leave out the test documents",
        )
    return Plan(
        test=0.0 if TEST in official or folds else test_size,
        validation=0.0 if VALIDATION in official else validation_size,
        folds=folds,
    )


def join_groups(groups: Int64, together: Int64 | None) -> Int64:
    """Return group numbers from 0 in which documents that either array puts together are together."""
    first = np.unique(groups, return_inverse=True)[1]
    if together is None:
        return first.astype(np.int64)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    second = np.unique(together, return_inverse=True)[1] + first.max(initial=-1) + 1
    n_nodes = int(second.max(initial=-1)) + 1
    links = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(n_nodes, n_nodes))
    joined: Int64 = connected_components(links, directed=False)[1][first].astype(np.int64)
    return joined


def _describe_groups(number: Int64, labels: Int32) -> Groups:
    _, number, size = np.unique(number, return_inverse=True, return_counts=True)
    rarity = _groups_of_each_label(number, labels)[labels]  # (n_unassigned,)
    order = np.lexsort((np.arange(len(number)), rarity, number))
    rarest = order[np.flatnonzero(np.diff(number[order], prepend=-1))]  # (G,) the first document where equal
    return Groups(number.astype(np.int64), labels[rarest].astype(np.int64), size.astype(np.int64))


def _groups_of_each_label(number: Int64, labels: Int32, n_classes: int = 0) -> Int64:
    """Return in how many groups each label stands; int64, shape (at least n_classes,)."""
    n_classes = max(n_classes, int(labels.max(initial=0)) + 1)
    pairs = np.unique(number * n_classes + labels)
    return np.bincount(pairs % n_classes, minlength=n_classes).astype(np.int64)


def _tests(members: Groups, plan: Plan, generator: np.random.Generator) -> list[Bool]:
    """Return which groups are tested: one boolean array of shape (G,) a fold."""
    if plan.folds:
        fold = _deal(members, plan.folds, generator)
        return [fold == number for number in range(plan.folds)]
    everything = np.ones(len(members.size), dtype=bool)
    return [_carve(members, everything, plan.test, 2 if plan.validation else 1, generator)]


def _deal(members: Groups, folds: int, generator: np.random.Generator) -> Int64:
    """Return each group's fold: sorted by stratum and size, shuffled within, dealt like cards."""
    order = np.lexsort((generator.random(len(members.size)), members.size, members.stratum))
    fold = np.empty(len(order), dtype=np.int64)
    fold[order] = np.arange(len(order)) % folds
    return fold


def _carve(members: Groups, among: Bool, share: float, keep: int, generator: np.random.Generator) -> Bool:
    """Return which groups of `among` are carved off: `share` of each stratum's documents, at least one group.

    `keep` groups of each stratum are left whatever the share. A group larger than its stratum's share comes
    last, so that one text repeated many times cannot fill a split.
    """
    taken = np.zeros(len(among), dtype=bool)
    candidates = np.flatnonzero(among)
    if share == 0 or len(candidates) == 0:
        return taken
    stratum, size = members.stratum[candidates], members.size[candidates]
    wanted = _share_of_each(stratum, size, share, generator)
    order = np.lexsort((generator.random(len(size)), size > wanted, stratum))
    stratum, size, wanted = stratum[order], size[order], wanted[order]
    starts = np.flatnonzero(np.diff(stratum, prepend=-1))
    which = np.cumsum(np.diff(stratum, prepend=-1) != 0) - 1
    ends = np.append(starts[1:], len(stratum))
    before = np.cumsum(size) - size
    middle = before - before[starts][which] + size / 2
    place = np.arange(len(stratum))
    chosen = ((middle < wanted) | (place == starts[which])) & (place < (ends - keep)[which])
    taken[candidates[order[chosen]]] = True
    return taken


def _share_of_each(stratum: Int64, size: Int64, share: float, generator: np.random.Generator) -> Int64:
    """Return, for each group, the documents wanted of its stratum: rounded so that the total is right too."""
    documents = np.bincount(stratum, weights=size)
    bounds = np.floor(np.cumsum(documents) * share + generator.random())
    wanted: Int64 = np.diff(bounds, prepend=0.0)[stratum].astype(np.int64)
    return wanted


def _check_enough(loaded: LoadedCorpus, members: Groups, labels: Int32, plan: Plan) -> None:
    """Raise PipelineError that names the smallest class if it has too few groups for the parts or folds."""
    names = loaded.corpus.strata_names
    distinct = _groups_of_each_label(members.number, labels, len(names))
    smallest, n_short = int(distinct.argmin()), int((distinct < plan.needed).sum())
    if not n_short:
        return
    reason = f"{plan.folds} folds need {plan.needed}" if plan.folds else f"{plan.parts} need one each"
    fewer = "use fewer folds, " if plan.folds else ""
    if len(members.size) < plan.needed:
        what = f"{_different(len(labels), len(members.size))}, {reason}"
        raise PipelineError("too-few-documents", loaded.name, what, f"{fewer}add documents with other texts")
    n_docs = int((labels == smallest).sum())
    joined = "" if distinct[smallest] == n_docs else f" ({distinct[smallest]} when equal texts count once)"
    what = f'class "{shown(names[smallest])}" has {plural(n_docs, "document")} to split{joined}, {reason}'
    fix = f"{fewer}add documents of the class, or leave it out with --drop-class"
    if n_short > 1:
        what += f"; {n_short:,} of the {len(names):,} classes have so few"
        fix = f"{fewer}add documents, or leave such classes out (--drop-class) or merge them (--map)"
    raise PipelineError("too-few-documents", loaded.name, what, fix)


def _different(n_docs: int, n_groups: int) -> str:
    """Return in words how few texts there are."""
    if n_groups == 1:
        return (
            f"all {n_docs:,} documents have the same text" if n_docs > 1 else "there is one document to split"
        )
    return f"the {plural(n_docs, 'document')} to split have {plural(n_groups, 'different text')}"


def _check_parts(loaded: LoadedCorpus, splits: list[Corpus], members: Groups, plan: Plan) -> None:
    """Raise PipelineError if no document was left to test or to validate with, in any fold."""
    asked = ((TEST, plan.test or plan.folds), (VALIDATION, plan.validation))
    for fold, corpus in enumerate(splits, start=1):
        for part, wanted in asked:
            if wanted and not (corpus.split == part).any():
                where = f" in fold {fold}" if len(splits) > 1 else ""
                what = (
                    f"no document is left for {SPLIT_NAMES[part]}{where}: "
                    f"{_different(int(members.size.sum()), len(members.size))}, and equal texts stay in one part"
                )
                raise PipelineError(
                    "too-few-documents",
                    loaded.name,
                    what,
                    "add documents with other texts, or try another --seed",
                )


def _check_training(name: str, splits: list[Corpus]) -> None:
    """Raise PipelineError that names a class of which no document is left for training, in any fold."""
    for fold, corpus in enumerate(splits, start=1):
        trained = np.bincount(corpus.strata[corpus.split == TRAIN], minlength=len(corpus.strata_names))
        if trained.all():
            continue
        where = f" in fold {fold}" if len(splits) > 1 else ""
        what = (
            f'class "{shown(corpus.strata_names[int(trained.argmin())])}" has no training document{where}, '
            "since equal texts stay in one part whatever their labels"
        )
        raise PipelineError(
            "too-few-documents", name, what, "keep one label for each text, or try another --seed"
        )
