"""Texts by which an export shows that it answers as the model does, and how far apart the answers may be."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline.core.errors import PipelineError
from pipeline.core.values import Float32
from pipeline.export.tokenizer_json import what_it_reads
from pipeline.models.saved import SavedModel

TOLERANCE = 1e-5  # of a probability
TEXTS = (
    *("", " ", "\n", ".", "a", "good", "Not good, not bad.", "An unheard-of wörd: Zyxomma."),
    *(
        "THE END",
        "e\u0301te\u0301 E\u0301TE\u0301",
        "İstanbul ΟΔΥΣΣΕΥΣ",
        "don't rock'n'roll",
        "3.5 km², ½ and №5",
    ),
    *("👍🏽 👩‍👩‍👧 🇫🇷🇩🇪 ❤️", "שלום עולם", "مرحبا بالعالم", "می‌خواهم نامه‌ها", "Привет, мир!"),
    *("東京2020年", "สวัสดีครับ", "한국어 문장", "हिन्दी में"),
    *(
        "line<br>break<BR/>here",
        "a\u00adb\u200bc\ufeffd",
        "nul\x00 bell\x07 escape\x1b",
        "\u202eright to left\u202c",
    ),
    *("<script>alert(1)</script>", "\u2028\u2029\x85\u3000blanks", "a" * 300, "word " * 500),
)


def golden_texts(model: SavedModel) -> list[str]:
    """Return texts of every kind, and some of the model's own words: single ones, many, more than it reads."""
    reads = what_it_reads(model)
    words = [word for word in reads.vocabulary if word]
    if not words:
        return list(TEXTS)
    spread = [words[place] for place in np.linspace(0, len(words) - 1, 40).astype(int)]
    most = reads.most or 400
    many = (spread * (most // len(spread) + 1))[: most + 5]
    own = [*spread[::8], *(" ".join(spread[place : place + 7]) for place in range(0, 35, 7)), " ".join(many)]
    return [*TEXTS, *own]


def check_answers(where: str, texts: list[str], expected: Float32, found: Float32) -> float:
    """Return the largest difference between the answers of a model and of its export, (N, C) both.

    Raises
    ------
    PipelineError
        If it is larger than `TOLERANCE`, or an answer is missing.
    """
    if expected.shape != found.shape:
        raise _not_exported(f"{where} gives {found.shape} answers; expected {expected.shape}")
    apart = np.nan_to_num(np.abs(expected - found), nan=np.inf).max(axis=1)  # (N,)
    worst = int(apart.argmax())
    if apart[worst] > TOLERANCE:
        text = texts[worst][:40]
        raise _not_exported(
            f"{where} answers {text!r} {apart[worst]:.1e} off; at most {TOLERANCE:.0e} is let pass"
        )
    return float(apart[worst])


def expected_answers(model: SavedModel, texts: list[str]) -> Float32:
    """Return the model's own answers; (N, C)."""
    return model.answer(pl.Series(texts, dtype=pl.String))


def _not_exported(what: str) -> PipelineError:
    return PipelineError("--to", what, "nothing was written; report this with the run's model.json")
