"""Whole runs on a corpus of sixty sentences: what the run folder holds, and that its parts agree."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score
from whole_runs import (
    FILMS,
    LABELS,
    OF_FILMS_RUN,
    answering,
    configure,
    fitting,
    perform,
    read,
    stopping,
    write_films,
)

from pipeline.commands.run import run_experiment
from pipeline.core.console import Console
from pipeline.core.errors import PipelineError
from pipeline.core.values import Float32
from pipeline.run_folder.predictions import SavedPredictions, prediction_path, read_run_predictions
from pipeline.settings.reading import load_config
from pipeline.settings.tables import with_values

pytestmark = pytest.mark.longer


def predictions(run: Path, name: str, fold: int = 0) -> SavedPredictions:
    return next(one for one in read_run_predictions(run) if (one.name, one.fold) == (name, fold))


# --- one whole run ---------------------------------------------------------------------------------------

MODELS = ["bow", "tfidf", "ann@learned", "lstm@learned"]
UNTRAINED = fitting(answering())


@pytest.fixture(scope="module")
def run(films_run: Path) -> Path:
    return films_run


def test_the_row_ledger_adds_up(run: Path) -> None:
    corpus = read(run)["corpus"]
    assert (
        corpus["rows_read"] == corpus["documents"] + sum(entry["count"] for entry in corpus["dropped"]) == 60
    )
    assert corpus["splits"] == {"train": 43, "validation": 5, "test": 12}
    assert corpus["classes"] == {"neg": 30, "pos": 30}


def test_every_model_has_predictions_of_the_same_documents(run: Path) -> None:
    saved = read_run_predictions(run)
    assert sorted(one.name for one in saved) == sorted(MODELS)
    for one in saved:
        assert prediction_path(run, one.name, 0, 0).is_file()
        np.testing.assert_array_equal(one.predictions.documents, saved[0].predictions.documents)
        truth = [one.label_names[label] for label in one.predictions.labels]
        assert truth == [LABELS[document] for document in one.predictions.documents]
        assert one.corpus_hash == read(run)["corpus"]["hash"]


@pytest.mark.parametrize("name", MODELS)
def test_scores_are_those_of_the_prediction_files(run: Path, name: str) -> None:
    found = predictions(run, name).predictions
    (row,) = [row for row in read(run)["results"] if row["name"] == name]
    assert row["accuracy"] == pytest.approx(accuracy_score(found.labels, found.predicted))
    assert row["macro_f1"] == pytest.approx(
        f1_score(found.labels, found.predicted, average="macro", zero_division=0)
    )
    (summed,) = [row for row in read(run)["summary"] if row["name"] == name]
    assert summed["accuracy"] == pytest.approx(row["accuracy"])
    assert (summed["runs"], row["seed"], row["fold"]) == (1, 0, 0)


def test_a_bag_of_words_learns_the_films(run: Path) -> None:
    assert (predictions(run, "bow").predictions.predicted == predictions(run, "bow").predictions.labels).all()


def test_the_models_of_the_results_are_named_by_their_parts(run: Path) -> None:
    parts = {
        row["name"]: (row["kind"], row["model"], row["head"], row["embedding"])
        for row in read(run)["results"]
    }
    assert parts == {
        "bow": ("baseline", "bow", None, None),
        "tfidf": ("baseline", "tfidf", None, None),
        "ann@learned": ("network", "ann", None, "learned"),
        "lstm@learned": ("network", "lstm", "last", "learned"),
    }


def test_the_report_the_log_and_the_details_are_there(run: Path) -> None:
    for name in ("report.md", "report.html", "log.txt", "config.toml"):
        assert (run / name).stat().st_size > 0, name
    assert read(run, "details/status.json")["state"] == "done"
    assert read(run, "details/status.json")["finished"] == MODELS
    assert {path.stem for path in (run / "details").iterdir()} == {
        "audit", "chosen_documents", "contributions", "probes",
        "assumptions", "choices", "documents", "documents_shown", "fit_costs", "fits", "giveaways", "histories",
        "forecast", "neighbours", "receipts", "run", "scores", "status", "tokens",
    }  # fmt: skip
    assert read(run)["verdict"]["sentence"] in (run / "report.md").read_text()


def test_no_file_is_half_written_and_none_is_a_pickle(run: Path) -> None:
    endings = {path.suffix for path in run.rglob("*") if path.is_file()}
    assert endings == {".json", ".toml", ".md", ".html", ".txt", ".parquet", ".safetensors", ".png"}
    assert not list(run.rglob(".*"))


def test_the_saved_configuration_loads_to_the_same_settings(run: Path) -> None:
    asked = configure(run.parent, **OF_FILMS_RUN)
    settled = replace(asked.tokenizer, unspaced="characters")  # "auto", where no document has to be cut
    told = replace(asked.run, task="classify")  # "", where a file of labels says so
    assert load_config(run / "config.toml") == replace(asked, tokenizer=settled, run=told)
    assert json.loads(json.dumps(read(run)["config"]))["networks"]["units"] == 8


def test_histories_and_choices_are_kept_for_the_report(run: Path) -> None:
    histories = read(run, "details/histories.json")
    assert [(row["name"], len(row["evaluations"])) for row in histories] == [
        ("ann@learned", 2),
        ("lstm@learned", 2),
    ]
    choices = read(run, "details/choices.json")
    assert [(row["name"], [trial["value"] for trial in row["tried"]]) for row in choices] == [
        ("bow", [0.1, 1.0]),
        ("tfidf", [1.0, 10.0]),
    ]


def test_word_vectors_are_saved_once_for_all_networks(run: Path) -> None:
    folders = {path.name for path in (run / "models").iterdir()}
    assert folders == {"bow", "tfidf", "ann@learned", "lstm@learned", "embedding-learned"}


def test_timing_names_every_fit(run: Path) -> None:
    metrics = read(run)
    assert [row["name"] for row in metrics["timing"]] == MODELS
    for row in metrics["timing"]:
        assert set(row) == {
            "name", "seed", "fold", "fit_seconds", "predict_documents_per_second", "peak_rss_mib", "at_once",
        }  # fmt: skip
        assert row["fit_seconds"] > 0
        assert row["peak_rss_mib"] > 50
    assert sum(row["seconds"] for row in metrics["stages"]) <= metrics["total_seconds"]


# --- seeds, folds, refit ---------------------------------------------------------------------------------


def probabilities(run: Path, name: str) -> Float32:
    return predictions(run, name).predictions.probabilities


def test_the_same_settings_give_the_same_predictions_and_another_training_seed_others(
    run: Path, tmp_path: Path
) -> None:
    again, other = (
        perform(
            tmp_path,
            run_models="bow,ann",
            run_embeddings="learned",
            run_deterministic=True,
            run_training_seed=seed,
            run_out=str(tmp_path / str(seed)),
        )
        for seed in (0, 1)
    )
    for name in ("bow", "ann@learned"):
        np.testing.assert_array_equal(probabilities(again, name), probabilities(run, name))
    assert (probabilities(other, "ann@learned") != probabilities(run, "ann@learned")).any()
    tested = [predictions(one, "ann@learned").predictions.documents for one in (run, other)]
    np.testing.assert_array_equal(*tested)  # the split is the same


def test_two_folds_test_every_document_once(tmp_path: Path) -> None:
    run = perform(
        tmp_path, run_models="bow,ann", run_embeddings="learned", corpus_folds=2, executors=UNTRAINED
    )
    for name in ("bow", "ann@learned"):
        documents = [predictions(run, name, fold).predictions.documents for fold in (0, 1)]
        assert sorted(np.concatenate(documents).tolist()) == list(range(60))
    metrics = read(run)
    assert [(row["name"], row["fold"]) for row in metrics["results"]] == [
        ("ann@learned", 0), ("ann@learned", 1), ("bow", 0), ("bow", 1),
    ]  # fmt: skip
    pooled = {row["name"]: row for row in metrics["summary"]}
    right = [predictions(run, "bow", fold).predictions for fold in (0, 1)]
    correct = sum(int((one.predicted == one.labels).sum()) for one in right)
    assert pooled["bow"]["accuracy"] == pytest.approx(correct / 60)
    assert (metrics["corpus"]["folds"], pooled["bow"]["runs"]) == (2, 2)
    finished = read(run, "details/status.json")["finished"]
    assert finished == ["bow fold 0", "ann@learned fold 0", "bow fold 1", "ann@learned fold 1"]


def test_a_refit_learns_from_the_validation_documents_too(tmp_path: Path) -> None:
    run = perform(tmp_path, run_models="bow,ann", run_embeddings="learned", run_refit=True)
    tokens = read(run, "models/bow/model.json")["tokens"]
    assert len([token for token in tokens if token.startswith("number")]) == 43 + 5  # train, validation
    words = read(run, "models/embedding-learned/vocabulary.json")["tokens"]
    assert len([word for word in words if word.startswith("number")]) == 43 + 5
    assert len(predictions(run, "bow").predictions.documents) == 12
    rows = {row["name"]: row for row in read(run)["results"]}
    assert rows["ann@learned"]["validation_accuracy"] is not None  # of the fit that chose, not of the refit


def test_without_a_refit_only_training_documents_are_learned_from(run: Path) -> None:
    tokens = read(run, "models/bow/model.json")["tokens"]
    tested = set(predictions(run, "bow").predictions.documents.tolist())
    assert len([token for token in tokens if token.startswith("number")]) == 43
    assert not {f"number{document}" for document in tested} & set(tokens)


def test_word_order_is_learned_by_an_lstm_and_out_of_reach_of_a_bag_of_words(tmp_path: Path) -> None:
    sets = ("networks.units=32", "networks.max_epochs=3", "networks.learning_rate=0.01")
    run = perform(
        tmp_path,
        *(*sets, "embeddings.dimension=32"),
        corpus_path="word-order",
        run_models="bow,lstm",
        run_embeddings="learned",
    )
    accuracy = {row["name"]: row["accuracy"] for row in read(run)["results"]}
    assert accuracy["bow"] == 0.5  # a sentence and its twin get one answer
    assert accuracy["lstm@learned"] > 0.95
    assert read(run)["verdict"]["decision"] == "beats"


# --- odd documents ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose test documents are empty, unknown, one character and a usual one."""
    folder = tmp_path_factory.mktemp("odd")
    tested = write_films(
        folder / "tested", ["", "zz yy", "x", "good film", "   "], ["pos", "neg", "neg", "pos", "neg"]
    )
    write_films(folder, ["a", "", *FILMS], ["pos", "neg", *LABELS])
    return perform(
        folder, corpus_test=str(tested), run_models="majority,bow,tfidf,ann,rnn", run_embeddings="word2vec"
    )


