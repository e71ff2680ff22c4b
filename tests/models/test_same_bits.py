"""One text gives the same answer to the last bit, alone, among others, in any order and in batches of any size."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from builders import indexed_of, rows_of_each
from saved_builders import LINEAR, NAMES, NETWORKS, embedded, fit_and_save
from threadpoolctl import threadpool_info

from pipeline.core.resources import one_blas_thread
from pipeline.core.values import Float32, Int64
from pipeline.models.equations import product as products
from pipeline.models.equations.heads import HEADS
from pipeline.models.equations.network import logits_of_rows, run_network, weight_shapes
from pipeline.models.equations.output import embed
from pipeline.models.equations.product import product
from pipeline.models.networks.batches import batches, words_in_own_order
from pipeline.models.networks.build import specify
from pipeline.models.saved import SavedModel, SavedNetwork, load_model
from pipeline.models.saved.model import Common
from pipeline.settings.tables import Config, with_values
from pipeline.tasks.table import CLASSIFY

N = 48
GENERATOR = np.random.default_rng(1)
WORDS = ("a", "good", "film", "very", "bad", "plot", "rare", "word", "the", "end", "is", "not", "dull", "zzz")
TEXTS = pl.Series([" ".join(GENERATOR.choice(WORDS, GENERATOR.integers(0, 40))) for _ in range(N)])


def in_batches(model: SavedModel, order: Int64, size: int) -> Float32:
    """Return what a model answers to each text, given in this order and so many at once."""
    answers = np.zeros((N, len(model.label_names)), dtype=np.float32)
    for start in range(0, N, size):
        some = order[start : start + size]
        answers[some] = model.answer(TEXTS.gather(some))
    return answers


@pytest.mark.parametrize("case", [*LINEAR, *NETWORKS])
def test_a_text_is_answered_alike_alone_and_among_others(tmp_path: Path, case: str) -> None:
    if case in LINEAR:
        fit_and_save(tmp_path, case)
        model = load_model(tmp_path, LINEAR[case][0])
    else:
        model = network_of(case)
    together = model.answer(TEXTS)
    for size in (1, 5, 32):
        order = np.random.default_rng(size).permutation(N)
        np.testing.assert_array_equal(in_batches(model, order, size), together)
    assert model.answer(TEXTS.head(0)).shape == (0, len(model.label_names))


@pytest.mark.parametrize("case", NETWORKS)
def test_rows_of_a_table_give_the_bits_of_all_that_is_kept_of_their_vectors(case: str) -> None:
    model = network_of(case)
    for batch in batches(model.as_read(model.tokenize(TEXTS)), 16, None):
        vectors = embed(model.table, batch.rows)
        with one_blas_thread():
            whole = run_network(model.spec, model.weights, vectors, batch.lengths).logits
            found = logits_of_rows(model.spec, model.weights, model.table, batch.rows, batch.lengths)
        np.testing.assert_array_equal(found, whole)


def network_of(name: str) -> SavedNetwork:
    """Return a network of random weights, large enough for BLAS to do its best."""
    model, _, head = name.partition("@")[0].replace(":shuffled-words", "").partition(":")
    config = with_values(Config(), {f"networks.{key}": value for key, value in NETWORKS[name].items()})
    settings, source = replace(config.networks, units=48, max_tokens=30), embedded()
    spec = specify(model, head, source.matrix, False, 3, settings)
    generator = np.random.default_rng(2)
    weights = {
        key: np.abs(generator.standard_normal(shape)).astype(np.float32)
        if key.endswith("deviation")
        else generator.standard_normal(shape).astype(np.float32) / 4
        for key, shape in weight_shapes(spec).items()
    }
    own = Common(name, CLASSIFY, NAMES[:3], config.tokenizer)
    vectors = source.vocabulary, source.matrix.vectors, source.matrix.covered
    seed = 7 if "shuffled-words" in name else None
    return SavedNetwork(*own, spec, weights, *vectors, settings.max_tokens, settings.keep, seed)


# --- what it rests on


@pytest.mark.parametrize(("inputs", "outputs"), [(100, 512), (128, 384), (300, 2), (128, 1), (6, 24), (1, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_of_a_product_is_the_same_in_every_place_and_number(
    inputs: int, outputs: int, dtype: type
) -> None:
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((200, inputs)).astype(dtype)
    matrix = generator.standard_normal((inputs, outputs)).astype(dtype)
    together = product(rows, matrix)
    np.testing.assert_allclose(together, rows @ matrix, rtol=1e-4, atol=1e-4)
    for n in (1, 2, 3, 8, 17, 64):
        some = generator.permutation(200)[:n]
        np.testing.assert_array_equal(product(rows[some], matrix), together[some])


def test_blas_that_treats_places_unlike_is_given_fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of some processors does where it is given sixteen rows: the last four are summed in another order."""

    class Unlike(np.ndarray):
        def __matmul__(self, other: object) -> np.ndarray:  # type: ignore[override]
            found = np.asarray(self) @ np.asarray(other)
            if self.shape[-2] > 4:
                found[..., 4:, :] *= np.float32(1 + 1e-6)
            return found

    repeat = np.repeat
    monkeypatch.setattr(np, "repeat", lambda *arguments, **more: repeat(*arguments, **more).view(Unlike))
    assert products._block.__wrapped__(100, 64, np.dtype(np.float32)) == 4


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("units", [1, 3])
def test_padding_changes_no_bit_of_what_is_read(head: str, units: int) -> None:
    states = np.random.default_rng(3).standard_normal((5, 11, units)).astype(np.float32)
    lengths = np.array([11, 9, 10, 1, 2])
    padded = np.concatenate([states, np.full((5, 40, units), 7, np.float32)], axis=1)
    np.testing.assert_array_equal(HEADS[head].read(padded, lengths), HEADS[head].read(states, lengths))
    np.testing.assert_array_equal(
        HEADS[head].read(states[:1], lengths[:1]), HEADS[head].read(states, lengths)[:1]
    )


