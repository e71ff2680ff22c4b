"""From INPUT to answers: the order of what happens, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from pipeline.core.clean import plural
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.warned import warning
from pipeline.corpus.asked.classes import read_map
from pipeline.corpus.asked.columns import ColumnOptions
from pipeline.models.saved import SavedModel, SavedTagger
from pipeline.predict.answers import Wanted, answer
from pipeline.predict.columns import Choice as Columns
from pipeline.predict.columns import Trained, choose_columns
from pipeline.predict.options import Options
from pipeline.predict.outputs import ENDINGS, Lines, Output, cannot_be_written, check_ending, check_out
from pipeline.predict.rows import GIVE, Input, Rows
from pipeline.predict.said import of_said
from pipeline.predict.scored import Scored
from pipeline.predict.scored_sets import ScoredSets
from pipeline.predict.unlike import Usual, usual_of
from pipeline.predict.which_model import choose_name, described, load, read_choice_of
from pipeline.run_folder.choice import Choice

if TYPE_CHECKING:
    from pipeline.predict.promise import Promise

SHOWN = 3  # broken rows that are told of with their reason


def predict(options: Options, console: Console) -> None:
    """Answer every row of an input, in its order, and write the answers; what a person should know goes to `console`.

    Raises
    ------
    PipelineError
        If an option, the run or the input is not what it has to be. A row that is broken is written with its reason.
    """
    _check(options)
    choice = read_choice_of(options.model.place)
    name = choose_name(options.model, choice)
    loaded = load(options.model, name)
    about = "" if options.say is not None else described(choice, loaded, advised=options.model.name is None)
    if isinstance(loaded.model, SavedTagger):
        from pipeline.predict.tagged.predicting import predict_tags  # imports what reads files of words

        predict_tags(options, loaded.model, about, console)
    else:
        assert isinstance(loaded.model, SavedModel)
        _predict_documents(options, loaded.model, choice, about, console)


def _predict_documents(
    options: Options, model: SavedModel, choice: Choice | None, about: str, console: Console
) -> None:
    """Answer whole documents; `about` is what is said of the model."""
    if options.out is not None:
        check_ending(options.out, ENDINGS)
    if model.gives_labels and options.max_error is not None:
        what = "a promise is about one answer a document, and this model gives several labels"
        raise PipelineError("promise-impossible", "--max-error", what, "leave it out")
    promise = _promise(options, choice, model.name)
    for line in (about, "" if promise is None else promise.words()):
        if line:
            console.say(line)
    trained = _trained(choice)
    with ExitStack() as stack:
        found = _opened(options, model, trained, stack)
        for line in found.said:
            console.say(line)
        run = _Predicting(options, model, usual_of(options.model.place), promise, console)
        run.answer_all(found, trained)


@dataclass(frozen=True, eq=False)
class _Predicting:
    """One call of `predict`, its model loaded."""

    options: Options
    model: SavedModel
    usual: Usual
    promise: Promise | None
    console: Console

    def answer_all(self, found: Input, trained: Trained) -> None:
        """Answer all rows; say at the end what was odd about them."""
        first = next(found.rows, None)
        if first is None:
            raise PipelineError("file-is-empty", found.name, "it holds no rows", GIVE)
        columns = choose_columns(first, found.name, self.options.columns, trained)
        names = self.model.label_names
        scored = ScoredSets(names) if self.model.gives_labels else Scored(names)
        odd = _Odd()
        console = self.console if self.options.say is None else Console(silent=True)
        with self._output() as output, console.stage("Predicting", None, "documents") as stage:
            try:
                for rows in chain([first], found.rows):
                    self._answer(rows, columns, output, scored, odd)
                    stage.advance(rows.n_rows)
            except BrokenPipeError:  # `| head` has read enough
                console.say("The reader of the answers has gone: the rest is not answered.")
        for line in (*found.ended(), *output.said, *odd.words(), scored.words()):
            if line:
                self.console.say(line)
        if self.options.out is not None:
            self.console.say(f"Answers: {self.options.out}")

    def _answer(
        self, rows: Rows, columns: Columns, output: Output, scored: Scored | ScoredSets, odd: _Odd
    ) -> None:
        answered = answer(self.model, columns.of(rows), self.wanted, self.usual)
        try:
            output.write(answered)
        except BrokenPipeError:
            raise
        except OSError as error:  # such as a full disk
            raise cannot_be_written(error, self.options.out) from error
        scored.count(answered)
        odd.count(rows.n_rows, int(answered.given.sum()), answered.documents.broken)

    @property
    def wanted(self) -> Wanted:
        """What is asked beside the answers."""
        least = None if self.promise is None else self.promise.least_confidence
        return Wanted(self.options.top, self.options.explain, least)

    @contextmanager
    def _output(self) -> Iterator[Output]:
        if self.options.out is not None:
            from pipeline.predict.answer_files import opened  # imports what writes each format

            with opened(self.options.out) as output:
                yield output
            return
        with open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as file:
            yield Lines(file)


class _Odd:
    """How many rows have no answer, and why the first of them."""

    def __init__(self) -> None:
        self._rows = self._given = 0
        self._broken = 0
        self._reasons: list[str] = []

    def count(self, rows: int, given: int, broken: Mapping[int, str]) -> None:
        """Count some rows, of which some have an answer and some are broken."""
        shown = sorted(broken.items())[: SHOWN - len(self._reasons)]
        self._reasons += [f"row {self._rows + place + 1}: {reason}" for place, reason in shown]
        self._rows += rows
        self._given += given
        self._broken += len(broken)

    def words(self) -> Iterator[str]:
        """Yield what a person should know."""
        unsure = self._rows - self._given - self._broken
        if self._broken:
            shown = ", ".join(self._reasons)
            told = f"{plural(self._broken, 'row')} of {self._rows:,} without an answer ({shown})"
            yield f"warning: {warning('rows-without-an-answer', told)}"
        if unsure:
            yield f"{plural(unsure, 'document')} of {self._rows:,} left out: not sure enough"


def _promise(options: Options, choice: Choice | None, name: str) -> Promise | None:
    if options.max_error is None:
        return None
    from pipeline.predict.promise import parse_limit, promise_of, seeds_kept

    limit = parse_limit(options.max_error)
    if choice is None:
        what = "a promise rests on the answers that a run keeps, and this is a model alone"
        raise PipelineError("promise-impossible", "--max-error", what, "give the folder of the run")
    model = options.model
    seeds = seeds_kept(model.place, name) if model.ensemble else [model.seed or 0]
    return promise_of(model.place, name, seeds, limit)


def _check(options: Options) -> None:
    if (options.input is None) == (options.say is None):
        both = (
            "both INPUT and --say are given" if options.input is not None else "there is nothing to predict"
        )
        raise PipelineError(
            "options-exclude-each-other", "INPUT", both, 'give a file, - for standard input, or --say "TEXT"'
        )
    if options.top is not None and options.top < 1:
        raise PipelineError(
            "number-out-of-range", "--top", f"{options.top} is no number of labels", "give 1 or more"
        )
    if options.out is not None:
        check_out(options.out)


def _trained(choice: Choice | None) -> Trained:
    """Return what the run knows of the columns of its corpus, as it was asked, else as it found them."""
    if choice is None:
        return Trained()
    renamed = {old: new for old, new in read_map(choice.class_map).items() if new}
    return Trained(choice.text, choice.label, renamed)


def _opened(options: Options, model: SavedModel, trained: Trained, stack: ExitStack) -> Input:
    if options.say is not None:
        return of_said(options.say)
    from pipeline.predict.inputs import (  # imports what reads each format: a tenth of a second
        Asked,
        open_input,
    )

    wanted = (*options.columns.names, *ColumnOptions(trained.text or None, trained.label or None).names)
    asked = Asked(options.encoding, wanted, model.label_names, options.columns.names)
    return open_input(str(options.input), asked, stack)