def test_test_documents_that_say_nothing_are_kept_and_predicted(odd: Path) -> None:
    for saved in read_run_predictions(odd):
        assert saved.predictions.documents.tolist() == [0, 1, 2, 3, 4]
        probabilities = saved.predictions.probabilities
        assert np.isfinite(probabilities).all()
        np.testing.assert_allclose(probabilities[0], probabilities[4], atol=1e-6)  # nothing and blanks alike


def test_unknown_words_say_as_little_as_no_words_to_a_bag_of_words(odd: Path) -> None:
    for name in ("bow", "tfidf"):
        probabilities = predictions(odd, name).predictions.probabilities
        np.testing.assert_allclose(probabilities[1], probabilities[0], atol=1e-6)
        assert predictions(odd, name).predictions.predicted[3] == 1  # "good film" is pos


def test_training_documents_without_text_go_to_the_ledger_and_one_character_trains(odd: Path) -> None:
    corpus, tokens = read(odd)["corpus"], read(odd, "details/tokens.json")
    assert (corpus["rows_read"], corpus["documents"]) == (67, 66)
    assert [(entry["reason"], entry["count"], entry["rows"]) for entry in corpus["dropped"]] == [
        ("no text", 1, [1])
    ]
    assert tokens["empty_documents"] == {"train": 0, "validation": 0, "test": 2}
    assert tokens["unknown_tokens"]["test"] == pytest.approx(3 / 5)  # zz yy x of zz yy x good film


