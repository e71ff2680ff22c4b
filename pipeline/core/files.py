"""JSON and other files, read with an error that names the place, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from pipeline.core.errors import PipelineError

# What JSON holds; a value of NumPy becomes one of these when it is written.
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

REWRITE = "restore the file as the run wrote it, or run again"


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises
    ------
    PipelineError
        If it cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        where, what = f"{path}:{error.lineno}:{error.colno}", f"this is not JSON ({error.msg})"
    except UnicodeDecodeError as error:
        where, what = str(path), f"byte {error.start} is not UTF-8"
    except (ValueError, RecursionError):  # a number of thousands of digits, lists within lists within lists
        where, what = str(path), "this is no JSON that can be read"
    except OSError as error:
        where, what = str(path), f"it cannot be read ({error.strerror})"
    raise PipelineError("run-file-damaged", where, what, REWRITE)


def read_json_if_there(path: Path) -> Any:
    """Return the content of a JSON file; None where there is none."""
    return read_json(path) if path.exists() else None


def file_hash(path: str | Path) -> str:
    """Return the SHA-256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON; NumPy numbers become numbers, and what is not finite becomes null."""
    write_whole(path, json_text(value).encode())


def json_text(value: object) -> str:
    """Return what `write_json` writes."""
    return json.dumps(plain(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that at any moment it is the old one or the new one, never half of one."""
    with unfinished(path) as file:
        file.write_bytes(content)


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Yield a file beside `path` to write to; it takes its place when it is written whole, else it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o644)  # mkstemp makes a file that only its owner can read
        os.replace(name, path)
    except OSError as error:  # a person knows the file by its own name
        error.filename = str(path)
        raise
    finally:
        Path(name).unlink(missing_ok=True)


def plain(value: object) -> Any:
    """Return `value` built from what JSON knows; one that is no JSON itself may say how it is (`as_json`)."""
    value = getattr(value, "as_json", value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def as_json(data: Mapping[str, Json]) -> str:
    """Return JSON that can stand in a `script` element: no character of it can end that.

    >>> as_json({"text": "</script>"})
    '{"text":"\\\\u003c/script>"}'
    """
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
