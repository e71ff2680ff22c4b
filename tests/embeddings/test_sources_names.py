"""What --embeddings may ask for: names, paths, parts side by side, modes; and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.names import AskedSource, SourceName
from pipeline.embeddings.table import parse_source, parse_sources
from pipeline.experiment.plan import plan_models, unused_sources


@pytest.fixture(autouse=True)
def in_a_folder_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder that holds vector files, some with `:` and `+` in their names."""
    for name in ("v.txt", "a/v.txt", "b/v.txt", "a/my+v.txt", "a/odd:tuned", "C:/w.vec", "a/word2vec"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("good 1 2\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("asked", "name", "parts", "training", "shuffled"),
    [
        ("word2vec", "word2vec", ("word2vec",), "frozen", False),
        ("fasttext", "fasttext", ("fasttext",), "frozen", False),
        ("random", "random", ("random",), "frozen", False),
        ("learned", "learned", ("learned",), "tuned", False),
        ("learned:frozen", "learned:frozen", ("learned",), "frozen", False),
        ("word2vec:tuned", "word2vec:tuned", ("word2vec",), "tuned", False),
        ("random:shuffled-rows", "random:shuffled-rows", ("random",), "frozen", True),
        ("word2vec+random", "word2vec+random", ("word2vec", "random"), "frozen", False),
        ("word2vec+learned", "word2vec+learned", ("word2vec", "learned"), "tuned", False),
        ("word2vec+learned:frozen", "word2vec+learned:frozen", ("word2vec", "learned"), "frozen", False),
        ("word2vec:shuffled-rows:tuned", "word2vec:shuffled-rows:tuned", ("word2vec",), "tuned", True),
        (
            "word2vec+random:frozen-then-tuned:shuffled-rows",
            "word2vec+random:frozen-then-tuned:shuffled-rows",
            ("word2vec", "random"),
            "frozen-then-tuned",
            True,
        ),
        ("a/v.txt", "v.txt", ("a/v.txt",), "frozen", False),
        ("a/v.txt:tuned", "v.txt:tuned", ("a/v.txt",), "tuned", False),
        ("word2vec+a/v.txt:tuned", "word2vec+v.txt:tuned", ("word2vec", "a/v.txt"), "tuned", False),
        ("a/my+v.txt", "my+v.txt", ("a/my+v.txt",), "frozen", False),
        ("a/my+v.txt+random", "my+v.txt+random", ("a/my+v.txt", "random"), "frozen", False),
        ("random+a/my+v.txt", "random+my+v.txt", ("random", "a/my+v.txt"), "frozen", False),
        ("a/odd:tuned", "odd:tuned", ("a/odd:tuned",), "frozen", False),
        ("a/odd:tuned:tuned", "odd:tuned:tuned", ("a/odd:tuned",), "tuned", False),
        ("C:/w.vec:tuned", "w.vec:tuned", ("C:/w.vec",), "tuned", False),
    ],
)
def test_a_text_is_read_as_parts_and_modes(
    asked: str, name: str, parts: tuple[str, ...], training: str, shuffled: bool
) -> None:
    assert parse_source(asked) == AskedSource(asked, name, parts, training, shuffled)


def test_letters_stand_beside_sources_and_are_none() -> None:
    asked = parse_source("chars+word2vec+a/v.txt:tuned")
    assert (asked.parts, asked.letters, asked.training) == (("word2vec", "a/v.txt"), True, "tuned")
    assert asked.name == "word2vec+v.txt+chars:tuned"
    read = SourceName.parse(asked.name)
    assert (read.parts, read.letters) == (("word2vec", "v.txt"), True)
    assert not SourceName.parse("random+chars").pretrained
    with pytest.raises(PipelineError) as caught:
        parse_source("chars:tuned")
    assert str(caught.value) == (
        '--embeddings: "chars:tuned" has letters and no word vectors; write a source of word vectors before it, such'
        " as word2vec+chars"
    )
    parse_sources(("word2vec", "word2vec+chars"))  # two sources


def test_a_home_folder_may_be_written_as_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert parse_source("word2vec+~/a/v.txt").name == "word2vec+v.txt"


KNOWN = "word2vec, fasttext, learned, random, glove-6b-50d"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("fastext", 'there is no source "fastext"; did you mean "fasttext"?'),
        ("glove-6b-50", 'there is no source "glove-6b-50"; did you mean "glove-6b-50d"?'),
        ("zzz", f'there is no source "zzz"; it is one of {KNOWN}'),
        ("word2vec+fastext:tuned", 'there is no source "fastext"; did you mean "fasttext"?'),
        ("random:tuneed", '"random:tuneed" has no mode "tuneed"; did you mean "tuned"?'),
        (
            "random:shuffled-row:tuned",
            '"random:shuffled-row:tuned" has no mode "shuffled-row"; did you mean "shuffled-rows"?',
        ),
        ("a/v.txt:tune", '"a/v.txt:tune" has no mode "tune"; did you mean "tuned"?'),
        ("a/w.txt", 'there is no file "a/w.txt"; correct the path'),
        ("w.vec.gz:tuned", 'there is no file "w.vec.gz"; correct the path'),
        ("D:\\w.txt", 'there is no file "D:\\w.txt"; correct the path'),
        ("word2vec+", '"word2vec+" has an empty part; write one name, or two or more with a + between them'),
        ("", '"" has an empty part; write one name, or two or more with a + between them'),
        (
            "random:tuned+word2vec",
            '"random:tuned+word2vec" has a mode before a +; write ":tuned" at the end; it holds for the whole',
        ),
        (
            "random:frozen:tuned",
            '"random:frozen:tuned" asks for frozen and for tuned vectors; keep one of the two',
        ),
        ("random:tuned:tuned", '"random:tuned:tuned" names a mode twice; leave one out'),
        ("random+random", '"random+random" names "random" twice; leave one out'),
        ("a/v.txt+./a/v.txt", '"a/v.txt+./a/v.txt" names "./a/v.txt" twice; leave one out'),
    ],
)
def test_what_cannot_be_read_is_named_with_what_was_meant(asked: str, message: str) -> None:
    with pytest.raises(PipelineError) as error:
        parse_source(asked)
    assert str(error.value) == f"--embeddings: {message}"


