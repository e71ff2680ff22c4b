"""Saved networks answer as they did when they were trained, and TensorFlow is not asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.commands.predict import answer_again
from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.names import slug
from pipeline.models.saved import load_saved, saved_networks
from pipeline.settings.reading import load_config

WORDS = ["film", "plot", "actor", "very", "not", "so", "the", "a", "end", "long"]
FIRST = "rnn:last,gru:max,lstm:mean,bilstm,ann,gru:shuffled-words"
SECOND = "rnn:mean,gru,lstm:max+mean,bilstm:last,ann"
SETTINGS = (
    "networks.units=6",
    "networks.max_epochs=2",
    "networks.learning_rate=0.05",
    "networks.max_tokens=7",
    "embeddings.dimension=5",
    "word2vec.vector_size=5",
    "word2vec.epochs=1",
    "word2vec.min_count=2",
)
WITHIN = 1e-5

# What a new process does: it answers for every network of a run, and says what it had to import for that.
ASK = """
import json, sys
from pathlib import Path
from pipeline.core.console import Console
from pipeline.models.saved import saved_networks
from pipeline.commands.predict import answer_again
run = Path(sys.argv[1])
answers = {}
for name in saved_networks(run):
    two = answer_again(run, name, Console(silent=True))
    same = (two.saved.documents == two.again.documents).all() and (two.saved.labels == two.again.labels).all()
    spread = two.again.probabilities.max(axis=0) - two.again.probabilities.min(axis=0)
    answers[name] = [two.largest_difference, bool(same), float(spread.max())]
