"""Vector files of the usual formats, well-formed and malformed, written from words and vectors."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pipeline.core.values import Float32

Words = Sequence[str]
Build = Callable[[Path, Words, Float32], Path]


def lines_of(words: Words, vectors: Float32, separator: str = " ") -> list[str]:
    """Return a word and its numbers as a line, for each word."""
    return [separator.join([word, *map(str, row)]) for word, row in zip(words, vectors.tolist(), strict=True)]


def header(vectors: Float32) -> str:
    """Return the first line of word2vec text: the number of words and the dimension."""
    return f"{len(vectors)} {vectors.shape[1]}"


def write(path: Path, content: str | bytes) -> Path:
    """Write text as UTF-8, or bytes, and return the path."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def joined(lines: Sequence[str], end: str = "\n") -> str:
    """Return lines, each with its end."""
    return "".join(line + end for line in lines)


def binary_rows(words: Words, vectors: Float32, after: bytes = b"") -> list[bytes]:
    """Return the rows of a word2vec binary file."""
    return [word.encode() + b" " + row.tobytes() + after for word, row in zip(words, vectors, strict=True)]


# --- well-formed -----------------------------------------------------------------------------------------


def word2vec_text(folder: Path, words: Words, vectors: Float32) -> Path:
    """As gensim writes it."""
    return write(folder / "vectors.txt", joined([header(vectors), *lines_of(words, vectors)]))


def word2vec_c_text(folder: Path, words: Words, vectors: Float32) -> Path:
    """As word2vec.c writes it: a blank before each newline; and with the line ends of Windows."""
    return write(folder / "vectors.txt", joined([header(vectors), *lines_of(words, vectors)], " \r\n"))


def tabs(folder: Path, words: Words, vectors: Float32) -> Path:
    """Tabs between the fields."""
    return write(folder / "vectors.tsv", joined([header(vectors), *lines_of(words, vectors, "\t")]))


def upper_case(folder: Path, words: Words, vectors: Float32) -> Path:
    """Words and exponents in capitals."""
    return write(folder / "VECTORS.TXT", joined([header(vectors), *lines_of(words, vectors)]).upper())


def glove_text(folder: Path, words: Words, vectors: Float32) -> Path:
    """No header."""
    return write(folder / "glove.txt", joined(lines_of(words, vectors)))


def glove_blanks(folder: Path, words: Words, vectors: Float32) -> Path:
    """Two more words with blanks, as in glove.840B, and one with a no-break space."""
    odd = [". . .", "at name@example.com", "1\u00a01/2"]
    numbers = np.concatenate([vectors, vectors[:3]])
    return write(folder / "glove.840B.txt", joined(lines_of([*words, *odd], numbers)))


def word2vec_binary(folder: Path, words: Words, vectors: Float32) -> Path:
    """As gensim writes it."""
    content = header(vectors).encode() + b"\n" + b"".join(binary_rows(words, vectors))
    return write(folder / "vectors.bin", content)


def word2vec_c_binary(folder: Path, words: Words, vectors: Float32) -> Path:
    """As word2vec.c writes it: a newline after each row."""
    content = header(vectors).encode() + b"\n" + b"".join(binary_rows(words, vectors, b"\n"))
    return write(folder / "GoogleNews.bin", content)


def fasttext_vec(folder: Path, words: Words, vectors: Float32) -> Path:
    """As fastText writes it: word2vec text with a blank at the end of a line."""
    return write(folder / "wiki.vec", joined([header(vectors), *lines_of(words, vectors)], " \n"))


def fasttext_bin(folder: Path, words: Words, vectors: Float32) -> Path:
    """A model whose n-gram rows are zero and word rows such that each mean is the given vector."""
    from gensim.models.fasttext import FastText, ft_ngram_hashes, save_facebook_model

    model = FastText(vector_size=vectors.shape[1], min_count=1, bucket=1000, min_n=3, max_n=4)
    model.build_vocab_from_freq(dict.fromkeys(words, 1), corpus_count=1)
    counts = np.array([1 + len(ft_ngram_hashes(word, 3, 4, 1000)) for word in model.wv.index_to_key])
    place = {word: number for number, word in enumerate(words)}
    rows = vectors[[place[word] for word in model.wv.index_to_key]]
    model.wv.vectors_vocab[:] = rows * counts[:, None]
    model.wv.vectors_ngrams[:] = 0
    path = folder / "model.bin"
    save_facebook_model(model, str(path))
    return path


def npz(folder: Path, words: Words, vectors: Float32) -> Path:
    """Arrays `words` and `vectors`."""
    path = folder / "vectors.npz"
    np.savez_compressed(path, words=np.array(words), vectors=vectors)
    return path


def safetensors(folder: Path, words: Words, vectors: Float32) -> Path:
    """A tensor, its words in the metadata."""
    from safetensors.numpy import save_file

    path = folder / "vectors.safetensors"
    save_file({"vectors": np.ascontiguousarray(vectors)}, path, {"words": json.dumps(list(words))})
    return path


def safetensors_sibling(folder: Path, words: Words, vectors: Float32) -> Path:
    """A tensor of half precision, its words in a .txt beside it."""
    from safetensors.numpy import save_file

    write(folder / "half.txt", joined(words))
    path = folder / "half.safetensors"
    save_file({"embeddings": vectors.astype(np.float16)}, path)
    return path


def gzipped(folder: Path, words: Words, vectors: Float32) -> Path:
    """word2vec text, gzip; the name does not say so."""
    return write(folder / "packed", gzip.compress(word2vec_text(folder, words, vectors).read_bytes(), 1))


