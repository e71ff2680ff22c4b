"""From INPUT to tags: the order of what happens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline.core.clean import plural
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.files import unfinished
from pipeline.core.warned import warning
from pipeline.corpus.tagged.kinds import CERTAIN
from pipeline.models.saved import SavedTagger
from pipeline.predict.options import Options
from pipeline.predict.outputs import cannot_be_written, check_ending
from pipeline.predict.rows import GIVE
from pipeline.predict.tagged.answers import Answered, answer
from pipeline.predict.tagged.inputs import open_sentences
from pipeline.predict.tagged.outputs import Output, output_for
from pipeline.predict.tagged.scored import Scored
from pipeline.predict.tagged.sentences import Input

SHOWN = 3  # broken sentences that are told of with their reason
ENDINGS = (".csv", ".jsonl", *CERTAIN)


def check(options: Options, model: SavedTagger) -> None:
    """Raise PipelineError where an option is asked that taggers have no answer to."""
    refused = {
        "--top": (options.top, "each word has one tag, that of the best sequence"),
        "--explain": (options.explain, "what a word adds to the tags of others is not found out"),
        "--max-error": (
            options.max_error,
            "the words of a sentence are no independent cases, which a promise counts",
        ),
    }
    for option, (given, why) in refused.items():
        if given:
            fix = 'leave it out; "confidence" in a file that ends in .jsonl or .csv says how sure each tag is'
            raise PipelineError("model-of-another-task", option, f"{model.name} tags words: {why}", fix)
    if options.out is not None:
        check_ending(options.out, ENDINGS)


def predict_tags(options: Options, model: SavedTagger, about: str, console: Console) -> None:
    """Tag every sentence of an input, in its order, and write the answers; `about` is what is said of the model."""
    check(options, model)
    if about:
        console.say(about)
    with ExitStack() as stack:
        given = options.input, options.say, options.columns, options.encoding
        found = open_sentences(*given, model, stack)
        for line in found.said if options.say is None else ():
            console.say(line)
        _answer_all(options, model, found, console)


def _answer_all(options: Options, model: SavedTagger, found: Input, console: Console) -> None:
    scored, odd = Scored(), _Odd()
    told = console if options.say is None else Console(silent=True)
    with _opened(options.out, found, model) as output, told.stage("Predicting", None, "sentences") as stage:
        try:
            for sentences in found.sentences:
                answered = answer(model, sentences)
                _write(output, answered, options.out)
                scored.count(answered)
                odd.count(answered)
                stage.advance(sentences.n)
        except BrokenPipeError:  # `| head` has read enough
            console.say("The reader of the answers has gone: the rest is not answered.")
        if not odd.sentences:
            raise PipelineError("file-is-empty", found.name, "it holds no word", GIVE)
    for line in (*found.ended(), *odd.words(), scored.words()):
        if line:
            console.say(line)
    if options.out is not None:
        console.say(f"Answers: {options.out}")


def _write(output: Output, answered: Answered, out: Path | None) -> None:
    try:
        output.write(answered)
    except BrokenPipeError:
        raise
    except OSError as error:  # such as a full disk
        raise cannot_be_written(error, out) from error


@contextmanager
def _opened(out: Path | None, found: Input, model: SavedTagger) -> Iterator[Output]:
    """Yield what writes: into a file that takes the place of `out` when the block has ended well, or prints."""
    if out is None:
        with open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as file:
            yield output_for(found.kind, None, file, model.column)
        return
    if out.suffix.lower() == ".conllu" and found.kind != "conllu":
        what = f"{out}: {found.name} is no CoNLL-U, whose ten columns would be made up"
        raise PipelineError("output-name-ending", "--out", what, "end it with .conll, .jsonl or .csv")
    with unfinished(out) as new, new.open("wb") as file:
        yield output_for(found.kind, out, file, model.column)


class _Odd:
    """How many sentences have no answer, and why the first of them."""

    def __init__(self) -> None:
        self.sentences = self._broken = 0
        self._reasons: list[str] = []

    def count(self, answered: Answered) -> None:
        """Count some sentences."""
        of = answered.sentences
        shown = sorted(of.broken.items())[: SHOWN - len(self._reasons)]
        self._reasons += [f"sentence {self.sentences + place + 1}: {why}" for place, why in shown]
        self.sentences += of.n
        self._broken += len(of.broken)

    def words(self) -> Iterator[str]:
        """Yield what a person should know."""
        if self._broken:
            number = plural(self._broken, "sentence")
            told = f"{number} of {self.sentences:,} without an answer ({', '.join(self._reasons)})"
            yield f"warning: {warning('rows-without-an-answer', told)}"
