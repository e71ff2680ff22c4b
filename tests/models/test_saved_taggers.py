"""Saved taggers answer as they did when they were fitted, in NumPy alone, and a sentence alone as among others."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import TINY_NETWORK, int32, matrix_of, tokens_of
from saved_builders import seal_again

from pipeline.core.errors import PipelineError
from pipeline.core.fits import FitKey, ModelFiles
from pipeline.core.values import TokenizedCorpus, Vocabulary
from pipeline.experiment.tag_answers import Golden
from pipeline.models.baselines.tagging.fitting import Penalty
from pipeline.models.baselines.tagging.sentences import Sentences
from pipeline.models.baselines.tagging.table import TAGGERS
from pipeline.models.equations.network import weight_shapes
from pipeline.models.equations.sentences import Tagged
from pipeline.models.golden import TOLERANCE, golden_sentences
from pipeline.models.networks.build import specify
from pipeline.models.save import Particulars, files_of_linear_tagger, tagger_tokenizer
from pipeline.models.saved import SavedTagger, load_model, load_saved
from pipeline.models.saved.tagger import SavedNetworkTagger
from pipeline.models.saved.tagger_ensemble import TaggerEnsemble
from pipeline.run_folder.models import write_model
from pipeline.settings.tables import Config, with_values
from pipeline.tasks.table import TAG
from pipeline.text.ragged import own_types

TAGS = ("B-PER", "I-PER", "O")
TEXTS = [["Ida", "Kim", "sleeps"], ["Bo", "runs", "."], ["Ida", "and", "Bo", "run"], ["the", "Ida"]]
OF_WORDS = int32([0, 1, 2, 0, 2, 2, 0, 2, 0, 2, 2, 0])
CONFIG = with_values(Config(), {"run.task": "tag", "corpus.tags": "3"})
GENERATOR = np.random.default_rng(1)
WORDS = ("Ida", "Kim", "Bo", "run", "runs", ".", "and", "the", "unheard-of", "東京")
NEW = tokens_of(
    [[str(word) for word in GENERATOR.choice(WORDS, GENERATOR.integers(1, 20))] for _ in range(40)]
)
NETWORKS = {"rnn@x": ("rnn", "each", 1, False), "gru:crf@x": ("gru", "crf", 2, False)}
NETWORKS |= {"lstm@x+chars": ("lstm", "each", 1, True), "bilstm:crf@x+chars": ("bilstm", "crf", 2, True)}


def linear_files(name: str, seed: int = 0) -> tuple[ModelFiles, Any]:
    """Return the files of a fitted tagger, and itself."""
    if name == "crf":
        pytest.importorskip("pycrfsuite")
    fitted = TAGGERS[name].fit(Sentences(tokens_of(TEXTS)), OF_WORDS, 3, Penalty(square=0.1))
    asked = golden_sentences(tagger_tokenizer(CONFIG))
    lengths = np.diff(asked.offsets)
    shares = fitted.tag(Sentences(own_types(asked, np.flatnonzero(lengths)))).shares
    golden = Golden(shares, (), tuple(lengths.tolist()))
    of = Particulars(FitKey(name, seed, 0), TAGS, CONFIG, golden.shares, golden_words=golden.words)
    return files_of_linear_tagger(of, fitted, TAGGERS[name].library), fitted


def network(name: str) -> SavedNetworkTagger:
    """Return a network of weights by chance, large enough for BLAS to do its best."""
    model, head, layers, letters = NETWORKS[name]
    generator, matrix = np.random.default_rng(2), matrix_of(9, 24)
    settings = replace(TINY_NETWORK, units=48, layers=layers)
    alphabet = "BIKadmnru" if letters else None
    spec = specify(model, head, matrix, False, 3, settings, n_letters=9 if letters else None)
    weights = {
        key: generator.standard_normal(shape).astype(np.float32) / 4
        for key, shape in weight_shapes(spec).items()
    }
    tokens = pl.Series(["<pad>", "<unk>", "ida", "kim", "bo", "run", "runs", ".", "and"])
    vocabulary = Vocabulary(tokens, np.ones(9, dtype=np.int64), 9)
    own = name, TAG, TAGS, tagger_tokenizer(CONFIG)
    return SavedNetworkTagger(*own, None, spec, weights, vocabulary, matrix.vectors, matrix.covered, alphabet)


def saved(folder: Path, name: str) -> SavedTagger:
    if name in NETWORKS:
        return network(name)
    write_model(folder, linear_files(name)[0])
    model = load_saved(folder, name)
    assert isinstance(model, SavedTagger)
    return model


@pytest.mark.parametrize("name", TAGGERS)
def test_a_linear_tagger_answers_as_its_fit_did(tmp_path: Path, name: str) -> None:
    files, fitted = linear_files(name)
    write_model(tmp_path, files)
    model, expected = load_saved(tmp_path, name), fitted.tag(Sentences(NEW))
    assert isinstance(model, SavedTagger)
    answers = model.tag(NEW)
    np.testing.assert_array_equal(answers.shares, expected.shares)
    np.testing.assert_array_equal(answers.best, expected.best)
    assert (answers.shares.max(axis=0) - answers.shares.min(axis=0)).max() > 0.1  # else any tagger would do
    assert (model.label_names, model.column, model.tagset.scheme) == (TAGS, "3", "IOB2")


@pytest.mark.parametrize("name", [*TAGGERS, *NETWORKS])
def test_a_sentence_is_tagged_alike_alone_and_among_others(tmp_path: Path, name: str) -> None:
    model = saved(tmp_path, name)
    together, n = model.tag(NEW), len(NEW.offsets) - 1
    for size in (1, 7):
        order = np.random.default_rng(size).permutation(n)
        for start in range(0, n, size):
            some = order[start : start + size]
            found = model.tag(own_types(NEW, some))
            places = np.concatenate([np.arange(*NEW.offsets[one : one + 2]) for one in some])
            np.testing.assert_array_equal(found.shares, together.shares[places])
            np.testing.assert_array_equal(found.best, together.best[places])


def test_a_sentence_without_words_has_no_tags(tmp_path: Path) -> None:
    model = saved(tmp_path, "most-frequent")
    words = tokens_of([[], ["Ida", "runs"], []])
    assert model.tag(words).best.tolist() == [0, 2]
    assert model.tag(tokens_of([[]])).shares.shape == (0, 3)


def test_raw_text_is_cut_into_words_as_they_are_written(tmp_path: Path) -> None:
    words = saved(tmp_path, "window").tokenize(pl.Series(["Ida runs.", ""]))
    assert words.types.gather(words.token_types).to_list() == ["Ida", "runs", "."]
    assert words.offsets.tolist() == [0, 3, 3]


def test_several_seeds_answer_with_the_mean_of_their_chains() -> None:
    one = network("gru:crf@x")
    assert one.transitions is not None
    other = replace(one, weights={name: array / 2 for name, array in one.weights.items()})
    both = TaggerEnsemble.together([one, other])
    same = TaggerEnsemble.together([one, one]).tag(NEW)
    np.testing.assert_allclose(same.shares, one.tag(NEW).shares, atol=1e-6)
    np.testing.assert_allclose(both.transitions, 0.75 * one.transitions, atol=1e-7)
    np.testing.assert_allclose(both.scores(NEW), (one.scores(NEW) + other.scores(NEW)) / 2, atol=1e-5)
    each = network("rnn@x")
    flat = replace(each, weights={name: np.zeros_like(array) for name, array in each.weights.items()})
    mean = TaggerEnsemble.together([each, flat]).tag(NEW).shares  # a geometric mean with equal shares
    root = np.sqrt(each.tag(NEW).shares)
    np.testing.assert_allclose(mean, root / root.sum(axis=1, keepdims=True), atol=1e-5)


ASK = """
import json, sys
from pathlib import Path
import polars as pl
from pipeline.models.saved import load_saved
models = [load_saved(Path(sys.argv[1]), name) for name in sys.argv[2:]]
answers = [model.tag(model.tokenize(pl.Series(["Ida Kim runs."]))).shares.tolist() for model in models]
heavy = {"tensorflow", "keras", "gensim", "sklearn", "scipy", "pycrfsuite"}
print(json.dumps({"answers": answers, "imported": sorted({name.partition(".")[0] for name in sys.modules} & heavy)}))
"""


def test_a_new_process_tags_alike_without_what_trained_the_models(tmp_path: Path) -> None:
    models = [saved(tmp_path, name) for name in TAGGERS]
    asked = [sys.executable, "-c", ASK, str(tmp_path), *TAGGERS]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    own = [model.tag(model.tokenize(pl.Series(["Ida Kim runs."]))).shares.tolist() for model in models]
    assert json.loads(done.stdout) == {"answers": own, "imported": []}


def change(folder: Path, name: str, **values: Any) -> None:
    path = folder / "models" / name / "model.json"
    content = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps(content), encoding="utf-8")
    seal_again(folder / "models")


DAMAGES: list[tuple[dict[str, Any], str]] = [
    ({"templates": [[["length", 0]]]}, 'a template reads "length"'),
    ({"task": "classify"}, 'task is "classify"'),
    ({"n_keys": [1]}, ""),
]


@pytest.mark.parametrize(("values", "why"), DAMAGES)
def test_what_is_no_tagger_is_refused(tmp_path: Path, values: dict[str, Any], why: str) -> None:
    write_model(tmp_path, linear_files("window")[0])
    change(tmp_path, "window", **values)
    with pytest.raises(PipelineError) as error:
        load_saved(tmp_path, "window")
    assert error.value.name == "model-file-damaged"
    assert why in str(error.value)


def test_a_tagger_that_answers_otherwise_than_when_it_was_fitted_is_refused(tmp_path: Path) -> None:
    files, _ = linear_files("window")
    assert files.golden is not None
    moved = files.golden["answers"].copy()
    moved[0] = np.roll(moved[0], 1)
    write_model(tmp_path, replace(files, golden=files.golden | {"answers": moved}))
    with pytest.raises(PipelineError) as error:
        load_saved(tmp_path, "window")
    assert error.value.name == "golden-answers-differ"


def test_what_is_for_whole_documents_refuses_a_tagger_by_name(tmp_path: Path) -> None:
    write_model(tmp_path, linear_files("window")[0])
    with pytest.raises(PipelineError) as error:
        load_model(tmp_path, "window")
    assert error.value.name == "model-of-another-task"
    assert "window gives each word a tag" in str(error.value)


@pytest.mark.parametrize("name", ["gru@x", "bilstm:crf@x+chars"])
def test_a_network_tags_as_keras_does(tmp_path: Path, name: str) -> None:
    from keras_weights import randomised
    from saved_builders import embedded

    from pipeline.core.values import Int32
    from pipeline.embeddings.table import encode_covered
    from pipeline.models.networks.build import build
    from pipeline.models.networks.letters import spell
    from pipeline.models.networks.tagging import tag_sentences
    from pipeline.models.networks.training import FittedNetwork
    from pipeline.models.save import files_of_embedding, files_of_network_tagger
    from pipeline.text.tokenizer import normalised

    source, letters = embedded(), name.endswith("chars")
    model, _, head = name.partition("@")[0].partition(":")
    alphabet = "adgilo" if letters else None
    spec = specify(
        model,
        head or "each",
        source.matrix,
        False,
        3,
        replace(TINY_NETWORK, units=4),
        n_letters=6 if letters else None,
    )
    built = randomised(build(spec), 0)
    built.get_layer("embedding").set_weights([source.matrix.vectors])

    def answer(words: TokenizedCorpus) -> Tagged:
        spelling = None if alphabet is None else spell(words, alphabet)
        return tag_sentences(built, encode_covered(normalised(words, CONFIG.tokenizer), source), spelling)

    asked = golden_sentences(tagger_tokenizer(CONFIG))
    lengths: Int32 = np.diff(asked.offsets).astype(np.int32)
    golden = answer(own_types(asked, np.flatnonzero(lengths))).shares
    own = FitKey(name, 0, 0), TAGS, CONFIG, golden
    of = Particulars(*own, golden_words=tuple(lengths.tolist()))
    fitted = FittedNetwork(spec, built, (), 0, "budget", None, ())
    write_model(tmp_path, files_of_embedding(source))
    write_model(tmp_path, files_of_network_tagger(of, fitted, source.source, alphabet))
    loaded = load_saved(tmp_path, name)  # asks some golden texts
    assert isinstance(loaded, SavedTagger)
    words = tokens_of([["A", "good", "film", "is", "long"], ["bad"]])
    np.testing.assert_allclose(loaded.tag(words).shares, answer(words).shares, atol=TOLERANCE)
    assert (loaded.tag(words).shares.max(axis=0) - loaded.tag(words).shares.min(axis=0)).max() > 1e-3
