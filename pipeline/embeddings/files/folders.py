"""A folder that was given for a vector file: the file in it, or what the folder is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from pipeline.core.errors import PipelineError

_MODEL = "model.safetensors"
_ENDINGS = (
    ".vec",
    ".txt",
    ".bin",
    ".npz",
    ".npy",
    ".safetensors",
    ".tsv",
    ".csv",
    ".gz",
    ".bz2",
    ".xz",
    ".zst",
    ".zip",
)
_ABOUT = ("readme", "license", "licence", "metadata", "meta", "vocab", "words", "special_tokens", ".")
_SHOWN = 5
_NO_TABLE = "this is a {kind} folder: it has no vector of a word by itself, only of a word in its sentence"
_STATIC = "give a static embedding, such as one of model2vec, or a vector file"


def find_file(path: Path) -> Path:
    """Return the vector file that a path names: itself, or the one of a folder.

    Raises
    ------
    PipelineError
        If the folder is that of a model which is no table of word vectors, or holds not exactly one vector file.
    """
    if not path.is_dir():
        return path
    static = _static_embedding(path)
    if static is not None:
        return static
    for is_kind, what, fix in _KINDS:
        if is_kind(path):
            raise PipelineError("not-a-vector-file", str(path), what, fix)
    files = [file for file in sorted(path.iterdir()) if _may_hold_vectors(file)]
    pair = {file.suffix: file for file in files} if len({file.stem for file in files}) == 1 else {}
    if len(pair) == len(files) == 2 and pair.keys() == {".bin", ".txt"}:
        return pair[".bin"]  # the same vectors twice, as the NLPL repository has them
    if len(files) != 1:
        held = ", ".join(file.name for file in files[:_SHOWN]) + (", ..." if len(files) > _SHOWN else "")
        what = (
            f"this is a folder of {len(files)} vector files ({held})"
            if files
            else "this is a folder without vectors"
        )
        raise PipelineError(
            "not-a-vector-file", str(path), f"{what}; expected one vector file", "name a file in it"
        )
    return files[0]


def _static_embedding(folder: Path) -> Path | None:
    """Return the weights of a static embedding, as model2vec and sentence-transformers save it."""
    for module in _modules(folder):
        if str(module.get("type", "")).endswith("StaticEmbedding"):
            inner = folder / str(module.get("path", ""))
            if (inner / _MODEL).is_file():
                return inner / _MODEL
    for inner in (folder, folder / "0_StaticEmbedding"):
        if (
            (inner / _MODEL).is_file()
            and (inner / "tokenizer.json").is_file()
            and not _is_transformer(folder)
        ):
            return inner / _MODEL
    return None


def _modules(folder: Path) -> list[dict[str, object]]:
    modules = _json(folder / "modules.json")
    return [one for one in modules if isinstance(one, dict)] if isinstance(modules, list) else []


def _json(path: Path) -> object:
    """Return what a JSON file holds; None where there is none."""
    try:
        content: object = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content


def _is_spacy(folder: Path) -> bool:
    return (folder / "vocab" / "vectors").exists() or (
        (folder / "meta.json").is_file() and (folder / "vocab").is_dir()
    )


def _is_transformer(folder: Path) -> bool:
    config = _json(folder / "config.json")
    config = config if isinstance(config, dict) else {}
    by_modules = any(str(module.get("type", "")).endswith("Transformer") for module in _modules(folder))
    return by_modules or "num_hidden_layers" in config or "n_layer" in config or "n_layers" in config


def _holds(*patterns: str) -> Callable[[Path], bool]:
    return lambda folder: any(next(folder.glob(pattern), None) is not None for pattern in patterns)


_KINDS: tuple[tuple[Callable[[Path], bool], str, str], ...] = (
    (
        _is_spacy,
        "this is a spaCy model, whose vectors lie in files of its own",
        "write them as text in Python: for each key of nlp.vocab.strings a word and nlp.vocab[word].vector",
    ),
    (_is_transformer, _NO_TABLE.format(kind="transformer"), _STATIC),
    (
        _holds("pytorch_model.bin", "*.pt", "*.pth"),
        "this is the folder of a PyTorch model, as Flair and others save it: a pickle, and reading one runs code"
        " inside it",
        "save words and vectors with numpy.savez",
    ),
    (
        _holds("*.onnx"),
        "this is the folder of an ONNX model: a network, not a table of word vectors",
        "give a vector file",
    ),
    (
        _holds("saved_model.pb"),
        "this is a TensorFlow model: a network, not a table of word vectors",
        "give a vector file",
    ),
)


def _may_hold_vectors(file: Path) -> bool:
    name = file.name.lower()
    return file.is_file() and name.endswith(_ENDINGS) and not name.startswith(_ABOUT)
