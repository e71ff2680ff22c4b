"""What the start of an `.npy` says of its array, read without believing it."""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass

import numpy as np

from pipeline.core.errors import PipelineError

HEADER_BYTES = 1 << 16  # NumPy itself reads no header of more than 10,000


@dataclass(frozen=True)
class Header:
    """What the start of an .npy says."""

    shape: tuple[int, ...]
    by_columns: bool
    dtype: np.dtype
    bytes: int  # length of the header itself


def read_header(start: bytes, where: str, fix: str) -> Header:
    """Return the header of an array from the first `HEADER_BYTES` of its file.

    It is read from memory: a file would reserve whatever length a damaged header claims.

    Raises
    ------
    PipelineError
        If it is none.
    """
    stream = io.BytesIO(start)
    try:
        version = np.lib.format.read_magic(stream)
        first = version[0] == 1
        read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = read(stream)
    except (ValueError, SyntaxError, tokenize.TokenError, RecursionError) as error:
        raise PipelineError(
            "vector-file-damaged", where, f"the header is not that of an array ({error})", fix
        ) from None
    return Header(shape, by_columns, dtype, stream.tell())