def zstandard_packed(folder: Path, words: Words, vectors: Float32) -> Path:
    """GloVe text in two zstd frames."""
    import zstandard

    data = glove_text(folder, words, vectors).read_bytes()
    half = len(data) // 2
    return write(folder / "glove.txt.zst", zstandard.compress(data[:half]) + zstandard.compress(data[half:]))


def zipped(folder: Path, words: Words, vectors: Float32) -> Path:
    """The one file of a .zip, in a folder."""
    path = folder / "vectors.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(word2vec_binary(folder, words, vectors), "inner/vectors.bin")
    return path


def repeated_words(folder: Path, words: Words, vectors: Float32) -> Path:
    """Every word a second time, with other numbers."""
    twice = [*lines_of(words, vectors), *lines_of(words, vectors + 1)]
    return write(folder / "vectors.txt", joined([f"{2 * len(words)} {vectors.shape[1]}", *twice]))


def invalid_utf8(folder: Path, words: Words, vectors: Float32) -> Path:
    """A word more, in Latin-1."""
    last = " ".join(["caf\u00e9", *map(str, vectors[0].tolist())]).encode("latin-1") + b"\n"
    head = f"{len(words) + 1} {vectors.shape[1]}"
    return write(folder / "vectors.txt", joined([head, *lines_of(words, vectors)]).encode() + last)


def one_dimension(folder: Path, words: Words, vectors: Float32) -> Path:
    """GloVe text of dimension 1."""
    return write(folder / "one.txt", joined(lines_of(words, vectors[:, :1])))


# --- damaged, read with a note ---------------------------------------------------------------------------


def cut_last_line(folder: Path, words: Words, vectors: Float32) -> Path:
    """The last line lacks its last number, and its newline."""
    lines = lines_of(words, vectors)
    content = joined([header(vectors), *lines[:-1]]) + lines[-1].rpartition(" ")[0]
    return write(folder / "cut.txt", content)


def wrong_count(folder: Path, words: Words, vectors: Float32) -> Path:
    """The header promises two words more."""
    head = f"{len(words) + 2} {vectors.shape[1]}"
    return write(folder / "vectors.txt", joined([head, *lines_of(words, vectors)]))


def cut_binary(folder: Path, words: Words, vectors: Float32) -> Path:
    """The last row lacks a byte."""
    return write(folder / "cut.bin", word2vec_binary(folder, words, vectors).read_bytes()[:-1])


# --- refused ---------------------------------------------------------------------------------------------


def second_line(change: Callable[[list[str]], list[str]]) -> Build:
    """Return a builder of GloVe text whose second line is changed, field by field."""

    def build(folder: Path, words: Words, vectors: Float32) -> Path:
        lines = lines_of(words, vectors)
        lines[1] = " ".join(change(lines[1].split(" ")))
        return write(folder / "glove.txt", joined(lines))

    return build


def empty(folder: Path, words: Words, vectors: Float32) -> Path:
    """No byte at all."""
    return write(folder / "empty.txt", b"")


def header_only(folder: Path, words: Words, vectors: Float32) -> Path:
    """A header, and nothing after it."""
    return write(folder / "vectors.txt", header(vectors) + "\n")


def html(folder: Path, words: Words, vectors: Float32) -> Path:
    """What a download gives when the address leads to a page."""
    return write(
        folder / "vectors.txt", "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n"
    )


def prose(folder: Path, words: Words, vectors: Float32) -> Path:
    """A text."""
    return write(folder / "review.txt", "A film that takes its time\nand is the better for it .\n" * 20)


def utf16(folder: Path, words: Words, vectors: Float32) -> Path:
    """Text as some editors of Windows save it."""
    return write(folder / "vectors.txt", joined(lines_of(words, vectors)).encode("utf-16"))


def keyed_vectors(folder: Path, words: Words, vectors: Float32) -> Path:
    """A gensim .kv, its array in a file beside it."""
    from gensim.models import KeyedVectors

    path = folder / "vectors.kv"
    keyed = KeyedVectors(vectors.shape[1])
    keyed.add_vectors(list(words), vectors)
    keyed.save(str(path), separately=["vectors"])
    return path


def word2vec_model(folder: Path, words: Words, vectors: Float32) -> Path:
    """A gensim .model."""
    from gensim.models import Word2Vec

    model = Word2Vec(vector_size=vectors.shape[1], min_count=1)
    model.build_vocab_from_freq(dict.fromkeys(words, 1), corpus_count=1)
    place = {word: number for number, word in enumerate(words)}
    model.wv.vectors[:] = vectors[[place[word] for word in model.wv.index_to_key]]
    path = folder / "word2vec.model"
    model.save(str(path))
    return path


def object_words(folder: Path, words: Words, vectors: Float32) -> Path:
    """An .npz whose words are Python objects, that is, a pickle."""
    path = folder / "objects.npz"
    np.savez(path, words=np.array(words, dtype=object), vectors=vectors)
    return path


def cut_gzip(folder: Path, words: Words, vectors: Float32) -> Path:
    """gzip without its end."""
    return write(folder / "cut.txt.gz", gzipped(folder, words, vectors).read_bytes()[:-9])


def zip_of_two(folder: Path, words: Words, vectors: Float32) -> Path:
    """A .zip of two files, as glove.6B.zip is one of four."""
    path = folder / "glove.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("glove.50d.txt", joined(lines_of(words, vectors)))
        archive.writestr("glove.100d.txt", joined(lines_of(words, vectors)))
    return path
