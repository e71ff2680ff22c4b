"""The reader that goes with an export cuts texts as the program does."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from builders import documents_of
from hypothesis import given
from hypothesis import strategies as st
from saved_by_hand import TOKENIZER, saved

from pipeline.core.errors import PipelineError
from pipeline.export import reader
from pipeline.export.portable import portable
from pipeline.export.tokenizer_json import tokenizer_json
from pipeline.models.golden import TEXTS
from pipeline.settings.tables import TokenizerSettings
from pipeline.text.ngrams import count_ngrams
from pipeline.text.tokenizer import tokenize

ROOT = Path(__file__).parent.parent.parent
SETTINGS = {
    "as usual": TOKENIZER,
    "nothing changed": replace(TOKENIZER, lowercase=False, html_breaks=False, normalization="none"),
    "NFKC": replace(TOKENIZER, normalization="nfkc", vowel_signs=False, letter_variants=False),
    "cut before": replace(TOKENIZER, name="whitespace"),
}
# What the rules are about: letters, marks, joiners, signs of each kind; Unicode that Python 3.11 knows.
SIGNS = st.sampled_from(
    (
        *("aZß٣ñ İΣς'’-_.<br/> \n\t\u0301\u200c\u200d\u00ad\ufeff\u0085\u001c\u2028\u212bﬁ"),
        *("東ไกเาのーカ한\u1100\u1161\u0e31\u1780\u17d2\u0649\u064a\u0643\u064b\u05b0"),
        *"\U0001f44d\U0001f3fd\U0001f1eb\ufe0f\U000e0067\U0001d400",
        "<BR />",
    )
)
FUZZ = st.lists(SIGNS | st.characters(max_codepoint=0x2FFF, exclude_categories=["Cs", "Cn"]), max_size=30)


def a_reader(settings: TokenizerSettings, name: str = "tfidf") -> reader.Reader:
    return reader.Reader(tokenizer_json(saved(name, tokenizer=settings)))


READERS = {name: a_reader(settings) for name, settings in SETTINGS.items()}


def tokens_here(text: str, settings: TokenizerSettings) -> list[str]:
    return documents_of(tokenize(pl.Series([text]), settings))[0]


@pytest.mark.parametrize("case", SETTINGS)
def test_golden_texts_have_the_same_tokens(case: str) -> None:
    for text in TEXTS:
        assert READERS[case].tokens(text) == tokens_here(text, SETTINGS[case])


@pytest.mark.longer
@pytest.mark.parametrize("case", SETTINGS)
@given(FUZZ)
def test_any_text_has_the_same_tokens(case: str, signs: list[str]) -> None:
    text = "".join(signs)
    assert READERS[case].tokens(text) == tokens_here(text, SETTINGS[case])


@pytest.mark.parametrize(
    ("keep", "read"), [("first", [3, 4, 5]), ("last", [5, 6, 1]), ("first+last", [3, 4, 1])]
)
def test_of_a_long_text_the_same_rows_are_kept(keep: str, read: list[int]) -> None:
    """Row 1 is that of unknown words; the network reads three of five."""
    network = saved("lstm@random")
    words = network.vocabulary.tokens.to_list()
    text = " ".join([*words[3:7], "unheard"])
    cut = replace(network, max_tokens=3, keep=keep, covered=network.covered | True)
    said = reader.Reader(tokenizer_json(cut)).inputs([text, ""])
    assert said["rows"].tolist() == [read, [1, 0, 0]]
    assert said["lengths"].tolist() == [3, 1]
    own = cut.as_read(tokenize(pl.Series([text]), TOKENIZER))
    assert own.indices.tolist() == read


def test_words_without_a_vector_are_unknown() -> None:
    said = reader.Reader(tokenizer_json(saved("ann@random"))).inputs(["a film", "<pad> <unk>"])
    assert said["rows"][0, 1] == 1
    assert set(said["rows"][1].tolist()) == {1}


def test_n_grams_have_the_same_numbers_and_counts() -> None:
    model, texts = saved("nbsvm"), [*TEXTS, "a good film, a very good film"]
    said = reader.Reader(tokenizer_json(model)).inputs(texts)
    counted = count_ngrams(tokenize(pl.Series(texts), TOKENIZER), model.features.ngrams)
    for place, (start, end) in enumerate(pairwise(counted.indptr.tolist())):
        there = said["counts"][place] > 0
        assert said["ids"][place][there].tolist() == sorted(counted.indices[start:end].tolist())
        assert said["counts"][place].sum() == counted.data[start:end].sum()


def test_a_pattern_means_the_same_elsewhere() -> None:
    assert portable(r"a\S$") == "a[" + portable(r"\S")[1:-1] + r"](?![\s\S])"
    assert portable(r"[\p{Nd}&&[0-9٣]--[5-9]]") == r"[0-4\u0663]"
    assert portable(r"(?i)Kx?") == "[Kk\\u212a][Xx]?"  # the sign of kelvin is a k
    assert portable(r"\u{1F44D}*") == "[\U0001f44d]*"


def refusal(**changes: object) -> str:
    with pytest.raises(PipelineError) as error:
        tokenizer_json(saved("lstm@random", **changes))
    return str(error.value)


def test_what_cannot_be_read_elsewhere_is_refused_by_name() -> None:
    assert refusal(tokenizer=replace(TOKENIZER, unspaced="words")) == (
        "--model: lstm@random reads words that ICU cuts, which no export takes along;"
        " train it with `--set tokenizer.unspaced=characters`"
    )
    assert refusal(shuffle_seed=3) == (
        "--model: lstm@random reads its words in a random order, which is a control and no model to use;"
        " export the network that reads them in order"
    )
    whitespace = TokenizerSettings(name="whitespace", unspaced="words")  # which ICU does not touch
    assert a_reader(whitespace).tokens("東京 x") == ["東京", "x"]
