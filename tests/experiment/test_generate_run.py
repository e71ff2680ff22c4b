"""A run of language models: what its folder holds, that its parts agree, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.api.running import run as run_pipeline
from pipeline.commands.generate import generate_texts
from pipeline.commands.verify import verify
from pipeline.core.errors import PipelineError
from pipeline.core.tasks import TASKS as FACTS
from pipeline.evaluation.scoring import score_run
from pipeline.models.saved.language import load_language_model
from pipeline.models.writing import Drawing
from pipeline.run_folder.predictions import read_run_predictions
from pipeline.tasks.generate.metrics import bits_per_byte

COUNTING = ["unigram", "kneser-ney", "kneser-ney-characters"]


def lines(n: int, seed: int) -> str:
    """Return documents of sentences whose words follow each other, and now and then a word that stands nowhere else."""
    generator, written = np.random.default_rng(seed), []
    for number in range(n):
        sentences = [
            f"{generator.choice(['the cat', 'the dog', 'a bird'])} {generator.choice(['saw', 'met'])}"
            f" {generator.choice(['Ida', 'Bo', 'Kim'])} ."
            for _ in range(int(generator.integers(1, 4)))
        ]
        strange = [f"x{seed}y{number}"] if generator.random() < 0.3 else []
        written.append(" ".join(sentences + strange))
    return "\n".join(written) + "\n"


@pytest.fixture(scope="module")
def text_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    (folder / "train.txt").write_text(lines(150, 1))
    (folder / "test.txt").write_text(lines(60, 2))
    run_pipeline(
        folder / "train.txt",
        task="generate",
        test=folder / "test.txt",
        models=COUNTING,
        out=folder / "run",
    )
    return folder / "run"


def test_every_model_pays_for_the_same_bytes(text_run: Path) -> None:
    saved = {entry.name: entry.predictions for entry in read_run_predictions(text_run)}
    texts = (text_run.parent / "test.txt").read_text().splitlines()
    for name in COUNTING:
        assert saved[name].bytes.tolist() == [len(text) + 1 for text in texts]
    words = saved["kneser-ney"]
    assert words.symbols.tolist() == [len(text.split()) + 1 for text in texts]
    assert words.unknown.tolist() == [sum("x2y" in word for word in text.split()) for text in texts]
    assert ((words.spelled > 0) == (words.unknown > 0)).all()


def test_scores_are_those_of_the_answers(text_run: Path) -> None:
    metrics = score_run(text_run).metrics
    expected = {entry.name: entry.predictions for entry in read_run_predictions(text_run)}
    assert [row.name for row in metrics.language] == COUNTING
    for row in metrics.language:
        answers = expected[row.name]
        assert row.bits_per_byte == pytest.approx(bits_per_byte(answers))
        assert row.bits_per_byte_ci95[0] < row.bits_per_byte < row.bits_per_byte_ci95[1]
        per_symbol = (answers.bits - answers.spelled).sum() / answers.symbols.sum()
        assert row.perplexity == pytest.approx(2**per_symbol)
        if row.name == "kneser-ney":  # of 60 documents the half without unknown words, and those with some
            strange = answers.unknown > 0
            assert [group.documents for group in row.groups] == [int((~strange).sum()), int(strange.sum())]
            some = [bits_per_byte(answers.only(chosen)) for chosen in (~strange, strange)]
            assert [group.bits_per_byte for group in row.groups] == pytest.approx(some)
    unigram, words, _ = metrics.language
    assert words.bits_per_byte < unigram.bits_per_byte - 0.2  # words follow each other here
    assert metrics.verdict.metric == "bits-per-byte"
    assert metrics.verdict.decision is None  # no network was run


def test_its_report_speaks_of_bits_and_of_no_class(text_run: Path) -> None:
    report = (text_run / "report.md").read_text()
    assert "## How many bits it takes" in report
    assert "All models, the fewest bits first" in report
    for words in ("Which classes are confused", "Can its percentages be believed", "accuracy first"):
        assert words not in report
    assert report.index("| kneser-ney ") < report.index("| unigram ")


def test_the_run_is_verified(text_run: Path) -> None:
    assert verify(text_run).differences == ()


def test_settings_are_settled_by_the_task(text_run: Path) -> None:
    told = json.loads((text_run / "metrics.json").read_text())["config"]["run"]
    assert (told["task"], told["metric"], told["embeddings"]) == ("generate", "bits-per-byte", ["learned"])
    assert FACTS["generate"].needed == ("kneser-ney", "lstm")


def test_models_of_other_tasks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(lines(30, 1))
    with pytest.raises(PipelineError) as told:
        run_pipeline(tmp_path / "text.txt", task="generate", models=["tfidf"], out=tmp_path / "run")
    assert "kneser-ney" in str(told.value)
    with pytest.raises(PipelineError) as told:
        run_pipeline(tmp_path / "text.txt", task="generate", models=["kneser-ney"], refit=True)
    assert "is not there for language models, and what follows in a text is asked for" in str(told.value)


def test_saved_models_take_the_bits_of_the_run_and_write(text_run: Path) -> None:
    texts = pl.Series((text_run.parent / "test.txt").read_text().splitlines())
    saved = {entry.name: entry.predictions for entry in read_run_predictions(text_run)}
    for name in COUNTING:
        model = load_language_model(text_run, name)
        np.testing.assert_allclose(model.charge(texts).bits, saved[name].bits, rtol=1e-12)
    first, second = (
        list(generate_texts(text_run, "kneser-ney", "the cat", Drawing(longest=30), 1, n)) for n in (4, 2)
    )
    assert first[:2] == second
    assert len(set(first)) > 1
    words = {
        word
        for text in (text_run.parent / "train.txt").read_text().lower().splitlines()
        for word in text.split()
    }
    for text in first:
        assert text.startswith("the cat")
        assert set(text.split()) <= words
        assert len(text.split()) <= 30
    (likeliest,) = generate_texts(text_run, "kneser-ney", "a bird", Drawing(temperature=0, longest=5), 0, 1)
    assert likeliest.split()[2] in ("saw", "met")
    (letters,) = generate_texts(text_run, "kneser-ney-characters", "the c", Drawing(top_k=1), 0, 1)
    assert letters.startswith("the cat ")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"start": "the zebra saw"}, 'kneser-ney does not know "zebra", so that it cannot go on from there'),
        ({"how": Drawing(temperature=-1)}, "--temperature: -1 is not 0 or more; give 0 or more"),
        ({"how": Drawing(top_p=0)}, "--top-p: 0 is not above 0 and at most 1"),
        ({"n": 0}, "--texts: 0 is not 1 or more"),
        (
            {"name": "lstm"},
            'there is no language model "lstm"; give one of kneser-ney, kneser-ney-characters, unigram',
        ),
    ],
)
def test_what_cannot_be_written_is_told(text_run: Path, change: dict[str, object], told: str) -> None:
    asked = {"run": text_run, "name": "kneser-ney", "start": "", "how": Drawing(), "seed": 0, "n": 1} | change
    with pytest.raises(PipelineError) as error:
        list(generate_texts(**asked))  # type: ignore[arg-type]
    assert told in str(error.value)


def test_a_model_that_was_changed_is_refused(text_run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(text_run, tmp_path / "copied"))
    weights = copied / "models" / "unigram" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(PipelineError) as error:
        load_language_model(copied, "unigram")
    assert error.value.name == "model-file-damaged"