def test_a_folder_is_read_for_the_one_vector_file_in_it() -> None:
    assert parse_source("b:tuned").name == "b:tuned"
    with pytest.raises(PipelineError) as error:
        parse_source("a")
    what = "a: this is a folder of 2 vector files (my+v.txt, v.txt); expected one vector file"
    assert str(error.value) == f"{what}; name a file in it"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            ("a/v.txt", "b/v.txt"),
            "a/v.txt and b/v.txt have the same name, and results are named by it; rename one of the files",
        ),
        (
            ("a/v.txt:tuned", "word2vec+b/v.txt"),
            "a/v.txt and b/v.txt have the same name, and results are named by it; rename one of the files",
        ),
        (("v.txt", "./v.txt"), "v.txt and ./v.txt are one source; leave one out"),
        (("word2vec", "word2vec:frozen"), "word2vec and word2vec:frozen are one source; leave one out"),
        (("learned:tuned", "learned"), "learned:tuned and learned are one source; leave one out"),
        (
            ("v.txt:tuned:shuffled-rows", "./v.txt:shuffled-rows:tuned"),
            "v.txt:tuned:shuffled-rows and ./v.txt:shuffled-rows:tuned are one source; leave one out",
        ),
        (("a/word2vec",), 'a/word2vec has the name of the source "word2vec"; rename the file'),
    ],
)
def test_two_sources_of_one_name_are_refused(asked: tuple[str, ...], message: str) -> None:
    with pytest.raises(PipelineError) as error:
        parse_sources(asked)
    assert str(error.value) == f"--embeddings: {message}"


def test_one_file_in_two_modes_is_two_sources() -> None:
    assert [source.name for source in parse_sources(("a/v.txt", "a/v.txt:tuned"))] == ["v.txt", "v.txt:tuned"]


def test_a_model_is_named_by_the_file_without_folders_and_reads_the_file_with_them() -> None:
    (planned,) = plan_models(("lstm",), ("a/v.txt:tuned",))
    assert (planned.name, planned.source) == ("lstm@v.txt:tuned", "v.txt:tuned")
    assert planned.asked_source == "a/v.txt:tuned"
    assert unused_sources((planned,), ("a/v.txt:tuned", "random")) == [
        "embedding source random was asked for, but no model of this run reads it [source-not-used]"
    ]


def test_a_file_without_vectors_is_refused_before_anything_is_trained() -> None:
    Path("page.txt").write_text("<!DOCTYPE html>\n<html>\n")
    with pytest.raises(PipelineError, match=r"^page\.txt"):
        plan_models(("lstm",), ("word2vec", "random+page.txt:tuned"))
