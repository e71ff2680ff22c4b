"""Files of the same columns are a class each by their names, unless a column is their label."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_builders import write

from pipeline.core.values import LoadedCorpus
from pipeline.corpus.loading import read_corpus

HEADER = "title,text,subject,date"


def records(*subjects: str) -> str:
    lines = []
    for number in range(12):
        subject = subjects[number % len(subjects)]
        lines.append(
            f"news of {subjects[0]} {number},{subjects[0]} on day {number},{subject},2017-01-{number + 10}"
        )
    return "\n".join([HEADER, *lines]) + "\n"


def both(folder: Path, first: tuple[str, str], second: tuple[str, str], **columns: str) -> LoadedCorpus:
    paths = [write(folder / name, text) for name, text in (first, second)]
    loaded = read_corpus(paths, **columns)
    assert {*read_corpus(folder, **columns).corpus.label_names} == {*loaded.corpus.label_names}
    return loaded


def test_files_called_as_classes_are_classes_beside_a_column_of_few_values(tmp_path: Path) -> None:
    fake, true = ("Fake.csv", records("politics", "News")), ("True.csv", records("worldnews", "politicsNews"))
    loaded = both(tmp_path, fake, true)
    assert loaded.reading.classes == (("Fake", 12), ("True", 12))
    assert loaded.assumptions[0] == (
        f"{tmp_path}/Fake.csv and 1 more: each file is a class, named after it, since no column is a label by its "
        "name; --label subject takes that one"
    )
    named = both(tmp_path, fake, true, label_column="subject")
    assert named.corpus.label_names == ("News", "politics", "politicsNews", "worldnews")


@pytest.mark.parametrize("column", ["lang", "country", "verified", "published"])
@pytest.mark.parametrize("names", [("spam.csv", "ham.csv"), ("mails-gmx.csv", "mails-aol.csv")])
def test_a_column_that_says_where_a_record_is_from_is_no_label(
    tmp_path: Path, column: str, names: tuple[str, str]
) -> None:
    text = f"text,{column}\n" + "".join(f"it was said {i},{'yes' if i % 2 else 'no'}\n" for i in range(12))
    loaded = both(tmp_path, (names[0], text), (names[1], text.replace("said", "told")))
    assert [count for _, count in loaded.reading.classes] == [12, 12]
    assert {*loaded.corpus.label_names} != {"yes", "no"}


def test_a_column_with_a_labels_name_is_the_label_of_all_files(tmp_path: Path) -> None:
    text = "text,sentiment\n" + "".join(f"it was said {i},{'xy'[i % 2]}\n" for i in range(12))
    loaded = both(tmp_path, ("spam.csv", text), ("ham.csv", text.replace("said", "told")))
    assert loaded.corpus.label_names == ("x", "y")


def test_a_column_with_a_labels_name_that_measures_is_none(tmp_path: Path) -> None:
    text = "text,score\n" + "".join(f"it was said {i},{i * 7}.{i}\n" for i in range(40))
    loaded = both(tmp_path, ("happy.csv", text), ("sad.csv", text.replace("said", "told")))
    assert loaded.corpus.label_names == ("happy", "sad")


@pytest.mark.parametrize("names", [("january.csv", "february.csv"), ("north.csv", "south.csv")])
def test_a_column_of_unknown_name_with_the_same_values_in_all_files_is_their_label(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    text = "text,stimmung\n" + "".join(f"it was said {i},{('gut', 'arg')[i % 2]}\n" for i in range(12))
    loaded = both(tmp_path, (names[0], text), (names[1], text.replace("said", "told")))
    assert loaded.corpus.label_names == ("arg", "gut")


def test_a_column_of_other_values_in_each_file_is_no_label(tmp_path: Path) -> None:
    text = "text,kind\n" + "".join(f"it was said {i},{'xy'[i % 2]}\n" for i in range(12))
    other = text.replace("said", "told").replace(",x", ",v").replace(",y", ",w")
    loaded = both(tmp_path, ("north.csv", text), ("south.csv", other))
    assert loaded.corpus.label_names == ("north", "south")
