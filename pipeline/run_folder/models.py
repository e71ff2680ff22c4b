"""Fitted models in a run folder: JSON and safetensors below `models/`, never a pickle; each file whole or absent.

A model's folder is all that it needs from raw text to an answer, but for the vectors that models of one source share:
those lie beside it. Its `model.json` has the sha256 of every file, its own in its last line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import pipeline
from pipeline.core.errors import PipelineError
from pipeline.core.files import json_text, read_json, write_whole
from pipeline.core.names import slug
from pipeline.core.ragged import places_of
from pipeline.core.resources import versions
from pipeline.core.values import Bool, Float32, Int64, Vocabulary
from pipeline.run_folder.names import CONFIG
from pipeline.run_folder.shelf import MODEL, FolderShelf, Shelf

if TYPE_CHECKING:
    from pipeline.core.fits import ModelFiles

FOLDER = "models"
WEIGHTS, GOLDEN = "weights.safetensors", "golden.json"
VOCABULARY, VECTORS = "vocabulary.json", "vectors.safetensors"
OF_EMBEDDING = (VECTORS, VOCABULARY)
FORMAT_VERSION = 4  # of what is written for a model

Array = NDArray[Any]
Description = Mapping[str, Any]  # what a model.json holds
_OF_VECTORS = re.compile(
    r"embedding-[^/\\\0]+(/f\d+)?"
)  # the folder of a source, or of its vectors in another fold
_SEAL = re.compile(rb',\n "sha256": "([0-9a-f]{64})"\n}\n\Z')  # how a model.json ends


def write_model(run: Path, files: ModelFiles) -> list[Path]:
    """Write a model, or a source's vectors, into a folder of its own; return its files."""
    from safetensors.numpy import save

    folder = run / FOLDER / files.folder
    arrays = save({name: np.ascontiguousarray(array) for name, array in files.arrays.items()})
    if files.kind == "embedding":
        contents = {VECTORS: arrays, VOCABULARY: json_text(files.described).encode()}
    else:
        contents = {WEIGHTS: arrays, GOLDEN: json_text(files.golden).encode()}
        contents[MODEL] = _described(run / FOLDER, files.described, contents)
    for name, content in contents.items():
        write_whole(folder / name, content)
    return [folder / name for name in contents]


def _described(models: Path, described: Mapping[str, object], contents: Mapping[str, bytes]) -> bytes:
    """Return the content of a `model.json`: what was told, versions, the sha256 of each file and its own."""
    embedding = described.get("embedding")
    of_vectors = {} if embedding is None else {name: models / str(embedding) / name for name in OF_EMBEDDING}
    text = json_text(
        {
            "format_version": FORMAT_VERSION,
            **described,
            "versions": versions(),
            "files": {name: sha256(content).hexdigest() for name, content in contents.items()},
            "embedding_files": {
                name: sha256(path.read_bytes()).hexdigest() for name, path in of_vectors.items()
            },
        }
    )
    return sealed(text.encode())


def sealed(text: bytes) -> bytes:
    """Return the text of a JSON table with the sha256 of all before it as its last line."""
    before = text.removesuffix(b"\n}\n")
    return before + b',\n "sha256": "%s"\n}\n' % sha256(before).hexdigest().encode()


def is_sealed(content: bytes) -> bool:
    """Return whether the last line of a `sealed` text is true of the others."""
    seal = _SEAL.search(content)
    return seal is not None and sha256(content[: seal.start()]).hexdigest().encode() == seal[1]


def model_folder(run: Path, name: str) -> Path:
    """Return the folder of a model, named as the run names it."""
    return Path(run) / FOLDER / slug(name)


def shelf_of(place: Path) -> FolderShelf:
    """Return the models of a run folder, or of a folder that holds folders of models alone."""
    return FolderShelf(place / FOLDER if (place / FOLDER).is_dir() else place)


def saved_names(run: Path, *kinds: str) -> list[str]:
    """Return the names of the models that a run saved, all or those of these kinds, in alphabetical order."""
    return names_on(FolderShelf(Path(run) / FOLDER), *kinds)


def names_on(shelf: Shelf, *kinds: str) -> list[str]:
    """Return the names of the models on a shelf, all or those of these kinds, in alphabetical order."""
    described = [describe(shelf, folder) for folder in shelf.models()]
    return sorted(one["name"] for one in described if not kinds or one["kind"] in kinds)