# --- notes, refusals, interruptions ----------------------------------------------------------------------


def test_a_source_that_no_model_uses_is_noted(tmp_path: Path) -> None:
    run = perform(tmp_path, run_models="majority", run_embeddings="learned")
    note = "embedding source learned was asked for, but no model of this run reads it [source-not-used]"
    assert read(run)["warnings"] == [note]
    assert note.partition(" [")[0] in (run / "report.md").read_text()
    assert read(run)["verdict"]["decision"] is None


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "note.txt").write_text("mine")
    with pytest.raises(PipelineError) as error:
        perform(tmp_path, corpus_path="no such corpus")
    assert str(error.value) == f"--out: the folder {out} is not empty; name a new folder, or empty this one"
    assert [path.name for path in out.iterdir()] == ["note.txt"]


def test_an_out_that_is_a_file_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.write_text("mine")
    with pytest.raises(PipelineError) as error:
        perform(tmp_path)
    assert str(error.value) == f"--out: {out} is a file; a folder is expected; name a new folder"
    with pytest.raises(PipelineError) as error:
        perform(tmp_path, run_out=f"{out}/below", run_models="majority")
    assert str(error.value) == f"--out: {out}/below cannot be made: Not a directory; name another folder"


def test_an_empty_folder_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert (perform(tmp_path, run_models="majority") / "report.md").exists()


def test_without_out_each_run_has_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = with_values(configure(tmp_path, run_models="majority"), {"run.out": None})
    first, second = (run_experiment(config, Console(silent=True), "") for _ in range(2))
    assert first != second
    assert {path.parent for path in (first, second)} == {Path("reports")}
    assert first.name.startswith("films-")


