"""Saved models > what each word of the documents that the report shows adds to their answers.

For the first seed's fit on the first fold, which is the one that is saved: linear models exactly, networks by
occlusion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.core.files import Json
from pipeline.core.fits import Row
from pipeline.core.values import TokenizedCorpus
from pipeline.interpret.contributions.places import blank_out, place_tokens
from pipeline.models.saved import Contributions, load_model
from pipeline.models.table import PlannedModel
from pipeline.run_folder.models import files_to_predict
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import HTML_BREAK
from pipeline.text.unicode import one_form

CHARACTERS = 600  # of a text; of a longer one the first and the last half of that
LEFT_OUT = " […] "  # stands between them
LEVELS = 100  # a document's largest contribution is written as so many, the others in proportion
NOT_SAVED = "its first fit was not saved"
MOST_WORK = 2.5e11  # timesteps times weights of one network, all its documents; docs/decisions/0014


@dataclass(frozen=True, eq=False)
class Shown:
    """The documents whose words are looked at, in the order they were chosen."""

    numbers: tuple[int, ...]  # (N,), as the predictions have them
    texts: tuple[str, ...]
    tokenized: TokenizedCorpus  # whole; `types` are those of these documents

    @cached_property
    def tokens(self) -> list[list[str]]:
        """The tokens of each document."""
        flat = self.tokenized.types.gather(self.tokenized.token_types).to_list()
        bounds = self.tokenized.offsets.tolist()
        return [flat[start:end] for start, end in pairwise(bounds)]

    def excerpts(self, tokenizer: TokenizerSettings) -> list[Excerpt]:
        """Return what is shown of each document, whose tokens these settings cut."""
        return [find_excerpt(*document, tokenizer) for document in zip(self.texts, self.tokens, strict=True)]


@dataclass(frozen=True)
class Excerpt:
    """What is shown of a document: all of it, or its first and last characters, and the words that are whole there."""

    text: str
    places: tuple[int, ...]  # (P,) which tokens
    spans: tuple[tuple[int, int], ...]  # (P,) start and end of each in `text`

    @property
    def as_json(self) -> dict[str, str]:
        """The text, and the spans as one string of numbers."""
        return {"text": self.text, "spans": " ".join(f"{start} {end}" for start, end in self.spans)}


def find_excerpt(text: str, tokens: Sequence[str], tokenizer: TokenizerSettings) -> Excerpt:
    """Return what is shown of a document; tokens joined by blanks where they cannot be found in the text.

    >>> find_excerpt("A good film", ["a", "good", "film"], TokenizerSettings())
    Excerpt(text='A good film', places=(0, 1, 2), spans=((0, 1), (2, 6), (7, 11)))
    """
    text = one_form(pl.Series([text]), tokenizer).item()
    blank = blank_out(HTML_BREAK, text) if tokenizer.html_breaks else text
    whole = _excerpt(text, blank, tokens, lowercase=tokenizer.lowercase)
    joined = " ".join(tokens)
    return whole or _excerpt(joined, joined, tokens, lowercase=False) or Excerpt(joined[:CHARACTERS], (), ())


def _excerpt(text: str, blank: str, tokens: Sequence[str], *, lowercase: bool) -> Excerpt | None:
    if len(text) <= CHARACTERS:
        spans = place_tokens(blank, tokens, lowercase=lowercase)
        return None if spans is None else Excerpt(text, tuple(range(len(spans))), tuple(spans))
    half = CHARACTERS // 2
    start = place_tokens(blank[:half], tokens[:half], lowercase=lowercase)
    end = place_tokens(blank[-half:], tokens[-half:], lowercase=lowercase, from_end=True)
    if start is None or end is None:
        return None
    shift, last = half + len(LEFT_OUT), range(len(tokens) - len(end), len(tokens))
    moved = [(first + shift, after + shift) for first, after in end]
    return Excerpt(text[:half] + LEFT_OUT + text[-half:], (*range(len(start)), *last), (*start, *moved))


@dataclass(frozen=True)
class Explained:
    """What was found of one model, for the first documents of `Shown` or all; or why there is nothing."""

    method: str | None
    contributions: tuple[Contributions, ...] = ()
    why_not: str | None = None


@dataclass(frozen=True)
class ExplainedModel:
    """What was found of one model, as JSON has it.

    Attributes
    ----------
    row : its entry of `models` in `details/contributions.json`
    documents : its entries of the first documents of `Shown`, or all
    """

    row: Row
    documents: tuple[Row, ...]

    @classmethod
    def failed(cls, name: str, why: str) -> ExplainedModel:
        """Return what is said of a model that could not be looked at."""
        return _as_json(name, Explained(None, why_not=f"it could not be looked at: {why}"), [])


def explain_model(
    run: Path, planned: PlannedModel, shown: Shown, tokenizer: TokenizerSettings
) -> ExplainedModel:
    """Return what each word of the documents that are shown adds to the answers of one model.

    Parameters
    ----------
    run : Path
        The run folder: its `models/` are read.
    shown : Shown
    tokenizer : TokenizerSettings
        Those of the run.
    """
    excerpts = shown.excerpts(tokenizer)
    return _as_json(planned.name, explain(run, planned, shown, excerpts), excerpts)


def word_contributions(
    explained: Sequence[ExplainedModel], shown: Shown, tokenizer: TokenizerSettings
) -> dict[str, Json]:
    """Return what `details/contributions.json` holds, of models in the order in which it names them."""
    excerpts = shown.excerpts(tokenizer)
    return {
        "characters": CHARACTERS,
        "models": [one.row for one in explained],
        "documents": [
            {
                "document": number,
                "tokens": len(shown.tokens[place]),
                **excerpts[place].as_json,
                "models": {
                    one.row["name"]: one.documents[place] for one in explained if place < len(one.documents)
                },
            }
            for place, number in enumerate(shown.numbers)
        ],
    }


def explain(run: Path, planned: PlannedModel, shown: Shown, excerpts: Sequence[Excerpt]) -> Explained:
    """Return the contributions of one model's words, read from its files."""
    if planned.kind == "outside":
        return Explained(None, why_not="it was made elsewhere: its answers are known, not what it is")
    if planned.shuffled_words:
        return Explained(None, why_not="it reads each document with its words shuffled")
    if not files_to_predict(run, planned.name):
        return Explained(None, why_not=NOT_SAVED)
    model = load_model(run, planned.name)
    if model.method is None:
        return Explained(None, why_not="it answers every document alike: there is one class to learn from")
    places = [excerpt.places for excerpt in excerpts]
    found = model.contributions(shown.tokenized, places, MOST_WORK)
    if not all(np.isfinite(one.score) for one in found):
        return Explained(None, why_not="its answers are no numbers: it did not train")
    return Explained(model.method, tuple(found))


# --- as JSON has it


def _as_json(name: str, found: Explained, excerpts: Sequence[Excerpt]) -> ExplainedModel:
    documents = tuple(
        _written(one, excerpt.places) for one, excerpt in zip(found.contributions, excerpts, strict=False)
    )
    row = {"name": name, "method": found.method, "why_not": found.why_not, "documents": len(documents)}
    return ExplainedModel(row, documents)


def _written(one: Contributions, places: Sequence[int]) -> dict[str, Json]:
    """Return one model's contributions to one document, those of the words at `places` as whole numbers of `unit`."""
    shown = one.words[np.array(places, dtype=np.int64)]
    largest = float(np.nanmax(np.abs(shown), initial=0.0)) if np.isfinite(shown).any() else 0.0
    unit = largest / LEVELS
    levels = np.rint(shown / unit) if unit else np.where(np.isnan(shown), np.nan, 0.0)
    return {
        "predicted": one.predicted,
        "probability": one.probability,
        "score": one.score,
        "base": one.base,
        "unit": unit,
        "words": ",".join("" if np.isnan(level) else str(int(level)) for level in levels),
    }
