"""A model as a page answers as it does here, asked of a real browser: tokens, words, states and answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import documents_of
from chromium import WIDTHS, opened, sideways, violations
from saved_by_hand import EVERY, LABELS, LINEAR, NETWORKS, TOKENIZER, saved

from pipeline.core.errors import PipelineError
from pipeline.export import html_page
from pipeline.export.fewer_words import fewer_words, number_of_words
from pipeline.export.html_page import write_page
from pipeline.export.in_browser import NoBrowser, Page
from pipeline.models.golden import TEXTS
from pipeline.text.tokenizer import tokenize

OWN = ["a good film", "so bad", "a very good plot and a very bad film " * 3]
SHORT = "a very bad plot , unheard"  # six tokens: what the networks read


@contextlib.contextmanager
def shown(browser: Any, folder: Path, model: Any, **settings: Any) -> Iterator[Any]:
    write_page(model, folder / "model.html")
    with opened(browser, folder / "model.html", **settings) as page:
        yield page


@pytest.mark.longer
@pytest.mark.parametrize("name", EVERY)
def test_every_model_answers_on_its_page_as_it_does_here(tmp_path: Path, browser: Any, name: str) -> None:
    model, texts = saved(name), [*TEXTS, *OWN]
    with shown(browser, tmp_path, model) as page:
        answers = np.array(page.evaluate("texts => texts.map(text => ask(text).answer)", texts))
    assert answers.shape == (len(texts), len(LABELS))
    np.testing.assert_allclose(answers, model.answer(pl.Series(texts)), atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_after_each_word_stands_the_answer_to_the_text_so_far(
    tmp_path: Path, browser: Any, name: str
) -> None:
    model, words = saved(name), SHORT.split()
    with shown(browser, tmp_path, model) as page:
        after = page.evaluate("text => ask(text).after()", SHORT)
    so_far = [" ".join(words[: end + 1]) for end in range(len(words))]
    np.testing.assert_allclose(after, model.answer(pl.Series(so_far)), atol=1e-5)


@pytest.mark.parametrize("name", [name for name in LINEAR if name != "majority"])
def test_words_add_what_they_add_here(tmp_path: Path, browser: Any, name: str) -> None:
    model = saved(name)
    tokenized = tokenize(pl.Series([OWN[2]]), TOKENIZER)
    with shown(browser, tmp_path, model) as page:
        by_word = page.evaluate("text => ask(text).byWord", OWN[2])
    (expected,) = model.features.by_word(tokenized, np.asarray(model.coefficients, dtype=np.float64))
    np.testing.assert_allclose(np.array(by_word).T, expected, atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        TOKENIZER,
        replace(TOKENIZER, lowercase=False, html_breaks=False, normalization="none"),
        replace(TOKENIZER, normalization="nfkc", vowel_signs=False, letter_variants=False),
        replace(TOKENIZER, name="whitespace"),
    ],
)
def test_a_page_cuts_texts_as_it_is_done_here(tmp_path: Path, browser: Any, settings: Any) -> None:
    generator = np.random.default_rng(5)
    signs = [*"aZßſ٣ñİΣς'’-_.<br/> \n\t\r\x1c\x85\ufeff\xad", *"\u0301\u200c\u200d東ไกเาのーカ한\u1100\u1161"]
    signs += [*"\u17d2\u1780ىيك\u064b\u05b0\u212bﬁ👍🏽🇫\ufe0f\U0001d400", *map(chr, range(0x80, 0x600))]
    fuzz = ["".join(generator.choice(signs, 12)) for _ in range(300)]
    texts = [*TEXTS, *fuzz]
    with shown(browser, tmp_path, saved("tfidf", tokenizer=settings)) as page:
        found = page.evaluate("texts => texts.map(text => Array.from(tokensOf(text)))", texts)
    assert found == documents_of(tokenize(pl.Series(texts), settings))


@pytest.mark.longer
@pytest.mark.parametrize(  # each pair of a model, a scheme and a width
    ("name", "scheme", "width"),
    [
        *(("nbsvm", "light", WIDTHS[0]), ("nbsvm", "dark", WIDTHS[1])),
        *(("bilstm@random", "dark", WIDTHS[0]), ("bilstm@random", "light", WIDTHS[1])),
    ],
)
def test_a_page_can_be_read_by_everybody(
    tmp_path: Path, browser: Any, name: str, scheme: str, width: int
) -> None:
    with shown(browser, tmp_path, saved(name), width=width, color_scheme=scheme) as page:
        page.fill("#text", "a good film and an unheard-of one")
        page.wait_for_selector("#by-word tbody tr")
        assert violations(page) == []
        assert sideways(page) <= 0


def test_what_is_typed_is_answered_word_by_word(tmp_path: Path, browser: Any) -> None:
    model = saved("lstm@random")
    with shown(browser, tmp_path, model) as page:
        assert page.is_hidden("#words")
        page.fill("#text", "a very bad plot, zyx")
        page.wait_for_selector("#by-word tbody tr")
        assert page.inner_text("#counted") == "6 tokens, 1 not known."
        words = page.locator("#by-word tbody th").all_inner_texts()
        assert [word.split()[0] for word in words] == ["a", "very", "bad", "plot", ",", "zyx"]
        answer = model.answer(pl.Series(["a very bad plot, zyx"]))[0]
        share = f"{100 * answer.max():.1f}"
        assert page.inner_text("#said") == f"{LABELS[answer.argmax()]}, {share}\u00a0% sure"
        parts = page.locator("#chosen option").all_inner_texts()
        assert parts == ["state", "cell", "input gate", "forget gate", "output gate"]
        page.select_option("#chosen", label="forget gate")
        assert "Orange: the gate is open." in page.inner_text("#explained")
        assert page.evaluate("document.querySelector('#by-word canvas').width") == 7  # units


def test_a_page_says_what_a_model_does_not_read(tmp_path: Path, browser: Any) -> None:
    with shown(browser, tmp_path, saved("gru:mean@random")) as page:
        page.fill("#text", "a b c d e f g h")
        page.wait_for_selector("#by-word tbody tr")
        assert page.inner_text("#counted") == "8 tokens, 5 not known; 2 are not read (first 6 are)."
        assert page.locator("#by-word tbody tr").count() == 6


def test_labels_and_words_cannot_write_into_the_page(tmp_path: Path, browser: Any) -> None:
    labels = ("</script><b id=x>", "<!--", "&amp;", "\u202egood")
    with shown(browser, tmp_path, saved("tfidf", label_names=labels)) as page:
        page.fill("#text", "<b id=x>good</b>")
        page.wait_for_selector("#by-word tbody tr")
        assert page.locator("#x").count() == 0
        assert set(page.locator("#answers tbody th").all_inner_texts()) >= {
            "</script><b id=x>",
            "<!--",
            "&amp;",
        }


# --- asked by the program itself


@pytest.mark.longer
def test_the_program_asks_a_page_in_chromium(tmp_path: Path, browser: Any) -> None:
    model, texts = saved("gru@random"), pl.Series([*TEXTS, *OWN])
    write_page(model, tmp_path / "model.html")
    np.testing.assert_allclose(Page(tmp_path / "model.html").answer(texts), model.answer(texts), atol=1e-5)
    broken = tmp_path / "broken.html"
    whole = (tmp_path / "model.html").read_text(encoding="utf-8")
    broken.write_text(whole.replace('"layers":1', '"layers":9'), encoding="utf-8")
    with pytest.raises(PipelineError) as error:
        Page(broken).answer(texts)
    assert str(error.value) == (
        f"{broken}: the page gave no answer in Chromium; report this, with the model's name"
    )


def test_without_a_browser_none_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_page(saved("tfidf"), tmp_path / "model.html")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBrowser) as error:
        Page(tmp_path / "model.html").answer(pl.Series(["a"]))
    assert str(error.value) == "none of chromium, chromium-browser, google-chrome is on the PATH"
    (tmp_path / "chromium").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "chromium").chmod(0o755)
    with pytest.raises(NoBrowser) as error:
        Page(tmp_path / "model.html").answer(pl.Series(["a"]))
    assert str(error.value) == "chromium showed no page"


# --- fewer words


def test_a_page_over_the_bound_is_refused_with_what_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html_page, "MOST_BYTES", 60_000)
    with pytest.raises(PipelineError) as error:
        write_page(saved("tfidf"), tmp_path / "model.html")
    where, _, rest = str(error.value).partition(": ")
    assert where == "--to html"
    assert rest.startswith("the page would be 0.1 MB; 0 MB is the most; keep ")
    assert not list(tmp_path.iterdir())


def test_the_most_frequent_words_are_kept() -> None:
    model = saved("lstm@random")
    counts = np.arange(len(model.vocabulary), dtype=np.int64)
    model = replace(model, vocabulary=replace(model.vocabulary, counts=counts))
    fewer = fewer_words(model, 3)
    assert number_of_words(fewer) == 3
    known = [word for word, there in zip(model.vocabulary.tokens, model.covered, strict=True) if there]
    assert fewer.vocabulary.tokens.to_list() == ["<pad>", "<unk>", *known[-3:]]
    both = pl.Series([" ".join(known[-3:]), "unheard"])
    np.testing.assert_array_equal(fewer.answer(both), model.answer(both))
    assert fewer_words(model, 1000) is model


def test_the_n_grams_of_the_largest_coefficients_are_kept() -> None:
    model = saved("bow of what is there")
    weights = np.abs(model.coefficients[0])
    heaviest = np.sort(np.argsort(weights)[-2:])
    fewer = fewer_words(model, 2)
    assert fewer.features.ngrams.terms() == model.features.ngrams.terms(heaviest)
    np.testing.assert_array_equal(fewer.coefficients, model.coefficients[:, heaviest])


def test_averages_know_fewer_words_too() -> None:
    model = saved("mean")
    fewer = fewer_words(model, 4)
    assert number_of_words(fewer) == 4
    assert len(fewer.features.vectors) == len(fewer.features.covered) == 6