def saved_tokens(run: Path) -> dict[str, set[str]]:
    """Return the tokens that every fit of each model and source has learned something of, by its folder."""
    models = Path(run) / FOLDER
    files = sorted(path for name in (VOCABULARY, MODEL) for path in models.rglob(name))
    tokens = {path: set(read_json(path).get("tokens") or ()) for path in files}
    return {path.parent.relative_to(models).as_posix(): found for path, found in tokens.items() if found}


def describe(shelf: Shelf, folder: str) -> Description:
    """Return what a model's `model.json` holds: `name`, `kind`, `task` and the rest.

    Raises
    ------
    PipelineError
        If it is no JSON, in the format of another version, changed, or has no name, kind or task.
    """
    where, content = shelf.place(f"{folder}/{MODEL}"), shelf.read(f"{folder}/{MODEL}")
    described = _json(where, content, shelf.fix)
    _check_version(shelf, folder, described)
    if not is_sealed(content):
        raise PipelineError(
            "model-file-damaged",
            where,
            "it was changed: its sha256 is not the one in its last line",
            shelf.fix,
        )
    for key in ("name", "kind", "task"):
        if not isinstance(described.get(key), str):
            raise PipelineError("model-file-damaged", where, f"it holds no {key} as a text", shelf.fix)
    return dict(described)


def _check_version(shelf: Shelf, folder: str, described: Description) -> None:
    found = described.get("format_version") if isinstance(described, dict) else None
    if found == FORMAT_VERSION:
        return
    what = f"its format_version is {found}; this version reads {FORMAT_VERSION}"
    if isinstance(found, int) and found > FORMAT_VERSION:
        wrote = described.get("versions")
        newer = wrote.get("embedseq") if isinstance(wrote, dict) else None
        fix = f"install embedseq {newer or 'in the version that wrote it'} or newer; here it is {pipeline.__version__}"
    elif isinstance(shelf, FolderShelf):
        run = shelf.root.parent
        fix = f"train it again: python -m pipeline run --config {run / CONFIG} --out {run}-again"
    else:
        fix = "run again, and export again"
    raise PipelineError("other-version", shelf.place(f"{folder}/{MODEL}"), what, fix)


def _json(where: str, content: bytes, fix: str) -> Description:
    try:
        held: Description = json.loads(content.decode("utf-8"))
        return held
    except json.JSONDecodeError as error:
        where, what = f"{where}:{error.lineno}:{error.colno}", f"this is not JSON ({error.msg})"
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is not UTF-8"
    except (ValueError, RecursionError):  # a number of thousands of digits, lists within lists within lists
        what = "this is no JSON that can be read"
    raise PipelineError("model-file-damaged", where, what, fix)


