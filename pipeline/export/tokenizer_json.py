"""What a saved model does with a text before it computes, as JSON that 40 lines of another program read."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.errors import PipelineError
from pipeline.core.files import Json, json_text
from pipeline.core.values import UNKNOWN_ROW, Bool, Vocabulary, Writing
from pipeline.export.portable import portable
from pipeline.models.saved import SavedModel, SavedNetwork
from pipeline.models.saved.linear import AverageFeatures, NgramFeatures, SavedLinear
from pipeline.settings.setting import AUTO
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import HTML_BREAK, NUL, PATTERNS
from pipeline.text.unicode import (
    ARABIC_LETTERS,
    DOTTED_CAPITAL_I,
    INVISIBLE,
    LOOSE_NON_JOINERS,
    PERSIAN_LETTERS,
    VOWEL_SIGNS,
)

FORMAT_VERSION = 1
Step = dict[str, str]  # {"replace": pattern, "by": text}, {"normalize": form} or {"case": "lower"}
FIRST_GROUP = r"\1"  # in what a step replaces by
_MARK = "\ufdd0"  # a code point that is no character, and in no text


@dataclass(frozen=True)
class Reads:
    """What a model's equations take: numbers of tokens in their order, or numbers of n-grams with their counts.

    Attributes
    ----------
    vocabulary : what has the number of its place; None: nothing has it
    ngrams : the shortest and the longest n-gram, tokens joined by a blank; None: single tokens in their order
    most : tokens that are read, None: all; `keep` says which of a longer text: "first", "last" or "first+last"
    """

    vocabulary: list[str | None]
    ngrams: tuple[int, int] | None
    most: int | None = None
    keep: str | None = None


def tokenizer_json(model: SavedModel) -> str:
    """Return all that leads from a text to what the model's equations take, as JSON."""
    return json_text(as_data(model))


def as_data(model: SavedModel) -> dict[str, Json]:
    """Return what `tokenizer_json` writes.

    Raises
    ------
    PipelineError
        If the model reads what no other program can make of a text.
    """
    check_readable(model)
    reads = what_it_reads(model)
    said: dict[str, Json] = {
        "format_version": FORMAT_VERSION,
        "model": model.name,
        "steps": [*without_escapes(model.writing), *steps(model.tokenizer)],
        "token": portable(PATTERNS[model.tokenizer.name, "characters"]),
    }
    if reads.ngrams is None:
        said |= {"reads": "rows", "unknown": UNKNOWN_ROW, "max_tokens": reads.most, "keep": reads.keep}
    else:
        said |= {"reads": "ngrams", "shortest": reads.ngrams[0], "longest": reads.ngrams[1]}
    return said | {"vocabulary": reads.vocabulary}


def check_readable(model: SavedModel) -> None:
    """Raise PipelineError if another program cannot read texts as the model does."""
    if model.tokenizer.name == "words" and model.tokenizer.unspaced in ("words", AUTO):
        what = f"{model.name} reads words that ICU cuts, which no export takes along"
        raise PipelineError(
            "model-not-exported", "--model", what, "train it with `--set tokenizer.unspaced=characters`"
        )
    if isinstance(model, SavedNetwork) and model.shuffle_seed is not None:
        what = f"{model.name} reads its words in a random order, which is a control and no model to use"
        raise PipelineError(
            "model-not-exported", "--model", what, "export the network that reads them in order"
        )
    if model.writing.form:
        what = f"{model.name} reads texts that are written as lists or objects, which no export takes along"
        raise PipelineError("model-not-exported", "--model", what, "train it on plain texts")


def steps(settings: TokenizerSettings) -> list[Step]:
    """Return what happens to a text before it is cut into tokens, in order: what `tokenize` does."""
    found: list[Step] = [_replace(NUL, "")]
    if settings.html_breaks:
        found.append(_replace(HTML_BREAK, " "))
    if settings.normalization != "none":
        found += [{"normalize": settings.normalization.upper()}, _replace(INVISIBLE, "")]
        found += [_replace(loose, FIRST_GROUP) for loose in LOOSE_NON_JOINERS]
    if not settings.vowel_signs:
        found.append(_replace(VOWEL_SIGNS, ""))
    if not settings.letter_variants:
        found += [_replace(*pair) for pair in zip(ARABIC_LETTERS, PERSIAN_LETTERS, strict=True)]
    if settings.lowercase:
        found += [_replace(DOTTED_CAPITAL_I, "i"), {"case": "lower"}]
    return found


def without_escapes(writing: Writing) -> list[Step]:
    """Return what undoes escapes as `undone` does; backslashes that stand for themselves are marked meanwhile."""
    if not writing.escapes:
        return []
    marked = FIRST_GROUP + _MARK
    names = _step(rf"(\\)(?=(?:{'|'.join(writing.names)})(?![a-z]))", marked)
    return [
        _step(r"\\(\\)", marked),
        *([names] if writing.names else []),
        _step(r"\\r\\n|\\[nr]", "\n"),
        _step(r"\\t", "\t"),
        _step("\\\\([\"'])", FIRST_GROUP),
        _step(_MARK, ""),
    ]


def _step(pattern: str, by: str) -> Step:
    return {"replace": pattern, "by": by}


def _replace(pattern: str, by: str) -> Step:
    return {"replace": portable(pattern), "by": by}


def what_it_reads(model: SavedModel) -> Reads:
    """Return what the model's equations take, by its kind."""
    if isinstance(model, SavedNetwork):
        whole = model.keep == "pieces"
        known = _known(model.vocabulary, model.covered)
        return Reads(known, None, None if whole else model.max_tokens, None if whole else model.keep)
    if not isinstance(model, SavedLinear):
        what = f"{model.name} is of a kind that is not exported"
        raise PipelineError("model-not-exported", "--model", what, "export a linear model or a network")
    if isinstance(model.features, AverageFeatures):
        return Reads(_known(model.features.vocabulary, model.features.covered), None)
    return _of_ngrams(model.features)


def _known(vocabulary: Vocabulary, covered: Bool) -> list[str | None]:
    """Return the tokens that have a vector, each in the place of its row; the first rows are of no token."""
    pairs = zip(vocabulary.tokens.to_list(), covered.tolist(), strict=True)
    return [token if known and row > UNKNOWN_ROW else None for row, (token, known) in enumerate(pairs)]


def _of_ngrams(features: NgramFeatures) -> Reads:
    ngrams = features.ngrams
    return Reads(list(ngrams.terms()), (ngrams.ngram_min, ngrams.ngram_max))
