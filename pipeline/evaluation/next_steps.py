"""Facts of a run > what to try next: likeliest first, with the command and its minutes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

from pipeline.core.models import LAST
from pipeline.core.names import ModelName
from pipeline.core.tasks import TASKS
from pipeline.core.wording import called, in_words, listed
from pipeline.evaluation.recorded import Recorded
from pipeline.evaluation.same_command import same_command
from pipeline.run_folder.metrics.comparisons import NextStep, Seeds, Verdict
from pipeline.run_folder.metrics.models import Result, Timing
from pipeline.settings.tables import Config, first_seeds
from pipeline.tasks.table import task_of

MOST_STEPS = 3
OPEN_SHARE = 0.5  # of the variance, what is the chance of seeds: from here on more seeds tell more
USUAL_RATE, TINY_RATE = 2e-3, 1e-4  # learning rates of networks
FAR_BELOW = 0.03  # of accuracy, and twice what the other trainings differ: a training that went wrong
FOLDS = 5
CURVE_WORTH = 2.0  # how much longer a step may take that reads twice as much, or learns twice as long
STILL_FELL = re.compile(r"it was still learning .* raise (?P<key>[a-z_.]+)")  # as warnings say it
NOT_READ = re.compile(r"(?P<share>\d+%) of all tokens lie beyond networks\.max_tokens")


@dataclass(frozen=True, eq=False)
class Measured:
    """What the trainings of a run took, and what it was asked for.

    Attributes
    ----------
    command : as it was typed
    config : the settings
    timing : one entry a training
    total_seconds : of the whole run
    documents, tested : of the corpus, and of those the ones that each model answered
    """

    command: str
    config: Config
    timing: Sequence[Timing]
    total_seconds: float
    documents: int
    tested: int

    @classmethod
    def of(cls, recorded: Recorded, timing: Sequence[Timing], tested: int) -> Measured:
        """Return what a run folder says of it."""
        facts = recorded.facts
        command, documents = facts.environment.command, facts.corpus.documents
        return cls(command, recorded.config, timing, facts.total_seconds, documents, tested)

    @property
    def at_once(self) -> int:
        """How many trainings ran side by side."""
        return max((row.at_once for row in self.timing), default=1)

    @property
    def beside(self) -> float:
        """The seconds beside all trainings: reading, word vectors, the report."""
        return max(0.0, self.total_seconds - sum(row.fit_seconds for row in self.timing) / self.at_once)

    def seconds_of(self, name: str) -> float | None:
        """Return what one training of a model took; of one that was not trained what its likest took; None: neither."""
        own = [row.fit_seconds for row in self.timing if row.name == name]
        like = own or [
            row.fit_seconds
            for row in self.timing
            if ModelName.parse(row.name).model == ModelName.parse(name).model
        ]
        return mean(like) if like else None

    def minutes(self, names: Iterable[str], times: Callable[[str], float]) -> float | None:
        """Return what a run of these models takes: `times` says how much of one training each has."""
        seconds = {name: self.seconds_of(name) for name in names}
        if not seconds or None in seconds.values():
            return None
        work = sum(times(name) * (one or 0.0) for name, one in seconds.items())
        return round((self.beside + work / self.at_once) / 60, 1)


@dataclass(frozen=True, eq=False)
class Situation:
    """What a step rests on.

    Attributes
    ----------
    advised : the model that is advised
    network : the model that stands for the verdict's network
    """

    verdict: Verdict
    advised: str | None
    network: str | None
    results: Sequence[Result]
    seeds: Seeds
    measured: Measured

    @property
    def compared(self) -> list[str]:
        """The models that a step trains again: the advised one, and the two of the verdict."""
        fitted = {row.name for row in self.results if row.kind != "outside"}
        asked = (self.advised, self.verdict.b, self.network)
        return [name for name in dict.fromkeys(asked) if name is not None and name in fitted]

    @property
    def called(self) -> str:
        """How sentences call the network."""
        return called(row.name for row in self.results).get(self.network or "", self.network or "")

    @property
    def of_network(self) -> list[Result]:
        """The trainings of the network, those of the first fold."""
        return [row for row in self.results if row.name == self.network and row.fold == 0]

    @property
    def folds(self) -> int:
        """How many there are."""
        return len({row.fold for row in self.results})

    @property
    def trainings(self) -> int:
        """How often each network is trained on each fold."""
        return first_seeds(self.measured.config)

    def step(
        self,
        because: str,
        options: dict[str, str],
        *,
        added: str | None = None,
        longer: float = 1.0,
        seeds: int | None = None,
        folds: int | None = None,
    ) -> NextStep:
        """Return a step, with its command and minutes.

        Parameters
        ----------
        options : what the command changes, by option or key
        added : a network that is trained too
        longer : how much longer a training of a network takes
        seeds, folds : where they become others
        """
        names = [*self.compared, *([added] if added else [])]
        kinds = {row.name: row.kind for row in self.results}

        def times(name: str) -> float:
            network = kinds.get(name, "network") == "network"
            return (folds or self.folds) * (longer * (seeds or self.trainings) if network else 1.0)

        models = ",".join(dict.fromkeys(ModelName.parse(name).asked for name in names))
        command = same_command(self.measured.command, {"--models": models, **options})
        return NextStep(command, self.measured.minutes(names, times), because)


def next_steps(at: Situation) -> tuple[NextStep, ...]:
    """Return what to try next, likeliest first."""
    steps = (step for find in FINDERS for step in find(at))
    return tuple(step for step, _ in zip(steps, range(MOST_STEPS), strict=False))


# --- a function for each kind of fact


def _missing_kind(at: Situation) -> Iterator[NextStep]:
    """Yield what a run needs to have an answer."""
    if at.verdict.decision is not None:
        return
    kinds = {row.kind for row in at.results}
    lacks = {"network": "A network", "baseline": "A model that counts words"}
    for kind, named in lacks.items():
        if kind not in kinds:
            needed = TASKS[task_of(at.measured.config).name].needed
            command = same_command(at.measured.command, {"--models": ",".join(needed)})
            yield NextStep(command, None, f"{named} is missing, so there is nothing to compare with.")
            return


def _failed(at: Situation) -> Iterator[NextStep]:
    """Yield a slower training where one learned nothing; a quicker one where its steps were tiny."""
    failed = [row for row in at.of_network if not row.trained]
    rate = at.measured.config.networks.learning_rate or USUAL_RATE
    if not failed:
        return
    all_of_it = len(at.of_network)
    many = (
        f"{in_words(len(failed)).capitalize()} of {in_words(all_of_it)} trainings"
        if all_of_it > 1
        else "The training"
    )
    tiny = rate < TINY_RATE
    mends = "Its steps were tiny; usual ones may mend that" if tiny else "Smaller steps often mend that"
    because = f"{many} of {at.called} learned nothing. {mends}."
    yield at.step(because, {"networks.learning_rate": f"{USUAL_RATE if tiny else rate / 4:g}"})


def _far_below(at: Situation) -> Iterator[NextStep]:
    """Yield more patience where one training ended far below the others."""
    scores = sorted(row.accuracy for row in at.of_network if row.trained)
    if len(scores) < 3 or at.folds > 1:
        return
    worst, *others = scores
    if others[0] - worst < max(FAR_BELOW, 2 * (others[-1] - others[0])):
        return
    beside = listed([f"{100 * score:.0f}" for score in others])
    because = (
        f"One training of {at.called} stayed behind: {100 * worst:.0f} of 100 right beside {beside}."
        " Let none stop so early."
    )
    patience = max(10, 2 * at.measured.config.networks.patience)
    yield at.step(because, {"networks.patience": str(patience)}, longer=CURVE_WORTH)


def _still_learning(at: Situation) -> Iterator[NextStep]:
    """Yield a longer training where the loss still fell at the end."""
    found = [match for row in at.of_network for text in row.warnings if (match := STILL_FELL.search(text))]
    if found:
        key = found[0]["key"]
        networks = at.measured.config.networks
        value = getattr(networks, key.partition(".")[2])
        because = f"{at.called} was still learning when its time was over."
        yield at.step(because, {key: f"{2 * value:g}"}, longer=CURVE_WORTH)


def _cut(at: Situation) -> Iterator[NextStep]:
    """Yield more words a document where many were not read."""
    found = [match for row in at.of_network for text in row.warnings if (match := NOT_READ.search(text))]
    if found:
        share = found[0]["share"].rstrip("%")
        because = f"{at.called} did not read {share} of 100 words: its documents are longer than it reads."
        most = 2 * at.measured.config.networks.max_tokens
        yield at.step(because, {"--max-tokens": str(most)}, longer=CURVE_WORTH)


def _other_head(at: Situation) -> Iterator[NextStep]:
    """Yield the network with a head that reads every state, where only the last one was tried."""
    if at.network is None or at.verdict.decision in (None, "beats", "withheld"):
        return  # of a training that learned nothing, another head learns nothing with the same settings
    name = ModelName.parse(at.network)
    heads = {row.head for row in at.results if row.model == name.model}
    if name.entry is None or not name.entry.recurrent or heads != {LAST}:
        return
    added = f"{name.model}:max" + (f"@{name.source}" if name.source else "")
    because = f"Let {name.model} read every word, not only its state after the last one."
    yield at.step(because, {}, added=added)


def _uneven(at: Situation) -> Iterator[NextStep]:
    """Yield more trainings where they differ more than the documents do."""
    steps = at.seeds.steps
    if at.verdict.decision == "cannot tell" and steps and steps[-1].share > OPEN_SHARE:
        more = 2 * steps[-1].seeds
        because = (
            f"{in_words(more).capitalize()} trainings instead of {in_words(steps[-1].seeds)}: they differ more than the"
            " documents do."
        )
        yield at.step(because, {"--seeds": str(more)}, seeds=more)


def _left_out(at: Situation) -> Iterator[NextStep]:
    """Yield more documents where a limit left some out: they cost less than folds, and all models learn from them."""
    if _limited(at) and at.verdict.decision == "cannot tell":
        used = at.measured.documents
        because = (
            f"Only {used:,} documents were drawn. Use more of them: smaller differences can be seen then."
        )
        yield at.step(because, {"--limit": str(2 * used)}, longer=2.0)


def _limited(at: Situation) -> bool:
    """Whether a limit left documents out: as many were used as it lets through."""
    limit = at.measured.config.corpus.limit
    return bool(limit) and at.measured.documents >= limit


def _few_documents(at: Situation) -> Iterator[NextStep]:
    """Yield folds where the test set is too small; where it was given, folds cannot be."""
    measured, corpus = at.measured, at.measured.config.corpus
    carved = abs(measured.tested - corpus.test_size * measured.documents) <= max(2, 0.02 * measured.documents)
    if at.verdict.decision != "cannot tell" or at.folds > 1 or corpus.test or not carved or _limited(at):
        return
    because = f"Test each of the {measured.documents:,} documents once: smaller differences can be seen then."
    yield at.step(because, {"--folds": str(FOLDS)}, folds=FOLDS)


FINDERS: Sequence[Callable[[Situation], Iterator[NextStep]]] = (
    _missing_kind,
    _failed,
    _far_below,
    _still_learning,
    _cut,
    _other_head,
    _uneven,
    _left_out,
    _few_documents,
)
