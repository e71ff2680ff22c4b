"""Receipts of a run folder: the sha256 of every file that scores are computed from or that predicts again."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pipeline.scoring import SCHEMA_VERSION

RECEIPTS = "details/receipts.json"
STATUS = "details/status.json"  # written again whenever the run gets further
_KEPT = (
    "config.toml",
    "details/*.json",
    "details/*.parquet",
    "details/*/*/*.parquet",
    "predictions/*.parquet",
    "models/*/*",
)


def make_receipts(run: Path, computed: Collection[str]) -> dict[str, Any]:
    """Return `schema_version`, and `files`: path within the run folder to sha256 (hexadecimal).

    `computed` are paths of files that are computed from the others: they are compared by their content.
    """
    left_out = {RECEIPTS, STATUS, *computed}
    files = {path: file_hash(run / path) for path in sorted(set(_files(run)) - left_out)}
    return {"schema_version": SCHEMA_VERSION, "files": files}


def file_hash(path: Path) -> str:
    """Return a file's sha256 (hexadecimal)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(run: Path) -> Iterator[str]:
    for path in itertools.chain.from_iterable(run.glob(pattern) for pattern in _KEPT):
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(run).as_posix()
