"""A bundle: one model with all that it needs, as one zip file that can be moved, renamed and mailed.

It is made of the very files of the run folder, stored and not compressed, so that the same model gives the same bytes
wherever it is exported, and no file in it can become larger than the bundle.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import pipeline
from pipeline.core.files import json_text, unfinished
from pipeline.core.names import slug
from pipeline.run_folder.models import GOLDEN, OF_EMBEDDING, WEIGHTS, SavedFiles
from pipeline.run_folder.shelf import CONTENTS, MODEL

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of what a zip file can say
_UNIX, _READABLE = 3, 0o100644 << 16


def write_bundle(fits: Sequence[SavedFiles], out: Path) -> None:
    """Write the fits of one model, the one that is asked first of all, into a new file."""
    first = fits[0]
    files: dict[str, bytes] = {}
    for number, fit in enumerate(fits):
        described = fit.described
        folder = slug(described["name"]) + (f"/s{described['seed']}.f{described['fold']}" if number else "")
        files |= {f"{folder}/{name}": _read(fit, name) for name in (MODEL, WEIGHTS, GOLDEN)}
        embedding = described.get("embedding")
        files |= {
            f"{embedding}/{name}": fit.shelf.read(f"{embedding}/{name}")
            for name in (OF_EMBEDDING if embedding else ())
            if f"{embedding}/{name}" not in files
        }
    contents = {
        "name": first.described["name"],
        "embedseq": pipeline.__version__,
        "files": {name: sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    with unfinished(out) as path:
        _write_zip(path, {CONTENTS: json_text(contents).encode(), **dict(sorted(files.items()))})


def _read(fit: SavedFiles, name: str) -> bytes:
    return fit.shelf.read(f"{fit.folder}/{name}")


def _write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, _FIRST_DAY)
            member.create_system, member.external_attr = _UNIX, _READABLE
            archive.writestr(member, content)
