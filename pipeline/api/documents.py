"""Documents that lie in memory: as texts that a model answers, and as a file that a run reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeGuard

import polars as pl

from pipeline.api.errors import InvalidInput
from pipeline.core.clean import has_surrogates

Texts = Iterable[str]  # a list, an array, a column of Polars or pandas
_ONE_A_DOCUMENT = "give one text a document: a list, or one column of a frame"


def as_texts(texts: Texts, where: str = "texts") -> pl.Series:
    """Return documents as a column of strings, (N,).

    Raises
    ------
    InvalidInput
        If it is a single text, has other than one dimension, or holds something that is no text.

    >>> as_texts(["good film", ""]).to_list()
    ['good film', '']
    """
    if isinstance(texts, str | bytes):
        raise InvalidInput(
            "texts-expected", where, "a single text is no list of texts", "put it in a list: [text]"
        )
    if isinstance(texts, pl.Series) and texts.dtype == pl.String and not texts.null_count():
        return texts
    if hasattr(texts, "tocsr"):
        raise InvalidInput(
            "texts-expected",
            where,
            "it is a sparse matrix, and sparse input is not supported",
            _ONE_A_DOCUMENT,
        )
    shape = getattr(texts, "shape", None)
    if shape is not None and len(shape) != 1:
        what = f"it has the shape {' x '.join(map(str, shape)) or 'of a single value'}"
        raise InvalidInput("texts-expected", where, what, _ONE_A_DOCUMENT)
    if not isinstance(texts, Iterable):
        raise InvalidInput(
            "texts-expected", where, f"{type(texts).__name__} holds no texts", "give a list of texts"
        )
    found = [*texts]
    for place, text in enumerate(found):
        if not isinstance(text, str):
            what = f"document {place} is {_shown(text)}, which is no text"
            raise InvalidInput("texts-expected", where, what, "make it a str, or leave the document out")
        if has_surrogates(text):
            what = f"document {place} holds half of a surrogate pair, {_shown(text)}, which is no character"
            fix = 'decode it again, or replace it: text.encode("utf-8", "replace").decode()'
            raise InvalidInput("texts-expected", where, what, fix)
    return pl.Series("text", [str(text) for text in found], dtype=pl.String)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."


@contextmanager
def as_paths(corpus: object) -> Iterator[tuple[object, dict[str, str]]]:
    """Give what names a corpus: paths as they are; documents in memory as a file that goes when the block ends.

    With it come the keywords that the file needs: the columns of texts and labels that were given apart.
    """
    if corpus is None:
        fix = "give a path, a frame, or (texts, labels); without it the built-in bbc-news is read"
        raise InvalidInput("wrong-argument", "corpus", "it is None", fix)
    frame, columns = _as_frame(corpus)
    if frame is None:
        yield corpus, {}
        return
    with TemporaryDirectory(prefix="embedseq-") as folder:
        file = Path(folder, "documents.parquet")
        frame.write_parquet(file)
        yield str(file), columns


def _as_frame(corpus: object) -> tuple[pl.DataFrame | None, dict[str, str]]:
    if isinstance(corpus, pl.LazyFrame):
        return corpus.collect(), {}
    if isinstance(corpus, pl.DataFrame):
        return corpus, {}
    if _is_of_pandas(corpus):
        return pl.DataFrame([_of_pandas(str(name), corpus[name]) for name in corpus.columns]), {}
    if isinstance(corpus, tuple) and len(corpus) == 2 and not any(_is_path(part) for part in corpus):
        texts, labels = as_texts(corpus[0], "corpus"), pl.Series("label", [*corpus[1]], strict=False)
        if len(texts) != len(labels):
            what = f"there are {len(texts):,} texts and {len(labels):,} labels"
            raise InvalidInput("one-label-a-text", "corpus", what, "give one label a text")
        return pl.DataFrame([texts.alias("text"), labels]), {"text": "text", "label": "label"}
    return None, {}


class PandasColumn(Protocol):
    """What is asked of a column of pandas: Polars' own way to one would need pyarrow."""

    def tolist(self) -> list[object]:
        """Return its values."""

    def isna(self) -> PandasColumn:
        """Return where values are missing."""


class PandasFrame(Protocol):
    """What is asked of a frame of pandas."""

    columns: Iterable[object]

    def __getitem__(self, name: object) -> PandasColumn:
        """Return a column."""


def _is_of_pandas(corpus: object) -> TypeGuard[PandasFrame]:
    return hasattr(corpus, "columns") and hasattr(corpus, "isna")


def _is_path(value: object) -> bool:
    return isinstance(value, str | os.PathLike)


def _of_pandas(name: str, column: PandasColumn) -> pl.Series:
    values = zip(column.tolist(), column.isna().tolist(), strict=True)
    return pl.Series(name, [None if absent else value for value, absent in values], strict=False)
