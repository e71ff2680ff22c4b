"""Saved language models: bits of documents, and texts that they write, in NumPy alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError, did_you_mean
from pipeline.core.names import ModelName
from pipeline.core.values import Float32, Float64
from pipeline.models.baselines.language.spelling import Speller
from pipeline.models.baselines.language.stored import COUNTED, SPELLING, counts_in, shapes_of_counts
from pipeline.models.baselines.language.symbols import UNKNOWN, Streams, Symbols
from pipeline.models.baselines.language.units import Charged, Units
from pipeline.models.equations.language import LanguageSpec, log2_of, weight_shapes
from pipeline.models.golden import A_FEW
from pipeline.models.saved.replayed import check_golden
from pipeline.models.writing import CountReader, Drawing, NetworkReader, Reader, write
from pipeline.run_folder.models import SavedFiles, describe, names_on, shelf_of
from pipeline.run_folder.shelf import MODEL
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.letters import letters_of
from pipeline.text.tokenizer import tokenize

KIND = "language model"
_OTHER = "it describes no language model of this version"


@dataclass(frozen=True, eq=False)
class SavedLanguageModel:
    """A language model from a file."""

    name: str
    units: Units
    tokenizer: TokenizerSettings
    log2: Callable[[Streams], Float64]
    reader: Callable[[], Reader]

    def charge(self, texts: pl.Series) -> Charged:
        """Return what each text costs, in bits."""
        return self.units.charge(tokenize(texts, self.tokenizer), self.log2)

    def rows(self, texts: pl.Series) -> tuple[Float32, Sequence[int]]:
        """Return the bits a byte of each text, (N, 1), and that there is one answer to each."""
        charged = self.charge(texts)
        return (charged.bits / charged.bytes).astype(np.float32)[:, None], [1] * len(texts)

    def write(self, start: str, how: Drawing, generator: np.random.Generator) -> str:
        """Return a text that begins with `start`.

        Raises
        ------
        PipelineError
            If a word of the start is unknown: no text that the model has read goes on from there.
        """
        tokenized = tokenize(pl.Series([start]), self.tokenizer)
        of_start = self.units.write(tokenized).symbols[1:-1].tolist()
        if UNKNOWN in of_start:
            own = tokenized if self.units.of_words else letters_of(tokenized)
            words = own.types.gather(own.token_types)
            strange = words[of_start.index(UNKNOWN)]
            known = self.units.symbols.tokens.to_list()
            raise PipelineError(
                "start-unknown",
                "--start",
                f'{self.name} does not know "{strange}", so that it cannot go on from there',
                did_you_mean(strange, known[3:] if len(known) < 50 else ()) or "begin with other words",
            )
        symbols = write(self.reader(), of_start, how, generator)
        between = " " if self.units.of_words else ""
        return between.join(self.units.symbols.tokens.gather(symbols).to_list())


def load_language_model(run: Path, name: str | None) -> SavedLanguageModel:
    """Return a language model of a run, the first seed's; without a name the one that its advice names, else the first.

    Raises
    ------
    PipelineError
        If there is none of this name, a file is damaged, or the model does not answer as it did when it was fitted.
    """
    shelf = shelf_of(run)
    names = names_on(shelf, KIND) if run.is_dir() else []
    asked = name or (names[0] if names else "")
    folders = {describe(shelf, one)["name"]: one for one in (shelf.models() if names else ())}
    matching = [one for one in names if one == asked or ModelName.parse(one).asked == asked]
    if not matching:
        what = f'there is no language model "{asked}"' if names else "there is no language model"
        fix = f"give one of {', '.join(names)}" if names else "give the folder of a run of --task generate"
        raise PipelineError("no-such-model", str(run), what, fix)
    files = SavedFiles(shelf, folders[matching[0]], describe(shelf, folders[matching[0]]))
    model = read_language_model(files)
    check_golden(model, files.golden(), files, A_FEW)
    return model


def read_language_model(files: SavedFiles) -> SavedLanguageModel:
    """Return the language model of a fit's files; PipelineError where they are damaged, or of another version."""
    with files.reading(f"{files.folder}/{MODEL}", _OTHER):
        return _read(files)


def _read(files: SavedFiles) -> SavedLanguageModel:
    told = files.described
    symbols = Symbols(pl.Series(told["symbols"], dtype=pl.String))
    spec = None if told["network"] is None else LanguageSpec(**told["network"])
    shapes = shapes_of_counts(told["counts"], COUNTED) if spec is None else weight_shapes(spec)
    spelling = told["spelling"] or ()
    arrays = files.weights(shapes | shapes_of_counts(spelling, SPELLING))
    speller = None
    if spelling:
        letters = Symbols(pl.Series(told["letters"], dtype=pl.String))
        speller = Speller(letters, counts_in(arrays, spelling, SPELLING))
    units, tokenizer = Units(symbols, speller), TokenizerSettings(**told["tokenizer"])
    if spec is not None:
        asked, reader = partial(log2_of, spec, arrays), partial(NetworkReader, spec, arrays)
        return SavedLanguageModel(told["name"], units, tokenizer, asked, reader)
    model = counts_in(arrays, told["counts"], COUNTED)
    return SavedLanguageModel(told["name"], units, tokenizer, model.log2, partial(CountReader, model))
