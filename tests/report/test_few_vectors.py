"""A model whose vectors cover little of the text is marked wherever it is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_blocks import every, table
from report_builders import METRICS, build_run, run_with_rows

from pipeline.report import summarise
from pipeline.report.page.blocks import Limits, Table
from pipeline.report.sections.quality import comparison


def covered(share: float) -> list[dict[str, object]]:
    """Return `embeddings` in which word2vec covers this share of the tokens."""
    return [METRICS["embeddings"][0] | {"token_coverage": share}]


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "no word has a vector"), (0.413, "only 41 % of the tokens have a vector"), (0.5, "")],
)
def test_the_summary_marks_the_model(share: float, said: str, tmp_path: Path) -> None:
    lines = summarise(build_run(tmp_path, embeddings=covered(share))).splitlines()
    (network,) = [line for line in lines if line.startswith("lstm ")]
    (baseline,) = [line for line in lines if line.startswith("tfidf ")]
    assert network.endswith(said or "cannot tell")
    assert "vector" not in baseline


def test_the_table_of_all_models_notes_it() -> None:
    blocks = comparison(run_with_rows(embeddings=covered(0.0)), Limits())
    rows = table(blocks, "All models").rows
    assert [row[0].below.endswith("no word has a vector") for row in rows if row[0].text == "lstm"] == [True]
    more = next(one for one in every(blocks, Table) if "Notes" in [column.title for column in one.columns])
    notes = {str(row[0]): str(row[-1]) for row in more.rows}
    assert "no word has a vector" in next(said for name, said in notes.items() if "lstm@word2vec" in name)
    assert "no word has a vector" not in next(said for name, said in notes.items() if "tfidf" in name)
