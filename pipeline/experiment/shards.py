"""Which share of a run's jobs one shard has: decided by every shard for itself, from what all of them read.

What hangs together is one part and stays in one shard: the linear models of a fold, or the vectors of a source and a
fold with all that reads them, so that vectors never travel. Sources that have vectors in common, such as `word2vec`
and `word2vec:frozen`, are one part too, and so are all folds where unlabelled text serves them all. Parts are dealt
out longest first, each to the shard that has least to do (Graham 1969, "Bounds on Multiprocessing Timing Anomalies").
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.clean import plural
from pipeline.core.errors import PipelineError
from pipeline.core.fits import JobKey
from pipeline.embeddings.table import parse_source
from pipeline.experiment.fit_loop import FitLoop
from pipeline.experiment.fits_of_task import fits_of
from pipeline.experiment.how_many import words_of_job
from pipeline.experiment.jobs import Job
from pipeline.models.table import PlannedModel
from pipeline.settings.tables import first_seeds

Part = tuple[int, str, int]  # of which loop, the first of the sources that hang together or "", fold


@dataclass(frozen=True)
class Shard:
    """One of `of` shares of a run, from 1."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Return what `--shard` asks for.

        Raises
        ------
        PipelineError
            If it is no share.

        >>> Shard.parse("3/20")
        Shard(number=3, of=20)
        """
        found = re.fullmatch(r"0*([1-9]\d{0,5})/0*([1-9]\d{0,5})", text.strip(), re.ASCII)
        if found is None or int(found[1]) > int(found[2]):
            what = f'"{text}" is no share of a run'
            raise PipelineError(
                "option-not-understood",
                "--shard",
                what,
                "give a number and how many there are, such as 1/4 to 4/4",
            )
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def take_share(loops: Sequence[FitLoop], shard: Shard) -> str:
    """Leave the loops of a run the jobs of one shard, and return in words what these are."""
    words: dict[Part, int] = defaultdict(int)
    for number, loop in enumerate(loops):
        for part, count in _words_of_parts(loop, number).items():
            words[part] += count
    mine = {part for part, number in deal(words, shard.of).items() if number == shard.number}
    for number, loop in enumerate(loops):
        heads = _heads(loop.data.planned)

        def is_mine(
            job: Job, number: int = number, loop: FitLoop = loop, heads: Mapping[str, str] = heads
        ) -> bool:
            return _part(loop, number, heads, job.models[0], job.fold.number) in mine

        loop.is_mine = is_mine
    total = sum(words.values())
    share = sum(words[part] for part in mine) / total if total else 0.0
    return (
        f"Shard {shard}: {len(mine)} of {plural(len(words), 'part')}, {share:.0%} of the work. A part is what reads the"
        " vectors of one source and fold, or a fold's linear models: each vector is trained in one shard"
    )


def deal(words: Mapping[Part, int], shards: int) -> dict[Part, int]:
    """Return the shard, from 1, of each part.

    >>> deal({(0, "", 0): 1, (0, "a", 0): 5, (0, "b", 0): 3, (0, "c", 0): 3}, 2)
    {(0, 'a', 0): 1, (0, 'b', 0): 2, (0, 'c', 0): 2, (0, '', 0): 1}
    """
    load = dict.fromkeys(range(1, shards + 1), 0)
    dealt = {}
    for part in sorted(words, key=lambda part: (-words[part], part)):
        dealt[part] = least = min(load, key=lambda number: (load[number], number))
        load[least] += words[part]
    return dealt


def _words_of_parts(loop: FitLoop, number: int) -> dict[Part, int]:
    """Return the words that each part of a loop reads, each as often as it is read; nothing here asks the folder."""
    planned, heads = loop.data.planned, _heads(loop.data.planned)
    words: dict[Part, int] = defaultdict(int)
    for fold in loop.folds:
        config = loop.settings_of(fold)
        for model in planned:
            kind = "network" if model.seeded else "mean" if model.source else fits_of(config).kind
            times = config.run.tune + (first_seeds(config) if model.seeded else 1)
            part = _part(loop, number, heads, model, fold.number)
            words[part] += times * words_of_job(loop.data, JobKey(kind, model.name), [model], fold, config)
    return words


def _part(loop: FitLoop, number: int, heads: Mapping[str, str], model: PlannedModel, fold: int) -> Part:
    if model.source is None:
        return number, "", fold
    one_text = loop.data.unlabelled is not None and loop.data.config.corpus.folds
    return number, heads[model.source], loop.folds[0].number if one_text else fold


def _heads(planned: Sequence[PlannedModel]) -> dict[str, str]:
    """Return for each source the first of those that have vectors in common with it, or with one that has."""
    parts: dict[str, set[str]] = {}
    for model in planned:
        if model.source:
            parts.setdefault(model.source, set(parse_source(model.asked_source or model.source).parts))
    heads = {source: source for source in parts}
    for source, other in itertools.combinations(parts, 2):
        if not parts[source].isdisjoint(parts[other]):
            first, last = heads[source], heads[other]
            heads = {name: first if head == last else head for name, head in heads.items()}
    return heads
