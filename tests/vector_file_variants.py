"""Every kind of vector file by name: the tests build them from six words, docs/make_vector_table.py from thousands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import vector_file_builders as plain
import vector_folder_builders as static
import vector_spelling_builders as odd

from pipeline.core.values import Float32


@dataclass(frozen=True)
class Variant:
    """A kind of file: how it is written, and which of gensim's loaders a person would choose for it."""

    build: Callable[[Path, Sequence[str], Float32], Path]  # (folder, words, vectors) > the file
    gensim: str | None  # a key of GENSIM_CALLS in docs/make_vector_table.py


VARIANTS: dict[str, Variant] = {
    "word2vec text": Variant(plain.word2vec_text, "text"),
    "word2vec text, blank and CR before each newline": Variant(plain.word2vec_c_text, "text"),
    "word2vec text, tabs": Variant(plain.tabs, "text"),
    "word2vec text, upper-case": Variant(plain.upper_case, "text"),
    "GloVe text": Variant(plain.glove_text, "no header"),
    "GloVe text, words with blanks": Variant(plain.glove_blanks, "no header"),
    "word2vec binary": Variant(plain.word2vec_binary, "binary"),
    "word2vec binary, newline after each row": Variant(plain.word2vec_c_binary, "binary"),
    "fastText .vec": Variant(plain.fasttext_vec, "text"),
    "fastText .bin": Variant(plain.fasttext_bin, "facebook"),
    "npz": Variant(plain.npz, None),
    "safetensors, words in the metadata": Variant(plain.safetensors, None),
    "safetensors, words in a .txt beside it": Variant(plain.safetensors_sibling, None),
    "gzip, named without .gz": Variant(plain.gzipped, "text"),
    "zstd, two frames": Variant(plain.zstandard_packed, "no header"),
    "the one file of a .zip": Variant(plain.zipped, "binary"),
    "every word twice": Variant(plain.repeated_words, "text"),
    "a word that is not UTF-8": Variant(plain.invalid_utf8, "text"),
    "dimension 1": Variant(plain.one_dimension, "no header"),
    "cut last line": Variant(plain.cut_last_line, "text"),
    "header promises more words": Variant(plain.wrong_count, "text"),
    "cut binary": Variant(plain.cut_binary, "binary"),
    "a number too few": Variant(plain.second_line(lambda fields: fields[:-1]), "no header"),
    "a number too many": Variant(plain.second_line(lambda fields: [*fields, "0.5"]), "no header"),
    "NaN": Variant(plain.second_line(lambda fields: [*fields[:2], "nan", *fields[3:]]), "no header"),
    "infinity": Variant(plain.second_line(lambda fields: [*fields[:2], "1e99", *fields[3:]]), "no header"),
    "not a number": Variant(plain.second_line(lambda fields: [*fields[:2], "O.5", *fields[3:]]), "no header"),
    "empty file": Variant(plain.empty, "text"),
    "header only": Variant(plain.header_only, "text"),
    "web page": Variant(plain.html, "text"),
    "prose": Variant(plain.prose, "no header"),
    "UTF-16": Variant(plain.utf16, "no header"),
    "gensim .kv": Variant(plain.keyed_vectors, "keyed vectors"),
    "gensim .model": Variant(plain.word2vec_model, "word2vec model"),
    "npz with objects": Variant(plain.object_words, None),
    "cut gzip": Variant(plain.cut_gzip, "text"),
    ".zip of two files": Variant(plain.zip_of_two, "no header"),
    "bzip2": Variant(odd.bzip2, "text"),
    "xz": Variant(odd.xz, "text"),
    "text and binary of the same vectors in a .zip": Variant(odd.nlpl_zip, None),
    "commas, columns named": Variant(odd.commas_named, None),
    "commas, everything quoted": Variant(odd.commas_quoted, None),
    "commas, a running number first": Variant(odd.commas_numbered, None),
    "tabs, columns named": Variant(odd.tabs_named, None),
    "two blanks before positive numbers": Variant(odd.two_blanks, "text"),
    "rows without a word": Variant(odd.rows_without_word, "text"),
    "words like /c/en/house": Variant(odd.conceptnet, "text"),
    "words like en:house": Variant(odd.behind_language, "text"),
    "words like house_NOUN": Variant(odd.tagged, "text"),
    "pieces like ▁house": Variant(odd.pieces, "text"),
    "tensors.tsv beside metadata.tsv": Variant(odd.projector, None),
    "tensors.tsv, metadata.tsv of two columns": Variant(odd.projector_columns, None),
    "npy, words in a .txt beside it": Variant(odd.npy, None),
    "npy, words with counts in vocab.txt": Variant(odd.npy_counts, None),
    "folder of model2vec": Variant(static.model2vec, None),
    "folder of model2vec, tokens mapped and weighed": Variant(static.model2vec_mapped, None),
    "folder of sentence-transformers' StaticEmbedding": Variant(static.static_embedding, None),
    "sparse rows": Variant(odd.sparse, None),
    "decimal commas": Variant(odd.decimal_commas, None),
    "counts": Variant(odd.counts, None),
    "numbers without words": Variant(odd.numbers_alone, None),
    "npy without words": Variant(odd.npy_alone, None),
    "Git LFS pointer": Variant(odd.lfs_pointer, None),
    "JSON": Variant(odd.as_json, None),
    ".magnitude": Variant(odd.magnitude, None),
    "HDF5": Variant(odd.hdf5, None),
    "ONNX": Variant(odd.onnx, None),
    "PyTorch": Variant(odd.pytorch, None),
    "PyTorch, as before 1.6": Variant(odd.old_pytorch, None),
    ".tar.gz": Variant(odd.tar, None),
    "folder of spaCy": Variant(static.spacy, None),
    "folder of Flair": Variant(static.flair, None),
    "folder of a transformer": Variant(static.transformer, None),
    "folder of several files": Variant(static.several, None),
}
