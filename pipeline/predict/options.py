"""What `predict` is asked, as it was typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.corpus.asked.columns import ColumnOptions
from pipeline.predict.which_model import AskedModel


@dataclass(frozen=True)
class Options:
    """What `predict` is asked, as it was typed."""

    model: AskedModel
    input: str | None = None
    say: str | None = None
    out: Path | None = None
    columns: ColumnOptions = field(default_factory=ColumnOptions)
    encoding: str | None = None
    top: int | None = None
    explain: bool = False
    max_error: str | None = None
