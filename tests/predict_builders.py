"""A run folder that `predict` takes, with a model by hand: "good" speaks for pos, "bad" for neg, all else for none."""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.core.console import Console
from pipeline.core.values import Float32, TokenizedCorpus
from pipeline.corpus.asked.columns import ColumnOptions
from pipeline.models.saved import Contributions, SavedModel
from pipeline.models.saved.model import Places
from pipeline.predict import predicting
from pipeline.predict.options import Options
from pipeline.predict.predicting import predict
from pipeline.predict.which_model import AskedModel, Loaded
from pipeline.settings.tables import TokenizerSettings
from pipeline.tasks.table import CLASSIFY

SIDES = {"good": 1.0, "bad": -1.0}
SURE, NOT_SURE = 0.7310586, 0.5  # of one such word, of none


@dataclass(frozen=True, eq=False)
class ByHand(SavedModel):
    """A model whose log-odds are the number of "good" less that of "bad"."""

    @property
    def method(self) -> str | None:
        return "weights"

    @property
    def words(self) -> pl.Series:
        return pl.Series(["good", "bad", "film", "a"])

    def answer_tokens(self, tokenized: TokenizedCorpus) -> Float32:
        sums = [score.sum() for score in self._scores(tokenized)]
        pos = 1 / (1 + np.exp(-np.array(sums)))
        return np.stack([1 - pos, pos], axis=1).astype(np.float32)

    def contributions(
        self, tokenized: TokenizedCorpus, places: Places = None, most_work: float = math.inf
    ) -> list[Contributions]:
        return [Contributions(1, 0.5, 0.0, 0.0, words) for words in self._scores(tokenized)]

    def _scores(self, tokenized: TokenizedCorpus) -> list[Any]:
        of_type = np.array([SIDES.get(token, 0.0) for token in tokenized.types], dtype=np.float64)
        return np.split(of_type[tokenized.token_types], tokenized.offsets[1:-1])


MODEL = ByHand("bow", CLASSIFY, ("neg", "pos"), TokenizerSettings())


def write_run(folder: Path) -> Path:
    """Write what `predict` reads of a run beside its models."""
    run = folder / "run"
    (run / "details").mkdir(parents=True)
    columns = {"text_column": "review", "label_column": "mood"}
    as_asked = {"corpus": dict.fromkeys(("text", "label", "class_map"))}
    costs = [{"name": name, "latency_ms_p50": 2.5, "size_bytes": 1_200_000} for name in ("bow", "lstm")]
    rows = [
        {"name": name, "accuracy": 0.9, "accuracy_ci95": [0.85, 0.95]} for name in ("bow", "lstm", "theirs")
    ]
    advice = {"verb": "Start with", "model": "bow", "because": "The cheapest.", "next": []}
    content = {"advice": advice, "costs": costs, "summary": rows, "corpus": columns, "config": as_asked}
    (run / "metrics.json").write_text(json.dumps(content))
    return run


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Return what asks `predict`, with the model by hand in the place of the run's."""
    monkeypatch.setattr(predicting, "load", lambda asked, name: Loaded(MODEL, 0.25))
    return Asked(tmp_path, write_run(tmp_path))


@dataclass
class Asked:
    """Calls `predict` on files of a folder; `told` is what a person was told by the last call."""

    folder: Path
    run: Path
    told: str = ""

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the folder."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def predict(
        self, name: str, content: str | bytes | None = None, out: str = "out.jsonl", **options: Any
    ) -> Path:
        """Return the file with the answers to the file `name`, which is written first if its content is given."""
        if content is not None:
            self.write(name, content)
        columns = ColumnOptions(options.pop("text", None), options.pop("label", None))
        path = self.folder / out
        path.unlink(missing_ok=True)
        console = io.StringIO()
        try:
            given = Options(
                AskedModel(
                    self.run,
                    *(options.pop(name) for name in ("model", "seed", "ensemble") if name in options),
                ),
                str(self.folder / name) if name != "-" else name,
                out=path,
                columns=columns,
                **options,
            )
            predict(given, Console(console))
        finally:
            self.told = console.getvalue().replace(f"{self.folder}/", "")
        return path

    def rows(self, name: str, content: str | bytes | None = None, **options: Any) -> list[dict[str, Any]]:
        """Return the answers as records."""
        path = self.predict(name, content, **options)
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


__all__ = ["MODEL", "Asked", "ByHand", "asked", "write_run"]
