"""`predict` with a tagger: files of words, records, raw texts and standard input; each sentence answered, none lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tagger_by_hand import TAGGER

from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.corpus.asked.columns import ColumnOptions
from pipeline.predict.options import Options
from pipeline.predict.tagged import sentences as of_sentences
from pipeline.predict.tagged.answers import answer
from pipeline.predict.tagged.inputs import open_sentences
from pipeline.predict.tagged.outputs import as_objects, as_table
from pipeline.predict.tagged.predicting import predict_tags
from pipeline.predict.which_model import AskedModel


def predicted(
    folder: Path, text: str, name: str, out: str | None, capsysbinary: object = None, **more: object
) -> str:
    """Return what is written for a file of this content."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    target = folder / (out or "printed.conll")
    told = io.StringIO()
    options = Options(AskedModel(folder), str(path), out=target, **more)  # type: ignore[arg-type]
    predict_tags(options, TAGGER, "", Console(told))
    (folder / "told.txt").write_text(told.getvalue(), encoding="utf-8")
    return target.read_text(encoding="utf-8")


def told(folder: Path) -> str:
    return (folder / "told.txt").read_text(encoding="utf-8")


COLUMNS = "# a longer comment\nIda NNP B-PER\nKim NNP I-PER\nruns VBZ O\n\n-DOCSTART- -X- O\n\nBo NNP O\nsings VBZ O\n"


def test_columns_get_one_more_and_every_line_stays(tmp_path: Path) -> None:
    assert predicted(tmp_path, COLUMNS, "new.conll", "tags.conll") == (
        "# a longer comment\nIda NNP B-PER B-PER\nKim NNP I-PER I-PER\nruns VBZ O O\n\n-DOCSTART- -X- O\n\n"
        "Bo NNP O B-PER\nsings VBZ O O\n"
    )
    # of two spans said one is there, of one that is there it is found: F1 = 2 * 1 / (2 + 1)
    assert "Scores on 2 sentences with an answer and tags: span F1 66.7 %, 80.0 % of 5 tags right." in told(
        tmp_path
    )


def test_columns_without_tags_are_tagged_and_not_scored(tmp_path: Path) -> None:
    assert (
        predicted(tmp_path, "Ida\nruns\n\nBo\n", "new.conll", "tags.conll")
        == "Ida B-PER\nruns O\n\nBo B-PER\n"
    )
    assert (
        predicted(tmp_path, "Ida\tNNP\nruns\tVBZ\n", "pos.conll", "t.conll")
        == "Ida\tNNP\tB-PER\nruns\tVBZ\tO\n"
    )
    assert "Scores" not in told(tmp_path)


def test_a_named_column_of_tags_has_to_be_there(tmp_path: Path) -> None:
    text = "Ida B-PER NNP\nKim O NNP\n"
    predicted(tmp_path, text, "new.conll", "tags.conll", columns=ColumnOptions(label="2"))
    assert "50.0 % of 2 tags right" in told(tmp_path)
    with pytest.raises(PipelineError, match='there is no column "7" beside the words'):
        predicted(tmp_path, text, "new.conll", "again.conll", columns=ColumnOptions(label="7"))


def test_other_schemes_are_scored_as_the_spans_that_they_mean(tmp_path: Path) -> None:
    predicted(tmp_path, "Ida B-PER\nKim L-PER\nruns O\n\nBo U-PER\nruns O\n", "new.conll", "tags.conll")
    assert "span F1 100.0 %, 100.0 % of 5 tags right" in told(tmp_path)