DOCUMENTS = [[number, 3, 4, 5] for number in range(2, 3002)]


def test_words_are_put_in_an_order_of_the_document_alone() -> None:
    together = rows_of_each(words_in_own_order(indexed_of(DOCUMENTS), 5))
    assert [sorted(rows) for rows in together[:50]] == [sorted(rows) for rows in DOCUMENTS[:50]]
    alone = [rows_of_each(words_in_own_order(indexed_of([document]), 5))[0] for document in DOCUMENTS[:50]]
    assert alone == together[:50]
    assert rows_of_each(words_in_own_order(indexed_of(DOCUMENTS), 6)) != together
    assert words_in_own_order(indexed_of([]), 5).n_docs == 0


def test_every_order_of_words_is_as_likely() -> None:
    """Of four words there are 24 orders, here told by where 3, 4 and 5 stand."""
    orders = [tuple(rows.index(word) for word in (3, 4, 5)) for rows in words_of_own_orders()]
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 24
    assert abs(counts - len(orders) / 24).max() < 4 * np.sqrt(len(orders) / 24)


def words_of_own_orders() -> list[list[int]]:
    return rows_of_each(words_in_own_order(indexed_of([one for one in DOCUMENTS if one[0] > 5]), 5))


def test_blas_keeps_one_thread_until_the_last_block_that_asked_for_it_has_ended() -> None:
    def threads() -> set[int]:
        return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}

    before, entered, leave = threads(), threading.Event(), threading.Event()

    def other() -> None:
        with one_blas_thread():
            entered.set()
            leave.wait(10)

    beside = threading.Thread(target=other)
    with one_blas_thread():
        beside.start()
        entered.wait(10)
    assert threads() == {1}
    leave.set()
    beside.join()
    assert threads() == before
