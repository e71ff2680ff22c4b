"""`explain --run`: a trained network's own weights, words as it reads them, and what it says of a mistake."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import labelled, request_of, tokens_of, train_network
from saved_builders import save_network

from pipeline.core.errors import PipelineError
from pipeline.core.files import write_json
from pipeline.core.fits import FitKey
from pipeline.embeddings.table import embed
from pipeline.interpret.explain import explain
from pipeline.models.equations.network import run_network
from pipeline.models.saved import load_network
from pipeline.report.page.blocks import Example, Paragraph, Section, Table
from pipeline.report.page.html_page import write_example_page
from pipeline.report.page.terminal import write_example
from pipeline.settings.tables import Config, save_config, with_values
from pipeline.text.tokenizer import tokenize

pytestmark = pytest.mark.longer

LABELS = ("bad", "good")
DOCUMENTS = (("a", "good", "film"), ("a", "bad", "film"), ("not", "a", "good", "plot"), ("not", "bad"))
TRAIN = labelled([[2, 3, 4], [2, 5, 4], [6, 2, 3, 7], [6, 5]], [1, 0, 0, 1])
TEXT = "Not a good, good film"  # six tokens; no document has the comma

# Trained networks of the run folder, in the order in which the run planned them.
NETWORKS: dict[str, dict[str, Any]] = {
    "ann": {},
    "bilstm": {},
    "lstm": {"keep": "pieces", "piece_tokens": 6},
    "lstm:max+mean": {"head": "max+mean"},
    "gru": {},
    "gru:max": {"head": "max"},
    "rnn": {"layers": 2},
    "rnn:mean": {"head": "mean"},
}
TRUNCATED: dict[str, dict[str, Any]] = {"rnn:max": {"head": "max", "bptt": 2}}


def write_run(run: Path, networks: Sequence[str], max_tokens: int = 400) -> Path:
    """Write what a run leaves of networks: their files, their order, the settings, a metrics.json that nobody reads."""
    config = with_values(
        Config(),
        {"run.models": tuple(networks), "run.embeddings": ("random",), "networks.max_tokens": max_tokens},
    )
    embedded = embed("random", request_of(tokens_of(DOCUMENTS)))
    for name in networks:
        fitted = train_network(
            name.partition(":")[0],
            TRAIN,
            matrix=embedded.matrix,
            max_epochs=1,
            **(NETWORKS | TRUNCATED)[name],
        )
        save_network(run, FitKey(f"{name}@random", 0, 0), fitted, embedded, LABELS, config)
    write_json(run / "details" / "fits.json", {"models": [{"name": f"{name}@random"} for name in networks]})
    (run / "config.toml").write_text(save_config(config), encoding="utf-8")
    (run / "metrics.json").write_text("{}", encoding="utf-8")
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run"), list(NETWORKS))


def section(example: Example, title: str) -> Section:
    (found,) = (one for one in example.sections if one.title.startswith(title))
    return found


def table(example: Example, title: str, place: int = 0) -> Table:
    return [block for block in section(example, title).blocks if isinstance(block, Table)][place]


def column(of: Table, name: str) -> list[str]:
    place = [column.title for column in of.columns].index(name)
    return [row[place].text for row in of.rows]


def floats(of: Table, name: str) -> list[float]:
    return [float(text) for text in column(of, name)]


@pytest.mark.parametrize(
    ("model", "cell"),
    [("gru:max", None), ("gru", None), ("lstm:max+mean", None), ("lstm", None), ("rnn:mean", "rnn")],
)
def test_a_networks_own_numbers_and_tensorflows(run: Path, model: str, cell: str | None) -> None:
    name = f"{model}@random"
    example = explain(TEXT, run=run, cell=cell, model=name)
    assert example.agrees
    closing = table(example, "TensorFlow's own answers")
    assert max(floats(closing, "largest difference")) < 1e-12
    assert {"h_t", "L", "dL/dU", "dL/dx_t", "P_t"} < {*column(closing, "quantity")}
    network = load_network(run, name)
    tokenized = tokenize(pl.Series([TEXT]), network.tokenizer)
    probabilities = network.probabilities(network.as_read(tokenized))[0]
    answers = table(example, "The answer and its loss")
    assert column(answers, "class") == [*LABELS]
    assert floats(answers, "p") == pytest.approx(probabilities.tolist(), rel=1e-3)
    assert example.title == f'"{TEXT}", read by {name}'
    loss = section(example, "The answer and its loss").blocks[-1]
    assert isinstance(loss, Paragraph)
    answer = LABELS[int(probabilities.argmax())]
    (said,) = re.findall(rf'L = -ln p\["{answer}"\] = ([\d.]+)\.', loss.text)
    assert float(said) == pytest.approx(-math.log(probabilities.max()), rel=1e-3)
    running = table(example, "Forward")
    assert column(running, "answer")[-1] == answer
    for words, found in zip(("Not", "Not a", "Not a good"), floats(running, "p"), strict=False):
        one = network.as_read(tokenize(pl.Series([words]), network.tokenizer))
        expected = network.probabilities(one)[0, LABELS.index(answer)]
        assert found == pytest.approx(expected, rel=1e-3), words


@pytest.mark.parametrize("model", ["gru", "lstm:max+mean"])
def test_the_gradient_that_reaches_each_word_is_that_of_finite_differences(run: Path, model: str) -> None:
    network = load_network(run, f"{model}@random")
    rows = network.as_read(tokenize(pl.Series([TEXT]), network.tokenizer)).indices
    weights = {name: array.astype(np.float64) for name, array in network.weights.items()}
    vectors = network.table[rows].astype(np.float64)  # (T, D)

    def loss(moved: np.ndarray) -> float:
        logits = run_network(network.spec, weights, moved[None], np.array([len(moved)])).logits[0]
        return float(np.log(np.exp(logits - logits[answer]).sum()))

    answer = 0
    answer = int(run_network(network.spec, weights, vectors[None], np.array([len(rows)])).logits[0].argmax())
    expected = []
    for t in range(len(rows)):
        gradient = []
        for d in range(vectors.shape[1]):
            step = np.zeros_like(vectors)
            step[t, d] = 1e-6
            gradient.append((loss(vectors + step) - loss(vectors - step)) / 2e-6)
        expected.append(math.sqrt(sum(value**2 for value in gradient)))
    found = table(explain(TEXT, run=run, model=network.name), "Back through time")
    assert floats(found, "dL/dx_t")[::-1] == pytest.approx(expected, rel=1e-3)
    assert max(row[2].bar or 0 for row in found.rows) == 1


def test_a_network_on_shuffled_words_says_so(run: Path, tmp_path: Path) -> None:
    embedded = embed("random", request_of(tokens_of(DOCUMENTS)))
    name = "gru:shuffled-words@random"
    fitted = train_network("gru", TRAIN, matrix=embedded.matrix, max_epochs=1)
    save_network(tmp_path, FitKey(name, 0, 0), fitted, embedded, LABELS, Config())
    (tmp_path / "config.toml").write_text(save_config(Config()), encoding="utf-8")
    (tmp_path / "metrics.json").write_text("{}", encoding="utf-8")
    example = explain("a good film plot", run=tmp_path, model=name)
    (said,) = section(example, "The words").blocks
    assert said == Paragraph(
        "The text is split into words as the run's documents were: 4 words. It was trained on shuffled words, so the "
        "words are shuffled here too. All of them are in its vocabulary of 6 words."
    )
    words = [step.partition(" ")[2].strip('"') for step in column(table(example, "Forward"), "step t")]
    rows = load_network(tmp_path, name).as_read(tokenize(pl.Series(["a good film plot"]), Config().tokenizer))
    vocabulary = tmp_path / "models" / "embedding-random" / "vocabulary.json"
    tokens = json.loads(vocabulary.read_text(encoding="utf-8"))["tokens"]
    assert words == [tokens[row] for row in rows.indices]
    assert sorted(words) == ["a", "film", "good", "plot"]
    with pytest.raises(
        PipelineError, match="in order, one way, with a cell of rnn, gru, lstm; its networks are gru:sh"
    ):
        explain("a good film", run=tmp_path)


def test_unknown_words_are_said(run: Path) -> None:
    (said,) = section(explain(TEXT, run=run), "The words").blocks
    assert said == Paragraph(
        "The text is split into words as the run's documents were: 6 words. Its vocabulary of 6 words lacks "
        '",": it is read as the one row for unknown words.'
    )
    (said,) = section(explain("a <b> film", run=run), "The words").blocks
    assert said == Paragraph(
        "The text is split into words as the run's documents were: 5 words. Its vocabulary of 6 words lacks "
        '"<", "b", ">": they are read as the one row for unknown words.'
    )


def test_a_text_is_cut_as_the_run_cut_its_documents(tmp_path: Path) -> None:
    run = write_run(tmp_path, ["gru"], max_tokens=3)
    example = explain("not a bad good film plot", run=run)
    (said,) = section(example, "The words").blocks
    assert said == Paragraph(
        "The text is split into words as the run's documents were: 6 words. The network reads 3 of them (max_tokens 3, "
        "keep last). All of them are in its vocabulary of 6 words."
    )
    assert column(table(example, "Forward"), "step t") == ['1 "good"', '2 "film"', '3 "plot"']


def test_truncated_training_is_said(tmp_path: Path) -> None:
    run = write_run(tmp_path, ["rnn:max"])
    said = [section(explain(text, run=run), "Back through").blocks[0] for text in ("not a film", "a film")]
    assert all(isinstance(one, Paragraph) for one in said)
    sentence = " In training the gradient went back 2 words (bptt); here it goes to the first."
    assert [one.text.endswith(sentence) for one in said if isinstance(one, Paragraph)] == [True, False]


def test_another_order_changes_the_answer_and_not_the_average(run: Path) -> None:
    example = explain("not a good film", run=run, model="gru@random")
    averages, answers = ([cell.text for cell in row] for row in table(example, "The same words").rows)
    assert averages[1] == averages[2]
    assert averages[3] == "0"
    network = load_network(run, "gru@random")

    def answer(text: str) -> list[float]:
        read = network.as_read(tokenize(pl.Series([text]), network.tokenizer))
        return [float(one) for one in network.probabilities(read)[0]]

    given, turned = answer("not a good film"), answer("film good a not")
    place = given.index(max(given))
    assert [float(text) for text in answers[1:3]] == pytest.approx([given[place], turned[place]], rel=1e-3)
    assert float(answers[3]) == pytest.approx(abs(given[place] - turned[place]), abs=1e-4)
    assert float(answers[3]) > 1e-4


def test_words_that_are_one_to_the_network_have_no_other_order(run: Path) -> None:
    (said,) = section(explain("x y z", run=run), "The same words in another order").blocks
    assert said == Paragraph(
        "The network takes all words for the same, so there is no other order to compare with."
    )


def test_the_first_network_of_the_settings_with_the_cell_is_shown(run: Path) -> None:
    titles = {cell: explain("a film", run=run, cell=cell).title for cell in (None, "gru", "lstm")}
    assert titles == {
        None: '"a film", read by lstm@random',
        "gru": '"a film", read by gru@random',
        "lstm": '"a film", read by lstm@random',
    }


def test_both_writers_take_it(run: Path) -> None:
    example = explain("a <i>good</i> film", run=run, model="lstm:max+mean@random")
    text = write_example(example, 80)
    assert max(map(len, text.splitlines())) <= 80
    assert "Its matrices are too large to show" in " ".join(text.split())
    page = write_example_page(example)
    assert "<i>" not in page
    assert 'class="n bar" style="--share:1.000"' in page


def fails(run: Path, text: str = "a film", **given: str) -> str:
    with pytest.raises(PipelineError) as error:
        explain(text, run=run, **given)
    return str(error.value)


def test_what_is_no_run_folder(tmp_path: Path) -> None:
    said = f"{tmp_path}: there is no metrics.json in it; give the folder of a finished run"
    assert fails(tmp_path) == said


def test_a_run_without_such_a_network(run: Path, tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text("{}", encoding="utf-8")
    (tmp_path / "config.toml").write_text(save_config(Config()), encoding="utf-8")
    assert fails(tmp_path, cell="gru") == (
        f"{tmp_path}: there is no network with the cell gru in this run; it trained no network; "
        "train one with --models gru"
    )
    other = write_run(tmp_path / "other", ["ann", "gru"])
    assert fails(other, cell="lstm") == (
        f"{other}: there is no network with the cell lstm in this run; its networks are ann@random, gru@random; "
        "train one with --models lstm"
    )


def test_models_that_cannot_be_shown(run: Path) -> None:
    path = run / "models" / "bow" / "model.json"
    names = ", ".join(sorted(f"{name}@random" for name in NETWORKS))
    other = "name another network of the run with --model"
    seven = "a good film not a plot a"
    cases = {
        ("bow", "a"): f'{path}: there is no network "bow"; give one of {names}',
        ("ann@random", "a"): (
            f"--model: ann@random has no state; one direction of a recurrent network is shown; {other}"
        ),
        ("bilstm@random", "a"): (
            f"--model: bilstm@random reads from both ends; one direction of a recurrent network is shown; {other}"
        ),
        ("rnn@random", "a"): f"--model: rnn@random has 2 layers; networks of one are shown; {other}",
        ("lstm@random", seven): (
            "TEXT: lstm@random reads pieces of 6 words, the text has 7; give 6 words or fewer"
        ),
    }
    for (model, text), said in cases.items():
        assert fails(run, text, model=model) == said
    assert fails(run, model="gru@random", cell="lstm") == (
        "--cell: gru@random has the cell gru, not lstm; leave --cell out"
    )


def test_too_many_words_for_a_page(run: Path) -> None:
    text = "a " * 101
    assert fails(run, text, model="gru@random") == (
        f'TEXT: "{text[:59]}…" has 101 words; 100 is the limit; give fewer words'
    )
