"""Corpora of many shapes for the linear models, made from training files alone.

No official test file is read. Nothing of a text is kept in the project: each corpus is made again from the files in
the folder of the corpora, from `bbc-news`, or from the docstrings of installed packages.
"""

from __future__ import annotations

import ast
import sysconfig
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.imdb import TRAIN, spread
from benchmarks.quality_cases import CORPORA
from pipeline.core.values import Int64, TokenizedCorpus
from pipeline.settings.tables import Config, TokenizerSettings, with_values
from pipeline.text.tokenizer import PATTERNS, tokenize

TREC, SST2, MR = (CORPORA[name].train for name in ("trec", "sst2", "mr"))
CONLL = "conll2000_train.txt"  # a word, its part of speech and its chunk a line; a blank line ends a sentence
PARTS = 10  # of each class: eight are fitted, one chooses, one is scored
PACKAGES = (
    "numpy",
    "scipy",
    "sklearn",
    "keras",
    "gensim",
    "h5py",
    "jinja2",
    "hypothesis",
    "rich",
    "pygments",
)
_SENTENCE_END = r"[.!?]+[\"')]*\s+|<br\s*/?>"
_TELLING = 2.0  # times as often in one class as in the other
_OFTEN = 100  # documents


@dataclass(frozen=True)
class LinearCorpus:
    """An entry of the table: texts with labels, and how many of them are fitted and scored."""

    title: str
    make: Callable[[Path], pl.DataFrame]  # the folder of the corpora > text, label, optionally `group`
    files: tuple[str, ...] = ()
    documents: int | None = None  # drawn for fit and choice; None: eight and one part in ten of all
    scored: int = 2_000  # drawn from the others, where `documents` are


@dataclass(frozen=True, eq=False)
class Parts:
    """Positions of the documents that are fitted, that choose, and that are scored."""

    train: Int64
    validation: Int64
    scored: Int64


def read_labelled(folder: Path, file: str) -> pl.DataFrame:
    """Return a training file's texts and labels."""
    return pl.read_parquet(folder / file, columns=["text", "label"])


def read_articles(folder: Path) -> pl.DataFrame:
    """Return the articles of `bbc-news` that the default run does not test."""
    from pipeline.core.console import Console  # a run's modules are loaded where one of its stages is called
    from pipeline.experiment.data import read_and_split

    config = with_values(Config(), {"corpus.path": "bbc-news"})
    read = read_and_split(config, Console(silent=True))
    kept = np.sort(np.concatenate([read.folds[0].train, read.folds[0].validation]))
    labels = np.asarray(read.loaded.corpus.labels)[kept]
    return pl.DataFrame(
        {
            "text": read.loaded.corpus.texts.gather(kept),
            "label": [read.loaded.corpus.label_names[i] for i in labels],
        }
    )


def cut_phrases(folder: Path) -> pl.DataFrame:
    """Return phrases of three words of MR's sentences, the sentence's label each; `group` is the sentence.

    The word in the middle is a telling one: it stands in far more training reviews of IMDB of one label than of the
    other, so other documents than those that are cut say so. Phrases of a sentence do not overlap; a copy is left out.
    """
    telling = telling_words(read_labelled(folder, TRAIN))
    found: list[tuple[str, str, int]] = []
    for sentence, (text, label) in enumerate(read_labelled(folder, MR).iter_rows()):
        words = [word for word in text.lower().split() if any(map(str.isalpha, word))]
        end = 0  # of the phrase before
        for middle in range(1, len(words) - 1):
            if words[middle] in telling and middle > end:
                end = middle + 2
                found.append((" ".join(words[middle - 1 : end]), label, sentence))
    frame = pl.DataFrame(found, schema=["text", "label", "group"], orient="row")
    return frame.unique("text", keep="first", maintain_order=True)


