"""Taggers that were trained elsewhere: their files, and every mistake in one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.values import TEST, Corpus
from pipeline.corpus.tagged.reading import read_tagged
from pipeline.experiment.outside_tags import read_outside_tags

TRAIN = "Ida B-PER\nruns O\n\nBo B-PER\nKim I-PER\n"
TESTED = "Max B-PER\nHill I-PER\nsings O\n\nLea B-PER\nwaits O\n"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "train.conll").write_text(TRAIN, encoding="utf-8")
    (folder / "test.conll").write_text(TESTED, encoding="utf-8")
    return read_tagged(folder / "train.conll", test=folder / "test.conll").corpus


def read(folder: Path, text: str, corpus: Corpus, name: str = "other.conll") -> tuple[list[str], list[int]]:
    """Return the tags that a file says of the test sentences, and the sentences' numbers."""
    (folder / name).write_text(text, encoding="utf-8")
    model = read_outside_tags(str(folder / name), (corpus,))
    assert (model.name, model.hard) == ("other", True)
    (answers,) = model.folds
    names = [corpus.label_names[tag] for tag in answers.predicted]  # type: ignore[attr-defined]
    assert answers.labels.tolist() == [  # type: ignore[attr-defined]
        corpus.label_names.index(tag) for tag in ("B-PER", "I-PER", "O", "B-PER", "O")
    ]
    return names, answers.documents.tolist()


SAID = ["B-PER", "O", "O", "O", "O"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("other.conll", "Max B-PER B-PER\nHill I-PER O\nsings O O\n\nLea B-PER O\nwaits O O\n"),
        ("other.iob2", "Max\tU-PER\nHill\tO\nsings\tO\n\nLea\tO\nwaits\tO\n"),  # BILOU is brought to IOB2
        (
            "other.jsonl",
            json.dumps(
                {"tokens": ["Max", "Hill", "sings"], "tags": ["O"] * 3, "predicted": ["B-PER", "O", "O"]}
            )
            + "\n"
            + json.dumps({"tokens": ["Lea", "waits"], "tags": ["B-PER", "O"], "predicted": ["O", "O"]}),
        ),
    ],
)
def test_the_tags_of_each_format_are_read(tmp_path: Path, corpus: Corpus, name: str, text: str) -> None:
    assert read(tmp_path, text, corpus, name) == (SAID, [0, 1])


MISTAKES = {
    "another word": (
        "Max B-PER\nHall I-PER\nsings O\n\nLea O\nwaits O\n",
        '{file}:1: word 2 of sentence 1 is "Hall", in the corpus "Hill"',
    ),
    "a word less": (
        "Max B-PER\nHill O\n\nLea O\nwaits O\n",
        "{file}:1: sentence 1 has 2 words, in the corpus 3",
    ),
    "a sentence less": (
        "Max B-PER\nHill O\nsings O\n",
        "{file}: it holds 1 sentence, and sentence 2 is tested",
    ),
    "an unknown tag": (
        "Max B-PER\nHill O\nsings B-LOC\n\nLea O\nwaits O\n",
        '{file}:1: the tag "B-LOC" is none of the corpus; the labels are "B-PER", "I-PER", "O"',
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, corpus: Corpus, case: str) -> None:
    text, told = MISTAKES[case]
    with pytest.raises(PipelineError) as error:
        read(tmp_path, text, corpus)
    assert str(error.value).startswith(told.format(file=tmp_path / "other.conll"))


def test_a_word_without_a_tag_is_told(tmp_path: Path, corpus: Corpus) -> None:
    text = json.dumps({"tokens": ["Max", "Hill", "sings"], "tags": ["O", None, "O"]}) + "\n"
    text += json.dumps({"tokens": ["Lea", "waits"], "tags": ["O", "O"]})
    with pytest.raises(
        PipelineError, match='a word of sentence 1 has no tag in column "tags"; give each word a tag'
    ):
        read(tmp_path, text, corpus, "other.jsonl")
    with pytest.raises(PipelineError, match="it is a folder"):
        read_outside_tags(str(tmp_path), (corpus,))


def test_of_a_corpus_without_a_test_file_the_tested_sentences_are_looked_up(tmp_path: Path) -> None:
    (tmp_path / "all.conll").write_text(TRAIN + "\n" + TESTED, encoding="utf-8")
    corpus = read_tagged(tmp_path / "all.conll").corpus
    split = corpus.split.copy()
    split[2] = TEST
    (tmp_path / "other.conll").write_text((TRAIN + "\n" + TESTED).replace("I-PER", "O"), encoding="utf-8")

    (answers,) = read_outside_tags(str(tmp_path / "other.conll"), (replace(corpus, split=split),)).folds
    assert answers.documents.tolist() == [2]
    assert [corpus.label_names[tag] for tag in answers.predicted] == ["B-PER", "O", "O"]  # type: ignore[attr-defined]
