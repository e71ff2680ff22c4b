"""Files that are no vectors, told by their first bytes and called what they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.core.errors import PipelineError
from pipeline.embeddings.files.packing import PACKED, Content
from pipeline.embeddings.files.pickles import is_pickle, refuse_pickle

UTF8_MARK = b"\xef\xbb\xbf"
_UNPACK = "unpack it and give the file inside"
_AS_TEXT = "save words and vectors as text, a word and its numbers on each line, or with numpy.savez"
_POINTER_SIZE = re.compile(rb"\nsize (\d+)")
_JSON = re.compile(rb'\s*(?:\{\s*"|\[\s*[\[{"])')


@dataclass(frozen=True)
class Head:
    """The start of the unpacked content."""

    content: Content
    data: bytes
    whole: bool  # whether `data` is all there is

    def refuse(self, what: str, fix: str, place: str = "") -> PipelineError:
        """Return an error about this file."""
        return PipelineError("not-a-vector-file", f"{self.content.path}{place}", what, fix)


def refuse_others(head: Head) -> None:
    """Raise PipelineError where the start of a file is known, and not that of vectors."""
    if is_pickle(head.data):
        refuse_pickle(head.content.path, head.data)
    for matches, what, fix, place in _OTHERS:
        if matches(head):
            raise head.refuse(what.format(size=_pointed_size(head.data)), fix, place)


def _pointed_size(data: bytes) -> str:
    found = _POINTER_SIZE.search(data)
    return f"{int(found[1][:18]):,}" if found else "?"


def _is_html(head: Head) -> bool:
    start = head.data[:200].removeprefix(UTF8_MARK).lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head>", b"<?xml"))


def _is_utf16(head: Head) -> bool:
    without_mark = [byte == 0 for byte in head.data[:4]] in ([False, True] * 2, [True, False] * 2)
    return head.data.startswith((b"\xff\xfe", b"\xfe\xff")) or without_mark


def _is_onnx(head: Head) -> bool:
    makers = (b"onnx", b"pytorch", b"tf2onnx", b"skl2onnx")
    return head.data[:1] == b"\x08" and any(maker in head.data[:200].lower() for maker in makers)


def _begins(*starts: bytes) -> Callable[[Head], bool]:
    return lambda head: head.data.startswith(starts)


_ARRAYS = "if you know its keys, save words and vectors with numpy.savez(file, words=words, vectors=vectors)"
# (does a file begin so, what it is, what to do, the place that is named)
_OTHERS: tuple[tuple[Callable[[Head], bool], str, str, str], ...] = (
    (
        lambda head: not head.data.strip(),
        "the file is empty",
        "give a file with a word and its numbers on each line",
        "",
    ),
    (
        _begins(b"version https://git-lfs.github.com/spec/"),
        "this is a Git LFS pointer: it stands for a file of {size} bytes that was not fetched",
        "run `git lfs pull`, or fetch the file itself",
        ":1:1",
    ),
    (_is_html, "this is a web page, not vectors", "fetch the file itself: the address led to a page", ":1:1"),
    (
        _begins(b"SQLite format 3\0"),
        "this is an SQLite database, as pymagnitude writes .magnitude files",
        "give the file that it was made from, such as GloVe or word2vec text",
        "",
    ),
    (_begins(b"\x89HDF\r\n\x1a\n"), "this is an HDF5 file, as Keras and pandas write .h5", _ARRAYS, ""),
    (_is_onnx, "this is an ONNX model: a network, not a table of word vectors", "give a vector file", ""),
    (
        _begins(b"GGUF"),
        "this is a GGUF model: a network, not a table of word vectors",
        "give a vector file",
        "",
    ),
    (_begins(b"PAR1"), "this is a Parquet file", _AS_TEXT, ""),
    (_begins(b"ARROW1", b"FEA1"), "this is an Arrow file", _AS_TEXT, ""),
    (_begins(b"%PDF-"), "this is a PDF", "give a vector file", ""),
    (_begins(b"7z\xbc\xaf\x27\x1c"), "this is a .7z archive", _UNPACK, ""),
    (_begins(b"Rar!\x1a\x07"), "this is a .rar archive", _UNPACK, ""),
    (_begins(b"\x04\x22\x4d\x18"), "this is packed with lz4", _UNPACK, ""),
    (_begins(b"\x1f\x9d"), "this is packed with compress (.Z)", _UNPACK, ""),
    (lambda head: head.data[257:262] == b"ustar", "this is a .tar archive", _UNPACK, ""),
    (
        _begins(*(start for start in PACKED if start[:2] != b"PK")),
        "the content is packed twice",
        "unpack it once",
        "",
    ),
    (_is_utf16, "the text is UTF-16; expected UTF-8", "save it as UTF-8", ":1:1"),
    (
        lambda head: _JSON.match(head.data.removeprefix(UTF8_MARK)) is not None,
        "this is JSON; expected a word and its numbers on each line",
        _AS_TEXT,
        ":1:1",
    ),
)