def tag_phrases(folder: Path) -> pl.DataFrame:
    """Return phrases of three words of CoNLL-2000's training text, labelled noun or verb by the word in the middle.

    The label follows from the words, as those of phrases that people judged one by one do, and most phrases hold a
    word that is rare. `group` is the sentence; phrases do not overlap, and a copy is left out.
    """
    found: list[tuple[str, str, int]] = []
    sentences = (folder / CONLL).read_text(encoding="utf-8").split("\n\n")
    for sentence, lines in enumerate(sentences):
        tagged = [line.split(" ")[:2] for line in lines.splitlines()]
        end = 0  # of the phrase before
        for middle in range(1, len(tagged) - 1):
            words = [word.lower() for word, _ in tagged[middle - 1 : middle + 2]]
            label = {"NN": "noun", "VB": "verb"}.get(tagged[middle][1][:2])
            if label and middle > end and all(map(str.isalpha, words)):
                end = middle + 2
                found.append((" ".join(words), label, sentence))
    frame = pl.DataFrame(found, schema=["text", "label", "group"], orient="row")
    return spread(frame.unique("text", keep="first", maintain_order=True), 10_600)


def telling_words(reviews: pl.DataFrame) -> set[str]:
    """Return the words that stand in far more documents of one of two labels than of the other.

    >>> reviews = pl.DataFrame({"text": ["A good film"] * 100 + ["A film"] * 100, "label": ["+"] * 100 + ["-"] * 100})
    >>> telling_words(reviews)
    {'good'}
    """
    words = reviews.select(
        "label", word=pl.col("text").str.to_lowercase().str.extract_all(PATTERNS["words"]).list.unique()
    )
    first = pl.col("label") == reviews["label"][0]
    counts = words.explode("word").group_by("word").agg(n=pl.len(), first=first.sum())
    other = pl.col("n") - pl.col("first")
    unequal = pl.max_horizontal("first", other) >= _TELLING * pl.min_horizontal("first", other)
    return set(counts.filter((pl.col("n") >= _OFTEN) & unequal)["word"])


