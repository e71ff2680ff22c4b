"""`--limit N` draws a sample of what was read; `--quick` is one of 2,000 documents, unless a limit is given."""

from __future__ import annotations

from pathlib import Path

from corpus_builders import write

from pipeline.core.values import TEST, LoadedCorpus
from pipeline.corpus.by_settings import read_asked
from pipeline.settings.reading import load_config


def read_with(path: Path, **options: object) -> LoadedCorpus:
    asked = {key.replace("__", "."): value for key, value in options.items()}
    return read_asked(load_config(None, (), {"corpus.path": str(path), **asked}))


def films(path: Path, n_docs: int) -> Path:
    rows = "".join(f"film {number},{'neg' if number % 3 else 'pos'}\n" for number in range(n_docs))
    return write(path, f"text,label\n{rows}")


def test_a_limit_draws_so_many_classes_in_proportion(tmp_path: Path) -> None:
    loaded = read_with(films(tmp_path / "a.csv", 120), corpus__limit=30)
    assert (loaded.ledger.rows_read, loaded.ledger.documents) == (120, 30)
    assert [loaded.corpus.labels.tolist().count(label) for label in (0, 1)] == [20, 10]
    assert loaded.warnings == (
        "--limit 30: 30 of 120 documents were drawn; the figures are a first look [sample-drawn]",
    )
    assert loaded.reading.line().endswith(
        '120 records read, 30 used, 90 left out (90 not in the sample); 2 classes: "neg" (20), "pos" (10)'
    )
    assert loaded.corpus.texts.to_list() == [f"film {record}" for record in loaded.corpus.records]


def test_test_documents_are_drawn_apart(tmp_path: Path) -> None:
    test = films(tmp_path / "test.csv", 60)
    loaded = read_with(films(tmp_path / "a.csv", 120), corpus__limit=30, corpus__test=str(test))
    assert (loaded.corpus.split == TEST).sum() == 30
    assert len(loaded.corpus.texts) == 60
    assert [(part.part, part.used) for part in loaded.reading.parts] == [("", 30), ("test", 30)]


def test_a_limit_beyond_the_corpus_changes_nothing(tmp_path: Path) -> None:
    path = films(tmp_path / "a.csv", 120)
    assert read_with(path, corpus__limit=120).hash == read_with(path).hash


def test_quick_is_a_limit_of_its_own_where_none_is_given(tmp_path: Path) -> None:
    path = films(tmp_path / "a.csv", 2_040)
    quick = read_with(path, run__quick=True)
    assert quick.ledger.documents == 2_000
    assert quick.warnings == (
        "--quick: 2000 of 2040 documents were drawn; the figures are a first look [sample-drawn]",
    )
    both = read_with(path, run__quick=True, corpus__limit=30)
    assert both.warnings == (
        "--limit 30: 30 of 2040 documents were drawn; the figures are a first look [sample-drawn]",
    )