heavy = sorted({name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras", "gensim"})
print(json.dumps({"answers": answers, "imported": heavy}))
"""


def documents() -> tuple[list[str], list[str]]:
    """Return 60 documents of 2 to 15 words, whose label is in one of them; some words are too rare for a vector."""
    generator = np.random.default_rng(4)
    texts, labels = [], []
    for number in range(60):
        label = ("good", "bad", "mixed")[number % 3]
        words = [*generator.choice(WORDS, generator.integers(1, 14)), label, f"rare{number // 2}"]
        texts.append(" ".join(generator.permutation(words)))
        labels.append(label)
    return texts, labels


def trained(folder: Path, models: str, *more: str) -> Path:
    """Return a run of these networks on both a frozen and a tuned table."""
    corpus = folder / "films.csv"
    texts, labels = documents()
    pl.DataFrame({"text": texts, "label": labels}).write_csv(corpus, quote_style="always")
    given = {
        "corpus.path": str(corpus),
        "run.out": str(folder / "run"),
        "run.seeds": 1,
        "run.models": models,
        "run.embeddings": "word2vec,learned",
        "run.probes": False,
    }
    config = load_config(None, (*SETTINGS, *more), given)
    return run_experiment(config, Console(silent=True), "embedseq films.csv")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("first"), FIRST)


def ask(run: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(run)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def check(run: Path, models: str) -> None:
    """Check that every network of a run answers again as it did, each document for itself, without TensorFlow."""
    said = ask(run)
    assert said["imported"] == []
    names = [f"{model}@{source}" for model in models.split(",") for source in ("learned", "word2vec")]
    assert sorted(said["answers"]) == sorted(names)
    for name, (difference, same_documents, spread) in said["answers"].items():
        assert difference < WITHIN, name
        assert same_documents, name
        assert spread > 100 * WITHIN, name  # else any network would do


def test_saved_networks_answer_as_they_did(first: Path) -> None:
    check(first, FIRST)


def test_only_the_control_is_trained_on_words_in_a_new_order_each_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers are in one order, as `test_saved_networks_answer_as_they_did` shows."""
    from pipeline.experiment import fit_networks

    asked: dict[str, list[bool]] = {}
    fit = fit_networks.fit_network

    def spying(spec: Any, *arguments: Any, **more: Any) -> Any:
        asked.setdefault(spec.model, []).append(more["shuffled_words"])
        return fit(spec, *arguments, **more)

    monkeypatch.setattr(fit_networks, "fit_network", spying)
    trained(tmp_path, "gru,rnn:shuffled-words", "networks.max_epochs=1", "run.side_by_side=1")
    assert asked == {"gru": [False, False], "rnn": [True, True]}  # on both tables


@pytest.mark.slow  # the contract of networks holds each of them to its equations, on weights of its own
def test_deep_networks_and_pieces_answer_as_they_did(tmp_path: Path) -> None:
    deep = ("networks.layers=2", "networks.keep=pieces", "networks.piece_tokens=4")
    check(trained(tmp_path, SECOND, *deep), SECOND)


def test_a_corpus_that_changed_is_not_answered_for(tmp_path: Path) -> None:
    run = trained(tmp_path, "ann")
    corpus = tmp_path / "films.csv"
    corpus.write_text(corpus.read_text(encoding="utf-8").replace("film", "movie"), encoding="utf-8")
    with pytest.raises(PipelineError) as error:
        answer_again(run, "ann@word2vec", Console(silent=True))
    path = run / "predictions" / f"{slug('ann@word2vec')}.s0.f0.parquet"
    assert str(error.value) == (
        f"{path}: the corpus films is not the one that the run read; give the files as they were, or run again"
    )


# --- files that are missing or damaged

RESTORE = "restore the file as the run wrote it, or run again"
NAME = "gru:max@learned"


def rewrite_json(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def rewrite_arrays(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    arrays = load_file(path)
    change(arrays)
    save_file(arrays, path)


def model_json(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    return lambda models: rewrite_json(models / slug(NAME) / "model.json", change)


def weights(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    return lambda models: rewrite_arrays(models / slug(NAME) / "weights.safetensors", change)


DAMAGES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "not JSON": (
        lambda models: (models / slug(NAME) / "model.json").write_text("{\n 1", encoding="utf-8"),
        f"{slug(NAME)}/model.json:2:2",
        "this is not JSON (Expecting property name enclosed in double quotes)",
    ),
    "no embedding": (
        model_json(lambda content: content.pop("embedding")),
        f"{slug(NAME)}/model.json",
        "it describes no network of this version ('embedding')",
    ),
    "unknown network": (
        model_json(lambda content: content["network"].update(model="cnn")),
        f"{slug(NAME)}/model.json",
        "it describes no network of this version ('cnn')",
    ),
    "a head that there is not": (
        model_json(lambda content: content["network"].update(head="min")),
        f"{slug(NAME)}/model.json",
        'it describes no network of this version (gru has no head "min")',
    ),
    "a label too few": (
        model_json(lambda content: content["label_names"].pop()),
        f"{slug(NAME)}/model.json",
        "it describes no network of this version (3 classes, 2 labels)",
    ),
    "an unknown way to cut": (
        model_json(lambda content: content.update(keep="middle")),
        f"{slug(NAME)}/model.json",
        'it describes no network of this version (networks.keep is "middle")',
    ),
    "a setting of another version": (
        model_json(lambda content: content["network"].update(zoneout=0.1)),
        f"{slug(NAME)}/model.json",
        "it describes no network of this version "
        "(NetworkSpec.__init__() got an unexpected keyword argument 'zoneout')",
    ),
    "no weights": (
        lambda models: (models / slug(NAME) / "weights.safetensors").unlink(),
        f"{slug(NAME)}/weights.safetensors",
        "it cannot be read (No such file or directory)",
    ),
    "half the weights": (
        lambda models: (models / slug(NAME) / "weights.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}"),
        f"{slug(NAME)}/weights.safetensors",
        "this is no whole safetensors file",
    ),
    "a weight is absent": (
        weights(lambda arrays: arrays.pop("output/bias")),
        f"{slug(NAME)}/weights.safetensors",
        "output/bias is absent; expected 3",
    ),
    "a weight too many": (
        weights(lambda arrays: arrays.update(more=np.zeros((2, 1)))),
        f"{slug(NAME)}/weights.safetensors",
        "more is 2 x 1; expected none",
    ),
    "a weight of another shape": (
        weights(lambda arrays: arrays.update({"recurrent_0/bias": np.zeros(18, np.float32)})),
        f"{slug(NAME)}/weights.safetensors",
        "recurrent_0/bias is 18; expected 2 x 18",
    ),
    "no vocabulary": (
        lambda models: (models / "embedding-learned" / "vocabulary.json").unlink(),
        "embedding-learned/vocabulary.json",
        "it cannot be read (No such file or directory)",
    ),
    "a vocabulary without reserved rows": (
        lambda models: rewrite_json(
            models / "embedding-learned" / "vocabulary.json",
            lambda content: content["tokens"].__setitem__(0, "the"),
        ),
        "embedding-learned/vocabulary.json",
        "it holds no vocabulary (rows 0 and 1 are reserved)",
    ),
    "no covered rows": (
        lambda models: rewrite_arrays(
            models / "embedding-learned" / "vectors.safetensors", lambda arrays: arrays.pop("covered")
        ),
        "embedding-learned/vectors.safetensors",
        "covered is absent; expected {rows}",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(first: Path, tmp_path: Path, damage: str) -> None:
    shutil.copytree(first / "models", tmp_path / "models")
    spoil, where, what = DAMAGES[damage]
    rows = load_saved(tmp_path, NAME).spec.embedding_rows
    spoil(tmp_path / "models")
    with pytest.raises(PipelineError) as error:
        load_saved(tmp_path, NAME)
    expected = f"{tmp_path / 'models' / where}: {what.replace('{rows}', str(rows))}; {RESTORE}"
    assert str(error.value) == expected


def test_a_name_that_the_run_has_not_is_answered_with_those_it_has(first: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as error:
        load_saved(first, "lstm@glove")
    assert str(error.value) == (
        f'{first / "models" / "lstm@glove" / "model.json"}: there is no network "lstm@glove"; '
        f"give one of {', '.join(saved_networks(first))}"
    )
    with pytest.raises(PipelineError, match="give the folder of a run that trained a network"):
        load_saved(tmp_path, "lstm@glove")
