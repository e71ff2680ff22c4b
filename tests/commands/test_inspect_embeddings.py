"""`inspect embeddings`: the fit audit at the terminal, before any training and without TensorFlow."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_lines import help_of, status_of
from markdown_pages import ROOT

from pipeline import cli

WORDS = "good 1 0\nbad 0 1\nfilm 1 1\nFilm 3 4\n0 2 2\ngood 9 9\n"
DOCUMENTS = [("good film", "up"), ("bad film", "down"), ("good plot 7", "up"), ("bad plot", "down")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of 20 training, 2 validation and 4 test documents, and a word2vec text file, in the current folder."""
    lines = [f"{text},{label}" for text, label in DOCUMENTS * 5]
    (tmp_path / "films.csv").write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    (tmp_path / "test.csv").write_text(
        "text,label\nGood Film,up\nbad sequel,down\nsequel,up\nplot,down\n", encoding="utf-8"
    )
    (tmp_path / "validation.csv").write_text("text,label\ngood,up\nbad,down\n", encoding="utf-8")
    (tmp_path / "v.txt").write_text(f"6 2\n{WORDS}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def inspected(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    splits = ["--corpus", "films.csv", "--validation", "validation.csv", "--test", "test.csv"]
    assert status_of(cli.main, "inspect", "embeddings", *arguments, *splits, "--no-cache") == 0
    return capsys.readouterr().out


def part(text: str, title: str) -> list[str]:
    """Return the lines below a title, blanks between words made one."""
    lines = text.split(f"\n{title}\n")[1].split("\n\n", maxsplit=1)[0].splitlines()
    return [" ".join(line.split()) for line in lines]


@pytest.mark.usefixtures("folder")
def test_the_audit_of_a_vector_file(capsys: pytest.CaptureFixture[str]) -> None:
    text = inspected(capsys, "v.txt")
    # types: good film bad plot 7 sequel; 7 is read as 0, plot and sequel have no vector
    assert text.startswith(
        "v.txt on films: 26 documents, dimension 2, vectors for 4 words of the corpus\n\nVector files\n"
    )
    assert part(text, "Vector files")[:7] == [
        "Format word2vec text",
        "Compression none",
        "Dimension 2",
        "Rows in the file 6",
        "Rows kept 4",
        "Repeated words 1",
        "Invalid UTF-8 0",
    ]
    # training: 10 x good, 10 x bad, 10 x film, 10 x plot, 5 x 7; validation: good bad; test: good film bad sequel
    # sequel plot; without a vector are 11 plot and 2 sequel of 53 tokens
    assert part(text, "Coverage by split")[1] == f"all 6 53 66.7 % {100 * 40 / 53:.1f} %"
    assert part(text, "Coverage by split")[4] == "test 5 6 60.0 % 50.0 %"
    assert sorted(part(text, "Coverage by class")[1:3]) == [
        "down 3 20 66.7 % 75.0 %",
        "up 4 25 75.0 % 80.0 %",
    ]
    assert part(text, "How words were found")[:6] == [
        f"exact 3 ({100 * 35 / 53:.1f} %)",
        "lower-case 0 (0.0 %)",
        "normalised 0 (0.0 %)",
        f"digits 1 ({100 * 5 / 53:.1f} %)",
        "subword 0 (0.0 %)",
        f"unknown 2 ({100 * 13 / 53:.1f} %)",
    ]
    # with its case kept the corpus has Good, which the file lacks, and Film, which it holds
    assert " ".join(part(text, "Lower-casing")) == (
        f"v.txt, exact matches only: this corpus was lower-cased, and {100 * 35 / 53:.1f} % of the tokens have a"
        f" vector; with its case kept it would be {100 * 34 / 53:.1f} %."
    )
    assert part(text, "Missing words")[0] == "Most frequent words without a vector plot 11, sequel 2"
    assert [line.partition("  ")[0] for line in part(text, "Word pairs judged by people")[1:3]] == [
        "WordSim-353 0 of 353 too few pairs –",
        "SimLex-999 0 of 999 too few pairs –",
    ]


def test_what_else_there_is_to_say_of_a_source_stands_below_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "v.txt").write_text(f"9 2\n{WORDS}", encoding="utf-8")  # a note of the table of files
    (folder / "cache").write_text("a file where a folder is needed", encoding="utf-8")
    monkeypatch.setenv("EMBEDSEQ_CACHE", str(folder / "cache"))
    splits = ["--corpus", "films.csv", "--validation", "validation.csv", "--test", "test.csv"]
    assert status_of(cli.main, "inspect", "embeddings", "v.txt", *splits) == 0
    head, note, title = capsys.readouterr().out.split("\n\n")[:3]
    assert head.startswith("v.txt on films: ")
    why = f"{folder / 'cache'} cannot be written (File exists); nothing is kept there [cache-not-written]"
    assert note == f"Note: v.txt: cache: {why}"
    assert title.startswith("Vector files\n")


@pytest.mark.usefixtures("folder")
def test_a_source_trained_here_can_be_audited_too(capsys: pytest.CaptureFixture[str]) -> None:
    text = inspected(capsys, "random", "--set", "embeddings.dimension=3")
    assert text.startswith(
        "random on films: 26 documents, dimension 3, vectors for 5 words of the corpus\n\n"
    )
    assert "Vector files" not in text
    assert "Lower-casing" not in text
    assert part(text, "Missing words")[0] == "Most frequent words without a vector sequel 2"


@pytest.mark.usefixtures("folder")
def test_a_corpus_with_its_case_kept_is_told_what_lower_casing_would_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = inspected(capsys, "v.txt", "--set", "tokenizer.lowercase=false")
    assert " ".join(part(text, "Lower-casing")) == (
        f"v.txt, exact matches only: {100 * 34 / 53:.1f} % of the tokens have a vector; if lower-cased:"
        f" {100 * 34 / 53:.1f} % → {100 * 35 / 53:.1f} %."
    )


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["w.txt"], 'FILE: there is no file "w.txt"; correct the path [no-such-file]\n'),
        (
            ["random:tuneed"],
            'FILE: "random:tuneed" has no mode "tuneed"; did you mean "tuned"? [unknown-source]\n',
        ),
    ],
)
def test_a_file_that_is_not_there_is_said_without_reading_the_corpus(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert status_of(cli.main, "inspect", "embeddings", *arguments, "--corpus", "absent.csv") == 2
    assert capsys.readouterr() == ("", words)


@pytest.mark.longer
def test_the_audit_does_not_import_tensorflow(folder: Path) -> None:
    program = (
        "import sys; from pipeline.settings.reading import load_config;"
        " from pipeline.core.console import Console; from pipeline.commands.inspect_embeddings import describe_fit;"
        " config = load_config(options={'corpus.path': 'films.csv', 'corpus.test': 'test.csv', 'run.cache': False});"
        " text = describe_fit('v.txt', config, Console(silent=True)); assert 'Norms' in text;"
        " print([name for name in ('tensorflow', 'keras', 'gensim', 'altair') if name in sys.modules])"
    )
    environment, command = {"PYTHONPATH": str(ROOT), "PATH": ""}, [sys.executable, "-c", program]
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("[]\n", "", 0)


def test_help_names_what_decides_the_audit(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, "inspect", "embeddings")
    wanted = (
        "--corpus --test --validation --unlabelled --text --label --map --drop-class --only-known-classes --limit "
        "--encoding --allow-losses --seed --test-size --config --set --debug --tags"
    )
    shown = set(re.findall(r"^ +(--[a-z-]+)", text, re.MULTILINE))
    assert shown == {*wanted.split(), "--no-cache", "--help"}
    assert " FILE" in text