def make_skewed(folder: Path) -> pl.DataFrame:
    """Return MR's sentences with 5 % of one label: all of the positive, every nineteenth part of them negative."""
    sentences = read_labelled(folder, MR)
    positive = sentences.filter(pl.col("label") == "pos")
    negative = spread(sentences.filter(pl.col("label") == "neg"), len(positive) // 19)
    return pl.concat([positive, negative])


def cut_sentences(folder: Path) -> pl.DataFrame:
    """Return 50,000 sentences of IMDB's training reviews, a review's label each; `group` is the review."""
    reviews = spread(read_labelled(folder, TRAIN), 10_000).with_row_index("group")
    pieces = reviews.select(
        "group", "label", text=pl.col("text").str.replace_all(_SENTENCE_END, "\n").str.split("\n")
    )
    sentences = pieces.explode("text").filter(pl.col("text").str.split(" ").list.len() >= 5)
    kept = np.sort(np.random.default_rng(0).choice(len(sentences), 50_000, replace=False))
    return sentences[kept].select("text", "label", "group")


def read_docstrings(folder: Path) -> pl.DataFrame:
    """Return first paragraphs of docstrings of installed packages; the label is the module, the hundred fullest.

    At most sixty a module, at even distances; a text that stands in several modules is left out.
    """
    frame = pl.DataFrame(list(_docstrings()), schema=["text", "label"], orient="row")
    frame = frame.unique(maintain_order=True)
    frame = frame.filter(pl.col("text").is_duplicated().not_())
    fullest = frame["label"].value_counts().sort(["count", "label"], descending=[True, False])["label"][:100]
    return pl.concat([spread(frame.filter(pl.col("label") == label), 60) for label in fullest.sort()])


def _docstrings() -> Iterator[tuple[str, str]]:
    installed, standard = (Path(sysconfig.get_path(name)) for name in ("purelib", "stdlib"))
    roots = [(installed, installed / name) for name in PACKAGES] + [(standard, standard)]
    for base, root in roots:
        for path in sorted(root.rglob("*.py")):
            names = path.relative_to(base).with_suffix("").parts
            if not {"test", "tests", "site-packages", "idlelib", "lib2to3"} & set(names):
                yield from ((text, ".".join(names[:2])) for text in _first_paragraphs(path))


def _first_paragraphs(path: Path) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            paragraph = " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())
            if len(paragraph.split()) >= 4:
                yield paragraph


LINEAR_CORPORA: Mapping[str, LinearCorpus] = {
    "phrases": LinearCorpus("phrases of three words, label of the sentence (MR)", cut_phrases, (MR, TRAIN)),
    "tag_phrases": LinearCorpus("phrases of three words, noun or verb (CoNLL-2000)", tag_phrases, (CONLL,)),
    "trec": LinearCorpus("questions (TREC)", lambda folder: read_labelled(folder, TREC), (TREC,)),
    "sst2": LinearCorpus("sentences (SST-2)", lambda folder: read_labelled(folder, SST2), (SST2,)),
    "mr": LinearCorpus("sentences (MR)", lambda folder: read_labelled(folder, MR), (MR,)),
    "skewed": LinearCorpus("sentences, 95 to 5 (MR)", make_skewed, (MR,)),
    "docstrings": LinearCorpus("paragraphs in 100 classes (docstrings)", read_docstrings),
    "articles": LinearCorpus("articles (bbc-news)", read_articles),
    "trec_200": LinearCorpus(
        "200 questions (TREC)", lambda folder: read_labelled(folder, TREC), (TREC,), 200
    ),
    "imdb_200": LinearCorpus(
        "200 reviews (IMDB)", lambda folder: read_labelled(folder, TRAIN), (TRAIN,), 200
    ),
    "imdb_2000": LinearCorpus(
        "2,000 reviews (IMDB)", lambda folder: read_labelled(folder, TRAIN), (TRAIN,), 2_000
    ),
    "review_sentences": LinearCorpus("50,000 sentences of reviews (IMDB)", cut_sentences, (TRAIN,)),
    "imdb_20000": LinearCorpus(
        "20,000 reviews (IMDB)", lambda folder: read_labelled(folder, TRAIN), (TRAIN,), 20_000, 5_000
    ),
}


def split(frame: pl.DataFrame, corpus: LinearCorpus, seed: int) -> Parts:
    """Return one split: the same share of each class in each part, copies (and a `group`) on one side."""
    if corpus.documents is not None:
        return _drawn(frame, corpus.documents, corpus.scored, seed)
    group = (
        frame["group" if "group" in frame.columns else "text"].rank("dense").to_numpy().astype(np.int64) - 1
    )
    part = _dealt(group, frame["label"], PARTS, np.random.default_rng(seed))  # (N,)
    return Parts(*(np.flatnonzero(which) for which in (part > 1, part == 1, part == 0)))


def _dealt(group: Int64, labels: pl.Series, n_parts: int, generator: np.random.Generator) -> Int64:
    """Return the part of each document: groups of a class (of their first document) are dealt out in turn."""
    first = np.unique(group, return_index=True)[1]  # (G,)
    of_group = labels.rank("dense").to_numpy()[first]
    part = np.zeros(len(first), dtype=np.int64)
    for label in np.unique(of_group):
        members = generator.permutation(np.flatnonzero(of_group == label))
        part[members] = np.arange(len(members)) % n_parts
    return part[group]


def _drawn(frame: pl.DataFrame, documents: int, scored: int, seed: int) -> Parts:
    """Return `documents` of which one in ten chooses, and `scored` others; no text is drawn twice."""
    generator = np.random.default_rng(seed)
    different = np.unique(frame["text"].rank("dense").to_numpy(), return_index=True)[1]
    order = generator.permutation(different)
    chosen, others = order[:documents], order[documents : documents + scored]
    part = _dealt(np.arange(len(chosen)), frame["label"].gather(chosen), PARTS, generator)
    return Parts(np.sort(chosen[part > 0]), np.sort(chosen[part == 0]), np.sort(others))


def tokens_of(frame: pl.DataFrame) -> TokenizedCorpus:
    """Return the documents' tokens as the default run makes them."""
    return tokenize(frame["text"].rechunk(), TokenizerSettings())
