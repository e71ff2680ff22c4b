"""JSON as programs export it: records at the end of a path, in parts, or each inside an object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corpus_builders import LABELS, TEXTS, documents, write

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.json_layouts import Object

ROWS = list(zip(TEXTS, LABELS, strict=True))
OBJECTS: list[Object] = [{"text": text, "label": label} for text, label in ROWS]
FEATURES = [{"feature_idx": 0, "name": "text", "type": {}}, {"feature_idx": 1, "name": "label", "type": {}}]


def as_json(tmp_path: Path, content: object, name: str = "a.json") -> Path:
    return write(tmp_path / name, json.dumps(content))


def refusal(path: Path) -> str:
    with pytest.raises(PipelineError) as caught:
        read_corpus(path)
    return str(caught.value)


EXPORTS = {
    "hub": (
        {"features": FEATURES, "rows": [{"row_idx": 0, "row": one, "truncated_cells": []} for one in OBJECTS]},
        'the fields of "row" in each record are columns',
    ),
    "elasticsearch": (
        {"took": 1, "hits": {
            "total": {"value": 4}, "hits": [{"_id": "a", "_score": 1.0, "_source": one} for one in OBJECTS]}},
        'the records are the list "hits.hits"',
    ),
    "reddit": (
        {"kind": "Listing", "data": {"children": [
            {"kind": "t1", "data": {"body": one["text"], "label": one["label"]}} for one in OBJECTS]}},
        'the records are the list "data.children"',
    ),
    "rasa": (
        {"rasa_nlu_data": {"common_examples": [
            {"text": one["text"], "intent": one["label"], "entities": []} for one in OBJECTS],
                           "entity_synonyms": [{"value": "x", "synonyms": ["y"]}]}},
        'the records are the list "rasa_nlu_data.common_examples"',
    ),
    "path": ({"version": 1, "corpus": {"docs": OBJECTS}}, 'the records are the list "corpus.docs"'),
    "items": ({"status": "ok", "result": {"items": OBJECTS}}, 'the records are the list "result.items"'),
    "top": ({"total": 4, "items": OBJECTS}, 'the records are the list "items"'),
    "data": ({"data": [list(row) for row in ROWS]}, 'the records are the list "data"'),
    "arrays": (
        {"meta": {"n": 4}, "utterances": {"all": [list(row) for row in ROWS]}},
        'the records are the list "utterances.all"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_the_only_list_of_records_is_read_and_its_path_is_said(tmp_path: Path, name: str) -> None:
    content, said = EXPORTS[name]
    path = as_json(tmp_path, content)
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert f"{path}: {said}" in loaded.assumptions


def test_records_inside_an_object_a_line_are_read(tmp_path: Path) -> None:
    lines = [
        json.dumps({"_index": "a", "_id": str(place), "_source": one}) for place, one in enumerate(OBJECTS)
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(lines))
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert f'{path}: the fields of "_source" in each record are columns' in loaded.assumptions


def test_a_field_beside_an_object_that_has_one_of_its_name_is_kept(tmp_path: Path) -> None:
    lines = [json.dumps({"label": str(place), "row": one}) for place, one in enumerate(OBJECTS)]
    assert documents(read_corpus(write(tmp_path / "a.jsonl", "\n".join(lines)), label_column="label")) == ROWS
    loaded = read_corpus(tmp_path / "a.jsonl", label_column="label beside row", allow_losses=True)
    assert [label for _, label in documents(loaded)] == ["0", "1", "2", "3"]


def test_scores_beside_a_text_stay_one_column(tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": text, "cats": {"pos": label == "pos", "neg": label == "neg"}})
        for text, label in ROWS
    ]
    assert documents(read_corpus(write(tmp_path / "a.jsonl", "\n".join(lines)))) == ROWS


def parts(n_train: int, n_test: int) -> tuple[list[list[str]], list[list[str]]]:
    rows = [[f"{text} {place}", label] for place in range(n_train + n_test) for text, label in ROWS[:2]]
    return rows[: 2 * n_train], rows[2 * n_train :]


def test_keys_that_name_parts_are_the_parts_of_the_corpus(tmp_path: Path) -> None:
    train, test = parts(5, 2)
    content = {
        "train": train,
        "val": [["so fine", "pos"], ["so sad", "neg"]],
        "test": test,
        "oos_test": [["so dull", "neg"]],
    }
    path = as_json(tmp_path, content)
    loaded = read_corpus(path)
    assert loaded.corpus.split.tolist() == [-1] * 10 + [1] * 2 + [2] * 5
    assert (
        f'{path}: the records are those of "train", "val", "test", "oos_test"; '
        'column "split" says which part each is of' in loaded.assumptions
    )


def test_parts_of_as_many_records_are_no_columns(tmp_path: Path) -> None:
    train, _ = parts(5, 0)
    test = [[f"so {text}", label] for text, label in train]
    loaded = read_corpus(as_json(tmp_path, {"train": train, "test": test}))
    assert loaded.corpus.split.tolist() == [-1] * 10 + [2] * 10


def task(number: int, text: str, *labels: str, cancelled: bool = False) -> Object:
    annotations = [
        {"id": place, "was_cancelled": cancelled, "result": [
            {"type": "choices", "from_name": "sentiment", "to_name": "text", "value": {"choices": [label]}}]}
        for place, label in enumerate(labels)
    ]  # fmt: skip
    return {"id": number, "data": {"text": text}, "annotations": annotations, "predictions": []}


def test_tasks_of_label_studio_have_the_choice_of_their_annotation(tmp_path: Path) -> None:
    path = as_json(tmp_path, [task(number, text, label) for number, (text, label) in enumerate(ROWS)])
    loaded = read_corpus(path)
    assert documents(loaded) == ROWS
    assert (
        f'{path}: the labels are the choices of the first annotation in "annotations" that was not cancelled'
        in loaded.assumptions
    )
    assert loaded.reading.parts[0].label.column == "sentiment"


def test_tasks_without_an_annotation_have_no_label_and_two_that_differ_are_told(tmp_path: Path) -> None:
    tasks = [task(number, text, label, label) for number, (text, label) in enumerate(ROWS)]
    tasks += [task(5, "so so", "pos", "neg"), task(6, "none"), task(7, "skipped", "pos", cancelled=True)]
    loaded = read_corpus(as_json(tmp_path, tasks), allow_losses=True)
    assert documents(loaded) == [*ROWS, ("so so", "pos")]
    assert any(
        words.endswith("; in 1 of the records another one says otherwise") for words in loaded.assumptions
    )


def test_arrays_of_text_and_label_are_records(tmp_path: Path) -> None:
    pairs = [[text, label] for text, label in ROWS]
    assert documents(read_corpus(as_json(tmp_path, pairs))) == ROWS
    lines = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, pairs)))
    assert documents(read_corpus(lines)) == ROWS


def test_columns_and_cells_apart_are_read_as_pandas_writes_them(tmp_path: Path) -> None:
    content = {"columns": ["text", "label"], "index": [0, 1, 2, 3], "data": [list(row) for row in ROWS]}
    assert documents(read_corpus(as_json(tmp_path, content))) == ROWS


def test_records_by_their_number_are_read_as_pandas_writes_them(tmp_path: Path) -> None:
    content = {f"id{number}": one for number, one in enumerate(OBJECTS)}
    assert documents(read_corpus(as_json(tmp_path, content))) == ROWS


def test_several_lists_of_records_are_named_with_the_command_that_takes_one(tmp_path: Path) -> None:
    path = as_json(tmp_path, {"a": {"old": OBJECTS[:2], "new": OBJECTS}})
    assert refusal(path) == (
        f'{path}:1: several lists in the file could be the records: "a.old" (2), "a.new" (4); write one of them to a '
        f'file of its own: python -c \'import json; json.dump(json.load(open("{path}"))["a"]["new"], '
        'open("records.json", "w"))\''
    )


# --- other exports


@pytest.mark.parametrize("name", ["atis.train.w-intent.iob", "atis.txt"])
def test_the_intent_behind_the_tags_is_the_label(tmp_path: Path, name: str) -> None:
    lines = "BOS show me flights EOS\tO O O O flight\nBOS what is the fare EOS\tO O O O O airfare\n"
    lines += "BOS fly EOS\tO O flight\n"
    loaded = read_corpus(write(tmp_path / name, lines))
    assert documents(loaded) == [
        ("show me flights", "flight"),
        ("what is the fare", "airfare"),
        ("fly", "flight"),
    ]


TABLE = "<table><tr><th>text</th><th>label</th></tr><tr><td>good</td><td>pos</td></tr></table>"


@pytest.mark.parametrize("content", [TABLE, f"<html><body>{TABLE}</body></html>"])
@pytest.mark.parametrize("name", ["a.xls", "a.xlsx"])
def test_a_table_of_html_under_the_name_of_a_workbook_is_called_so(
    tmp_path: Path, name: str, content: str
) -> None:
    path = write(tmp_path / name, content)
    assert refusal(path) == (
        f"{path}:1: this is a table in HTML, which spreadsheets open under the name of a workbook; "
        "open it in one, and save it as .csv"
    )


def test_a_workbook_in_xml_is_called_so(tmp_path: Path) -> None:
    content = '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="urn:x"/>'
    path = write(tmp_path / "a.xls", content)
    assert (
        refusal(path)
        == f"{path}:1: this is a workbook in XML (Excel 2003); open it in Excel, and save it as .csv"
    )
