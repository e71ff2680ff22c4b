"""Which task a run has, and what it then refuses."""

from __future__ import annotations

import pytest

from pipeline.core.errors import PipelineError
from pipeline.corpus.task_of import with_task
from pipeline.settings.reading import load_config


def settled(tmp_path, name="a.conll", **options):
    path = tmp_path / name
    path.write_text("a NN B-NP\nb VB O\n")
    return with_task(load_config(None, (), {"corpus.path": str(path), **options}))


def test_the_kind_of_the_file_tells_the_task_with_its_models_and_metric(tmp_path):
    run = settled(tmp_path).run
    assert (run.task, run.metric, run.models) == (
        "tag",
        "span-f1",
        ("most-frequent", "window", "crf", "bilstm"),
    )
    run = settled(tmp_path, "a.csv").run
    assert (run.task, run.metric, run.models[0]) == ("classify", "accuracy", "bow")


def test_what_was_asked_for_stays(tmp_path):
    asked = {"run.metric": "token-accuracy", "run.models": "window", "run.task": "tag"}
    run = settled(tmp_path, "a.txt", **asked).run
    assert (run.metric, run.models) == ("token-accuracy", ("window",))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"corpus.label": "x"},
            "--label: this belongs to whole documents and their classes, and a tag for each word is asked for; "
            "leave it out",
        ),
        (
            {"run.metric": "macro-f1"},
            "--metric macro-f1: a tag for each word is not judged by it; ",
        ),
        (
            {"run.models": "tfidf,window"},
            '--models: "tfidf" gives no tag for each word; ask for some of rnn, gru, lstm, bilstm, most-frequent, '
            "window, crf",
        ),
        (
            {"run.models": "lstm:max"},
            '--models: "lstm:max" has a head that gives no tag for each word; use lstm, or a head of each, crf',
        ),
        (
            {"run.extra_probes": "needle"},
            "--probes: this is not there for taggers, and a tag for each word is asked for; leave it out",
        ),
    ],
)
def test_what_a_task_has_no_use_for_is_refused(tmp_path, options, message):
    with pytest.raises(PipelineError) as refused:
        settled(tmp_path, **options)
    assert str(refused.value)[: len(message)] == message


def test_taggers_of_classes_are_refused(tmp_path):
    with pytest.raises(PipelineError, match='"crf" gives no class for each document'):
        settled(tmp_path, "a.csv", **{"run.models": "crf"})
