"""The cache: whole entries or none, never one made from other settings, never more than its limit."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import struct
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import THREE_DOCUMENTS, TINY_WORD2VEC, request_of, tokens_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whole_runs import answering, fitting, perform, read

from pipeline.core import store
from pipeline.core.files import file_hash
from pipeline.core.store import Cache, Entry, default_folder
from pipeline.embeddings import kept as kept_vectors
from pipeline.embeddings.kept import (
    cached_vectors,
    default_cache,
    reading_key,
    tokens_hash,
    training_key,
    words_hash,
)
from pipeline.embeddings.request import EmbeddingRequest, WordVectors
from pipeline.embeddings.table import embed
from pipeline.embeddings.word2vec import train_word2vec
from pipeline.settings.tables import Config, with_values

PLENTY = 10 * 2**20
SLACK = 100  # bytes; the seconds in an entry have more digits or fewer
KEY = {"trained": "word2vec", "seed": 1}
WORDS = ["film", "a\0b\nc", 'say "hi"', "\u6771"]
TRAIN = tokens_of(THREE_DOCUMENTS)


def vectors_by_hand(start: float = 1.0) -> WordVectors:
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2) + np.float32(start)
    return WordVectors(pl.Series(WORDS), vectors, {"epochs": 5, "window": (1, 2)}, ("min_count was lowered",))


class Maker:
    """Makes vectors and counts how often it was asked to."""

    def __init__(self, found: WordVectors | None = None) -> None:
        self.found = found or vectors_by_hand()
        self.calls = 0

    def __call__(self) -> WordVectors:
        self.calls += 1
        return self.found


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


# --- what comes back -------------------------------------------------------------------------------------


def test_the_second_time_nothing_is_made_and_the_same_comes_back(tmp_path: Path) -> None:
    make = Maker()
    made = cached_vectors(Cache(tmp_path / "new" / "folder", PLENTY), KEY, make)
    found = cached_vectors(Cache(tmp_path / "new" / "folder", PLENTY), KEY, make)
    assert make.calls == 1
    assert (made.cached, found.cached) == (False, True)
    assert made.words.to_list() == found.words.to_list() == WORDS
    assert found.words.dtype == pl.String
    assert found.vectors.dtype == np.float32
    assert found.vectors.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert found.settings == {"epochs": 5, "window": [1, 2]}  # JSON has lists only
    assert found.notes == made.notes == ("min_count was lowered",)


def test_the_seconds_of_the_making_are_kept(tmp_path: Path) -> None:
    def slowly() -> WordVectors:
        time.sleep(0.05)
        return vectors_by_hand()

    made = cached_vectors(Cache(tmp_path, PLENTY), KEY, slowly)
    found = cached_vectors(Cache(tmp_path, PLENTY), KEY, slowly)
    assert made.seconds is not None
    assert made.seconds >= 0.05
    assert found.seconds == made.seconds


def test_without_a_cache_vectors_are_made_each_time() -> None:
    make = Maker()
    found = [cached_vectors(None, KEY, make) for _ in range(2)]
    assert make.calls == 2
    assert [vectors.cached for vectors in found] == [False, False]
    assert found[1].seconds is not None


def test_no_words_at_all_are_kept_too(tmp_path: Path) -> None:
    empty = WordVectors(pl.Series([], dtype=pl.String), np.zeros((0, 3), dtype=np.float32))
    for _ in range(2):
        found = cached_vectors(Cache(tmp_path, PLENTY), KEY, lambda: empty)
    assert found.cached
    assert found.vectors.shape == (0, 3)
    assert found.words.dtype == pl.String


def test_vectors_in_another_memory_order_come_back_in_their_own(tmp_path: Path) -> None:
    columns = np.asfortranarray(np.array([[1, 2], [3, 4]], dtype=np.float32))
    make = Maker(WordVectors(pl.Series(["a", "b"]), columns))
    found = [cached_vectors(Cache(tmp_path, PLENTY), KEY, make) for _ in range(2)]
    assert found[1].vectors.tolist() == [[1, 2], [3, 4]]


def test_every_other_field_comes_back_too(tmp_path: Path) -> None:
    make = Maker(replace(vectors_by_hand(), from_subwords=2, file={"rows": 4}))
    found = [cached_vectors(Cache(tmp_path, PLENTY), KEY, make) for _ in range(2)][1]
    assert (found.from_subwords, found.file) == (2, {"rows": 4})


# --- keys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"trained": "word2vec", "seed": 2},
        {"trained": "fasttext", "seed": 1},
        {"trained": "word2vec", "seed": "1"},
        {"trained": "word2vec", "seed": 1, "window": None},
        {"trained": "word2vec"},
    ],
)
def test_another_key_meets_no_entry(tmp_path: Path, changed: dict[str, object]) -> None:
    cached_vectors(Cache(tmp_path, PLENTY), KEY, Maker())
    other = Maker(vectors_by_hand(start=9))
    found = cached_vectors(Cache(tmp_path, PLENTY), changed, other)
    assert (other.calls, float(found.vectors[0, 0])) == (1, 9.0)
    assert cached_vectors(Cache(tmp_path, PLENTY), KEY, other).vectors[0, 0] == 1.0


def test_the_order_in_which_a_key_is_written_does_not_matter(tmp_path: Path) -> None:
    cached_vectors(Cache(tmp_path, PLENTY), {"seed": np.int64(1), "trained": "word2vec"}, Maker())
    assert cached_vectors(Cache(tmp_path, PLENTY), KEY, Maker()).cached


@pytest.mark.parametrize("name", ["CACHE_VERSION", "__version__", "_code", "_gensim_version"])
def test_other_versions_meet_no_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    cached_vectors(Cache(tmp_path, PLENTY), KEY, Maker())
    monkeypatch.setattr(kept_vectors, name, "0" if name.isupper() or name == "__version__" else lambda: "0")
    assert not cached_vectors(Cache(tmp_path, PLENTY), KEY, Maker()).cached


def test_the_code_that_makes_vectors_is_in_the_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kept_vectors, "__file__", str(tmp_path / "embeddings" / "kept.py"))
    (tmp_path / "embeddings" / "files").mkdir(parents=True)
    hashes = set()
    for code in ("one = 1", "one = 2"):
        (tmp_path / "embeddings" / "files" / "text.py").write_text(code, encoding="utf-8")
        hashes.add(kept_vectors._code.__wrapped__())
    assert len(hashes) == 2


def test_a_file_that_cannot_be_read_is_left_to_the_reader_to_explain(tmp_path: Path) -> None:
    make = Maker()
    key = partial(reading_key, tmp_path / "absent.txt", None)
    assert not cached_vectors(Cache(tmp_path, PLENTY), key, make).cached
    assert (make.calls, list(tmp_path.iterdir())) == (1, [])
    assert not cached_vectors(None, key, make).cached
    (tmp_path / "absent.txt").write_bytes(b"film 1 2\n")
    found = [cached_vectors(Cache(tmp_path / "cache", PLENTY), key, make).cached for _ in range(2)]
    assert found == [False, True]


def test_a_key_that_json_cannot_hold_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(TypeError) as error:
        cached_vectors(Cache(tmp_path, PLENTY), {"words": {"a"}}, Maker())
    assert str(error.value) == "set cannot be kept in the cache"


def test_a_file_renamed_to_another_key_is_not_believed(tmp_path: Path) -> None:
    cache, other = Cache(tmp_path, PLENTY), Cache(tmp_path / "other", PLENTY)
    cached_vectors(cache, KEY, Maker())
    changed = {**KEY, "seed": 2}
    cached_vectors(other, changed, Maker())
    os.replace(only_path(cache), only_path(other))
    assert not cached_vectors(Cache(tmp_path / "other", PLENTY), changed, Maker()).cached


def only_path(cache: Cache) -> Path:
    (kept,) = cache.entries()
    return kept.path


CHANGED_REQUESTS: dict[str, Callable[[EmbeddingRequest], EmbeddingRequest]] = {
    "fast instead of deterministic": lambda request: replace(request, deterministic=False),
    "another seed": lambda request: replace(request, seed=1),
    "unlabelled text": lambda request: replace(request, unlabelled=TRAIN),
    "one document less": lambda request: replace(request, train=tokens_of(THREE_DOCUMENTS[:2])),
    "documents in another order": lambda request: replace(request, train=tokens_of(THREE_DOCUMENTS[::-1])),
    **{
        f"another {name}": lambda request, name=name, value=value: replace(  # type: ignore[misc]
            request, word2vec=replace(request.word2vec, **{name: value})
        )
        for name, value in {
            "algorithm": "cbow",
            "vector_size": 9,
            "window": 4,
            "epochs": 3,
            "min_count": 2,
            "negative": 6,
            "hierarchical_softmax": True,
            "ns_exponent": 0.5,
            "sample": 0.0,
            "alpha": 0.02,
            "min_alpha": 0.0,
            "shrink_windows": False,
            "cbow_mean": False,
            "workers": 2,
        }.items()
    },
}


def word2vec_key(request: EmbeddingRequest) -> dict[str, object]:
    return training_key("word2vec", request, request.word2vec)


@pytest.mark.parametrize("change", CHANGED_REQUESTS.values(), ids=CHANGED_REQUESTS)
def test_whatever_training_depends_on_is_in_the_key(
    tmp_path: Path, change: Callable[[EmbeddingRequest], EmbeddingRequest]
) -> None:
    cached_vectors(Cache(tmp_path, PLENTY), word2vec_key(request_of(TRAIN)), Maker())
    assert cached_vectors(Cache(tmp_path, PLENTY), word2vec_key(request_of(TRAIN)), Maker()).cached
    changed = word2vec_key(change(request_of(TRAIN)))
    assert not cached_vectors(Cache(tmp_path, PLENTY), changed, Maker()).cached


def test_every_setting_of_word2vec_is_tried_above() -> None:
    tried = {name.removeprefix("another ") for name in CHANGED_REQUESTS}
    assert set(vars(TINY_WORD2VEC)) <= tried


def test_a_file_is_known_by_its_content_and_the_words_asked_for(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_bytes(b"film 1 2\n")
    second.write_bytes(b"film 1 2\n")
    words = pl.Series(["film", "good"])
    assert file_hash(first) == hashlib.sha256(b"film 1 2\n").hexdigest()
    assert reading_key(first, words) == reading_key(str(second), words)
    others = [reading_key(first, words[:1]), reading_key(first, None), reading_key(first, words, lower=True)]
    second.write_bytes(b"film 1 3\n")
    others.append(reading_key(second, words))
    assert all(other != reading_key(first, words) for other in others)


@pytest.mark.parametrize(
    "other",
    [
        [["film", "good"], ["bad", "film", "!"], ["good", "good", "plot"]],  # the order of two tokens
        [["good", "film", "bad"], ["film", "!"], ["good", "good", "plot"]],  # where a document ends
        [["good", "films"], ["bad", "films", "!"], ["good", "good", "plot"]],  # a type
        [["good", "film"], ["bad", "film", "!"], ["good", "good"]],
    ],
)
def test_other_tokens_have_another_hash(other: list[list[str]]) -> None:
    assert tokens_hash(tokens_of(other)) != tokens_hash(TRAIN)
    assert tokens_hash(tokens_of(THREE_DOCUMENTS)) == tokens_hash(TRAIN)


lists_of_words = st.lists(st.text(st.sampled_from("ab\0\u00e9\u6771"), max_size=3), max_size=4)


@given(lists_of_words, lists_of_words)
def test_lists_of_words_have_the_same_hash_only_if_they_are_equal(left: list[str], right: list[str]) -> None:
    hashes = [words_hash(pl.Series(words, dtype=pl.String)) for words in (left, right)]
    assert (hashes[0] == hashes[1]) == (left == right)


# --- broken entries --------------------------------------------------------------------------------------


def break_header(content: bytes) -> bytes:
    length = struct.unpack("<Q", content[:8])[0]
    return content[:8] + content[8 : 8 + length].replace(b"F32", b"I32") + content[8 + length :]


BREAKAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "last byte lost": lambda content: content[:-1],
    "a byte more": lambda content: content + b"\0",
    "one bit of a vector": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "another number type": break_header,
    "another setting": lambda content: content.replace(b'\\"epochs\\":5', b'\\"epochs\\":6'),
    "not safetensors": lambda content: b"film 1 2\n" * 50,
}


@pytest.mark.parametrize("broken", BREAKAGES.values(), ids=BREAKAGES)
def test_a_broken_entry_is_made_again(tmp_path: Path, broken: Callable[[bytes], bytes]) -> None:
    make = Maker()
    cached_vectors(Cache(tmp_path, PLENTY), KEY, make)
    content = only_file(tmp_path).read_bytes()
    assert broken(content) != content
    only_file(tmp_path).write_bytes(broken(content))
    again = cached_vectors(Cache(tmp_path, PLENTY), KEY, make)
    assert (make.calls, again.cached) == (2, False)
    assert cached_vectors(Cache(tmp_path, PLENTY), KEY, make).cached  # the new one took its place


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_no_changed_bit_is_ever_taken_for_a_vector(tmp_path: Path, place: int, bit: int) -> None:
    cache, key = Cache(tmp_path, PLENTY), {"a": 1}
    path = (cache.folder / hashlib.sha256(b'{"a":1}').hexdigest()).with_suffix(".safetensors")
    path.unlink(missing_ok=True)
    arrays = {"vectors": np.array([[1, 2]], dtype=np.float32)}
    assert cache.keep(key, Entry(arrays, {"seconds": 3})) is None
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)
    found = cache.find(key)  # None, but for a blank of the header's padding, which says nothing
    if found is not None:
        assert (found.arrays["vectors"].tolist(), found.facts) == ([[1, 2]], {"seconds": 3})


def test_what_a_killed_run_left_is_removed_after_a_day(tmp_path: Path) -> None:
    old, young = tmp_path / ".unfinished-old", tmp_path / ".unfinished-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "part.safetensors").write_bytes(b"half")
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))
    cached_vectors(Cache(tmp_path, PLENTY), KEY, Maker())
    assert (old.exists(), young.exists()) == (False, True)


def test_a_run_that_fails_while_it_writes_leaves_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(written: Path, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "_put", no_space)
    made = cached_vectors(Cache(tmp_path, PLENTY), KEY, Maker())
    assert list(tmp_path.iterdir()) == []
    assert made.notes[1:] == (
        f"cache: {tmp_path} cannot be written (No space left on device); nothing is kept there [cache-not-written]",
    )
    assert made.vectors[0, 0] == 1.0


def test_a_folder_that_cannot_be_made_is_one_note(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    folder = tmp_path / "file" / "cache"
    cache = Cache(folder, PLENTY)
    made = [cached_vectors(cache, {"seed": seed}, Maker()) for seed in (1, 2)]
    note = f"cache: {folder} cannot be written (Not a directory); nothing is kept there [cache-not-written]"
    assert [found.notes[1:] for found in made] == [(note,), ()]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_entries_of_a_folder_that_cannot_be_written_are_read(tmp_path: Path) -> None:
    cached_vectors(Cache(tmp_path, PLENTY), KEY, Maker())
    tmp_path.chmod(0o555)
    try:
        assert cached_vectors(Cache(tmp_path, PLENTY), KEY, Maker()).cached
        other = cached_vectors(Cache(tmp_path, PLENTY), {"seed": 2}, Maker())
    finally:
        tmp_path.chmod(0o755)
    note = (
        f"cache: {tmp_path} cannot be written (Permission denied); nothing is kept there [cache-not-written]"
    )
    assert other.notes[1:] == (note,)


# --- the limit -------------------------------------------------------------------------------------------


def fill(cache: Cache, *seeds: int) -> None:
    """Keep an entry a seed, each used ten seconds after the one before; all long ago."""
    for seed in seeds:
        cached_vectors(cache, {"seed": seed}, Maker())
        newest = max(cache.folder.iterdir(), key=lambda path: path.stat().st_mtime)
        os.utime(newest, (1_000_000 + 10 * seed,) * 2)


def kept_seeds(folder: Path, *seeds: int) -> list[int]:
    """Return which seeds have an entry, without using it."""
    cache = Cache(folder, PLENTY)
    keys = [key_with_versions({"seed": seed}) for seed in seeds]
    return [seed for seed, key in zip(seeds, keys, strict=True) if cache._path(key).exists()]


def key_with_versions(key: Mapping[str, object]) -> dict[str, object]:
    """Return the key as `cached_vectors` completes it."""
    asked: list[Any] = []

    class Noted(Cache):
        def find(self, key: Mapping[str, object]) -> Entry | None:
            asked.append(key)
            return None

        def keep(self, key: Mapping[str, object], entry: Entry) -> str | None:
            return None

    cached_vectors(Noted(Path(), 0), key, Maker())
    return dict(asked[0])


def entry_bytes(folder: Path) -> int:
    fill(Cache(folder, PLENTY), 1)
    size = only_file(folder).stat().st_size
    only_file(folder).unlink()
    return size


def test_the_least_recently_used_entries_make_room(tmp_path: Path) -> None:
    limit = 3 * entry_bytes(tmp_path) + SLACK
    fill(Cache(tmp_path, limit), 1, 2, 3)
    assert kept_seeds(tmp_path, 1, 2, 3) == [1, 2, 3]
    assert cached_vectors(Cache(tmp_path, limit), {"seed": 1}, Maker()).cached  # used now: 2 is the oldest
    fill(Cache(tmp_path, limit), 4)
    assert kept_seeds(tmp_path, 1, 2, 3, 4) == [1, 3, 4]
    assert sum(kept.bytes for kept in Cache(tmp_path, limit).entries()) <= limit


def test_a_smaller_limit_removes_as_many_as_it_takes(tmp_path: Path) -> None:
    size = entry_bytes(tmp_path)
    fill(Cache(tmp_path, PLENTY), 1, 2, 3, 4)
    fill(Cache(tmp_path, 2 * size + SLACK), 5)
    assert kept_seeds(tmp_path, 1, 2, 3, 4, 5) == [4, 5]


def test_a_broken_entry_is_replaced_in_a_full_cache(tmp_path: Path) -> None:
    limit = entry_bytes(tmp_path) + SLACK
    fill(Cache(tmp_path, limit), 1)
    only_file(tmp_path).write_bytes(b"broken" + only_file(tmp_path).read_bytes()[6:])
    cache = Cache(tmp_path, limit)
    cache.in_use.add(only_file(tmp_path))
    assert cached_vectors(cache, {"seed": 1}, Maker()).notes == ("min_count was lowered",)
    assert cached_vectors(cache, {"seed": 1}, Maker()).cached


def test_an_entry_in_use_stays_and_the_new_one_is_not_kept(tmp_path: Path) -> None:
    size = entry_bytes(tmp_path)
    fill(Cache(tmp_path, PLENTY), 1, 2)
    cache = Cache(tmp_path, 2 * size + SLACK)
    assert cached_vectors(cache, {"seed": 1}, Maker()).cached
    assert cached_vectors(cache, {"seed": 3}, Maker()).notes == ("min_count was lowered",)  # 2 made room
    os.utime(cache._path(key_with_versions({"seed": 1})), (1, 1))
    refused = cached_vectors(cache, {"seed": 4}, Maker())
    assert kept_seeds(tmp_path, 1, 2, 3, 4) == [1, 3]
    limit = f"{(2 * size + SLACK) / 2**30:g}"
    assert refused.notes[1] == (
        f"cache: vectors of 0.0 MiB do not fit into run.cache_gib = {limit} beside those in use; "
        "they are not kept [too-large-for-the-cache]"
    )


def test_vectors_larger_than_the_whole_cache_remove_nothing(tmp_path: Path) -> None:
    fill(Cache(tmp_path, PLENTY), 1)
    large = Maker(WordVectors(pl.Series(["a"]), np.zeros((1, 2**19), dtype=np.float32)))  # 2 MiB
    made = cached_vectors(Cache(tmp_path, 2**20), {"seed": 2}, large)
    assert kept_seeds(tmp_path, 1, 2) == [1]
    assert made.notes == (
        "cache: vectors of 2.0 MiB do not fit into run.cache_gib = 0.000976562 beside those in use; "
        "they are not kept [too-large-for-the-cache]",
    )


def test_files_of_others_in_the_folder_are_neither_counted_nor_removed(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(bytes(2**20))
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    cache = Cache(tmp_path, 2**16)
    assert cached_vectors(cache, KEY, Maker()).notes == ("min_count was lowered",)
    cache.describe(clear=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.safetensors", "notes.txt"]


def test_the_cache_says_what_it_holds_and_is_emptied(tmp_path: Path) -> None:
    cache = Cache(tmp_path, PLENTY)
    assert cache.describe() == f"{tmp_path}: 0 entries, 0.0 MiB"
    large = Maker(WordVectors(pl.Series(["a"]), np.zeros((1, 2**19), dtype=np.float32)))  # 2 MiB
    cached_vectors(cache, KEY, large)
    assert cache.describe() == f"{tmp_path}: 1 entry, 2.0 MiB"
    assert cache.describe(clear=True) == f"Removed from {tmp_path}: 1 entry, 2.0 MiB"
    assert list(tmp_path.iterdir()) == []


# --- two runs at once ------------------------------------------------------------------------------------


def keep_and_find(folder: str, seed: int, rounds: int, answers: Any) -> None:
    """In a process of its own: make or find the same few entries again and again; say what was wrong."""
    wrong = []
    for number in range(rounds):
        key = {"seed": number % 3}
        expected = float(number % 3)
        if number % 7 == seed:
            Cache(Path(folder), PLENTY).describe(clear=True)
        found = cached_vectors(Cache(Path(folder), PLENTY), key, Maker(vectors_by_hand(expected)))
        if found.vectors[0, 0] != expected or found.notes != ("min_count was lowered",):
            wrong.append((number, found.vectors.tolist(), found.notes))
    answers.put(wrong)


@pytest.mark.longer
def test_two_processes_write_read_and_remove_the_same_entries(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    processes = [
        context.Process(target=keep_and_find, args=(str(tmp_path), seed, 150, answers)) for seed in (0, 3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert [answers.get(timeout=5) for _ in processes] == [[], []]
    assert all(kept.path.parent == tmp_path for kept in Cache(tmp_path, PLENTY).entries())
    assert not list(tmp_path.glob(".unfinished-*"))


def test_a_reader_between_two_writes_meets_a_whole_entry(tmp_path: Path) -> None:
    writer, reader = Cache(tmp_path, PLENTY), Cache(tmp_path, PLENTY)

    def make_while_another_run_finishes() -> WordVectors:
        cached_vectors(writer, KEY, Maker(vectors_by_hand(start=1)))
        return vectors_by_hand(start=2)

    made = cached_vectors(reader, KEY, make_while_another_run_finishes)
    assert (made.cached, made.notes) == (False, ("min_count was lowered",))
    assert cached_vectors(reader, KEY, Maker()).vectors[0, 0] == 2.0  # the last one to finish stands


# --- where it is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"EMBEDSEQ_CACHE": "/there"}, "/there"),
        ({"EMBEDSEQ_CACHE": "~/there"}, "/home/me/there"),
        ({"XDG_CACHE_HOME": "/caches"}, "/caches/embedseq"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/embedseq"),
        ({"EMBEDSEQ_CACHE": ""}, "/home/me/.cache/embedseq"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the platform has a folder of its own")
def test_the_folder_is_named_by_the_user_or_the_platform(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("EMBEDSEQ_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/me", **variables}.items():
        monkeypatch.setenv(name, value)
    assert default_folder() == Path(expected)


@pytest.mark.skipif(sys.platform == "win32", reason="users are looked up in another way")
def test_a_user_without_a_home_folder_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def no_such_user(number: int) -> object:
        raise KeyError(number)

    for name in ("EMBEDSEQ_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", no_such_user)
    assert default_cache(Config()) is None


def test_settings_reach_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDSEQ_CACHE", str(tmp_path))
    cache = default_cache(Config())
    assert cache is not None
    assert (cache.folder, cache.most_bytes) == (tmp_path, 2 * 2**30)
    half = default_cache(with_values(Config(), {"run.cache_gib": 0.5}))
    assert half is not None
    assert half.most_bytes == 2**29
    assert default_cache(with_values(Config(), {"run.cache": False})) is None


# --- with gensim -----------------------------------------------------------------------------------------


def test_trained_vectors_come_back_bit_for_bit(tmp_path: Path) -> None:
    request = request_of(TRAIN)
    make = lambda: train_word2vec(request)  # noqa: E731
    made = cached_vectors(Cache(tmp_path, PLENTY), word2vec_key(request), make)
    found = cached_vectors(Cache(tmp_path, PLENTY), word2vec_key(request), make)
    assert found.cached
    assert found.words.to_list() == made.words.to_list()
    assert (found.vectors.view(np.uint32) == made.vectors.view(np.uint32)).all()
    assert json.loads(json.dumps(made.settings)) == found.settings


def no_training(*arguments: object, **settings: object) -> None:
    raise AssertionError("gensim was asked to train")


@pytest.mark.parametrize(("source", "trainer"), [("word2vec", "Word2Vec"), ("fasttext", "FastText")])
def test_a_second_run_on_the_same_text_does_not_train_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, trainer: str
) -> None:
    import gensim.models

    first = embed(source, replace(request_of(TRAIN), cache=Cache(tmp_path, PLENTY)))
    monkeypatch.setattr(gensim.models, trainer, no_training)
    second = embed(f"{source}:tuned", replace(request_of(TRAIN), cache=Cache(tmp_path, PLENTY)))
    assert (first.cached, second.cached) == (False, True)
    assert (first.matrix.vectors == second.matrix.vectors).all()
    assert second.vocabulary.tokens.to_list() == first.vocabulary.tokens.to_list()
    for cache in (None, Cache(tmp_path / "another", PLENTY)):
        with pytest.raises(AssertionError, match="gensim was asked to train"):
            embed(source, replace(request_of(TRAIN), cache=cache))
    with pytest.raises(AssertionError, match="gensim was asked to train"):
        embed(source, replace(request_of(TRAIN), cache=Cache(tmp_path, PLENTY), deterministic=False))


def test_fasttext_settings_and_the_words_asked_for_are_in_its_key(tmp_path: Path) -> None:
    def cached(request: EmbeddingRequest) -> bool:
        return embed("fasttext", replace(request, cache=Cache(tmp_path, PLENTY))).cached

    request = request_of(TRAIN)
    assert [cached(request), cached(request)] == [False, True]
    assert not cached(replace(request, fasttext=replace(request.fasttext, max_n=request.fasttext.max_n + 1)))
    assert not cached(replace(request, corpus_types=pl.Series(["films"])))


def test_a_vector_file_is_read_once_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.embeddings import from_file
    from pipeline.embeddings.files.reading import VectorFile

    file, same = tmp_path / "glove.txt", tmp_path / "copy.txt"
    file.write_text("good 1 2\nfilm 3 4\n", encoding="utf-8")
    same.write_bytes(file.read_bytes())
    read = from_file.read_vector_file
    calls = []

    def counted(path: str, wanted: pl.Series | None, language: str) -> VectorFile:
        calls.append(Path(path).name)
        return read(path, wanted, language)

    monkeypatch.setattr(from_file, "read_vector_file", counted)
    request = replace(request_of(TRAIN, scale=0.0), cache=Cache(tmp_path / "cache", PLENTY))
    first, second, third = (embed(str(path), request) for path in (file, file, same))
    assert calls == ["glove.txt"]
    assert [first.cached, second.cached, third.cached] == [False, True, True]
    assert third.matrix.vectors[2:4].tolist() == first.matrix.vectors[2:4].tolist() == [[1, 2], [3, 4]]
    assert third.files[0]["path"] == str(same)  # not the path it was first read from
    file.write_text("good 1 2\nfilm 3 5\n", encoding="utf-8")
    assert embed(str(file), request).matrix.vectors[3].tolist() == [3, 5]
    assert calls == ["glove.txt", "glove.txt"]


def test_the_same_words_in_another_order_meet_the_entry(tmp_path: Path) -> None:
    """As in the folds of one corpus: each has its own most frequent words first."""
    file = tmp_path / "glove.txt"
    file.write_text("good 1 2\nfilm 3 4\n", encoding="utf-8")
    request = replace(request_of(TRAIN, scale=0.0), cache=Cache(tmp_path / "cache", PLENTY))
    tokens = request.vocabulary.tokens
    other = replace(request.vocabulary, tokens=pl.concat([tokens[:2], tokens[2:].reverse()]))
    first, second = (
        embed(str(file), replace(request, vocabulary=one)) for one in (request.vocabulary, other)
    )
    assert [first.cached, second.cached] == [False, True]
    for found in (first, second):
        vectors = dict(zip(found.vocabulary.tokens.to_list(), found.matrix.vectors.tolist(), strict=True))
        assert (vectors["good"], vectors["film"]) == ([1, 2], [3, 4])


def test_a_changed_vocabulary_beside_a_file_is_met(tmp_path: Path) -> None:
    np.savez(tmp_path / "made.npz", vectors=np.array([[1, 2], [3, 4]], dtype=np.float32))
    request = replace(request_of(TRAIN, scale=0.0), cache=Cache(tmp_path / "cache", PLENTY))
    for words, expected in (("good\nfilm\n", [[1, 2], [3, 4]]), ("film\ngood\n", [[3, 4], [1, 2]])):
        (tmp_path / "made.txt").write_text(words, encoding="utf-8")
        embedded = embed(str(tmp_path / "made.npz"), request)
        assert embedded.matrix.vectors[2:4].tolist() == expected
        assert not embedded.cached


@pytest.mark.longer
def test_a_run_takes_its_cache_from_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two whole runs; gensim fails in the second, unless it is not asked."""
    import gensim.models

    monkeypatch.setenv("EMBEDSEQ_CACHE", str(tmp_path / "cache"))

    def run(name: str, **options: Any) -> dict[str, Any]:
        given = {"run_models": "ann", "run_embeddings": "word2vec", "run_out": str(tmp_path / name)} | options
        return read(perform(tmp_path, executors=fitting(answering()), **given))["embeddings"][0]

    first = run("first")
    monkeypatch.setattr(gensim.models, "Word2Vec", no_training)
    second = run("second")
    assert (first["cached"], second["cached"]) == (False, True)
    assert "in an earlier run" in (tmp_path / "second" / "report.md").read_text(encoding="utf-8")
    with pytest.raises(AssertionError, match="gensim was asked to train"):
        run("third", run_cache=False)
