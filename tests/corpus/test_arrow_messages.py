"""Lengths and offsets of Arrow files are looked at before Polars believes them: a wrong one would end the process."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import polars as pl
import pytest
from corpus_builders import write
from file_builders import FRAME, arrow_file, arrow_stream

from pipeline.core.errors import PipelineError
from pipeline.corpus.loading import read_corpus
from pipeline.corpus.readers.arrow_messages import Unsound, check_messages

RICH = FRAME.with_columns(
    n=pl.Series([1, None, 3, 4]),
    kind=pl.Series(["x", "y", "x", None], dtype=pl.Categorical),
    words=pl.Series([["a", "b"], [], None, ["a long word of more than twelve letters"]]),
    more=pl.struct(pl.lit(1.5)),
)


def compressed(frame: pl.DataFrame, codec: str, folder: Path) -> bytes:
    frame.write_ipc(folder / "packed.arrow", compression=codec)  # type: ignore[arg-type]
    return (folder / "packed.arrow").read_bytes()


def test_sound_files_and_streams_pass(tmp_path: Path) -> None:
    large = pl.DataFrame({"text": ["the same long text, again and again"] * 50_000, "label": [1] * 50_000})
    for frame in (FRAME, RICH, large, FRAME.clear()):
        for codec in ("uncompressed", "lz4", "zstd"):
            check_messages(compressed(frame, codec, tmp_path))
        check_messages(arrow_stream(frame))
        check_messages(arrow_stream(frame)[:-8])  # without the mark of the end


def buffer_lengths(data: bytes) -> list[int]:
    """Return where the lengths of the buffers of text stand: eight bytes, a multiple of 64 after another one."""
    pairs = range(0, len(data) - 16, 8)
    return [at + 8 for at in pairs if struct.unpack_from("<qq", data, at) == (0, 64)]


@pytest.mark.parametrize("written", [arrow_file, arrow_stream])
def test_a_length_with_a_flipped_bit_is_refused(tmp_path: Path, written: object) -> None:
    data = written(FRAME)  # type: ignore[operator]
    places = buffer_lengths(data)
    assert places
    for place in places:
        for bit in (46, 62, 63):
            flipped = bytearray(data)
            flipped[place + bit // 8] ^= 1 << bit % 8
            path = write(tmp_path / "a.arrow", bytes(flipped))
            with pytest.raises(PipelineError, match="the file is not whole Arrow data"):
                read_corpus(path)


def test_any_damage_passes_or_is_unsound(tmp_path: Path) -> None:
    chance = random.Random(7)
    sound = [arrow_file(RICH), arrow_stream(RICH), compressed(RICH, "lz4", tmp_path)]
    outcomes = set()
    for number in range(600):
        data = bytearray(sound[number % 3])
        for _ in range(chance.choice((1, 2, 8))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            check_messages(bytes(data))
            outcomes.add("passes")
        except Unsound:
            outcomes.add("unsound")
    assert outcomes == {"passes", "unsound"}
