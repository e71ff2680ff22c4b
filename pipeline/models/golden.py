"""Golden texts: what every model is asked when it has been fitted, and by whatever path it is asked later on.

They are of this project's own writing. Their answers lie beside each saved model; which words a model knows does not
matter: where it knows none, that is what is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.core.values import Float32, Int64, TokenizedCorpus
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.tokenizer import tokenize

if TYPE_CHECKING:
    from pipeline.core.fits import Row

_SENTENCES = (
    "A good film, and the end is better than the beginning.",
    "The plot is thin, the actors are worse, and it is far too long.",
    "not bad, not good either",
    "I would not say that it was not worth the money.",
    "What is the capital of the country where this was made?",
    "How many people work there, and since when?",
    "Shares fell by 3.5 % on Tuesday after the company cut its forecast to $1.2bn.",
    "The team won 2-1 in the last minute of the second half.",
    "New phones are thinner; their batteries, sadly, are too.",
    "Please help!!! My order #4711 has not arrived, and nobody answers :-(",
    "THE WHOLE TEXT IS WRITTEN IN CAPITAL LETTERS",
    "the whole text is written in capital letters",
    "Don't, can't, won't; rock 'n' roll, and l\u2019\u00e9t\u00e9.",
    "first line\nsecond line\r\nthird line\n",
    "two  blanks,\ta tab,\u00a0and a blank that does not break",
    "one <br> two<br/>three<BR />four",
    '<p class="x">tags &amp; entities</p> {"json": [1, null]}',
    "mail me at nobody@example.org or see https://example.org/a?b=c&d=%20#e",
)
_UNSEEN = (
    "xqzv wrpk blorf",
    "pneumonoultramicroscopicsilicovolcanoconiosis",
    "<pad> <unk> </s> [MASK]",
    "a",
    "A.",
    "0",
    "1234567890 12:34 1e-9 0x1F -0.0",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
)
_NOTHING = ("", " ", "\n\t \u3000", "...", "\u200b\u200d\ufeff")
_SIGNS = (
    "\U0001f600 great \U0001f44d\U0001f3fd \U0001f469\u200d\U0001f4bb \U0001f1eb\U0001f1f7 \u2764\ufe0f",
    "control \x00\x01\x07\x1b[31m characters \x7f\x85",
    "so\u00adft hy\u00adphens and \u202eturned\u202c words",
    "cafe\u0301 and caf\u00e9, \ufb01ne and fine, \uff21\uff22\uff23 and ABC",
    "Z\u0351\u0343a\u0350l\u034ag\u0368o\u0321",
    "\ufffd replaced \U0010ffff the last",
    "\u00bfqu\u00e9? \u00abnon\u00bb \u201cja\u201d \u2014 \u2026 \u2116 \u20ac \u221e \u00bd",
)
_SCRIPTS = (
    "Der Schluß gefällt mir überhaupt nicht, schade um die Zeit.",
    "İstanbul'da hava bugün çok güzel",
    "Фильм хороший, но конец слабый.",
    "Η ταινία ήταν καλή, ΟΔΟΣ οδός",
    "الفيلم جيدٌ جدّاً والنهاية سيئة 123 ١٢٣",
    "סרט טוב מאוד, good film, סוף רע",
    "फिल्म अच्छी है, अंत लंबा है।",
    "这部电影很好，结局不好。",
    "この映画はとても良かったです。",
    "영화가 정말 좋았어요.",
    "หนังเรื่องนี้ดีมาก",
    "good хорошо 好 טוב جيد \U0001f600",
)
_LONG = (
    " ".join((("and then", "the film", "goes on", "and nothing", "happens") * 84)[:419]),
    "the end was bad . " * 30 + "but the beginning was good",
)
N_LONG = len(_LONG)  # the last ones
TEXTS = (*_SENTENCES, *_UNSEEN, *_NOTHING, *_SIGNS, *_SCRIPTS, *_LONG)
A_FEW = (0, 10, 26, 31)  # asked whenever a model is loaded: a sentence, capital letters, nothing, pictures

# Largest difference of a probability: that of sums in float32 in another order; a GPU multiplies with fewer bits.
TOLERANCE, TOLERANCE_OF_GPU = 1e-5, 5e-3


def golden_texts() -> pl.Series:
    """Return the golden texts as documents, (G,)."""
    return pl.Series(TEXTS, dtype=pl.String)


def golden_sentences(settings: TokenizerSettings) -> TokenizedCorpus:
    """Return the golden texts but the long ones, cut into words as they are written: what taggers are asked."""
    return tokenize(golden_texts().head(-N_LONG), replace(settings, lowercase=False))


def unsettled(
    answers: Float32, again: Float32, tolerance: float = TOLERANCE, offsets: Int64 | None = None
) -> tuple[int, ...]:
    """Return the golden texts on which a fit disagrees with itself where they are asked in other batches.

    Over hundreds of timesteps a network may magnify the rounding of its sums until it decides the answer: no other path
    can be held to such an answer. `offsets` say which answers are those of each text, where one has none or several.
    """
    noise = np.abs(answers - again).max(axis=1)  # (R,)
    if offsets is not None:
        noise = np.array([noise[start:end].max(initial=0.0) for start, end in pairwise(offsets.tolist())])
    return tuple(np.flatnonzero(~(noise <= tolerance / 4)).tolist())


def golden_answers(
    answers: Float32,
    answered_by: str,
    tolerance: float = TOLERANCE,
    left_out: Sequence[int] = (),
    words: Sequence[int] | None = None,
) -> Row:
    """Return what a model's `golden.json` holds: the texts too, so that whoever has only that can ask them.

    Parameters
    ----------
    answers : float32 array, shape (G, C)
        Each golden text's distribution over the classes, by the fit itself; a tagger's of each word, (M, C).
    answered_by : str
        The library that the model was fitted with.
    tolerance : float
        The largest difference of a probability that another path may show.
    left_out : sequence of int
        The texts that are `unsettled`.
    words : sequence of int, optional
        How many words a tagger answers of each text.
    """
    held: Row = {"answered_by": answered_by, "tolerance": tolerance, "left_out": left_out}
    if words is not None:
        return held | {"texts": TEXTS[:-N_LONG], "words": words, "answers": answers}
    return held | {"texts": TEXTS, "answers": answers}
