"""What is written beside a document: answer, shares, words, what sets it apart; how columns are settled."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from predict_builders import MODEL, Asked, asked, write_run  # noqa: F401 -- a fixture

from pipeline.core.errors import PipelineError
from pipeline.predict import predicting
from pipeline.predict.answers import Wanted, answer
from pipeline.predict.columns import Documents
from pipeline.predict.options import Options
from pipeline.predict.predicting import predict
from pipeline.predict.rows import Rows
from pipeline.predict.unlike import Usual, describe_unlike, usual_of
from pipeline.predict.which_model import AskedModel
from pipeline.run_folder.documents import COLUMNS, write_documents
from pipeline.text.tokenizer import tokenize

CSV = "id,review,other,mood\n1,good,bad,pos\n2,bad,good,pos\n3,good,bad,\n4,good,bad,odd\n"


def test_the_most_probable_labels_stand_first(asked: Asked) -> None:  # noqa: F811
    (row,) = asked.rows("a.txt", "bad film\n", top=5)
    assert [key for key in row if "top" in key] == ["top 1", "p(top 1)", "top 2", "p(top 2)"]
    assert (row["top 1"], row["top 2"]) == ("neg", "pos")
    assert row["p(top 1)"] == pytest.approx(0.731, abs=1e-3)
    assert "p(neg)" not in row


def test_words_for_and_against_an_answer_are_named_with_their_share(asked: Asked) -> None:  # noqa: F811
    (row,) = asked.rows("a.txt", "good film, good but bad\n", explain=True)
    assert (row["words for"], row["words against"]) == ("good +2.00", "bad -1.00")


def test_what_sets_a_document_apart_is_said_in_words() -> None:
    texts = pl.Series(["a good film", "", "qua quo film", "good " * 12, "good"])
    told = describe_unlike(tokenize(texts, MODEL.tokenizer), MODEL.words, Usual(0.4, 2, 11))
    assert told.to_list() == ["", "empty", "67 % of its words unseen", "long: 12 words", "short: 1 word"]


def test_what_is_usual_comes_from_the_test_documents_of_the_run(tmp_path: Path) -> None:
    assert usual_of(tmp_path) == Usual()
    facts = {"tokens": list(range(1, 201)), "unknown_share": [number / 1000 for number in range(200)]}
    empty = {name: [None] * 200 for name in COLUMNS if name not in facts}
    write_documents(tmp_path, pl.DataFrame(facts | empty))
    usual = usual_of(tmp_path)
    assert (usual.shortest, usual.longest, round(usual.unseen, 3)) == (3, 198, 0.197)


def test_one_text_is_answered_as_among_others(asked: Asked) -> None:  # noqa: F811
    texts = [f"good {'bad ' * (number % 5)}film {number}" for number in range(100)]
    together = asked.rows("a.txt", "\n".join(texts))
    assert asked.rows("b.txt", texts[7])[0] == together[7]


def test_documents_below_the_confidence_that_is_asked_for_have_no_answer() -> None:
    from pipeline.predict.text_lines import _rows_of

    rows = _rows_of("a.txt", ["good", "film"], None)
    found = answer(
        MODEL, Documents(rows, rows.table.cells["text"], None, {}), Wanted(least_confidence=0.6), Usual()
    )
    assert isinstance(rows, Rows)
    assert found.columns["predicted"].to_list() == ["pos", None]
    assert found.columns["reason"].to_list() == [None, "not sure enough"]
    assert found.columns["p(pos)"].to_list()[1] == 0.5


def test_the_text_is_the_column_that_training_had_or_the_one_that_is_named(asked: Asked) -> None:  # noqa: F811
    assert [row["predicted"] for row in asked.rows("a.csv", CSV)] == ["pos", "neg", "pos", "pos"]
    assert [row["predicted"] for row in asked.rows("a.csv", CSV, text="other")] == [
        "neg",
        "pos",
        "neg",
        "neg",
    ]
    assert [row["predicted"] for row in asked.rows("a.csv", CSV, text="review,other")] == ["neg"] * 4
    assert asked.rows("a.csv", "anything\ngood\n")[0]["predicted"] == "pos"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"text": "body"},
            '--text: a.csv has no column "body"; its columns are "id", "review", "other", "mood"',
        ),
        (
            {"label": "stars"},
            '--label: a.csv has no column "stars"; its columns are "id", "review", "other", "mood"',
        ),
        ({"label": "review"}, '--label: "review" is also the text column; name two different columns'),
        ({"top": 0}, "--top: 0 is no number of labels; give 1 or more"),
        (
            {"max_error": "many"},
            '--max-error: "many" is no share of wrong answers; give one such as 5% or 0.05',
        ),
        (
            {"out": "answers.xlsx"},
            '--out: answers.xlsx: the ending ".xlsx" says no format; end it with .csv, .jsonl, .parquet',
        ),
        ({"out": "no/answers.csv"}, "--out: there is no folder no; make it first"),
        (
            {"say": "good"},
            'INPUT: both INPUT and --say are given; give a file, - for standard input, or --say "TEXT"',
        ),
    ],
)
def test_an_option_that_cannot_be_is_refused(asked: Asked, options: dict[str, object], message: str) -> None:  # noqa: F811
    with pytest.raises(PipelineError) as raised:
        asked.predict("a.csv", CSV, **options)  # type: ignore[arg-type]
    assert str(raised.value).replace(f"{asked.folder}/", "") == message


def test_a_text_that_is_called_otherwise_is_asked_for(asked: Asked) -> None:  # noqa: F811
    with pytest.raises(PipelineError) as raised:
        asked.predict("a.csv", "id,body\n1,good\n")
    assert str(raised.value).replace(f"{asked.folder}/", "") == (
        'a.csv: it has no text column "review", as in training; name it with --text: its columns are "id", "body"'
    )


def test_labels_that_are_there_are_scored_and_unknown_ones_are_told(asked: Asked) -> None:  # noqa: F811
    asked.predict("a.csv", CSV)
    assert "Scores on 2 documents with an answer and a label: accuracy 50.0 %, macro F1 33.3 %." in asked.told
    assert 'Not scored: 1 document with labels that the model does not know ("odd").' in asked.told
    asked.predict("b.csv", CSV.replace("mood", "feeling"))
    assert "Scores" not in asked.told
    asked.predict("b.csv", CSV.replace("mood", "feeling"), label="feeling")
    assert "Scores on 2 documents" in asked.told


def test_labels_are_cut_and_renamed_as_in_the_run(tmp_path: Path, asked: Asked) -> None:  # noqa: F811
    content = json.loads((asked.run / "metrics.json").read_text())
    content["config"]["corpus"] |= {"class_map": "5=pos;1=neg"}
    (asked.run / "metrics.json").write_text(json.dumps(content))
    asked.predict("a.csv", "review,mood\ngood,5\nbad,5\nbad,1\n")
    assert "Scores on 3 documents with an answer and a label: accuracy 66.7 %" in asked.told
    content["config"]["corpus"] |= {"class_map": None, "label": "stars>3"}
    content["advice"]["model"] = "lstm"
    (asked.run / "metrics.json").write_text(json.dumps(content))
    asked.predict("a.csv", "review,stars\ngood,5\nbad,5\nbad,1\n")
    assert (
        'Not scored: 3 documents with labels that the model does not know ("stars>3", "stars<=3").'
        in asked.told
    )


def test_columns_that_the_input_has_already_are_renamed_and_that_is_said(asked: Asked) -> None:  # noqa: F811
    (row,) = asked.rows("a.csv", "review,predicted,reason\ngood,x,y\n")
    assert (row["predicted"], row["predicted (2)"], row["reason"], row["reason (2)"]) == (
        "x",
        "pos",
        "y",
        None,
    )
    assert 'the input has a column "predicted": the answers\' one is called "predicted (2)"' in asked.told


def test_a_column_that_comes_late_is_kept_by_lines_of_json_and_told_of_elsewhere(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.predict.rows.AT_ONCE", 1)
    content = '{"review": "good"}\n{"review": "bad", "late": 1}\n{"review": "good"}\n'
    assert asked.rows("a.jsonl", content)[1]["late"] == 1
    table = pl.read_csv(asked.predict("a.jsonl", content, out="b.csv"))
    assert table.columns[:2] == ["review", "predicted"]
    assert table["predicted"].to_list() == ["pos", "neg", "pos"]
    assert 'the column "late" is not in the first rows, and so not in the output' in asked.told


def test_the_three_formats_hold_the_same_answers(asked: Asked) -> None:  # noqa: F811
    lines = pl.DataFrame(asked.rows("a.csv", CSV))
    table = pl.read_csv(asked.predict("a.csv", CSV, out="b.csv"), schema_overrides={"id": pl.String})
    frame = pl.read_parquet(asked.predict("a.csv", CSV, out="b.parquet"))
    assert lines.columns == table.columns == frame.columns
    assert lines["predicted"].equals(table["predicted"])
    assert frame["predicted"].equals(table["predicted"])
    assert table["p(pos)"].cast(pl.Float32).equals(frame["p(pos)"])
    assert frame["id"].to_list() == ["1", "2", "3", "4"]


def test_a_file_that_is_there_is_not_written_over(asked: Asked) -> None:  # noqa: F811
    path = asked.write("kept.csv", "mine")
    with pytest.raises(
        PipelineError, match=r"there is a file .*kept\.csv already; name another one, or remove it"
    ):
        predict_to(asked, path)
    assert path.read_text() == "mine"


def predict_to(asked: Asked, path: Path) -> None:  # noqa: F811
    from pipeline.core.console import Console

    options = Options(AskedModel(asked.run), str(asked.write("a.txt", "good\n")), out=path)
    predict(options, Console(silent=True))


def test_without_a_file_each_document_is_a_line(asked: Asked, capfd: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    from pipeline.core.console import Console

    path = asked.write("a.txt", "good\n\nbad film\n")
    predict(Options(AskedModel(asked.run), str(path)), Console(silent=True))
    assert capfd.readouterr().out == "pos\t0.7311\nneg\t0.5000\tempty\nneg\t0.7311\n"
    predict(Options(AskedModel(asked.run), say="good\tfilm", top=2), Console(silent=True))
    assert capfd.readouterr().out == "pos\t0.7311\tneg\t0.2689\n"


def test_a_text_that_was_typed_in_another_encoding_is_refused(asked: Asked) -> None:  # noqa: F811
    from pipeline.core.console import Console

    with pytest.raises(PipelineError) as raised:
        predict(Options(AskedModel(asked.run), say="caf\udce9"), Console(silent=True))
    assert str(raised.value) == (
        '--say: "caf\ufffd" holds bytes that are no UTF-8; type it in a terminal that writes UTF-8, or give a file and'
        " --encoding"
    )


def test_the_model_of_the_advice_answers_and_its_price_is_said(
    asked: Asked,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[str] = []
    own = predicting.load
    monkeypatch.setattr(
        predicting,
        "load",
        lambda asked, name: (taken.append(name), own(asked, name))[1],
    )
    asked.predict("a.txt", "good\n")
    assert asked.told.startswith(
        "No --model: bow. The cheapest.\n"
        "model  right of 100  95 % interval     ms a document  MB   s to load\n"
        "bow    90.0          85.0 % to 95.0 %  2.5            1.2  0.25\n"
        "lstm   90.0          85.0 % to 95.0 %  2.5            1.2\n"
    )
    asked.predict("a.txt", "good\n", model="lstm")
    assert "No --model" not in asked.told
    assert taken == ["bow", "lstm"]


def test_a_run_that_advises_no_model_asks_for_one(asked: Asked) -> None:  # noqa: F811
    content = json.loads((asked.run / "metrics.json").read_text())
    content["advice"] |= {"verb": "Do not choose yet", "model": None, "because": "Too few documents."}
    (asked.run / "metrics.json").write_text(json.dumps(content))
    with pytest.raises(PipelineError) as raised:
        asked.predict("a.txt", "good\n")
    assert str(raised.value) == (
        "--model: the run advises no model: Too few documents; name one (none is saved)"
    )


def test_a_folder_that_is_no_finished_run_is_refused(asked: Asked) -> None:  # noqa: F811
    (asked.run / "metrics.json").unlink()
    with pytest.raises(PipelineError, match=r"it holds no metrics\.json, so it is no finished run"):
        asked.predict("a.txt", "good\n")
