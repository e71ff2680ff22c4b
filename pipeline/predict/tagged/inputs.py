"""INPUT as a person names it > sentences: a file of words if it is one, else texts that are cut into words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.files import Json
from pipeline.corpus.asked.columns import ColumnOptions
from pipeline.corpus.readers.packing import inner_name
from pipeline.corpus.readers.places import check_exists
from pipeline.corpus.tagged.kinds import CERTAIN
from pipeline.models.saved import SavedTagger
from pipeline.predict.blocks import TextBlocks
from pipeline.predict.columns import Trained, choose_columns
from pipeline.predict.inputs import STANDARD_INPUT, Asked, blocks_of, blocks_of_standard_input, open_input
from pipeline.predict.rows import GIVE
from pipeline.predict.said import of_said
from pipeline.predict.tagged.columns import columns_format, conllu_format, open_words
from pipeline.predict.tagged.records import open_records, words_key
from pipeline.predict.tagged.sentences import Input
from pipeline.predict.tagged.texts import open_texts
from pipeline.predict.text_lines import lines_of
from pipeline.tasks.tag.schemes import TagSet

TEXT = "text"  # what the column of raw texts is called, unless it is named
MAY_BE_WORDS = (".txt", ".tsv", ".iob", "")  # endings that leave open whether a line is a word
_ALIKE = 0.9  # of the cells of a column of tags are tags of the model
_NUMBERED = re.compile(r"\d+([-.]\d+)?\t")


def open_sentences(
    name: str | None,
    say: str | None,
    options: ColumnOptions,
    encoding: str | None,
    model: SavedTagger,
    stack: ExitStack,
) -> Input:
    """Return the sentences of a file, of standard input, or of a text that was typed.

    Raises
    ------
    PipelineError
        As `pipeline.predict.inputs.open_input`; where a column that was named is not there.
    """
    asked = Asked(encoding, options.names or (TEXT,), model.label_names, options.names)
    if name is None:
        return _of_texts(None, say, asked, options, model, stack)
    ending = "" if name == STANDARD_INPUT else inner_name(Path(name)).suffix.lower()
    if name != STANDARD_INPUT:
        check_exists(Path(name))
    if ending in CERTAIN or ending in MAY_BE_WORDS or ending in (".jsonl", ".ndjson"):
        blocks = (
            blocks_of_standard_input(asked, stack)
            if name == STANDARD_INPUT
            else blocks_of(Path(name), asked, stack)
        )
        opened = _of_words(blocks, ending, options.label, model)
        if opened is not None:
            return opened
        if name == STANDARD_INPUT:
            return _of_texts(blocks, None, asked, options, model, stack)
    return _of_texts(name, None, asked, options, model, stack)


def _of_words(blocks: TextBlocks, ending: str, label: str | None, model: SavedTagger) -> Input | None:
    """Return the sentences of lines that hold words; None where they are texts."""
    known, first = tags_known(model), blocks.first
    if not first.strip():
        raise PipelineError("file-is-empty", blocks.name, "it holds no word", GIVE)
    if key := _key_of_words(first):
        return open_records(blocks, key, label, model.column, known)
    if ending == ".conllu" or _is_conllu(first):
        return open_words(blocks, conllu_format(), label, model.column, known)
    if ending in CERTAIN or _is_columns(first, known):
        return open_words(blocks, columns_format(blocks, label or model.column), label, model.column, known)
    return None


def _of_texts(
    source: str | TextBlocks | None,
    say: str | None,
    asked: Asked,
    options: ColumnOptions,
    model: SavedTagger,
    stack: ExitStack,
) -> Input:
    if options.label is not None:
        what = "tags stand beside words, and these are raw texts"
        raise PipelineError("no-such-column", f"--label {options.label}", what, "give a file of words")
    found = of_said(str(say)) if source is None else open_input(source, asked, stack)
    rows = next(found.rows, None)
    if rows is None:
        raise PipelineError("file-is-empty", found.name, "it holds no rows", GIVE)
    columns = choose_columns(rows, found.name, options, Trained(TEXT))
    return open_texts(found, columns.of(rows), columns, model, say=source is not None)


def tags_known(model: SavedTagger) -> Callable[[Sequence[str | None]], bool]:
    """Return the function that tells whether cells are tags such as the model gives."""
    names, spans = {*model.label_names}, model.tagset.scheme != "plain"

    def known(cells: Sequence[str | None]) -> bool:
        given = [cell for cell in cells if cell]
        if spans and given and TagSet.of(tuple(sorted({*given}))).scheme != "plain":
            return True
        return bool(given) and sum(cell in names for cell in given) >= _ALIKE * len(given)

    return known


def _key_of_words(text: str) -> str | None:
    """Return the key of the words, where the first line is an object that has a list of them."""
    line = next(line for line in text.split("\n") if line.strip())
    if not line.lstrip().startswith("{"):
        return None
    try:
        first: Json = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return words_key(first) if isinstance(first, dict) else None


def _is_conllu(text: str) -> bool:
    """Whether the first line that is no comment is a numbered one of ten columns."""
    line = next((line for line in lines_of(text) if line.strip() and not line.startswith("#")), "")
    return bool(_NUMBERED.match(line)) and line.count("\t") == 9


def _is_columns(text: str, known: Callable[[Sequence[str | None]], bool]) -> bool:
    """Whether lines are a word with columns, the last of which holds tags of the model."""
    rows = [line.split() for line in lines_of(text)[:2000] if line.strip()]
    widths = {len(row) for row in rows}
    return len(widths) == 1 and widths != {1} and known([row[-1] for row in rows])
