"""Kinds of files that came out wrong: texts below their class, labels at the end, columns of rare types, and others."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from corpus_builders import LABELS, TEXTS, documents, write, write_classes

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus

BY_CLASS = {"pos": ["a good film", "so good"], "neg": ["a bad film", "so bad"]}
IN_ORDER = [("a good film", "pos"), ("so good", "pos"), ("a bad film", "neg"), ("so bad", "neg")]
TAGS = [{"tag": label, "patterns": texts, "responses": ["Hm"]} for label, texts in BY_CLASS.items()]
MANY = 24


def in_pieces(text: str) -> dict[str, list[dict[str, str]]]:
    """Return a text as SNIPS has it."""
    first, _, rest = text.partition(" ")
    return {"data": [{"text": f"{first} "}, {"text": rest, "entity": "what"}]}


def refusal(path: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    return str(caught.value).replace(f"{path.parent}/", "")


def read(path: Path) -> list[tuple[str, str]]:
    return documents(read_corpus(path))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BY_CLASS, "each key is a class, and the texts are those below it"),
        (
            {label: [*map(in_pieces, texts)] for label, texts in BY_CLASS.items()},
            "each key is a class, and the texts are those below it",
        ),
        (
            {label: [{"text": text} for text in texts] for label, texts in BY_CLASS.items()},
            "each key is a class, and the texts are those below it",
        ),
        ({"intents": TAGS}, 'each text in the list "patterns" is a record'),
        (TAGS, 'each text in the list "patterns" is a record'),
    ],
    ids=["texts", "pieces", "objects", "intents", "intents in an array"],
)
def test_texts_below_their_class(content: object, said: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps(content))
    loaded = read_corpus(path)
    assert documents(loaded) == IN_ORDER
    assert f"{path}: {said}" in loaded.assumptions


def test_a_file_for_each_intent_as_snips_has_them(tmp_path: Path) -> None:
    for label, texts in BY_CLASS.items():
        write(tmp_path / f"train_{label}.json", json.dumps({label: [*map(in_pieces, texts)]}))
    assert sorted(read(tmp_path)) == sorted(IN_ORDER)


def test_columns_of_one_length_are_no_classes(tmp_path: Path) -> None:
    columns = {"phrase": [*TEXTS], "verdict": [*LABELS]}
    assert read(write(tmp_path / "a.json", json.dumps(columns))) == [*zip(TEXTS, LABELS, strict=True)]


def test_two_columns_of_texts_are_no_classes(tmp_path: Path) -> None:
    columns = {"question1": [*TEXTS], "question2": [f"not {text}" for text in TEXTS]}
    assert "could each be the text" in refusal(write(tmp_path / "a.json", json.dumps(columns)))


def test_texts_with_the_categories_of_spacy(tmp_path: Path) -> None:
    pairs = [
        [text, {"cats": {"pos": int(label == "pos"), "neg": int(label == "neg")}}]
        for text, label in zip(TEXTS, LABELS, strict=True)
    ]
    path = write(tmp_path / "a.json", json.dumps(pairs))
    assert read(path) == [*zip(TEXTS, LABELS, strict=True)]


def test_labels_of_fasttext_at_the_end_of_lines(tmp_path: Path) -> None:
    lines = "".join(f"{text} __label__{label}\n" for text, label in zip(TEXTS, LABELS, strict=True))
    assert read(write(tmp_path / "a.txt", lines)) == [*zip(TEXTS, LABELS, strict=True)]


def test_empty_columns_of_a_sheet_are_no_delimiter(tmp_path: Path) -> None:
    lines = "".join(f"{text};{label};;;\n" for text, label in zip(TEXTS, LABELS, strict=True))
    path = write(tmp_path / "a.csv", f"text;label;;;\n{lines};;;;\n;;;;\n")
    assert read(path) == [*zip(TEXTS, LABELS, strict=True)]


def test_the_sort_of_an_email_is_a_label_and_its_sender_is_none(tmp_path: Path) -> None:
    rows = "".join(
        f"a {('good', 'bad')[n % 2]} film {n},{('Safe', 'Phishing')[n % 2]},{'abc'[n % 3]}\n"
        for n in range(MANY)
    )
    loaded = read_corpus(write(tmp_path / "a.csv", f"Email Text,Email Type,Email Sender\n{rows}"))
    assert loaded.corpus.label_names == ("Phishing", "Safe")


def test_lines_of_a_chat_are_no_corpus(tmp_path: Path) -> None:
    lines = "".join(f"[{n % 9 + 1:02}.01.23, 10:{n:02}:00] Ann: a film {n}\n" for n in range(MANY))
    assert "dates or times" in refusal(write(tmp_path / "chat.txt", lines))


def test_a_licence_in_each_class_is_no_document(tmp_path: Path) -> None:
    written = {f"{label}/{n}.txt": text for label, texts in BY_CLASS.items() for n, text in enumerate(texts)}
    write_classes(tmp_path / "all", {**written, "pos/LICENSE.txt": "free", "neg/LICENSE.txt": "free"})
    loaded = read_corpus(tmp_path / "all")
    assert sorted(documents(loaded)) == sorted(IN_ORDER)
    assert any("neg/LICENSE.txt, pos/LICENSE.txt" in warning for warning in loaded.warnings)


def test_a_licence_in_one_class_is_a_document(tmp_path: Path) -> None:
    written = {f"{label}/{n}.txt": text for label, texts in BY_CLASS.items() for n, text in enumerate(texts)}
    write_classes(tmp_path / "all", {**written, "pos/LICENSE.txt": "a licence"})
    assert ("a licence", "pos") in read(tmp_path / "all")


def test_several_labels_are_refused_with_the_other_columns_that_would_do(tmp_path: Path) -> None:
    records = [
        {"text": f"a film {n}", "tags": ["a", "b"], "verdict": ("good", "bad")[n % 2]} for n in range(MANY)
    ]
    path = write(tmp_path / "a.json", json.dumps(records))
    assert refusal(path).endswith("keep one, or choose another column: --label verdict; read with UTF-8")


def test_a_type_that_others_added_to_arrow_is_read_as_what_it_is_stored_as(tmp_path: Path) -> None:
    answers = pl.Series("label", [1, 0, 1, 0], dtype=pl.Int8).ext.to(pl.Extension("test.bool", pl.Int8))
    pl.DataFrame([pl.Series("text", TEXTS), answers]).write_ipc(tmp_path / "a.arrow")
    assert read(tmp_path / "a.arrow") == [*zip(TEXTS, "1010", strict=True)]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("precision must be between 1 and 38, got 50", "decimals of more than 38 digits, decimal256"),
        ("could not import from `month_day_nano_interval` type", "intervals of months, days and nanoseconds"),
        (
            "cannot create series from RunEndEncoded",
            "one that Polars does not know, such as run-end encoded values",
        ),
    ],
)
def test_a_type_that_polars_does_not_know_is_no_damage(
    told: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"text": TEXTS, "label": LABELS}).write_parquet(path)

    def fail(source: object) -> None:
        raise pl.exceptions.ComputeError(told)

    monkeypatch.setattr(pl, "read_parquet", fail)
    assert refusal(path) == (
        f"a.parquet: the file has a column of a type that is not read ({words}); "
        "write it without that column, or that column as text"
    )
