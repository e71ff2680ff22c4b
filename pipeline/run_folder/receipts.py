"""Receipts of a run folder: the sha256 of every file that scores are computed from or that predicts again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.files import file_hash
from pipeline.run_folder.metrics import SCHEMA_VERSION
from pipeline.run_folder.names import COMPUTED

RECEIPTS = "details/receipts.json"
_KEPT = (
    "config.toml",
    "details/*.json",
    "details/*.parquet",
    "details/*/*/*.parquet",
    "predictions/*",
    "validation/*",
    "models/*/*",
    "models/*/*/*",
)


def make_receipts(run: Path) -> dict[str, object]:
    """Return `schema_version`, and `files`: path within the run folder to sha256 (hexadecimal)."""
    files = {path: file_hash(run / path) for path in kept_files(run)}
    return {"schema_version": SCHEMA_VERSION, "files": files}


def kept_files(run: Path) -> list[str]:
    """Return the files of a run folder that have a receipt, as paths within it, ascending.

    Those that are computed from the others have none: they are compared by their content.
    """
    return sorted(set(_files(run)) - {RECEIPTS, *COMPUTED})


def _files(run: Path) -> Iterator[str]:
    for path in itertools.chain.from_iterable(run.glob(pattern) for pattern in _KEPT):
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(run).as_posix()
