"""The line that says how a corpus was read, and what happens where many of its records cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_builders import CSV, write, write_classes

from pipeline.core.errors import PipelineError
from pipeline.core.reading import Chosen, PartRead, Reading
from pipeline.corpus.by_settings import read_asked, split_asked
from pipeline.corpus.duplicates import find_duplicates
from pipeline.corpus.loading import read_corpus
from pipeline.settings.reading import load_config

BY_NAME = 'text "text" (by its name), label "label" (by its name), header in line 1, UTF-8'


def films(n_films: int, without_text: int = 0) -> str:
    """Return CSV with `n_films` records, the first of them without text."""
    texts = ["" if number < without_text else f"film {number}" for number in range(n_films)]
    return "text,label\n" + "".join(f"{text},{'ab'[place % 2]}\n" for place, text in enumerate(texts))


def test_the_line_says_columns_header_encoding_records_and_classes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", films(100, 1).replace("film 9", "café 9").encode("cp1252"))
    assert read_corpus(path, text_column="text").reading.line() == (
        f'{path}: text "text" (--text), label "label" (by its name), header in line 1, Windows-1252, '
        '100 records read, 99 used, 1 left out (1 no text); 2 classes: "b" (50), "a" (49)'
    )


def test_of_further_files_the_line_says_what_differs(tmp_path: Path) -> None:
    corpus = write(tmp_path / "a.csv", CSV)
    validation = write(tmp_path / "v.csv", CSV)
    test = write(tmp_path / "t.csv", "so good,pos\nso bad,neg\nso so,neg\nwell,pos\n".encode("utf-16"))
    assert read_corpus(corpus, validation=validation, test=test).reading.line() == (
        f"{corpus}: {BY_NAME}, 4 records read, 4 used; {validation} (validation): 4 records read, 4 used; "
        f'{test} (test): text "1" (the longest text), label "2" (its values are the labels of the corpus), '
        'no header, UTF-16, 4 records read, 4 used; 2 classes: "neg" (6), "pos" (6)'
    )


def test_of_a_folder_the_line_says_the_encodings_of_its_files(tmp_path: Path) -> None:
    folder = write_classes(tmp_path / "f", {"a/1": "café", "b/1": "café".encode("cp1252")})
    assert read_corpus(folder).reading.line() == (
        f'{folder}: text "text", label "label", UTF-8; 1 file is Windows-1252 (b/1), 2 records read, 2 used; '
        '2 classes: "a" (1), "b" (1)'
    )


def test_of_many_classes_the_line_names_the_most_frequent() -> None:
    part = PartRead("a.csv", Chosen("text"), Chosen("label"), None, "", 105, 105)
    classes = tuple((f"c{number}", 14 - number) for number in range(14))
    assert Reading((part,), classes).line().partition("; ")[2] == (
        '14 classes: "c0" (14), "c1" (13), "c2" (12), "c3" (11), "c4" (10), "c5" (9), "c6" (8), "c7" (7), "c8" (6), '
        '"c9" (5), "c10" (4) and 3 more of 1 to 3'
    )


@pytest.mark.parametrize(("lost", "warned"), [(2, 0), (3, 1)])
def test_more_than_two_in_a_hundred_records_left_out_are_warned_of(
    tmp_path: Path, lost: int, warned: int
) -> None:
    path = write(tmp_path / "a.csv", films(100, lost))
    told = (
        f"{path}: 3 of 100 records are left out (3.0 %): 3 no text ({path}:2, {path}:3, {path}:4)"
        " [losses-over-2-percent]"
    )
    assert read_corpus(path).warnings == (told,) * warned


def test_more_than_a_fifth_left_out_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", films(100, 20))
    assert len(read_corpus(path).corpus.texts) == 80
    path = write(tmp_path / "a.csv", films(100, 21) + "lost\n")
    told = (
        f"{path}: 22 of 101 records are left out (21.8 %): 1 wrong number of fields ({path}:102), "
        f"21 no text ({path}:2, {path}:3, {path}:4 and 18 more)"
    )
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    assert str(caught.value) == (
        f"{told}; correct them, choose other columns with --text and --label, or go on without them: "
        f"--allow-losses; read with {BY_NAME}"
    )
    loaded = read_corpus(path, allow_losses=True)
    assert (len(loaded.corpus.texts), loaded.warnings) == (79, (f"{told} [losses-over-2-percent]",))


def test_losses_of_a_test_file_count_by_themselves(tmp_path: Path) -> None:
    test = write(tmp_path / "t.csv", films(8) + "no label,\n" * 3)
    with pytest.raises(PipelineError) as caught:
        read_corpus(write(tmp_path / "a.csv", films(100)), test=test)
    assert str(caught.value).startswith(
        f"{test}: 3 of 11 records are left out (27.3 %): 3 no label ({test}:10, {test}:11, {test}:12); "
    )


def test_a_class_that_is_too_small_is_told_with_its_column(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", films(20) + "the last,rare\n")
    config = load_config(None, (), {"corpus.path": str(path)})
    loaded = read_asked(config)
    with pytest.raises(PipelineError) as caught:
        split_asked(config, loaded, find_duplicates(loaded.corpus))
    assert str(caught.value) == (
        'a: class "rare" has 1 document to split, train, validation and test need one each; '
        f"add documents of the class, or leave it out with --drop-class; read with {BY_NAME}"
    )
