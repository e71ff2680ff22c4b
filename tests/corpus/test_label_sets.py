"""Documents with several labels: the ways in which files write them, and what becomes of cells that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.values import LoadedCorpus
from pipeline.corpus.built_in.labels_of_three import BEST, OPEN, WORDS, make_documents
from pipeline.corpus.by_settings import read_asked
from pipeline.corpus.label_sets.cells import of_lists, of_words, sign_between
from pipeline.corpus.label_sets.facts import facts_of_sets
from pipeline.corpus.label_sets.kinds import has_label_sets
from pipeline.corpus.label_sets.reading import read_label_sets
from pipeline.corpus.task_of import with_task
from pipeline.settings.tables import Config, with_values

TEXTS = ("oil on canvas", "the bank pays for a poem", "nothing of note", "a tank at the gate")
LABELS = (["art"], ["art", "money"], [], ["war"])


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def answers(loaded: LoadedCorpus) -> list[str]:
    return loaded.corpus.answers(np.arange(len(loaded.corpus.texts)))


EXPECTED = ["art", "art; money", "", "war"]


def as_jsonl(folder: Path) -> Path:
    records = [{"text": text, "labels": own} for text, own in zip(TEXTS, LABELS, strict=True)]
    return written(folder, "a.jsonl", lines(*records))


def as_json(folder: Path) -> Path:
    records = [{"text": text, "tags": own} for text, own in zip(TEXTS, LABELS, strict=True)]
    return written(folder, "a.json", json.dumps(records))


def as_parquet(folder: Path) -> Path:
    path = folder / "a.parquet"
    pl.DataFrame(
        {"text": TEXTS, "labels": LABELS}, schema_overrides={"labels": pl.List(pl.String)}
    ).write_parquet(path)
    return path


def as_columns(folder: Path) -> Path:
    rows = [
        f"{text},{','.join(str(int(name in own)) for name in ('art', 'money', 'war'))}"
        for text, own in zip(TEXTS, LABELS, strict=True)
    ]
    return written(folder, "a.csv", "\n".join(["text,art,money,war", *rows]) + "\n")


def as_columns_of_parquet(folder: Path) -> Path:
    path = folder / "b.parquet"
    names = ("art", "money", "war")
    columns = {name: [name in own for own in LABELS] for name in names}
    pl.DataFrame({"text": TEXTS} | columns).write_parquet(path)
    return path


def as_python_lists(folder: Path) -> Path:
    rows = [f'{text},"{own}"' for text, own in zip(TEXTS, LABELS, strict=True)]
    return written(folder, "c.csv", "\n".join(["text,labels", *rows]) + "\n")


def as_objects(folder: Path) -> Path:
    records = [
        {"text": text, "cats": {name: int(name in own) for name in ("art", "money", "war")}}
        for text, own in zip(TEXTS, LABELS, strict=True)
    ]
    return written(folder, "d.jsonl", lines(*records))


@pytest.mark.parametrize(
    "write",
    [as_jsonl, as_json, as_parquet, as_columns, as_columns_of_parquet, as_python_lists, as_objects],
)
def test_the_same_sets_come_out_of_every_way_of_writing_them(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    loaded = read_label_sets(write(tmp_path))
    assert loaded.corpus.label_names == ("art", "money", "war")
    assert answers(loaded) == EXPECTED
    assert loaded.corpus.texts.to_list() == [*TEXTS]
    assert loaded.ledger.documents == 4


@pytest.mark.parametrize("sign", [";", "|", ","])
def test_the_data_tell_the_sign_between_labels(sign: str, tmp_path: Path) -> None:
    rows = [f"{text}\t{sign.join(own) or 'none at all'}" for text, own in zip(TEXTS, LABELS, strict=True)]
    loaded = read_label_sets(written(tmp_path, "a.tsv", "\n".join(["text\tlabels", *rows]) + "\n"))
    assert answers(loaded) == ["art", "art; money", "none at all", "war"]
    assert f'labels are divided by "{sign}"' in " ".join(loaded.assumptions)


def test_a_sign_of_fewer_cells_is_part_of_a_label() -> None:
    cells = pl.Series("labels", ["art;food, drink", "art;war", "war"])
    assert sign_between(cells.to_list()) == ";"
    found = of_words(cells, ";")
    assert found.cells.to_list() == ['["art", "food, drink"]', '["art", "war"]', '["war"]']
    assert found.told == ('labels are divided by ";"', '"," in 1 record is part of a label')


def test_columns_that_are_named_are_the_labels_and_no_others(tmp_path: Path) -> None:
    content = "text,art,seen,war\na painting,1,1,0\na tank,0,0,1\nboth,1,0,1\n"
    loaded = read_label_sets(written(tmp_path, "a.csv", content), label_column="art,war")
    assert loaded.corpus.label_names == ("art", "war")
    assert answers(loaded) == ["art", "war", "art; war"]


def test_empty_sets_are_documents_and_are_counted(tmp_path: Path) -> None:
    loaded = read_label_sets(as_jsonl(tmp_path))
    assert "1 of 4 documents have no label: that is an answer too" in loaded.assumptions
    facts = facts_of_sets(loaded.corpus)
    assert facts is not None
    assert (facts.cardinality, facts.most, facts.empty, facts.sizes) == (1.0, 2, 1, (1, 2, 1))


def test_labels_go_together_where_more_documents_have_both_than_by_chance(tmp_path: Path) -> None:
    records = [
        {"text": f"text {place}", "labels": ["a", "b"] if place < 10 else ["c"]} for place in range(20)
    ]
    facts = facts_of_sets(read_label_sets(written(tmp_path, "a.jsonl", lines(*records))).corpus)
    assert facts is not None
    (pair,) = facts.pairs
    assert (pair.a, pair.b, pair.together, pair.expected) == ("a", "b", 10, 5.0)  # 10 x 10 / 20


def test_a_label_of_test_documents_alone_stays_and_is_warned_of(tmp_path: Path) -> None:
    test = written(tmp_path, "test.jsonl", lines({"text": "a song", "labels": ["music", "art"]}))
    loaded = read_label_sets(as_jsonl(tmp_path), test=test)
    assert loaded.corpus.label_names == ("art", "money", "music", "war")
    assert answers(loaded)[-1] == "art; music"
    (told,) = [str(one) for one in loaded.warnings if "music" in str(one)]
    assert (
        told
        == 'no training document has the labels "music", which 1 of the others have [labels-not-in-training]'
    )


def test_a_label_that_stands_twice_counts_once() -> None:
    found = of_lists(pl.Series("labels", ['["a", "a", "b"]', '["a"]', "[]"]))
    assert found.cells.to_list() == ['["a", "b"]', '["a"]', "[]"]
    assert found.told == ("1 record with a label that stands twice: it counts once",)


# --- cells that cannot be read: each goes to the row ledger with its line

GOOD = [{"text": f"text {place}", "labels": ["a", "b"][: 1 + place % 2]} for place in range(20)]
BAD_LISTS: dict[str, tuple[object, str]] = {
    "a missing value": (None, "no label"),
    "nothing": ("", "no label"),
    "blanks": ("   ", "no label"),
    "null in a list": (["a", None], "null among the labels of a list"),
    "null alone in a list": ([None], "null among the labels of a list"),
    "a list in a list": ([["a"], "b"], "a list or an object among the labels of a list"),
    "a deep list": ([[["a"]]], "a list or an object among the labels of a list"),
    "an object in a list": ([{"name": "a"}], "a list or an object among the labels of a list"),
    "an empty label": (["a", ""], "a label without a name in a list"),
    "a label of blanks": (["  "], "a label without a name in a list"),
    "an object with other answers": ({"a": 2, "b": 0}, "a list or an object among the labels of a list"),
    "an object with words": ({"a": "yes"}, "a list or an object among the labels of a list"),
    "an object with null": ({"a": None}, "a list or an object among the labels of a list"),
}


@pytest.mark.parametrize("bad", BAD_LISTS, ids=lambda name: name.replace(" ", "-"))
def test_a_cell_that_is_no_set_is_left_out_with_its_line(bad: str, tmp_path: Path) -> None:
    value, reason = BAD_LISTS[bad]
    path = written(tmp_path, "a.jsonl", lines(*GOOD, {"text": "the last", "labels": value}))
    loaded = read_label_sets(path)
    (entry,) = loaded.ledger.dropped
    assert (entry.reason, entry.lines) == (reason, (21,))
    assert loaded.ledger.documents == 20


READ_ALL_THE_SAME: dict[str, tuple[object, str]] = {
    "a plain word": ("a", "a"),
    "a number": (["a", 7], "7; a"),
    "true": ([True], "true"),
    "blanks around": ([" a ", "b\t"], "a; b"),
    "an accent": (["é"], "é"),
    "a bracket in a label": (["[x"], "[x"),
    "a semicolon in a label": (["a;b"], "a;b"),
    "all no": ({"a": 0, "b": 0}, ""),
}


@pytest.mark.parametrize("odd", READ_ALL_THE_SAME, ids=lambda name: name.replace(" ", "-"))
def test_an_odd_cell_is_read(odd: str, tmp_path: Path) -> None:
    value, expected = READ_ALL_THE_SAME[odd]
    loaded = read_label_sets(
        written(tmp_path, "a.jsonl", lines(*GOOD, {"text": "the last", "labels": value}))
    )
    assert answers(loaded)[-1] == expected


TWENTY = "".join(f"text {place},{place % 2},{1 - place % 2},1\n" for place in range(20))
BAD_ANSWERS = {"2": True, "-1": True, "x": True, "0.5": True, "": False, " ": False, "nan": True}


@pytest.mark.parametrize("cell", BAD_ANSWERS)
def test_a_column_of_0_and_1_with_another_answer_leaves_the_record_out(cell: str, tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", f"text,a,b,c\n{TWENTY}the last,{cell},1,0\n")
    loaded = read_label_sets(path, label_column="a,b")
    (entry,) = loaded.ledger.dropped
    expected = 'neither 0 nor 1 in column "a"' if BAD_ANSWERS[cell] else "no label"
    assert (entry.reason, entry.lines) == (expected, (22,))


REFUSED: dict[str, tuple[str, str, str | None, str]] = {
    "no such column": (
        "a.jsonl",
        lines(*GOOD),
        "topics",
        '--label: {file} has no column "topics"; its columns are "text", "labels"',
    ),
    "all sets empty": (
        "a.jsonl",
        lines(*({"text": f"text {place}", "labels": []} for place in range(5))),
        None,
        "{file}: no training document has a label: all sets are empty; check --label, or add documents with labels",
    ),
    "all sets the same": (
        "a.jsonl",
        lines(*({"text": f"text {place}", "labels": ["a"]} for place in range(5))),
        None,
        '{file}: every training document has the same labels, ["a"]; check --label, or add documents with other labels',
    ),
    "one column of 0 and 1": (
        "a.csv",
        "text,a\n" + "".join(f"text {place},{place % 2}\n" for place in range(6)),
        "a",
        '--label: column "a" is 0 or 1: one label alone; name all columns of labels, as in --label art,war,sport',
    ),
    "a column twice": (
        "a.csv",
        f"text,a,b,c\n{TWENTY}",
        "a,b,a",
        '--label: "a" stands twice in "a,b,a"; name each column once',
    ),
    "no labels": (
        "a.csv",
        "text,when\n" + "".join(f"text {place},2024-01-0{place}\n" for place in range(1, 7)),
        None,
        '{file}: no column holds lists of labels, 0 and 1 for each label, or is called a label: "when"; '
        "name the column of the labels with --label",
    ),
}


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: name.replace(" ", "-"))
def test_files_without_sets_of_labels_are_refused(name: str, tmp_path: Path) -> None:
    file, content, label, expected = REFUSED[name]
    path = written(tmp_path, file, content)
    with pytest.raises(PipelineError) as refused:
        read_label_sets(path, label_column=label)
    assert str(refused.value).startswith(expected.format(file=path))


def test_a_test_file_without_a_column_of_the_labels_is_refused(tmp_path: Path) -> None:
    train = written(tmp_path, "a.csv", f"text,a,b,c\n{TWENTY}")
    test = written(tmp_path, "test.csv", "text,a\nsomething,1\n")
    with pytest.raises(PipelineError, match='there is no column "b", which the corpus has its labels in'):
        read_label_sets(train, test=test, label_column="a,b")


def test_two_columns_of_lists_are_a_question(tmp_path: Path) -> None:
    records = [{"text": f"text {place}", "tags": ["a"], "topics": ["b"]} for place in range(5)]
    with pytest.raises(PipelineError, match="could each be the label"):
        read_label_sets(written(tmp_path, "a.jsonl", lines(*records)))


# --- which task it is, where nobody said


CERTAIN = {
    "lists of several": lines({"text": "a", "labels": ["x", "y"]}, {"text": "b", "labels": []}),
    "an array of objects": json.dumps([{"text": "a", "tags": ["x"]}, {"text": "b", "tags": ["x", "y"]}]),
}
UNCERTAIN = {
    "lists of one": lines({"text": "a", "labels": ["x"]}, {"text": "b", "labels": ["y"]}),
    "plain labels": lines({"text": "a", "label": "x"}, {"text": "b", "label": "y"}),
    "lists that are no labels": lines({"text": "a", "words": ["x", "y"], "label": "z"}),
    "lists of objects": lines({"text": "a", "labels": [{"start": 1}, {"start": 2}]}),
    "no JSON": "{not json",
    "nothing": "",
}
TABLES = {
    "text,a,b,c\nx,1,1,0\ny,0,0,1\n": True,
    "id,text,a,b,c\n7,x,1,1,0\n8,y,0,0,1\n": True,
    "text,a,b,c\nx,1,0,0\ny,0,0,1\nz,0,1,0\n": False,  # one 1 each: classes
    "text,label,a,b,c\nx,p,1,1,0\ny,q,0,0,1\n": False,
    "text,a,b\nx,1,1\ny,0,0\n": False,  # two columns may be anything
    "text,a,b,c\nx,1,1,2\ny,0,0,1\n": False,
    "text\tlabel\nx\ta;b\n": False,
}


@pytest.mark.parametrize("name", [*CERTAIN, *UNCERTAIN], ids=lambda name: name.replace(" ", "-"))
def test_lists_of_several_labels_tell_the_task(name: str, tmp_path: Path) -> None:
    content = (CERTAIN | UNCERTAIN)[name]
    path = written(tmp_path, "a.json" if content.startswith("[") else "a.jsonl", content)
    assert has_label_sets(path) is (name in CERTAIN)


@pytest.mark.parametrize("content", TABLES)
def test_columns_of_0_and_1_tell_the_task_where_a_record_has_two(content: str, tmp_path: Path) -> None:
    assert has_label_sets(written(tmp_path, "a.csv", content)) is TABLES[content]


def test_parquet_tells_the_task_by_its_first_rows(tmp_path: Path) -> None:
    assert has_label_sets(as_parquet(tmp_path))


def test_a_column_that_is_named_alone_counts(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", lines({"text": "a", "labels": ["x", "y"], "mood": "good"}))
    assert has_label_sets(path, "labels")
    assert not has_label_sets(path, "mood")


def test_the_command_reads_lists_without_being_told(tmp_path: Path) -> None:
    config = with_values(Config(), {"corpus.path": (str(as_jsonl(tmp_path)),)})
    settled = with_task(config)
    assert (settled.run.task, settled.run.metric) == ("multilabel", "micro-f1")
    assert read_asked(settled).corpus.label_names == ("art", "money", "war")


# --- the corpora of the project's own


def test_both_corpora_hold_the_same_texts_and_each_label_as_often() -> None:
    apart, together = (make_documents(together=bound, n_docs=4_000) for bound in (False, True))
    assert [text for text, _ in apart] == [text for text, _ in together]
    for label in (*WORDS, *OPEN):
        shares = [np.mean([label in labels for _, labels in found]) for found in (apart, together)]
        expected = 1 / 3 if label in OPEN else 1 / 2
        assert shares == pytest.approx([expected, expected], abs=0.03)
    assert {sum(label in OPEN for label in labels) for _, labels in together} == {1}
    assert {sum(label in OPEN for label in labels) for _, labels in apart} == {0, 1, 2, 3}


def known(text: str) -> set[str]:
    return {label for label, words in WORDS.items() if {*words} & {*text.split()}}


@pytest.mark.longer
@pytest.mark.parametrize("name", ["labels-apart", "labels-together"])
def test_what_is_best_is_what_is_written_down(name: str) -> None:
    found = make_documents(together=name == "labels-together", n_docs=20_000)
    right = [{*labels} for _, labels in found]
    alone = [known(text) for text, _ in found]  # none of the open labels: each is more often wrong than right
    hits = sum(len(one & said) for one, said in zip(right, alone, strict=True))
    micro = 2 * hits / (sum(map(len, right)) + sum(map(len, alone)))
    exact = np.mean([one == said for one, said in zip(right, alone, strict=True)])
    one_of_three = np.mean([one == said | {"red"} for one, said in zip(right, alone, strict=True)])
    best = BEST[name]
    assert micro == pytest.approx(float(best.micro_f1), abs=0.01)
    assert exact == pytest.approx(float(best.exact_alone), abs=0.01)
    assert max(exact, one_of_three) == pytest.approx(float(best.exact_together), abs=0.01)


def test_the_corpora_are_read_by_their_names() -> None:
    settled = with_task(with_values(Config(), {"corpus.path": ("labels-together",)}))
    loaded = read_asked(settled)
    assert settled.run.task == "multilabel"
    assert loaded.corpus.label_names == tuple(sorted((*WORDS, *OPEN)))
    assert len(loaded.corpus.texts) == 3_000
