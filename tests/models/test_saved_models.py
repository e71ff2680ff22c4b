"""Saved models answer as they did when they were fitted, and neither TensorFlow nor scikit-learn is asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answering_again import answer_again
from safetensors.numpy import load_file, save_file
from saved_builders import (
    LINEAR,
    NAMES,
    NETWORKS,
    NEW,
    TOKENS,
    build_and_save,
    embedded,
    fit_and_save,
    seal_again,
)
from whole_runs import perform, write_films

import pipeline
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.names import slug
from pipeline.embeddings.table import encode_covered
from pipeline.models.golden import golden_texts, unsettled
from pipeline.models.networks.batches import visible, words_in_own_order
from pipeline.models.networks.prediction import predict_probabilities
from pipeline.models.saved import load_model, load_network
from pipeline.models.saved.loading import find_model, fits_on
from pipeline.run_folder.models import model_folder, saved_names
from pipeline.settings.tables import Config
from pipeline.text.tokenizer import tokenize

pytestmark = pytest.mark.longer


@pytest.mark.parametrize("case", LINEAR)
def test_a_linear_model_answers_as_its_fit_did(tmp_path: Path, case: str) -> None:
    fitted, features = fit_and_save(tmp_path, case)
    model = load_model(tmp_path, LINEAR[case][0])
    expected = fitted.predict_probabilities(features)
    np.testing.assert_allclose(model.answer(NEW), expected, atol=1e-6)
    assert model.label_names == NAMES
    spread = float((expected.max(axis=0) - expected.min(axis=0)).max())
    alike = case in ("majority", "nbsvm of one", "mean of one")
    assert model.method == (None if alike else "weights")
    assert spread == 0 if alike else spread > 0.1  # else any model would do


def test_one_problem_a_class_is_answered_with_its_own_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.models.baselines.table.ONE_VERSUS_REST", 0)
    fitted, features = fit_and_save(tmp_path, "tfidf")
    assert fitted.probabilities == "one-versus-rest"
    answers = load_model(tmp_path, "tfidf").answer(NEW)
    np.testing.assert_allclose(answers, fitted.predict_probabilities(features), atol=1e-6)


def test_what_answers_every_document_alike_keeps_no_n_grams(tmp_path: Path) -> None:
    fit_and_save(tmp_path, "majority")
    folder = tmp_path / "models" / "majority"
    assert not {"tokens", "ngram_min"} & set(json.loads((folder / "model.json").read_text(encoding="utf-8")))
    assert sorted(load_file(folder / "weights.safetensors")) == ["class_prior", "classes"]
    (one, *_) = load_model(folder).contributions(TOKENS)
    assert one.words.tolist() == [0.0] * 8


# --- networks


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_answers_as_keras_does(tmp_path: Path, name: str) -> None:
    fitted = build_and_save(tmp_path, name)
    network = load_network(tmp_path, name)
    cut = {"max_tokens": 5, "keep": NETWORKS[name].get("keep", "last")}
    read = visible(encode_covered(tokenize(NEW, Config().tokenizer), embedded()), **cut).indexed
    if "shuffled-words" in name:
        read = words_in_own_order(read, Config().run.seed)
    expected = predict_probabilities(fitted.model, read, 3)
    answers = network.answer(NEW)
    np.testing.assert_allclose(answers, expected, atol=1e-5)
    assert (answers.max(axis=0) - answers.min(axis=0)).max() > 1e-3  # else any network would do
    assert network.method == (None if "shuffled-words" in name else "occlusion")


def test_of_shuffled_words_none_can_be_taken_apart(tmp_path: Path) -> None:
    build_and_save(tmp_path, "gru:shuffled-words@random")
    with pytest.raises(ValueError, match="which place a word came from is not kept of gru:shuffled-words@ra"):
        load_model(tmp_path, "gru:shuffled-words@random").contributions(TOKENS)


# --- what loads them

ASK = """
import json, sys
from pathlib import Path
import polars as pl
from pipeline.models.saved import load_model
texts = pl.Series(json.loads(sys.argv[2]))
folders = sorted(path for path in Path(sys.argv[1]).glob("models/*") if (path / "model.json").is_file())
answers = {model.name: model.answer(texts).tolist() for model in map(load_model, folders)}
heavy = sorted({name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras", "gensim", "sklearn"})
print(json.dumps({"answers": answers, "imported": heavy}))
"""


def test_a_new_process_answers_alike_without_what_trained_the_models(tmp_path: Path) -> None:
    fit_and_save(tmp_path, "tfidf")
    fit_and_save(tmp_path, "mean")
    build_and_save(tmp_path, "ann@random")
    asked = [sys.executable, "-c", ASK, str(tmp_path), json.dumps(NEW.to_list())]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["imported"] == []
    own = {name: load_model(tmp_path, name).answer(NEW).tolist() for name in ("ann@random", "mean", "tfidf")}
    assert said["answers"] == own


# --- a whole run

WORDS = ["film", "plot", "actor", "very", "not", "so", "the", "a", "end", "long"]
OF_RUN = ("majority", "tfidf", "mean@random", "gru@random", "rnn:shuffled-words@random")


@pytest.fixture(scope="module")
def asked_to_shuffle() -> dict[str, bool]:
    return {}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, asked_to_shuffle: dict[str, bool]) -> Iterator[Path]:
    """Return a run on 60 documents of 2 to 15 words, whose label is one of them."""
    from pipeline.experiment import fit_networks

    generator, folder = np.random.default_rng(4), tmp_path_factory.mktemp("run")
    labels = ["good", "bad", "mixed"] * 20
    texts = [
        " ".join(generator.permutation([*generator.choice(WORDS, generator.integers(1, 14)), label]))
        for label in labels
    ]
    write_films(folder, texts, labels)
    options = {"run_models": "majority,tfidf,mean,gru,rnn:shuffled-words", "run_embeddings": "random"}
    tiny = ("networks.units=4", "networks.max_epochs=1", "networks.max_tokens=7", "embeddings.dimension=5")
    fit = fit_networks.fit_network

    def spying(spec: Any, *arguments: Any, **more: Any) -> Any:
        asked_to_shuffle[spec.model] = more["shuffled_words"]
        return fit(spec, *arguments, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_networks, "fit_network", spying)
        yield perform(folder, small=tiny, **options)


@pytest.mark.parametrize("name", OF_RUN)
def test_a_model_of_a_run_answers_its_test_documents_as_it_did(run: Path, name: str) -> None:
    two = answer_again(run, name, Console(silent=True))
    assert two.largest_difference < 1e-5
    np.testing.assert_array_equal(two.saved.documents, two.again.documents)
    np.testing.assert_array_equal(two.saved.labels, two.again.labels)


def test_only_the_control_is_trained_on_words_in_a_new_order_each_epoch(
    run: Path, asked_to_shuffle: dict[str, bool]
) -> None:
    """Its answers are in one order, as the test before this one shows."""
    assert asked_to_shuffle == {"gru": False, "rnn": True}


def test_a_corpus_that_changed_is_not_answered_for(run: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(run, again)
    corpus, changed = run.parent / "films.csv", tmp_path / "films.csv"
    changed.write_text(corpus.read_text(encoding="utf-8").replace("film", "movie"), encoding="utf-8")
    config = again / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace(str(corpus), str(changed)), encoding="utf-8")
    with pytest.raises(PipelineError) as error:
        answer_again(again, "tfidf", Console(silent=True))
    path = again / "predictions" / "tfidf.s0.f0.parquet"
    assert str(error.value) == (
        f"{path}: the corpus films is not the one that the run read; give the files as they were, or run again"
    )


# --- files that are missing or damaged

RESTORE = "restore the file as the run wrote it, or run again"
GRU = "gru:max@random:tuned"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    build_and_save(folder, GRU)
    fit_and_save(folder, "tfidf")
    return folder


def rewrite_json(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def rewrite_arrays(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    arrays = load_file(path)
    change(arrays)
    save_file(arrays, path)


def model_json(change: Callable[[dict[str, Any]], None], name: str = GRU) -> Callable[[Path], None]:
    return lambda models: rewrite_json(models / slug(name) / "model.json", change)


def weights(change: Callable[[dict[str, Any]], None], name: str = GRU) -> Callable[[Path], None]:
    return lambda models: rewrite_arrays(models / slug(name) / "weights.safetensors", change)


OWN = ("weights.safetensors", "golden.json")
NO_MODEL = "it describes no model of this version"
GRU_JSON, GRU_WEIGHTS = f"{slug(GRU)}/model.json", f"{slug(GRU)}/weights.safetensors"
DAMAGES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "not JSON": (
        lambda models: (models / GRU_JSON).write_text("{\n 1", encoding="utf-8"),
        f"{GRU_JSON}:2:2",
        "this is not JSON (Expecting property name enclosed in double quotes)",
    ),
    "no embedding": (
        model_json(lambda content: content.pop("embedding")),
        GRU_JSON,
        f"{NO_MODEL} ('embedding')",
    ),
    "a kind of another version": (
        model_json(lambda content: content.update(kind="tree")),
        GRU_JSON,
        f"{NO_MODEL} ('tree')",
    ),
    "unknown network": (
        model_json(lambda content: content["network"].update(model="cnn")),
        GRU_JSON,
        f"{NO_MODEL} ('cnn')",
    ),
    "a head that there is not": (
        model_json(lambda content: content["network"].update(head="min")),
        GRU_JSON,
        f'{NO_MODEL} (gru has no head "min")',
    ),
    "a label too few": (
        model_json(lambda content: content["label_names"].pop()),
        GRU_JSON,
        f"{NO_MODEL} (3 classes, 2 labels)",
    ),
    "an unknown way to cut": (
        model_json(lambda content: content.update(keep="middle")),
        GRU_JSON,
        f'{NO_MODEL} (networks.keep is "middle")',
    ),
    "a way to cut that is no text": (
        model_json(lambda content: content.update(keep=None)),
        GRU_JSON,
        f"{NO_MODEL} (networks.keep is null)",
    ),
    "fewer tokens than none": (
        model_json(lambda content: content.update(max_tokens=-1)),
        GRU_JSON,
        f"{NO_MODEL} (networks.max_tokens is -1)",
    ),
    "no kind": (
        model_json(lambda content: content.pop("kind")),
        GRU_JSON,
        "it holds no kind as a text",
    ),
    "no task": (
        model_json(lambda content: content.pop("task"), "tfidf"),
        "tfidf/model.json",
        "it holds no task as a text",
    ),
    "another task": (
        model_json(lambda content: content.update(task="tag")),
        GRU_JSON,
        f'{NO_MODEL} (task is "tag")',
    ),
    "a name that is no text": (
        model_json(lambda content: content.update(name=["gru"])),
        GRU_JSON,
        "it holds no name as a text",
    ),
    "an unknown tokenizer": (
        model_json(lambda content: content["tokenizer"].update(name="letters"), "tfidf"),
        "tfidf/model.json",
        f'{NO_MODEL} (tokenizer.name is "letters")',
    ),
    "an unknown way to probabilities": (
        model_json(lambda content: content.update(probabilities="platt"), "tfidf"),
        "tfidf/model.json",
        f"{NO_MODEL} ('platt')",
    ),
    "fewer labels than classes": (
        model_json(lambda content: content.update(label_names=["good", "bad"]), "tfidf"),
        "tfidf/model.json",
        f"{NO_MODEL} (classes are [0, 1, 2] of 2 labels)",
    ),
    "the vocabulary of another source": (
        lambda models: shutil.copy(models / "other.json", models / "embedding-random" / "vocabulary.json"),
        "embedding-random/vectors.safetensors",
        "covered is {rows}; expected 3",
    ),
    "another source in its place": (
        model_json(lambda content: content["network"].update(embedding_rows=3)),
        GRU_JSON,
        f"{NO_MODEL} (3 rows, {{rows}} tokens in embedding-random)",
    ),
    "a setting of another version": (
        model_json(lambda content: content["network"].update(zoneout=0.1)),
        GRU_JSON,
        f"{NO_MODEL} (NetworkSpec.__init__() got an unexpected keyword argument 'zoneout')",
    ),
    "no weights": (
        lambda models: (models / GRU_WEIGHTS).unlink(),
        GRU_WEIGHTS,
        "it cannot be read (No such file or directory)",
    ),
    "half the weights": (
        lambda models: (models / GRU_WEIGHTS).write_bytes(b"\x08\0\0\0\0\0\0\0{}"),
        GRU_WEIGHTS,
        "this is no whole safetensors file",
    ),
    "a weight is absent": (
        weights(lambda arrays: arrays.pop("output/bias")),
        GRU_WEIGHTS,
        "output/bias is absent; expected 3",
    ),
    "a weight too many": (
        weights(lambda arrays: arrays.update(more=np.zeros((2, 1)))),
        GRU_WEIGHTS,
        "more is 2 x 1; expected none",
    ),
    "a weight of another shape": (
        weights(lambda arrays: arrays.update({"recurrent_0/bias": np.zeros(12, np.float32)})),
        GRU_WEIGHTS,
        "recurrent_0/bias is 12; expected 2 x 12",
    ),
    "coefficients of other n-grams": (
        weights(lambda arrays: arrays.update(coefficients=arrays["coefficients"][:, :-1].copy()), "tfidf"),
        "tfidf/weights.safetensors",
        "coefficients is 3 x {fewer}; expected 3 x {n_grams}",
    ),
    "no document frequencies": (
        weights(lambda arrays: arrays.pop("idf"), "tfidf"),
        "tfidf/weights.safetensors",
        "idf is absent; expected {n_grams}",
    ),
    "numbers that are none": (
        weights(lambda arrays: arrays["output/bias"].__setitem__(1, np.nan)),
        GRU_WEIGHTS,
        "output/bias holds numbers that are not finite",
    ),
    "an order of words that nobody asked for": (
        model_json(lambda content: content.update(shuffle_seed=3)),
        GRU_JSON,
        f"{NO_MODEL} (shuffle_seed is 3)",
    ),
    "vectors of another place": (
        model_json(lambda content: content.update(embedding="../embedding-random")),
        GRU_JSON,
        f'{NO_MODEL} (embedding is "../embedding-random")',
    ),
    "a seed that is no number": (
        model_json(lambda content: content.update(seed="first")),
        GRU_JSON,
        f"{NO_MODEL} (seed and fold are no numbers)",
    ),
    "no sha256": (
        model_json(lambda content: content.pop("files")),
        GRU_JSON,
        f"{NO_MODEL} ('files')",
    ),
    "golden answers to other labels": (
        lambda models: rewrite_json(
            models / slug(GRU) / "golden.json",
            lambda content: content.update(answers=[row[:2] for row in content["answers"]]),
        ),
        f"{slug(GRU)}/golden.json",
        "it holds no golden answers (52 texts, 52 x 2 answers)",
    ),
    "another way of writing": (
        model_json(lambda content: content["writing"].update(names=["(a+)+"]), "tfidf"),
        "tfidf/model.json",
        f'{NO_MODEL} (writing is {{"escapes": false, "names": ["(a+)+"], "form": "", "labels": "str"}})',
    ),
    "no golden answers": (
        lambda models: (models / "tfidf" / "golden.json").write_text("[]", encoding="utf-8"),
        "tfidf/golden.json",
        "it holds no golden answers (list indices must be integers or slices, not str)",
    ),
    "a vocabulary without reserved rows": (
        lambda models: rewrite_json(
            models / "embedding-random" / "vocabulary.json",
            lambda content: content["tokens"].__setitem__(0, "the"),
        ),
        "embedding-random/vocabulary.json",
        "it holds no vocabulary (rows 0 and 1 are reserved)",
    ),
    "no covered rows": (
        lambda models: rewrite_arrays(
            models / "embedding-random" / "vectors.safetensors", lambda arrays: arrays.pop("covered")
        ),
        "embedding-random/vectors.safetensors",
        "covered is absent; expected {rows}",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_not_what_it_has_to_be_is_named_though_its_sha256_is_right(
    whole: Path, tmp_path: Path, damage: str
) -> None:
    shutil.copytree(whole / "models", tmp_path / "models")
    spoil, where, what = DAMAGES[damage]
    name = "tfidf" if where.startswith("tfidf") else GRU
    rows = load_network(tmp_path, GRU).spec.embedding_rows
    n_grams = len(load_file(tmp_path / "models/tfidf/weights.safetensors")["idf"])
    other = {"tokens": ["<pad>", "<unk>", "other"], "counts": [0, 0, 1], "n_learned": 3}
    (tmp_path / "models" / "other.json").write_text(json.dumps(other), encoding="utf-8")
    spoil(tmp_path / "models")
    seal_again(tmp_path / "models")
    with pytest.raises(PipelineError) as error:
        load_model(tmp_path, name)
    said = (
        what.format(rows=rows, n_grams=n_grams, fewer=n_grams - 1)
        if "{rows}" in what or "{n" in what
        else what
    )
    assert str(error.value) == f"{tmp_path / 'models' / where}: {said}; {RESTORE}"


@pytest.mark.parametrize(
    "name", [f"{folder}/{file}" for folder in (slug(GRU), "tfidf") for file in ("model.json", *OWN)]
)
def test_one_changed_bit_of_a_file_is_refused_by_its_name(whole: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(whole / "models", tmp_path / "models")
    path = tmp_path / "models" / name
    content = path.read_bytes()
    changed = (
        content.replace(b"<br", b"<bR") if name.endswith("golden.json") else content.replace(b'"', b" ", 1)
    )
    if name.endswith("model.json"):
        changed = content.replace(b'"lowercase": true', b'"lowercase":  true')
    if name.endswith("safetensors"):
        changed = content[:-1] + bytes([content[-1] ^ 1])
    assert changed != content
    path.write_bytes(changed)
    with pytest.raises(PipelineError) as error:
        load_model(path.parent)
    folder = path.parent.name
    what = f"it is not the file that {folder}/model.json names: its sha256 is another one"
    if name.endswith("model.json"):
        what = "it was changed: its sha256 is not the one in its last line"
    assert str(error.value) == f"{path}: {what}; {RESTORE}"


def test_vectors_of_another_run_are_refused(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "models", tmp_path / "models")
    path = tmp_path / "models" / "embedding-random" / "vectors.safetensors"
    rewrite_arrays(path, lambda arrays: arrays.update(vectors=arrays["vectors"] * 2))
    with pytest.raises(PipelineError) as error:
        load_model(tmp_path, GRU)
    what = f"it is not the file that {slug(GRU)}/model.json names: its sha256 is another one"
    assert str(error.value) == f"{path}: {what}; {RESTORE}"


def test_a_network_without_its_vectors_says_where_they_are(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "models" / slug(GRU), tmp_path / "sent")
    with pytest.raises(PipelineError) as error:
        load_model(tmp_path / "sent")
    assert str(error.value) == (
        f"{tmp_path / 'sent' / 'model.json'}: there is no embedding-random/vocabulary.json beside it, where its word "
        "vectors are; keep both folders side by side, or have them in one file: export RUN --to bundle FILE.zip"
    )


def test_a_model_that_answers_otherwise_than_its_fit_is_refused(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "models", tmp_path / "models")
    path = tmp_path / "models" / "tfidf" / "golden.json"
    rewrite_json(path, lambda content: content["answers"][0].__setitem__(0, 0.25))
    seal_again(tmp_path / "models")
    found = abs(load_model(whole, "tfidf").answer(golden_texts())[0, 0] - 0.25)
    with pytest.raises(PipelineError) as error:
        load_model(tmp_path, "tfidf")
    assert str(error.value) == (
        f"{path}: golden answers differ by {found:.2g} from those of scikit-learn when the model was fitted; 1e-05 is "
        f"allowed; the versions that it was fitted with stand in {path.parent / 'model.json'}: install those, or fit "
        "it again here"
    )


def test_an_answer_that_rounding_decided_is_asked_of_nobody(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "models", tmp_path / "models")
    path = tmp_path / "models" / "tfidf" / "golden.json"

    def change(content: dict[str, Any]) -> None:
        content["answers"][0][0] += 0.25
        content["left_out"] = [0]

    rewrite_json(path, change)
    seal_again(tmp_path / "models")
    load_model(tmp_path, "tfidf")
    (fit,) = fits_on(*find_model(tmp_path, "tfidf"))
    assert len(fit.golden().texts) == 51
    once, again = np.float32([[0.5, 0.5]] * 3), np.float32([[0.5, 0.5], [0.51, 0.49], [np.nan, 0.5]])
    assert unsettled(once, again) == (1, 2)


def test_a_newer_version_is_named(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole / "models", tmp_path / "models")
    newer = {"embedseq": "9.1"}
    model_json(lambda content: content.update(format_version=5, versions=newer), "tfidf")(tmp_path / "models")
    with pytest.raises(PipelineError) as error:
        load_model(tmp_path, "tfidf")
    assert str(error.value) == (
        f"{tmp_path / 'models' / 'tfidf' / 'model.json'}: its format_version is 5; this version reads 4; "
        f"install embedseq 9.1 or newer; here it is {pipeline.__version__}"
    )


@pytest.mark.parametrize("version", [None, 1, 2, 3])
def test_a_model_of_another_version_is_refused_with_what_to_do(
    whole: Path, tmp_path: Path, version: int | None
) -> None:
    shutil.copytree(whole / "models", tmp_path / "models")
    model_json(lambda content: content.update(format_version=version), "tfidf")(tmp_path / "models")
    said = (
        f"{tmp_path / 'models' / 'tfidf' / 'model.json'}: its format_version is {version}; this version reads 4; "
        f"train it again: python -m pipeline run --config {tmp_path / 'config.toml'} --out {tmp_path}-again"
    )
    for ask in (lambda: load_model(tmp_path, "tfidf"), lambda: saved_names(tmp_path)):
        with pytest.raises(PipelineError) as error:
            ask()
        assert str(error.value) == said


def test_a_name_that_the_run_has_not_is_answered_with_those_it_has(whole: Path, tmp_path: Path) -> None:
    absent = whole / "models" / "lstm@glove" / "model.json"
    with pytest.raises(PipelineError) as error:
        load_model(whole, "lstm@glove")
    assert str(error.value) == f'{absent}: there is no model "lstm@glove"; give one of {GRU}, tfidf'
    with pytest.raises(PipelineError) as error:
        load_network(whole, "tfidf")
    assert str(error.value) == (
        f'{whole / "models" / "tfidf" / "model.json"}: there is no network "tfidf"; give one of {GRU}'
    )
    with pytest.raises(PipelineError) as error:
        load_model(tmp_path / "models" / "tfidf")
    anew = "give the folder of a run that trained a model, or a bundle"
    assert str(error.value) == f"{tmp_path / 'models' / 'tfidf'}: there is no model; {anew}"
    with pytest.raises(PipelineError) as error:
        load_model(whole)
    assert str(error.value) == f"{whole}: it has several models; give one of {GRU}, tfidf"


# --- seeds and folds


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run folder with two seeds of a network, and another one on a second fold."""
    folder = tmp_path_factory.mktemp("seeds")
    for seed, fold in ((0, 0), (1, 0), (0, 1)):
        build_and_save(folder, "ann@random", seed, fold)
    return folder


def test_each_seed_and_fold_can_be_asked_and_the_first_is_the_default(seeds: Path) -> None:
    answers = {
        (seed, fold): load_model(seeds, "ann@random", seed=seed, fold=fold).answer(NEW)
        for seed, fold in ((0, 0), (1, 0), (0, 1))
    }
    assert np.abs(answers[0, 0] - answers[1, 0]).max() > 0.01
    np.testing.assert_array_equal(load_model(seeds, "ann@random").answer(NEW), answers[0, 0])
    np.testing.assert_array_equal(load_model(seeds, "ann@random", fold=1).answer(NEW), answers[0, 1])
    own = model_folder(seeds, "ann@random") / "s1.f0"
    np.testing.assert_array_equal(load_model(own).answer(NEW), answers[1, 0])


def test_an_ensemble_answers_with_the_mean_of_its_seeds(seeds: Path) -> None:
    together = load_model(seeds, "ann@random", ensemble=True)
    one, other = (load_model(seeds, "ann@random", seed=seed).answer(NEW) for seed in (0, 1))
    np.testing.assert_allclose(together.answer(NEW), (one + other) / 2, atol=1e-7)
    assert (together.name, together.label_names, together.method) == ("ann@random", NAMES[:3], None)
    with pytest.raises(ValueError, match="what a word adds is known of a single seed of ann@random"):
        together.contributions(TOKENS)
    with pytest.raises(
        PipelineError,
        match=r"^ensemble: a seed is one training, and an ensemble is all; give one of the two$",
    ):
        load_model(seeds, "ann@random", seed=1, ensemble=True)
    alone = load_model(seeds, "ann@random", fold=1, ensemble=True)  # one seed of it was kept
    np.testing.assert_array_equal(alone.answer(NEW), load_model(seeds, "ann@random", fold=1).answer(NEW))


def test_a_seed_or_fold_that_was_not_kept_is_named(seeds: Path) -> None:
    where = model_folder(seeds, "ann@random") / "model.json"
    with pytest.raises(PipelineError) as error:
        load_model(seeds, "ann@random", seed=2)
    assert str(error.value) == f"{where}: there is no seed 2 of it; give one of 0, 1"
    with pytest.raises(PipelineError) as error:
        load_model(seeds, "ann@random", fold=4)
    what = "fold 4 was not kept; kept: 0, 1"
    assert str(error.value) == f"{where}: {what}; give one of these, or run again with --keep-folds"
