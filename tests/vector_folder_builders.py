"""Folders of models: static embeddings, which are read, and others, which are called what they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from vector_file_builders import Words, glove_text, word2vec_text, write

from pipeline.core.values import Float32

SPECIAL = ("[PAD]", "[UNK]")


def tokenizer_of_pieces(words: Sequence[str]) -> str:
    """Return a WordPiece tokenizer.json: words, and pieces that begin with ##."""
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *words])}
    added = [
        {"id": number, "content": token, "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        for number, token in enumerate(SPECIAL)
    ]
    model = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": vocabulary,
    }
    return _tokenizer(
        model,
        {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        {"type": "BertPreTokenizer"},
        added,
    )


def tokenizer_of_unigrams(pieces: Sequence[str]) -> str:
    """Return a Unigram tokenizer.json: its pieces stand behind a mark where a word begins."""
    vocabulary = [
        ["<unk>", 0.0],
        *([piece, -float(len(pieces) - number)] for number, piece in enumerate(pieces)),
    ]
    model = {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": False}
    before = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return _tokenizer(model, None, before, [])


def tokenizer_of_bytes(pieces: Sequence[str], merges: Sequence[tuple[str, str]]) -> str:
    """Return a byte-level BPE tokenizer.json."""
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "vocab": {piece: number for number, piece in enumerate(pieces)},
        "merges": [list(pair) for pair in merges],
    }
    before = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return _tokenizer(model, None, before, [])


def _tokenizer(model: object, normalizer: object, before: object, added: object) -> str:
    whole = {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0},
        "padding": None,
        "added_tokens": added,
        "normalizer": normalizer,
        "pre_tokenizer": before,
        "post_processor": None,
        "decoder": None,
        "model": model,
    }
    return json.dumps(whole)


def with_special(vectors: Float32) -> Float32:
    """Return the rows of padding and unknown, then those of words."""
    return np.concatenate([np.full((2, vectors.shape[1]), 50, dtype=np.float32), vectors])


def save(path: Path, **tensors: np.ndarray) -> Path:
    """Write a safetensors file; a dot in a tensor's name is written as two underscores here."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name.replace("__", "."): np.ascontiguousarray(value) for name, value in tensors.items()}, path)
    return path


def model2vec(folder: Path, words: Words, vectors: Float32) -> Path:
    """As model2vec saves it."""
    save(folder / "potion" / "model.safetensors", embeddings=with_special(vectors))
    write(folder / "potion" / "tokenizer.json", tokenizer_of_pieces(words))
    write(folder / "potion" / "config.json", json.dumps({"model_type": "model2vec", "normalize": True}))
    return folder / "potion"


def model2vec_mapped(folder: Path, words: Words, vectors: Float32) -> Path:
    """With fewer rows than tokens: rows in the opposite order, each half of what a token counts twice."""
    rows = with_special(vectors)[::-1] / 2
    mapping = np.arange(len(rows), dtype=np.int64)[::-1]
    weights = np.full(len(rows), 2, dtype=np.float64)
    save(folder / "small" / "model.safetensors", embeddings=rows, mapping=mapping, weights=weights)
    write(folder / "small" / "tokenizer.json", tokenizer_of_pieces(words))
    return folder / "small"


def static_embedding(folder: Path, words: Words, vectors: Float32) -> Path:
    """As sentence-transformers saves it."""
    inner = folder / "static" / "0_StaticEmbedding"
    save(inner / "model.safetensors", embedding__weight=with_special(vectors))
    write(inner / "tokenizer.json", tokenizer_of_pieces(words))
    kind = "sentence_transformers.models.StaticEmbedding"
    modules = [{"idx": 0, "name": "0", "path": "0_StaticEmbedding", "type": kind}]
    write(folder / "static" / "modules.json", json.dumps(modules))
    return folder / "static"


# --- refused ---------------------------------------------------------------------------------------------


def spacy(folder: Path, words: Words, vectors: Float32) -> Path:
    """A pipeline of spaCy."""
    inner = folder / "en_core_web_md"
    (inner / "vocab").mkdir(parents=True)
    np.save(inner / "vocab" / "vectors.npy", vectors)
    (inner / "vocab" / "vectors.npy").rename(inner / "vocab" / "vectors")
    write(inner / "meta.json", "{}")
    return inner


def flair(folder: Path, words: Words, vectors: Float32) -> Path:
    """What Flair leaves after training."""
    (folder / "tagger").mkdir()
    write(folder / "tagger" / "final-model.pt", b"PK")
    return folder / "tagger"


def transformer(folder: Path, words: Words, vectors: Float32) -> Path:
    """A BERT model."""
    save(folder / "bert" / "model.safetensors", embeddings__word_embeddings__weight=vectors)
    write(folder / "bert" / "config.json", json.dumps({"model_type": "bert", "num_hidden_layers": 12}))
    write(folder / "bert" / "tokenizer.json", tokenizer_of_pieces(words))
    return folder / "bert"


def several(folder: Path, words: Words, vectors: Float32) -> Path:
    """Two vector files."""
    inner = folder / "vectors"
    inner.mkdir()
    glove_text(inner, words, vectors)
    word2vec_text(inner, words, vectors)
    return inner