@dataclass(frozen=True, eq=False)
class SavedFiles:
    """The files of one fit, each checked against `model.json` when it is read.

    Attributes
    ----------
    shelf, folder : where they lie
    described : what `model.json` holds
    shared : vectors that were read already, for several fits of one model
    """

    shelf: Shelf
    folder: str
    described: Description
    shared: dict[str, tuple[Vocabulary, Float32, Bool]] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """How a person is told of its `model.json`."""
        return self.shelf.place(f"{self.folder}/{MODEL}")

    def weights(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        """Return the model's arrays; PipelineError if they are not those, or not of these names and shapes."""
        return self._arrays(f"{self.folder}/{WEIGHTS}", self.described["files"][WEIGHTS], shapes)

    def golden(self) -> Golden:
        """Return the golden texts and the answers that the fit itself gave."""
        name = f"{self.folder}/{GOLDEN}"
        content = self._read(name, self.described["files"][GOLDEN])
        held = _json(self.shelf.place(name), content, self.shelf.fix)
        with self.reading(name, "it holds no golden answers"):
            texts = pl.Series(held["texts"], dtype=pl.String)
            answers = np.array(held["answers"], dtype=np.float32)
            lengths = np.array(held.get("words", [1] * len(texts)), dtype=np.int64)  # answers to each text
            expected = int(lengths.sum()), len(self.described["label_names"])
            if len(lengths) != len(texts) or answers.shape != expected:
                raise ValueError(f"{len(texts)} texts, {_shown(answers.shape)} answers")
            asked = [number for number in range(len(texts)) if number not in held["left_out"]]
            offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
            rows, own = places_of(offsets, np.array(asked, dtype=np.int64))
            kept = float(held["tolerance"]), str(held["answered_by"])
            return Golden(texts.gather(asked), answers[rows], *kept, tuple(asked), own)

    def embedding(self, dimension: int) -> tuple[Vocabulary, Float32, Bool]:
        """Return a source's vocabulary, its vectors (V, D), and which rows have one (V,).

        Raises
        ------
        PipelineError
            If a file is missing, not the one that the model was fitted with, or of vectors of another dimension.
        """
        folder, wanted = str(self.described["embedding"]), self.described["embedding_files"]
        if not _OF_VECTORS.fullmatch(folder):
            raise ValueError(f"embedding is {json.dumps(folder)}")
        if folder not in self.shared:
            name = f"{folder}/{VOCABULARY}"
            if not self.shelf.holds(name):
                what = f"there is no {name} beside it, where its word vectors are"
                fix = "keep both folders side by side, or have them in one file: export RUN --to bundle FILE.zip"
                raise PipelineError("model-without-vectors", self.where, what, fix)
            described = _json(self.shelf.place(name), self._read(name, wanted[VOCABULARY]), self.shelf.fix)
            with self.reading(name, "it holds no vocabulary"):
                tokens, counts = (
                    pl.Series(described["tokens"], dtype=pl.String),
                    np.array(described["counts"]),
                )
                vocabulary = Vocabulary(tokens, counts.astype(np.int64), int(described["n_learned"]))
            shapes = {"vectors": (len(vocabulary), dimension), "covered": (len(vocabulary),)}
            arrays = self._arrays(f"{folder}/{VECTORS}", wanted[VECTORS], shapes)
            self.shared[folder] = vocabulary, arrays["vectors"], arrays["covered"].astype(np.bool_)
        return self.shared[folder]

    def _read(self, name: str, wanted: str) -> bytes:
        content = self.shelf.read(name)
        if sha256(content).hexdigest() != wanted:
            what = f"it is not the file that {self.folder}/{MODEL} names: its sha256 is another one"
            raise PipelineError("model-file-damaged", self.shelf.place(name), what, self.shelf.fix)
        return content

    def _arrays(self, name: str, wanted: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
        return read_arrays(self._read(name, wanted), shapes, self.shelf.place(name), self.shelf.fix)

    @contextmanager
    def reading(self, name: str, otherwise: str) -> Iterator[None]:
        """Turn the errors of a block that takes a file's content apart into one that names the file."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, pl.exceptions.PolarsError) as error:
            raise PipelineError(
                "model-file-damaged", self.shelf.place(name), f"{otherwise} ({error})", self.shelf.fix
            ) from error


@dataclass(frozen=True, eq=False)
class Golden:
    """Golden texts (G,), the answers of the fit itself (R, C), and how near to them others have to come.

    `numbers` says which of all golden texts they are: those are left out whose answers rounding decides. Text i has the
    answers `offsets[i]` to `offsets[i + 1]`: one, or one a word.
    """

    texts: pl.Series
    answers: Float32
    tolerance: float
    answered_by: str
    numbers: tuple[int, ...]
    offsets: Int64


def read_arrays(
    content: bytes, shapes: Mapping[str, tuple[int, ...]], where: str, fix: str
) -> dict[str, Array]:
    """Return the arrays of a safetensors file.

    Raises
    ------
    PipelineError
        If it is none, holds other names or shapes than these, or numbers that are not finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise PipelineError("model-file-damaged", where, "this is no whole safetensors file", fix) from error
    for name in sorted({*arrays, *shapes}):
        found = _shown(arrays[name].shape) if name in arrays else "absent"
        expected = _shown(shapes[name]) if name in shapes else "none"
        if found != expected:
            raise PipelineError("model-file-damaged", where, f"{name} is {found}; expected {expected}", fix)
        if not np.isfinite(arrays[name]).all():
            raise PipelineError("model-file-damaged", where, f"{name} holds numbers that are not finite", fix)
    return arrays


def _shown(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def bytes_to_predict(run: Path, name: str) -> int | None:
    """Return the size of what a model needs to predict: its folder, and that of its embedding; None if not saved."""
    files = files_to_predict(run, name)
    return sum(file.stat().st_size for file in files) if files else None


def files_to_predict(run: Path, name: str) -> list[Path]:
    """Return the files that a model needs to predict: of its folder, and of its embedding; none if it is not saved."""
    folder = model_folder(run, name)
    if not (folder / MODEL).is_file():
        return []
    embedding: str | None = read_json(folder / MODEL).get("embedding")
    folders = [folder, *([folder.parent / embedding] if embedding else [])]
    return [file for one in folders for file in sorted(one.iterdir()) if file.is_file()]