def test_what_cannot_be_answered_keeps_its_lines_and_is_told_with_its_reason(tmp_path: Path) -> None:
    text = "Ida NNP O\nruns VBZ O\n\nKim NNP\nsings VBZ O\n\nBo NNP O\n"
    assert predicted(tmp_path, text, "new.conll", "tags.conll") == (
        "Ida NNP O B-PER\nruns VBZ O O\n\nKim NNP _\nsings VBZ O _\n\nBo NNP O B-PER\n"
    )
    assert (
        "warning: 1 sentence of 3 without an answer (sentence 2: wrong number of fields)"
        " [rows-without-an-answer]" in told(tmp_path)
    )
    table = pl.read_csv(io.StringIO(predicted(tmp_path, text, "new.conll", "tags.csv")))
    assert table["reason"].to_list() == [None, None, *["wrong number of fields"] * 2, None]
    assert table["predicted"].to_list() == ["B-PER", "O", None, None, "B-PER"]
    assert table["word"].to_list() == ["Ida", "runs", "Kim", "sings", "Bo"]
    assert table["sentence"].to_list() == [0, 0, 1, 1, 2]


CONLLU = (
    "# text = Ida runs\n1-2\tIdaruns\t_\t_\t_\t_\t_\t_\t_\t_\n1\tIda\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
    "2\truns\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n1\tBo\t_\t_\t_\n"
)


def test_conllu_gets_its_tags_in_the_last_column_and_where_nothing_stands(tmp_path: Path) -> None:
    assert predicted(tmp_path, CONLLU, "new.conllu", "tags.conllu") == (
        "# text = Ida runs\n1-2\tIdaruns\t_\t_\t_\t_\t_\t_\t_\t_\n"
        "1\tIda\t_\tB-PER\t_\t_\t_\t_\t_\tSpaceAfter=No|predicted=B-PER\n"
        "2\truns\t_\tVERB\t_\t_\t_\t_\t_\tpredicted=O\n\n1\tBo\t_\t_\t_\n"
    )
    with pytest.raises(PipelineError, match="is no CoNLL-U, whose ten columns would be made up"):
        predicted(tmp_path, "Ida\n", "new.conll", "other.conllu")


RECORDS = (
    '{"id": 1, "tokens": ["Ida", "Kim", "runs"], "tags": ["B-PER", "I-PER", "O"]}\n\n{"id": 2}\n'
    '{"id": 3, "tokens": []}\n'
    '{"id": 4, "tokens": ["Bo"], "tags": ["O"]}\n'
)


def test_records_keep_their_keys_and_have_tags_and_spans(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in predicted(tmp_path, RECORDS, "new.jsonl", "tags.jsonl").splitlines()]
    assert [row.get("id") for row in rows] == [1, None, 2, 3, 4]
    assert [row.get("reason") for row in rows] == [
        None,
        "the line is blank",
        'there is no list of words in "tokens"',
        "there is no word",
        None,
    ]
    first = rows[0]
    assert first["predicted"] == first["tags"] == ["B-PER", "I-PER", "O"]
    (span,) = first["spans"]
    assert span == {
        "type": "PER",
        "start": 0,
        "end": 2,
        "text": "Ida Kim",
        "confidence": min(first["confidence"][:2]),
    }
    assert "Scores on 2 sentences" in told(tmp_path)


def test_raw_texts_are_cut_and_spans_say_where_they_stand(tmp_path: Path) -> None:
    text = "Then Ida  Kim runs.\n\nBo sings\n"
    rows = [json.loads(line) for line in predicted(tmp_path, text, "new.txt", "tags.jsonl").splitlines()]
    assert rows[0]["text"] == "Then Ida  Kim runs."
    assert rows[0]["tokens"] == ["Then", "Ida", "Kim", "runs", "."]
    (span,) = rows[0]["spans"]
    assert {key: span[key] for key in span if key != "confidence"} == {
        **{"type": "PER", "start": 1, "end": 3, "text": "Ida  Kim"},
        **{"start_character": 5, "end_character": 13},
    }
    assert rows[1] == {"text": "", "tokens": [], "reason": "there is no word"}
    assert "each text is one sentence, cut into words as raw text is" in told(tmp_path)


