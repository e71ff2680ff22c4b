"""A model reads texts as those of its corpus were read: what reading undid there is undone wherever it is asked."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from corpus_builders import write
from hypothesis import given
from hypothesis import strategies as st
from saved_by_hand import saved

from pipeline.core.errors import PipelineError
from pipeline.core.values import AS_IT_IS, LoadedCorpus, Writing
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.mending import as_read
from pipeline.export.reader import Reader
from pipeline.export.tokenizer_json import tokenizer_json
from pipeline.predict.unlike import Usual
from pipeline.serve.answers import Answerer
from pipeline.serve.questions import Question

UNDONE = Writing(escapes=True, names=("nu",))


def loaded(path: Path, content: str) -> LoadedCorpus:
    return read_corpus(write(path, content))


def test_reading_says_what_it_undid(tmp_path: Path) -> None:
    lines = ["text,label"]
    lines += [f'"the first\\nand second, {n}",{"ab"[n % 2]}' for n in range(8)]
    assert loaded(tmp_path / "a.csv", "\n".join(lines)).writing == Writing(escapes=True)
    plain = [line.replace("\\n", " ") for line in lines]
    assert loaded(tmp_path / "b.csv", "\n".join(plain)).writing == AS_IT_IS
    rows = [{"text": ["a", "word", str(n)], "label": "ab"[n % 2]} for n in range(8)]
    written = "\n".join(map(json.dumps, rows))
    assert loaded(tmp_path / "c.jsonl", written).writing == Writing(form="words")


def test_texts_are_read_as_they_were() -> None:
    texts = pl.Series([r"one\ntwo", r"one\\ntwo", r"a \nu and \t", "plain"])
    assert as_read(texts, AS_IT_IS).to_list() == texts.to_list()
    assert as_read(texts, UNDONE).to_list() == ["one\ntwo", r"one\ntwo", "a \\nu and \t", "plain"]
    lists = pl.Series(['["a", "b"]', "['a' 'b']", "[1, 2]", "[good] film"])
    assert as_read(lists, Writing(form="words")).to_list() == ["a b", "a b", "[1, 2]", "[good] film"]


@pytest.mark.parametrize("name", ["tfidf", "lstm@random"])
def test_every_path_to_an_answer_reads_them_so(name: str) -> None:
    model = saved(name, writing=UNDONE)
    raw, meant = r"a good\nfilm, so \"bad\"", 'a good\nfilm, so "bad"'
    (own,) = model.answer(pl.Series([raw]))
    assert own.tolist() == saved(name).answer(pl.Series([meant]))[0].tolist()
    assert own.tolist() != saved(name).answer(pl.Series([raw]))[0].tolist()
    ((served,),) = Answerer(model, Usual())([Question(texts=[raw])])
    assert [*served["probabilities"].values()] == own.tolist()  # type: ignore[union-attr]


PIECES = st.sampled_from(["\\", "n", "t", "r", '"', "'", "nu", "nut", "a ", "\\n", "\\r\\n", "\0"])
READER = Reader(tokenizer_json(saved("tfidf", writing=UNDONE)))


@given(st.lists(PIECES, max_size=12).map("".join))
def test_exports_undo_the_same(text: str) -> None:
    tokens = saved("tfidf", writing=UNDONE).tokenize(pl.Series([text]))
    assert READER.tokens(text) == tokens.types.gather(tokens.token_types).to_list()


def test_texts_that_were_lists_go_to_no_other_program() -> None:
    with pytest.raises(PipelineError) as raised:
        tokenizer_json(saved("tfidf", writing=Writing(form="words")))
    assert str(raised.value) == (
        "--model: tfidf reads texts that are written as lists or objects, which no export takes along;"
        " train it on plain texts"
    )


def test_nul_bytes_are_in_no_text() -> None:
    model = saved("tfidf")
    assert (model.answer(pl.Series(["a go\0od film\0"])) == model.answer(pl.Series(["a good film"]))).all()
