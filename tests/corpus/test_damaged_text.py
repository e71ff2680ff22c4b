"""Escapes, marks and letters that went wrong before a file came here: mended where it is clear, else named."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from corpus_builders import documents, write

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.mending import mend


def mended(*texts: str) -> tuple[list[str], tuple[str, ...], tuple[str, ...]]:
    found = mend([pl.Series("text", texts)])
    return found.parts[0].to_list(), found.notes, found.warnings


# --- quotation marks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", 'text,label\n"he said \\"go\\", ok",a\n"plain",b\n', 'he said "go", ok'),
        ("a.csv", 'text,label\n"a path C:\\\\ and \\"go\\"",a\n"plain",b\n', 'a path C:\\\\ and "go"'),
        ("a.tsv", 'text\tlabel\n"he said \\"go\\""\ta\n"pla\tin"\tb\n', 'he said "go"'),
    ],
)
def test_a_mark_with_a_backslash_before_it_ends_no_field(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    path = write(tmp_path / name, content)
    loaded = read_corpus(path)
    assert loaded.corpus.texts[0] == expected
    assert f"{path}: a backslash before a quotation mark belongs to the mark" in loaded.assumptions
    assert loaded.ledger.dropped == ()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", 'text,label\n"C:\\dir\\",a\n"plain",b\n', "C:\\dir\\"),
        ("a.csv", 'text,label\n"an \\""inner\\"" word",a\n"plain",b\n', 'an \\"inner\\" word'),
        ("a.tsv", 'text\tlabel\nhe said \\"go\\"\ta\nplain\tb\n', 'he said \\"go\\"'),
    ],
)
def test_a_backslash_is_one_where_fields_are_whole_with_it(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    assert read_corpus(write(tmp_path / name, content)).corpus.texts[0] == expected


def test_what_databases_write_for_a_missing_value_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text,label\ngood,a\nbad,\\N\nfine,b\n\\N,a\na \\N b,b\n")
    loaded = read_corpus(path, allow_losses=True)
    assert documents(loaded) == [("good", "a"), ("fine", "b"), ("a \\N b", "b")]
    assert [(entry.reason, entry.rows) for entry in loaded.ledger.dropped] == [
        ("no text", (3,)),
        ("no label", (1,)),
    ]
    assert f"{path}: 2 cells \\N read as missing" in loaded.assumptions


# --- escapes ----------------------------------------------------------------------------------------------


def test_escapes_that_are_clear_are_read_as_what_they_stand_for() -> None:
    texts, notes, _ = mended("one\\n\\nTwo\\nthree", 'say \\"hi\\"\\tthen', "a\\\\b", "plain")
    assert texts == ["one\n\nTwo\nthree", 'say "hi"\tthen', "a\\b", "plain"]
    assert notes == (
        "a backslash with n, t or a quotation mark is read as what it stands for, in 3 of 4 texts; where it is meant "
        "as it is, write the backslash twice",
    )


@pytest.mark.parametrize(
    "texts",
    [
        ("C:\\new\\table\\nine", "D:\\nets\\trees"),  # paths
        ("\\alpha \\nabla \\nu \\beta",),  # formulas
        ("one\\ntwo",),  # too few to tell
        ("one\\ntwo\\nthree\\nfour", "real\nbreaks"),
    ],
)
def test_escapes_that_are_not_clear_are_named_and_left(texts: tuple[str, ...]) -> None:
    found, notes, _ = mended(*texts)
    assert found == list(texts)
    count = sum("\\n" in text for text in texts)
    assert notes == (
        f"{count} of {len(texts)} texts hold escapes such as \\n, which may stand for a line break; left as they are",
    )


@pytest.mark.parametrize(
    "texts",
    [
        ("\\nabla and \\theta", "so \\nu \\to \\tau", "\\times \\rho"),
        ("the table is new", "see \\new\\table\\new", "new table"),
        ("run src\\nested\\tree.py", "dir\\test\\new", "a\\nb"),
        ("see ..\\new\\table", "dir\\test\\new", "a\\nb"),
        ('print("a\\n")', 'say("b\\n\\n")', 'x = "c\\t"'),
    ],
    ids=["formulas", "words of the texts", "names of files", "folders", "strings in code"],
)
def test_a_letter_that_begins_a_name_is_no_escape(texts: tuple[str, ...]) -> None:
    assert mended(*texts)[0] == list(texts)


def test_formulas_among_line_breaks_stay() -> None:
    lines = [f"line {number}\\nAnd one\\n\\nmore and" for number in range(20)]
    texts, notes, _ = mended(*lines, "so $\\theta$\\nand \\nabla\\theta")
    assert texts[0] == "line 0\nAnd one\n\nmore and"
    assert texts[-1] == "so $\\theta$\nand \\nabla\\theta"
    assert notes[0].endswith("write the backslash twice; \\nabla, \\theta are left as they are")


def test_a_backslash_that_is_written_twice_is_one() -> None:
    assert mended("one\\ntwo\\nthree", "C\\\\new", "\\\\theta\\n")[0] == [
        "one\ntwo\nthree",
        "C\\new",
        "\\theta\n",
    ]


def test_codes_of_letters_are_named() -> None:
    assert mended("caf\\u00e9", "plain")[1] == (
        "1 of 2 texts hold escapes such as \\u00e9, which may stand for a letter; left as they are",
    )


def test_every_part_of_a_corpus_is_read_alike(tmp_path: Path) -> None:
    train = write(tmp_path / "a.csv", "text,label\none\\ntwo,a\nthree\\nfour,b\nfive\\nsix,a\n")
    test = write(tmp_path / "b.csv", "text,label\nseven\\neight,b\n")
    loaded = read_corpus(train, test=test)
    assert loaded.corpus.texts.to_list() == ["one\ntwo", "three\nfour", "five\nsix", "seven\neight"]
    assert loaded.assumptions[-1] == (
        "a backslash with n, t or a quotation mark is read as what it stands for, in 4 of 4 texts; where it is meant "
        "as it is, write the backslash twice"
    )


# --- letters of a wrong encoding --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word", "meant"),
    [
        ("un cafÃ© noir", "cafÃ©", "café"),
        ("it did itâ€™s best", "itâ€™s", "it’s"),
        ("ma kuÄ‡i", "kuÄ‡i", "kući"),
        ("РџСЂРёРІРµС‚ всем", "РџСЂРёРІРµС‚", "Привет"),
        ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет"),
    ],
)
def test_texts_read_in_a_wrong_encoding_are_warned_of_and_left(text: str, word: str, meant: str) -> None:
    found, _, warnings = mended(text, "plain")
    assert found == [text, "plain"]
    assert warnings == (
        "1 of 2 texts seem to have been read in a wrong encoding before they were saved: "
        f'"{word}" is probably "{meant}"; they are left as they are [texts-misread-before]',
    )


@pytest.mark.parametrize(
    "text", ["Ñandú SÃO PAULO", "Spaß… größer – Ä", "Сёмга и Её сёстры", "Â 5 £", "naïve"]
)
def test_letters_of_many_languages_are_in_order(text: str) -> None:
    assert mended(text)[1:] == ((), ())


def test_letters_that_were_lost_are_counted() -> None:
    assert mended("caf\ufffd", "plain")[2] == (
        "1 of 2 texts hold U+FFFD, which stands for letters that were lost before [letters-lost-before]",
    )


# --- JSON -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_bare_nan_and_infinity_are_missing_values(tmp_path: Path, name: str) -> None:
    lines = [
        '{"text": "good", "label": "a"}',
        '{"text": NaN, "label": "a"}',
        '{"text": "bad", "label": -Infinity}',
        '{"text": "bad", "label": "b"}',
    ]
    content = "\n".join(lines) if name == "a.jsonl" else f"[{', '.join(lines)}]"
    path = write(tmp_path / name, content)
    loaded = read_corpus(path, allow_losses=True)
    assert documents(loaded) == [("good", "a"), ("bad", "b")]
    assert [(entry.reason, entry.rows) for entry in loaded.ledger.dropped] == [
        ("no text", (1,)),
        ("no label", (2,)),
    ]
    assert f"{path}: bare NaN and Infinity are read as missing values" in loaded.assumptions


def test_a_tab_inside_a_string_is_a_tab(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "a\tb", "label": "a"}\n{"text": "c", "label": "b"}\n')
    assert documents(read_corpus(path)) == [("a\tb", "a"), ("c", "b")]


AS_PYTHON = (
    "this is Python's notation, not JSON; write it with json.dumps, or as pandas does with "
    'to_json(path, orient="records", lines=True)'
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{'text': 'good', 'label': 'a'}", f"1:2: {AS_PYTHON}"),
        ('{"text": "good", "label": None}', f"1:27: {AS_PYTHON}"),
        (
            '{"text": "good", "label": "a",}',
            "1:31: invalid JSON (a comma before a closing bracket); take the comma out",
        ),
        (
            '{"text": "good", "label": "a"},\n{"text": "bad", "label": "b"},',
            "1:31: a comma follows the record; objects in turn have none; take the commas out",
        ),
        ('{"text": "good" "label": "a"}', "1:17: invalid JSON (Expecting ',' delimiter); correct the line"),
    ],
)
def test_what_is_no_json_is_called_what_it_is(tmp_path: Path, content: str, said: str) -> None:
    path = write(tmp_path / "a.jsonl", content)
    with pytest.raises(PipelineError) as error:
        read_corpus(path)
    assert str(error.value) == f"{path}:{said}"