def test_a_table_of_texts_keeps_its_columns(tmp_path: Path) -> None:
    text = predicted(tmp_path, "id,text,word\n7,Ida runs,x\n8,Bo,y\n", "new.csv", "tags.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["id"], row["word"], row["word (2)"], row["predicted"]) for row in rows] == [
        ("7", "Ida", "x", "B-PER"),
        ("7", "runs", "x", "O"),
        ("8", "Bo", "y", "B-PER"),
    ]


def test_what_a_tagger_cannot_do_is_refused_by_name(tmp_path: Path) -> None:
    for more, option in (
        ({"top": 2}, "--top"),
        ({"explain": True}, "--explain"),
        ({"max_error": "5%"}, "--max-error"),
    ):
        with pytest.raises(PipelineError) as error:
            predicted(tmp_path, "Ida\n", "new.conll", "tags.conll", **more)
        assert (error.value.name, error.value.where) == ("model-of-another-task", option)
    with pytest.raises(PipelineError, match=r'the ending ".parquet" says no format'):
        predicted(tmp_path, "Ida\n", "new.conll", "tags.parquet")
    with pytest.raises(PipelineError, match="tags stand beside words, and these are raw texts"):
        predicted(tmp_path, "Ida runs.\n", "new.txt", "tags.conll", columns=ColumnOptions(label="2"))


@pytest.mark.parametrize("name", ["new.conll", "new.jsonl", "new.txt"])
def test_blocks_of_any_size_give_the_same_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A file is read some bytes at a time: sentences are never cut, and none is lost between two blocks."""
    generator = np.random.default_rng(3)
    drawn = [
        [str(word) for word in generator.choice(["Ida", "Kim", "runs", "Bo"], 1 + n % 5)] for n in range(60)
    ]
    write = {
        "new.conll": lambda words: "".join(f"{word} X O\n" for word in words) + "\n",
        "new.jsonl": lambda words: json.dumps({"tokens": words}) + "\n",
        "new.txt": lambda words: " ".join(words) + "\n",
    }[name]
    (tmp_path / name).write_text("".join(map(write, drawn)), encoding="utf-8")

    def answers() -> Iterator[list[object]]:
        with ExitStack() as stack:
            found = open_sentences(str(tmp_path / name), None, ColumnOptions(), None, TAGGER, stack)
            for some in found.sentences:
                yield [(one["tokens"], one["predicted"]) for one in as_objects(answer(TAGGER, some))]

    whole = [one for some in answers() for one in some]
    assert [one[0] for one in whole] == drawn  # type: ignore[index]
    monkeypatch.setattr("pipeline.predict.blocks.BLOCK", 50)
    for module in ("sentences", "columns", "records", "texts"):
        monkeypatch.setattr(f"pipeline.predict.tagged.{module}.AT_ONCE", 7)
    assert of_sentences.AT_ONCE == 7
    in_blocks = list(answers())
    assert len(in_blocks) > 8
    assert [one for some in in_blocks for one in some] == whole


def test_a_sentence_without_words_has_a_row_of_its_own() -> None:
    some = of_sentences.Sentences(
        ["Ida"],
        of_sentences.offsets_of([0, 1]),
        {0: "there is no word"},
        beside=(pl.DataFrame({"id": [1, 2]}), ["", "Ida"]),
    )
    table = as_table(answer(TAGGER, some), done=4)
    assert table.select("sentence", "token", "word", "id", "predicted", "reason").rows() == [
        (4, None, None, 1, None, "there is no word"),
        (5, 0, "Ida", 2, "B-PER", None),
    ]


def test_tags_that_make_no_spans_have_none() -> None:
    plain = replace(TAGGER, label_names=("NN", "VB", "X"))
    some = of_sentences.Sentences(["Ida", "runs"], of_sentences.offsets_of([2]), {})
    (found,) = as_objects(answer(plain, some))
    assert (found["predicted"], found["spans"]) == (["NN", "X"], [])