def test_a_mistake_in_the_settings_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(PipelineError):
        perform(tmp_path, corpus_path=str(tmp_path / "absent.csv"))
    assert not (tmp_path / "run").exists()


def test_an_interrupted_run_says_what_finished_and_has_a_report(tmp_path: Path) -> None:
    stopped = stopping("lstm@learned", fit=answering())
    with pytest.raises(KeyboardInterrupt):
        perform(tmp_path, run_models="bow,ann,lstm", run_embeddings="learned", executors=stopped)
    run = tmp_path / "run"
    status = read(run, "details/status.json")
    assert status["state"] == "interrupted"
    assert status["finished"] == ["bow", "ann@learned"]
    assert status["planned"] == ["bow", "ann@learned", "lstm@learned"]
    assert status["ended"] is not None
    assert [row["name"] for row in read(run)["results"]] == ["ann@learned", "bow"]
    assert "interrupted" in (run / "report.md").read_text()
    assert (run / "report.html").exists()


def test_a_run_interrupted_before_any_model_has_a_report_too(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        perform(tmp_path, run_models="ann", run_embeddings="learned", executors=stopping("ann@learned"))
    run = tmp_path / "run"
    assert read(run, "details/status.json")["finished"] == []
    assert read(run)["results"] == []
    assert read(run)["verdict"]["decision"] is None
    assert "interrupted" in (run / "report.md").read_text()


def test_a_network_that_diverged_answers_with_chance_and_did_not_train(tmp_path: Path) -> None:
    run = perform(tmp_path, "networks.learning_rate=1e38", run_models="bow,ann", run_embeddings="random")
    row = {row["name"]: row for row in read(run)["results"]}["ann@random"]
    assert row["trained"] is False
    assert re.fullmatch(
        r"the training loss is (nan|inf) after \d+ updates; lower networks\.learning_rate or networks\.clip_norm",
        row["why_not"],
    )
    assert math.isfinite(row["log_loss"])
    assert read(run)["verdict"]["decision"] == "withheld"


def test_quick_keeps_the_ledger_whole(tmp_path: Path) -> None:
    write_films(tmp_path, [f"film number{number}" for number in range(2_020)])
    run = perform(tmp_path, run_models="majority", run_quick=True)
    corpus = read(run)["corpus"]
    assert (corpus["rows_read"], corpus["documents"]) == (2_020, 2_000)
    assert [(entry["reason"], entry["count"]) for entry in corpus["dropped"]] == [("not in the sample", 20)]
    assert sum(corpus["splits"].values()) == 2_000
    told = "--quick: 2000 of 2020 documents were drawn; the figures are a first look [sample-drawn]"
    assert told in read(run)["warnings"]


def test_a_run_that_names_no_source_follows_its_documents_and_says_so(tmp_path: Path) -> None:
    run = perform(tmp_path, run_models="bow,ann", executors=UNTRAINED)
    assert {row["name"] for row in read(run)["results"]} == {"bow", "ann@word2vec:tuned"}
    told = "embedding source word2vec:tuned, by the 3 tokens of a training document"
    assert told in read(run, "details/assumptions.json")["assumptions"]
    assert read(run)["config"]["run"]["embeddings"] == ["word2vec:tuned"]


def test_a_run_without_networks_reads_vectors_as_they_are_and_has_nothing_to_say(tmp_path: Path) -> None:
    run = perform(tmp_path, run_models="bow,mean")
    assert {row["name"] for row in read(run)["results"]} == {"bow", "mean@word2vec"}
    assert not [text for text in read(run)["warnings"] if "tuned" in text]


def test_a_file_that_is_called_as_a_model_of_the_source_that_documents_ask_for_is_refused(
    tmp_path: Path,
) -> None:
    answers = tmp_path / "ann@word2vec:tuned.csv"
    answers.write_text("document,predicted\n", encoding="utf-8")
    with pytest.raises(PipelineError, match='"ann@word2vec:tuned" is also a model of this run'):
        perform(tmp_path, run_models="bow,ann", run_compare=[str(answers)])
    assert not (tmp_path / "run").exists()


def test_two_names_that_the_settings_make_one_network_end_the_run_before_anything_is_read(
    tmp_path: Path,
) -> None:
    config = load_config(None, ["networks.head=max"], {"corpus.path": str(tmp_path / "nowhere.csv")})
    with pytest.raises(PipelineError, match="are one network with networks"):
        run_experiment(config, Console(silent=True), "embedseq")


def test_a_vector_file_is_read_from_its_own_folder_and_named_without_it(tmp_path: Path) -> None:
    file = tmp_path / "a+b:c" / "odd name.vec"
    file.parent.mkdir()
    file.write_text("good 1 2 3\nbad -1 0 1\nfilm 0 1 0\n")
    run = perform(
        tmp_path, run_models="ann", run_embeddings=f"{file},random+{file}:tuned", executors=UNTRAINED
    )
    assert [row["source"] for row in read(run)["embeddings"]] == ["odd name.vec", "random+odd name.vec:tuned"]
    assert [row["dimension"] for row in read(run)["embeddings"]] == [3, 8 + 3]


@pytest.mark.parametrize(
    ("folds", "tested", "of_corpus"),
    [
        (0, 12, 43 * 3),
        (2, 60, 0),
    ],  # with folds word2vec reads that text alone: the same vectors serve every fold
)
def test_unlabelled_text_reaches_word2vec_alone_and_is_warned_of_where_it_holds_test_documents(
    tmp_path: Path, folds: int, tested: int, of_corpus: int
) -> None:
    unlabelled = tmp_path / "more.txt"
    unlabelled.write_text("".join(f"{film.upper()}\n" for film in FILMS) + "another sequel\n")
    run = perform(
        tmp_path,
        run_models="bow,ann",
        run_embeddings="word2vec",
        corpus_unlabelled=str(unlabelled),
        corpus_folds=folds or None,
        executors=UNTRAINED,
    )
    told = (
        f"{tested} of {tested} test documents also stand in the unlabelled text: "
        "what was learned from it has read them, without their labels [test-documents-in-unlabelled]"
    )
    assert told in read(run)["warnings"]
    assert "sequel" not in read(run, "models/embedding-word2vec/vocabulary.json")["tokens"]
    assert "sequel" not in read(run, "models/bow/model.json")["tokens"]  # no document of the corpus holds it
    (row,) = read(run)["embeddings"]
    assert row["settings"]["tokens"] == of_corpus + 60 * 3 + 2


@pytest.fixture(autouse=True)
def _stderr_is_restored() -> Iterator[None]:
    """Runs filter file descriptor 2; a test that left it closed would silence all that follow."""
    before = os.fstat(2).st_ino
    yield
    assert os.fstat(2).st_ino == before


def test_a_mistake_found_while_running_does_not_leave_a_run_that_seems_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as error:
        perform(tmp_path, "vocabulary.min_count=1000", run_models="ann")
    assert str(error.value) == (
        'vocabulary.min_count: 1000 removes every token; the most frequent, "film", occurs 43 times; '
        "set it to 43 or less"
    )
    status = tmp_path / "run" / "details" / "status.json"
    assert not status.exists() or read(tmp_path / "run", "details/status.json")["state"] != "running"


def test_a_source_that_turns_out_to_be_damaged_does_not_cost_what_finished_before_it(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.vec"
    damaged.write_text("good 1 2 3\nbad -1 0 1\nfilm 1 2\n")
    with pytest.raises(PipelineError, match=r"damaged\.vec:3"):
        perform(
            tmp_path, run_models="bow,ann", run_embeddings=f"random,{damaged},learned", executors=UNTRAINED
        )
    run = tmp_path / "run"
    assert read(run, "details/status.json")["state"] == "failed"
    assert [row["name"] for row in read(run)["results"]] == ["ann@random", "bow"]
    assert "This run failed: 2 of 4 fits finished." in (run / "report.md").read_text()


def test_ngrams_that_do_not_fit_are_a_mistake_in_the_settings(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as error:
        perform(tmp_path, "baselines.ngram_max=30", run_models="bow")
    assert error.value.where == "baselines.ngram_max"


def test_each_seed_trains_a_network_again_and_a_baseline_once(tmp_path: Path) -> None:
    run = perform(tmp_path, run_models="bow,ann", run_embeddings="learned", run_seeds=2)
    metrics = read(run)
    assert [(row["name"], row["seed"]) for row in metrics["results"]] == [
        ("ann@learned", 0),
        ("ann@learned", 1),
        ("bow", 0),
    ]
    assert {row["name"]: row["runs"] for row in metrics["summary"]} == {"ann@learned": 2, "bow": 1}
    first, second = (one for one in read_run_predictions(run) if one.name == "ann@learned")
    np.testing.assert_array_equal(first.predictions.documents, second.predictions.documents)
    assert not np.array_equal(first.predictions.probabilities, second.predictions.probabilities)
    finished = read(run, "details/status.json")["finished"]
    assert finished == ["bow", "ann@learned seed 0", "ann@learned seed 1"]
